// sys/sha256.h: SHA-256 (FIPS 180-4), with the instructions of the processor where it has them.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include "base/bytes.h"

namespace lineshaft::sys {

using Sha256 = std::array<std::uint8_t, 32>;

// Of the parts as if they stood in one piece. Cost: about 0.1 us for up to 119 bytes and 1.5 GB/s
// beyond, with SHA-NI; five times as much without. Threads: any.
Sha256 sha256(std::initializer_list<ByteSpan> parts);
inline Sha256 sha256(ByteSpan data) { return sha256({data}); }

}  // namespace lineshaft::sys
