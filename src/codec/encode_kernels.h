// codec/encode_kernels.h: the loops of encoding that touch every value, in vectors chosen when the
// program runs. All machines give the same bits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "codec/codec.h"

namespace lineshaft::codec {

struct Range {
  std::int64_t least = 0;
  std::int64_t greatest = 0;
};

// The range of each group of 128; `ranges` has room for all groups. Requires: a value.
void find_ranges(std::span<const std::int64_t> values, Range* ranges);

// How many values are 2^width or more above `base`, modulo 2^64. Requires: width < 64.
std::size_t count_wide(std::span<const std::int64_t> values, std::int64_t base, unsigned width);

// out[i] = values[i] - values[i-1], modulo 2^64, from the second on; returns how many are not zero.
std::size_t find_differences(std::span<const std::int64_t> values, std::int64_t* out);

// A bit for each value, the lowest bit of byte 0 for the first.
using Marks = std::array<std::uint8_t, kValuesMax / 8>;

// The number nearest to each value * 10^exponent, and a mark where number / 10^exponent (made a
// float and back, if `rounded_to_float`) is not the value to the bit; true if there is any. A
// number of 2^51 or more is no number: 0, and marked.
bool find_numbers(std::span<const double> values, unsigned exponent, bool rounded_to_float,
                  std::int64_t* numbers, Marks& missed);

}  // namespace lineshaft::codec
