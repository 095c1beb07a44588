// identity/secrets.h: random secrets, their digests and password hashes. The only user of libsodium
// in this room is secrets.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "sys/clock.h"

namespace lineshaft::identity {

// SHA-256. Enough for secrets of 256 random bits, which nobody can guess from it; not for
// passwords.
using Digest = std::array<std::uint8_t, 32>;

struct DigestHash {
  // A digest is uniform already.
  std::size_t operator()(const Digest& digest) const noexcept {
    std::size_t value = 0;
    std::memcpy(&value, digest.data(), sizeof value);
    return value;
  }
};

inline constexpr std::size_t kSecretCharacters = 43;  // 256 bits in base64url without padding

// Prepares the library; needed once before anything else here. Threads: any, and repeatedly.
Status prepare_secrets();

Digest digest_of(std::string_view text);
// SHA-512, for what others have digested so.
std::array<std::uint8_t, 64> long_digest_of(std::string_view text);

// 256 random bits as kSecretCharacters of base64url.
std::string random_secret(sys::Random& random);
std::string base64url(ByteSpan bytes);  // without padding
// Nothing if it is not that.
std::optional<Bytes> base64url_bytes(std::string_view text);

// Takes the same time wherever the texts differ. The lengths are not secret.
bool equal_secrets(std::string_view a, std::string_view b);

// Argon2id with 19 MiB and two passes (OWASP's minimum), salted, in the PHC form
// "$argon2id$v=19$m=19456,t=2,p=1$...". Errors: kInternal when the memory cannot be had.
// Cost: tens of milliseconds and 19 MiB, which go back to the system. Threads: any; see HashGate.
Result<std::string> hash_password(std::string_view password);
bool verify_password(const std::string& hash, std::string_view password);

}  // namespace lineshaft::identity
