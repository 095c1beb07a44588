// codec/entropy_parts.h: what the two ways through a stream of entropy.h have to agree on.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace lineshaft::codec {

// A value's chain of table look-ups is long, so four parts of the values are coded by themselves: a
// processor walks their chains at once.
inline constexpr std::size_t kParts = 4;

// The first parts hold one value more where the count does not divide.
inline std::size_t part_begin(std::size_t count, std::size_t part) {
  return part * (count / kParts) + std::min(part, count % kParts);
}

// Of a part's head, above its first state: how many bits of its first byte are unused.
inline constexpr unsigned kUnusedShift = 13;

// The byte that a stream begins with.
inline constexpr std::uint8_t kStateBitsMask = 0x0f;
inline constexpr std::uint8_t kTwoTables = 0x10;
inline constexpr std::uint8_t kPlainSymbols = 0x20;

}  // namespace lineshaft::codec
