// codec/spread.h: where eight packed numbers of one width lie in their bytes, in the form in which
// vectors load them: two numbers from 16 bytes, a permutation of the bytes, a shift and a mask.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "codec/bitpack.h"

namespace lineshaft::codec {

struct Spread {
  alignas(64) std::array<std::uint8_t, 64> shuffle;  // of each 16 bytes: the bytes of two numbers
  alignas(64) std::array<std::uint64_t, 8> shift;
  alignas(64) std::array<std::uint64_t, 8> mask;
  std::array<std::size_t, 4> offset;  // of the 16 bytes of each pair; at most 42
};

constexpr Spread spread_of(unsigned width) {
  Spread spread{};
  for (unsigned pair = 0; pair < 4; ++pair) {
    const unsigned bit = 2 * pair * width;
    spread.offset[pair] = bit / 8;
    for (unsigned half = 0; half < 2; ++half) {
      const unsigned inside = bit % 8 + half * width;
      spread.shift[2 * pair + half] = inside % 8;
      spread.mask[2 * pair + half] = (std::uint64_t{1} << width) - 1;
      for (unsigned byte = 0; byte < 8; ++byte) {
        spread.shuffle[16 * pair + 8 * half + byte] = static_cast<std::uint8_t>(inside / 8 + byte);
      }
    }
  }
  return spread;
}

inline constexpr std::array<Spread, kPackedWidthMax + 1> kSpreads = [] {
  std::array<Spread, kPackedWidthMax + 1> spreads{};
  for (unsigned width = 0; width <= kPackedWidthMax; ++width) spreads[width] = spread_of(width);
  return spreads;
}();

}  // namespace lineshaft::codec
