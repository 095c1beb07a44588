// codec/fold.h: numbers printed with a fixed count of significant digits (9.87654, 98.7654,
// 987.654) become one unbroken range when the zeros at their end are taken out.
#pragma once

#include <cstdint>
#include <span>

namespace lineshaft::codec {

// Magnitudes below 10^digits are themselves; each of the `decades` above takes 9 * 10^(digits-1)
// further numbers, as all in decade k (from 1) are multiples of 10^k. digits 0: not folded.
// Order and sign are kept, so that neighbours stay close.
struct FoldShape {
  std::uint8_t digits = 0;
  std::uint8_t decades = 0;

  bool operator==(const FoldShape&) const = default;
};

inline constexpr unsigned kFoldDigitsMin = 2;
inline constexpr unsigned kFoldDigitsMax = 15;
inline constexpr unsigned kFoldDecadesMax = 7;

// The fold with the fewest digits that all `numbers` allow, each below 10^16; digits 0 if none
// makes anything shorter.
FoldShape find_fold(std::span<const std::int64_t> numbers);

// Requires: a shape of find_fold for these numbers, with digits > 0.
void fold(const FoldShape& shape, std::span<std::int64_t> numbers);

// Undoes it. Any numbers are survived: what lies above all decades is taken as in the last one.
void unfold(const FoldShape& shape, std::span<std::int64_t> numbers);

}  // namespace lineshaft::codec
