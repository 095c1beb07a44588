// codec/bitpack.h: numbers of one width as a stream of bits, the lowest bit of the first number
// first: number i begins at bit i * width. Eight numbers of w bits fill w bytes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"

namespace lineshaft::codec {

// A number of up to 56 bits, wherever it begins in a byte, is had by one load of eight bytes;
// wider ones are stored with all their 64 bits.
inline constexpr unsigned kPackedWidthMax = 56;

constexpr bool is_width(unsigned width) { return width <= kPackedWidthMax || width == 64; }

// The least width that holds `value`.
constexpr unsigned width_of(std::uint64_t value) {
  const auto bits = static_cast<unsigned>(std::bit_width(value));
  return bits > kPackedWidthMax ? 64 : bits;
}

constexpr std::size_t packed_bytes(std::size_t count, unsigned width) {
  return (count * width + 7) / 8;
}

constexpr std::size_t varint_bytes(std::uint64_t value) {
  return (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7;
}

// Appends packed_bytes(values.size(), width) bytes.
// Requires: is_width(width), and every value fits into it.
void pack(std::span<const std::uint64_t> values, unsigned width, Bytes& out);

// Number `index` of such a stream. Requires: is_width(width), and kSlackBytes behind its bytes that
// may be read.
std::uint64_t unpack_one(const std::uint8_t* from, unsigned width, std::size_t index);

}  // namespace lineshaft::codec
