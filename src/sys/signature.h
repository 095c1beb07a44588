// sys/signature.h: checks signatures of keys that came from outside, and HMAC-SHA-1 for one-time
// codes. Pure; threads: any.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace lineshaft::sys {

enum class SignatureKind : std::uint8_t {
  kEcdsaP256Sha256,  // signature in DER; key: x and y, 32 bytes each
  kEd25519,          // key: 32 bytes, and nothing
  kRsaPkcs1Sha256,   // key: modulus and exponent, most significant byte first
};

struct RawPublicKey {
  SignatureKind kind = SignatureKind::kEd25519;
  ByteSpan first;
  ByteSpan second;
};

// False for a wrong signature and for a key that is none (a point beside the curve).
bool verify_signature(const RawPublicKey& key, ByteSpan message, ByteSpan signature);

// RFC 2104 with SHA-1, which RFC 4226 and RFC 6238 build on. Not for anything new.
std::array<std::uint8_t, 20> hmac_sha1(ByteSpan key, ByteSpan message);

}  // namespace lineshaft::sys
