// vault/seal.h: XChaCha20-Poly1305 over small things, bound to what they are and where they stand.
#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "sys/clock.h"
#include "vault/secret_bytes.h"

namespace lineshaft::vault {

inline constexpr std::size_t kKeyBytes = 32;
inline constexpr std::size_t kNonceBytes = 24;
inline constexpr std::size_t kTagBytes = 16;

// Once, before anything else of this room. Errors: kInternal.
Status prepare();

// Nonce, then the text and its tag. `bound`: what opening has to name again.
// Requires: a key of kKeyBytes.
Bytes seal(const SecretBytes& key, std::string_view bound, ByteSpan plain, sys::Random& random);
// Errors: kCorrupt: another key, another place, or changed.
Result<SecretBytes> open(const SecretBytes& key, std::string_view bound, ByteSpan sealed);

// A key made of another one, for a purpose: BLAKE2b keyed with `key` over `purpose`; 16..64 bytes.
SecretBytes derive(const SecretBytes& key, std::string_view purpose, std::size_t bytes);

std::string base64_text(ByteSpan bytes);  // URL-safe, without padding
// Errors: kCorrupt.
Result<Bytes> base64_bytes(std::string_view text);

}  // namespace lineshaft::vault
