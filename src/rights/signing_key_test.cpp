#include "rights/signing_key.h"

#include <gtest/gtest.h>

#include "base/hex.h"

namespace lineshaft::rights {
namespace {

// RFC 8410, sections 10.1 and 10.3: one key pair.
constexpr std::string_view kPublicPem =
    "-----BEGIN PUBLIC KEY-----\n"
    "MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
    "-----END PUBLIC KEY-----\n";
constexpr std::string_view kPrivatePem =
    "-----BEGIN PRIVATE KEY-----\n"
    "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
    "-----END PRIVATE KEY-----\n";

TEST(SigningKey, ReadsAndWritesTheFormsOfTheStandard) {
  const PublicKey key = PublicKey::parse(kPublicPem).value();
  EXPECT_EQ(hex_text(key.bytes),
            "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1");
  EXPECT_EQ(key.pem(), kPublicPem);
  const PrivateKey secret = PrivateKey::parse(kPrivatePem).value();
  EXPECT_EQ(secret.public_key(), key);
  EXPECT_EQ(secret.pem(), kPrivatePem);
  // openssl pkey -pubin -in key.pem -outform DER | sha256sum
  EXPECT_EQ(key.id(), "a1e9156054e04fac899ae9f275132cdc07a5dbc4ea2c2ad3a1ffc6e0d253681f");
}

TEST(SigningKey, SignsAsTheVectorsOfRfc8032Say) {
  // Seed 4ccd089b..., as PKCS 8 (test 2 of section 7.1: the message is one byte, 0x72).
  const PrivateKey secret = PrivateKey::parse(
                                "-----BEGIN PRIVATE KEY-----\n"
                                "MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7\n"
                                "-----END PRIVATE KEY-----\n")
                                .value();
  EXPECT_EQ(hex_text(secret.public_key().bytes),
            "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  const Signature signature = secret.sign("\x72");
  EXPECT_EQ(hex_text(signature),
            "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
            "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  EXPECT_TRUE(is_signed(secret.public_key(), signature, "\x72"));
  EXPECT_FALSE(is_signed(secret.public_key(), signature, "\x73"));
}

TEST(SigningKey, ASignatureForOnePartyIsNoneForAnother) {
  const PrivateKey secret = PrivateKey::make(sys::real_random());
  const Signature signature = secret.sign(signed_message("firm", "{}"));
  EXPECT_EQ(signed_message("firm", "{}"), "lineshaft agreement signature v1 for firm\n{}");
  EXPECT_TRUE(is_signed(secret.public_key(), signature, signed_message("firm", "{}")));
  EXPECT_FALSE(is_signed(secret.public_key(), signature, signed_message("firms", "{}")));
  for (std::size_t i = 0; i < signature.size(); ++i) {
    Signature changed = signature;
    changed[i] ^= 1;
    EXPECT_FALSE(is_signed(secret.public_key(), changed, signed_message("firm", "{}"))) << i;
  }
  const std::string text = signature_text(signature);
  EXPECT_EQ(parse_signature(text).value(), signature);
  EXPECT_EQ(PrivateKey::parse(secret.pem()).value().public_key(), secret.public_key());
}

TEST(SigningKey, RefusesWhatIsNoSuchKey) {
  for (const std::string wrong :
       {"", "x", "-----BEGIN PUBLIC KEY-----", "-----BEGIN PUBLIC KEY----------END PUBLIC KEY-----",
        // X25519 (RFC 8410): another algorithm in the same form
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n"
        "-----END PUBLIC KEY-----\n",
        // unused bits of the last character are set
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuF=\n"
        "-----END PUBLIC KEY-----\n",
        // all zero: a point of small order, under which anything is signed
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"
        "-----END PUBLIC KEY-----\n"}) {
    EXPECT_EQ(PublicKey::parse(wrong).error().id, ErrorId::kInvalidArgument) << wrong;
  }
  EXPECT_FALSE(PublicKey::parse(kPrivatePem).ok());
  EXPECT_FALSE(PrivateKey::parse(kPublicPem).ok());
  EXPECT_FALSE(parse_signature("").ok());
  EXPECT_FALSE(parse_signature(std::string(86, 'A')).ok()) << "no padding";
  EXPECT_TRUE(parse_signature(std::string(86, 'A') + "==").ok());
}

}  // namespace
}  // namespace lineshaft::rights
