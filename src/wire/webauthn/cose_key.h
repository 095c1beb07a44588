// wire/webauthn/cose_key.h: public keys of authenticators as COSE_Key (RFC 9052, RFC 9053, RFC
// 8230). Pure; threads: any.
#pragma once

#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::wire::webauthn {

// The numbers of the COSE registry.
enum class CoseAlgorithm : std::int32_t {
  kEs256 = -7,    // ECDSA on P-256 with SHA-256
  kEdDsa = -8,    // Ed25519
  kRs256 = -257,  // RSASSA-PKCS1-v1_5 with SHA-256
};

struct CoseKey {
  CoseAlgorithm algorithm = CoseAlgorithm::kEs256;
  // Borrowed from the input: x and y of 32 bytes; x of 32 and nothing; n and e.
  ByteSpan first;
  ByteSpan second;
  std::size_t bytes = 0;  // how much of the input the key took
};

inline constexpr std::size_t kCoseKeyBytesMax = 1024;  // RSA of 4096 bits takes about 530

// What stands behind the key in `bytes` is left alone. Errors: kInvalidArgument: no key;
// kUnsupported: a key of another kind, curve or size than the three above (RSA: 2048..4096 bits).
Result<CoseKey> parse_cose_key(ByteSpan bytes);

}  // namespace lineshaft::wire::webauthn
