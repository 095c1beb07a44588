// sys/aes_xts.h: AES-256-XTS (IEEE 1619, NIST SP 800-38E): the cipher of disks. Bytes keep their
// place and number; nothing is authenticated. One file for the library underneath.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::sys {

inline constexpr std::size_t kXtsKeyBytes = 64;
inline constexpr std::size_t kXtsBlockBytes = 16;   // each is enciphered by itself
inline constexpr std::size_t kXtsUnitBytes = 4096;  // that share a number

using XtsKey = std::span<const std::uint8_t, kXtsKeyBytes>;

// Enciphers `data` where it lies, which begins with the first byte of the unit `first_unit` and
// goes on through those behind it. Requires: a whole number of blocks; the halves of the key
// differ. Errors: kInternal: the library has no memory or not this cipher. Threads: any.
Status xts_encrypt(XtsKey key, std::uint64_t first_unit, std::span<std::uint8_t> data);
Status xts_decrypt(XtsKey key, std::uint64_t first_unit, std::span<std::uint8_t> data);

}  // namespace lineshaft::sys
