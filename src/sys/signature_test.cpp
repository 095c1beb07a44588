#include "sys/signature.h"

#include <gtest/gtest.h>

#include <string>

#include "base/hex.h"

namespace lineshaft::sys {
namespace {

Bytes hex(std::string_view text) {
  Bytes bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
    bytes.push_back(
        static_cast<std::uint8_t>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
  return bytes;
}

// RFC 2202, test cases 1, 2 and 6.
TEST(HmacSha1, GivesTheCodesOfTheRfc) {
  EXPECT_EQ(hex_text(hmac_sha1(Bytes(20, 0x0b), as_bytes("Hi There"))),
            "b617318655057264e28bc0b6fb378c8ef146be00");
  EXPECT_EQ(hex_text(hmac_sha1(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  EXPECT_EQ(hex_text(hmac_sha1(Bytes(80, 0xaa),
                               as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
            "aa4ae5e15272d00e95705637ce8a3b55ed402112");
}

// RFC 8032, 7.1, test 2.
TEST(Signature, OfEd25519IsThatOfTheRfc) {
  const Bytes key = hex("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
  Bytes signature =
      hex("92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
          "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00");
  const Bytes message = hex("72");
  const RawPublicKey raw{SignatureKind::kEd25519, key, {}};
  EXPECT_TRUE(verify_signature(raw, message, signature));
  signature[5] ^= 1;
  EXPECT_FALSE(verify_signature(raw, message, signature));
}

// RFC 6979, A.2.5: P-256, SHA-256, message "sample"; r and s put into DER by hand.
TEST(Signature, OfP256IsThatOfTheRfc) {
  const Bytes x = hex("60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6");
  const Bytes y = hex("7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299");
  const Bytes signature =
      hex("3046022100EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
          "022100F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8");
  const RawPublicKey raw{SignatureKind::kEcdsaP256Sha256, x, y};
  EXPECT_TRUE(verify_signature(raw, as_bytes("sample"), signature));
  EXPECT_FALSE(verify_signature(raw, as_bytes("Sample"), signature));
  EXPECT_FALSE(verify_signature({raw.kind, y, x}, as_bytes("sample"), signature))
      << "a point beside the curve";
  EXPECT_FALSE(verify_signature({raw.kind, x, {}}, as_bytes("sample"), signature));
}

TEST(Signature, OfRsaRefusesAnExponentThatIsNone) {
  Bytes modulus(256, 0xff);
  for (const Bytes& exponent : {Bytes{1}, Bytes{2}, Bytes{0}}) {
    EXPECT_FALSE(verify_signature({SignatureKind::kRsaPkcs1Sha256, modulus, exponent},
                                  as_bytes("x"), Bytes(256, 1)));
  }
}

}  // namespace
}  // namespace lineshaft::sys
