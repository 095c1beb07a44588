// base/crc32c.h: the CRC-32C (Castagnoli, reflected polynomial 0x82f63b78) that guards every byte
// on disk.
#pragma once

#include <cstdint>

#include "base/bytes.h"

namespace lineshaft {

// CRC-32C of `data`, continuing from `seed` (the CRC of what came before; 0 at the start):
// crc32c(b, crc32c(a)) == crc32c(a + b). Check value: crc32c("123456789") == 0xe3069283 (RFC 3720).
// Cost: about 10 GB/s with SSE 4.2, 1.5 GB/s without. Threads: any.
std::uint32_t crc32c(ByteSpan data, std::uint32_t seed = 0);

}  // namespace lineshaft
