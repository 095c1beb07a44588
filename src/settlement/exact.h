// settlement/exact.h: the few exact steps that every rule here is made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <string>

#include "base/decimal.h"
#include "base/result.h"
#include "model/money.h"

namespace lineshaft::settlement {

__extension__ typedef unsigned __int128 UInt128;  // NOLINT: `using` is pedantic here

// 10^30: no amount and no base of this room is larger, so that sums of ten million of them fit.
inline constexpr Int128 kAmountEnd = [] {
  Int128 end = 1;
  for (unsigned i = 0; i < kMoneyDigitsMax; ++i) end *= 10;
  return end;
}();

inline bool is_amount(Int128 value) { return value >= 0 && value < kAmountEnd; }

// a * b = whole * c + remainder, 0 <= remainder < c.
struct Quotient {
  Int128 whole = 0;
  Int128 remainder = 0;
};

// Requires: a, b >= 0 of at most Decimal::kDigitsMax digits; c > 0. Nothing when `whole` has more
// than that. Cost: as multiply_divide.
inline std::optional<Quotient> divide_product(Int128 a, Int128 b, Int128 c) {
  const std::optional<Int128> whole = multiply_divide(a, b, c, Rounding::kFloor);
  if (!whole) return std::nullopt;
  // The product may need 256 bits; the remainder does not, so arithmetic modulo 2^128 gives it.
  const UInt128 rest = static_cast<UInt128>(a) * static_cast<UInt128>(b) -
                       static_cast<UInt128>(*whole) * static_cast<UInt128>(c);
  return Quotient{*whole, static_cast<Int128>(rest)};
}

// lcm(a, b), or nothing above `max`. Requires: 0 < a, b <= max.
inline std::optional<std::int64_t> common_multiple(std::int64_t a, std::int64_t b,
                                                   std::int64_t max) {
  const Int128 multiple = Int128{a / std::gcd(a, b)} * b;
  if (multiple > max) return std::nullopt;
  return static_cast<std::int64_t>(multiple);
}

inline Error too_large(const std::string& what) {
  return {ErrorId::kInvalidArgument,
          what + ": more than " + std::to_string(kMoneyDigitsMax) + " digits"};
}

}  // namespace lineshaft::settlement
