#include "identity/jose.h"

#include <gtest/gtest.h>

#include <string>

#include "identity/secrets.h"

namespace lineshaft::identity {
namespace {

// RFC 7515, A.1 to A.3 and A.5 sign this.
const std::string kJoe =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
    "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

struct Vector {
  const char* name;
  std::string token;
  std::string key;
};

std::vector<Vector> vectors() {
  return {
      {"RFC 7515, A.2: RS256",
       "eyJhbGciOiJSUzI1NiJ9." + kJoe +
           ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
           "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIA"
           "RNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPq"
           "vhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77"
           "Rw",
       R"({"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-)"
       R"(Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9)"
       R"(wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVM)"
       R"(TBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91k)"
       R"(zk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"})"},
      {"RFC 7515, A.3: ES256",
       "eyJhbGciOiJFUzI1NiJ9." + kJoe +
           ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-"
           "Kg6NU1Q",
       R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
       R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})"},
      {"RFC 8037, A.4: EdDSA",
       "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc."
       "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
       R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})"}};
}

std::string set_of(const std::string& keys) { return R"({"keys":[)" + keys + "]}"; }

std::string encoded(const std::string& text) { return base64url(as_bytes(text)); }

Result<Jws> with_header(const std::string& header) {
  return parse_jws(encoded(header) + "." + kJoe + "." + encoded("signature"));
}

TEST(Jose, TheSignaturesOfTheStandardsAreRightAndNothingLikeThem) {
  for (const Vector& vector : vectors()) {
    const Result<Jws> jws = parse_jws(vector.token);
    ASSERT_TRUE(jws.ok()) << vector.name << ": " << jws.error().text();
    const auto keys = parse_jwk_set(set_of(vector.key));
    ASSERT_TRUE(keys.ok() && keys->size() == 1) << vector.name;
    EXPECT_TRUE(verify_jws(*jws, keys->front())) << vector.name;

    // One bit at a time, in what is signed and in the signature.
    Jws changed = *jws;
    changed.signed_part[changed.signed_part.size() - 2] ^= 1;
    EXPECT_FALSE(verify_jws(changed, keys->front())) << vector.name;
    for (std::size_t at = 0; at < jws->signature.size(); at += 7) {
      changed = *jws;
      changed.signature[at] ^= 0x10;
      EXPECT_FALSE(verify_jws(changed, keys->front())) << vector.name << " at " << at;
    }
    changed = *jws;
    changed.signature.pop_back();
    EXPECT_FALSE(verify_jws(changed, keys->front())) << vector.name;
  }
}

TEST(Jose, AKeyVerifiesWithItsOwnAlgorithmOnly) {
  for (const Vector& signed_by : vectors()) {
    for (const Vector& other : vectors()) {
      const Jws jws = parse_jws(signed_by.token).value();
      const auto keys = parse_jwk_set(set_of(other.key)).value();
      const bool own = signed_by.key == other.key;
      EXPECT_EQ(verify_jws(jws, keys.front()), own) << signed_by.name << " with " << other.name;
      EXPECT_EQ(keys_for(jws, keys).size(), own ? 1U : 0U);
    }
  }
}

// RFC 7515, A.5 and RFC 7519, 6.1: the same token; RFC 7515, A.1: HMAC.
TEST(Jose, WhatNobodyOrAnybodyMayHaveSignedIsNoToken) {
  EXPECT_FALSE(parse_jws("eyJhbGciOiJub25lIn0." + kJoe + ".").ok());
  EXPECT_FALSE(parse_jws("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9." + kJoe +
                         ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
                   .ok());
  for (const char* name : {"none", "None", "NONE", "HS256", "HS512", "rs256", "RS1", "PS256", "",
                           "RS256 ", "ES256K"}) {
    EXPECT_FALSE(with_header(std::string(R"({"alg":")") + name + R"("})").ok()) << name;
  }
  EXPECT_FALSE(with_header(R"({})").ok());
  EXPECT_FALSE(with_header(R"({"alg":["RS256"]})").ok());
}

TEST(Jose, AHeaderIsReadOneWayOnly) {
  EXPECT_TRUE(with_header(R"({"alg":"RS256","typ":"JWT","kid":"a"})").ok());
  EXPECT_TRUE(with_header(R"({"alg":"RS256","typ":"jwt"})").ok());
  EXPECT_FALSE(with_header(R"({"alg":"none","alg":"RS256"})").ok()) << "twice";
  EXPECT_FALSE(with_header(R"({"alg":"RS256","x":{"a":1,"a":2}})").ok()) << "twice, within";
  EXPECT_FALSE(with_header(R"({"alg":"RS256","crit":["b64"],"b64":false})").ok());
  for (const char* kind : {"at+jwt", "logout+jwt", "application/at+jwt", "JOSE"}) {
    EXPECT_FALSE(with_header(std::string(R"({"alg":"RS256","typ":")") + kind + R"("})").ok());
  }
  EXPECT_FALSE(with_header(R"(["RS256"])").ok());
  EXPECT_FALSE(with_header(R"({"alg":"RS256"} )" + std::string(5'000, ' ')).ok()) << "too long";
}

TEST(Jose, TheCompactFormHasThreePartsWithinBounds) {
  const std::string good = vectors()[1].token;
  ASSERT_TRUE(parse_jws(good).ok());
  const std::string head = good.substr(0, good.find('.'));
  for (const std::string& bad :
       {std::string(), std::string("."), std::string(".."), head, head + "." + kJoe, good + ".",
        good + ".x", good + "=", " " + good, good + "\n", head + "." + kJoe + "+.AA",
        std::string(kJwsBytesMax + 1, 'a')}) {
    EXPECT_FALSE(parse_jws(bad).ok()) << bad.substr(0, 80);
  }
}

// RFC 7517, A.1: the first key is for encryption.
TEST(Jose, ASetGivesTheKeysOfSignatures) {
  const std::string encrypts =
      R"({"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",)"
      R"("y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","use":"enc","kid":"1"})";
  const std::string signs =
      R"({"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1)"
      R"(RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN)"
      R"(5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91)"
      R"(CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCu)"
      R"(r-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"})";
  const auto keys = parse_jwk_set(set_of(encrypts + "," + signs)).value();
  ASSERT_EQ(keys.size(), 1U);
  EXPECT_EQ(keys[0].key_id, "2011-04-29");
  EXPECT_EQ(keys[0].algorithm, JwsAlgorithm::kRs256);
  EXPECT_EQ(keys[0].first.size(), 256U);
  EXPECT_EQ(keys[0].second, (Bytes{1, 0, 1}));

  Jws jws;
  EXPECT_EQ(keys_for(jws, keys).size(), 1U) << "a token that names no key";
  jws.key_id = "2011-04-29";
  EXPECT_EQ(keys_for(jws, keys).size(), 1U);
  jws.key_id = "2011-04-30";
  EXPECT_TRUE(keys_for(jws, keys).empty());
}

TEST(Jose, ASetLeavesOutWhatIsNoKeyOfOurs) {
  const std::string point = vectors()[1].key;
  const auto with = [&](const std::string& more) {
    std::string key = point;
    key.insert(key.size() - 1, more);
    return parse_jwk_set(set_of(key)).value().size();
  };
  EXPECT_EQ(with(""), 1U);
  EXPECT_EQ(with(R"(,"use":"sig","alg":"ES256","key_ops":["verify"])"), 1U);
  EXPECT_EQ(with(R"(,"alg":"ES384")"), 0U);
  EXPECT_EQ(with(R"(,"alg":"RS256")"), 0U);
  EXPECT_EQ(with(R"(,"key_ops":["encrypt"])"), 0U);
  for (const char* other :
       {R"({"kty":"oct","k":"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ"})", R"({"kty":"RSA","n":"AQAB"})",
        R"({"kty":"RSA","n":"AQABAQAB","e":"AQAB"})", R"({"kty":"OKP","crv":"X25519","x":"AA"})",
        R"({"kty":"EC","crv":"P-384","x":"AA","y":"AA"})", R"("text")", "7", "[]", "{}"}) {
    EXPECT_TRUE(parse_jwk_set(set_of(other)).value().empty()) << other;
  }
  for (const char* none : {"", "[]", "{}", R"({"keys":{}})", R"({"keys":[],"keys":[]})", "{"}) {
    EXPECT_FALSE(parse_jwk_set(none).ok()) << none;
  }
  std::string many = point;
  for (std::size_t i = 0; i < kJwksMax; ++i) many += "," + point;
  EXPECT_EQ(parse_jwk_set(set_of(many)).value().size(), kJwksMax);
  EXPECT_FALSE(parse_jwk_set(set_of(std::string(kJwkSetBytesMax, ' '))).ok());
}

}  // namespace
}  // namespace lineshaft::identity
