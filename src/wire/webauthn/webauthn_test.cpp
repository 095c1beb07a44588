#include <gtest/gtest.h>

#include "base/hex.h"
#include "wire/webauthn/authenticator_data.h"
#include "wire/webauthn/cbor.h"
#include "wire/webauthn/cose_key.h"
#include "wire/webauthn/vectors.h"

namespace lineshaft::wire::webauthn {
namespace {

using vectors::from_hex;

std::int64_t integer(std::string_view hex) {
  const Bytes bytes = from_hex(hex);
  return CborReader(bytes).integer().value();
}

// RFC 8949, appendix A.
TEST(Cbor, ReadsTheIntegersOfTheRfc) {
  EXPECT_EQ(integer("00"), 0);
  EXPECT_EQ(integer("17"), 23);
  EXPECT_EQ(integer("1818"), 24);
  EXPECT_EQ(integer("1903e8"), 1000);
  EXPECT_EQ(integer("1a000f4240"), 1'000'000);
  EXPECT_EQ(integer("1b000000e8d4a51000"), 1'000'000'000'000);
  EXPECT_EQ(integer("20"), -1);
  EXPECT_EQ(integer("3863"), -100);
  EXPECT_EQ(integer("3903e7"), -1000);
}

bool skips(std::string_view hex) {
  const Bytes bytes = from_hex(hex);
  CborReader reader(bytes);
  return reader.skip().ok() && reader.at_end();
}

TEST(Cbor, SkipsWholeItemsOfTheRfc) {
  EXPECT_TRUE(skips("f4"));
  EXPECT_TRUE(skips("fb3ff199999999999a"));
  EXPECT_TRUE(skips("4401020304"));
  EXPECT_TRUE(skips("6449455446"));
  EXPECT_TRUE(skips("8301820203820405"));
  EXPECT_TRUE(skips("a26161016162820203"));
  EXPECT_TRUE(skips("c074323031332d30332d32315432303a30343a30305a"));
}

TEST(Cbor, RefusesWhatIsCutEndlessOrTooDeep) {
  for (const char* hex :
       {"", "18", "44010203", "8301", "5f4101ff", "9fff", "bf", "ff", "1c", "5bffffffffffffffff",
        "9bffffffffffffffff", "bbffffffffffffffff", "818181818100"}) {
    EXPECT_FALSE(skips(hex)) << hex;
  }
  EXPECT_TRUE(skips("8181818100")) << "four levels are allowed";
}

AuthenticatorData data_of(std::string_view attestation, Bytes& keep) {
  keep = from_hex(attestation);
  return parse_authenticator_data(authenticator_data_of(keep).value()).value();
}

TEST(AuthenticatorData, IsThatOfTheW3cVectors) {
  Bytes keep;
  const AuthenticatorData es = data_of(vectors::kEsAttestation, keep);
  EXPECT_TRUE(es.user_present);
  EXPECT_FALSE(es.user_verified);
  EXPECT_EQ(es.sign_count, 0U);
  ASSERT_TRUE(es.credential);
  EXPECT_EQ(hex_text(es.credential->model), "8446ccb9ab1db374750b2367ff6f3a1f");
  EXPECT_EQ(hex_text(es.credential->id),
            "f91f391db4c9b2fde0ea70189cba3fb63f579ba6122b33ad94ff3ec330084be4");
  const CoseKey key = parse_cose_key(es.credential->key).value();
  EXPECT_EQ(key.algorithm, CoseAlgorithm::kEs256);
  EXPECT_EQ(hex_text(key.first),
            "afefa16f97ca9b2d23eb86ccb64098d20db90856062eb249c33a9b672f26df61");
  EXPECT_EQ(hex_text(key.second),
            "930a56b87a2fca66334b03458abf879717c12cc68ed73290af2e2664796b9220");

  const AuthenticatorData ed = data_of(vectors::kEdAttestation, keep);
  EXPECT_EQ(parse_cose_key(ed.credential->key)->algorithm, CoseAlgorithm::kEdDsa);
  const AuthenticatorData rs = data_of(vectors::kRsAttestation, keep);
  EXPECT_TRUE(rs.user_verified) << "0x5d: bits 0, 2, 3, 4 and 6";
  EXPECT_EQ(parse_cose_key(rs.credential->key)->first.size(), 436U);
}

// Cut anywhere, and with a byte behind: refused, never half read.
TEST(AuthenticatorData, IsRefusedWhenCutOrLengthened) {
  const Bytes whole = from_hex(vectors::kEsAttestation);
  const ByteSpan data = authenticator_data_of(whole).value();
  for (std::size_t size = 0; size < data.size(); ++size) {
    EXPECT_FALSE(parse_authenticator_data(data.first(size)).ok()) << size;
  }
  Bytes longer(data.begin(), data.end());
  longer.push_back(0);
  EXPECT_FALSE(parse_authenticator_data(longer).ok());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(authenticator_data_of(ByteSpan(whole).first(size)).ok()) << size;
  }
}

TEST(CoseKey, IsRefusedWhenItIsOfAnotherKind) {
  const std::string x(64, '1');
  for (const std::string& hex :
       {"a5010203382220012158"
        "20" +
            x + "225820" + x,                       // ES384
        "a5010203262002215820" + x + "225820" + x,  // P-384
        "a401010327200421"
        "5820" +
            x,                                                  // X25519
        "a401030339010020582011" + x.substr(2) + "2143010001",  // RSA of 256 bits
        std::string("a0"), std::string("a10102")}) {
    EXPECT_FALSE(parse_cose_key(from_hex(hex)).ok()) << hex;
  }
}

TEST(CoseKey, IsRefusedWhenAMemberStandsTwice) {
  const std::string x(64, '1');
  EXPECT_FALSE(parse_cose_key(from_hex("a60102010203262001215820" + x + "225820" + x)).ok());
}

}  // namespace
}  // namespace lineshaft::wire::webauthn
