// codec/packed.h: unsigned numbers as whole bytes through zstd, which finds what repeats over many
// values where an entropy coder sees each value by itself.
#pragma once

#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::codec {

// Bytes that hold each of the numbers: 1..8.
unsigned bytes_of_each(std::span<const std::uint64_t> numbers);

// Appends a zstd frame of the low `width` bytes of each.
void append_packed(std::span<const std::uint64_t> numbers, unsigned width, Bytes& out);

// Fills `numbers` from exactly `frame`. Requires: width 1..8, at most kValuesMax numbers.
Status read_packed(ByteSpan frame, unsigned width, std::span<std::uint64_t> numbers);

}  // namespace lineshaft::codec
