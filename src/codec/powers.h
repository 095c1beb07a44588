// codec/powers.h: what both directions of the decimal arithmetic are made of.
#pragma once

#include <array>
#include <cstddef>

namespace lineshaft::codec {

// 2^52 + 2^51. Added to a small double it leaves no bits behind the point: the sum less this is the
// double rounded to a whole number, and the sum's bits less the bits of this are that number as an
// integer. Added as an integer to a small one, it makes the bits of a double in the same way.
inline constexpr double kRounder = 6755399441055744.0;

// All that are exact.
inline constexpr std::array<double, 23> kPowersOfTen = [] {
  std::array<double, 23> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

}  // namespace lineshaft::codec
