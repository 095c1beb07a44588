// base/decimal.h: exact decimal numbers for prices, shares and quantities. No floating point
// inside, none in, none out: what a person wrote is what is computed with.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft {

__extension__ typedef __int128 Int128;  // NOLINT: `using` is pedantic here

// Where to go when the digits end. "Half" decides only exact ties; everything else of a half mode
// goes to the nearest. Every rounding in the product names its mode at the place where it happens.
enum class Rounding : std::uint8_t {
  kHalfEven,  // ties to the even digit: 0.5 -> 0, 1.5 -> 2, -2.5 -> -2
  kHalfAway,  // ties away from zero: 0.5 -> 1, -0.5 -> -1
  kDown,      // towards zero: 1.9 -> 1, -1.9 -> -1
  kUp,        // away from zero: 1.1 -> 2, -1.1 -> -2
  kFloor,     // towards minus infinity: -1.1 -> -2
  kCeiling,   // towards plus infinity: -1.9 -> -1
};

// coefficient * 10^-scale, with at most 38 digits and a scale of 0..38. A value type; cheap to
// copy; threads: any. The scale is kept as written ("1.50" stays "1.50") but does not matter to
// comparison: 1.5 == 1.50.
//
// Every operation is exact or says how it rounds, and every result that does not fit is an error,
// never a wrapped or shortened number. Errors of all: kInvalidArgument, naming the operation.
class Decimal {
 public:
  static constexpr unsigned kDigitsMax = 38;
  static constexpr unsigned kScaleMax = 38;

  constexpr Decimal() = default;  // 0

  static Result<Decimal> make(Int128 coefficient, unsigned scale);

  // "12", "-0.50", "+3.", ".5", "1.5e-3", "2E6". No blanks, no grouping, no comma. Leading zeros
  // are dropped; trailing zeros behind the point are kept. A negative zero becomes 0.
  static Result<Decimal> parse(std::string_view text);

  Int128 coefficient() const { return coefficient_; }
  unsigned scale() const { return scale_; }
  bool is_zero() const { return coefficient_ == 0; }
  bool is_negative() const { return coefficient_ < 0; }

  // All digits, as many behind the point as the scale says; parse() reads it back to the same
  // coefficient and scale.
  std::string text() const;

  Decimal negated() const;

  // Exact. plus and minus have the larger of the two scales, times has their sum.
  Result<Decimal> plus(const Decimal& other) const;
  Result<Decimal> minus(const Decimal& other) const;
  Result<Decimal> times(const Decimal& other) const;

  // To `scale` digits behind the point; more digits than there are appends zeros.
  Result<Decimal> rounded(unsigned scale, Rounding rounding) const;

  // The exact product, rounded once.
  Result<Decimal> times(const Decimal& other, unsigned scale, Rounding rounding) const;

  // The exact this * numerator / denominator, rounded once: a share of 1/3, a rate of 7/100.
  // Requires: denominator > 0.
  Result<Decimal> times_ratio(std::int64_t numerator, std::int64_t denominator, unsigned scale,
                              Rounding rounding) const;

  friend std::weak_ordering operator<=>(const Decimal& a, const Decimal& b);
  friend bool operator==(const Decimal& a, const Decimal& b) { return (a <=> b) == 0; }

 private:
  constexpr Decimal(Int128 coefficient, unsigned scale)
      : coefficient_(coefficient), scale_(static_cast<std::uint8_t>(scale)) {}

  Int128 coefficient_ = 0;
  std::uint8_t scale_ = 0;
};

// The exact a * b / c, rounded once. Nothing when it has more than Decimal::kDigitsMax digits.
// Requires: c > 0; a and b have at most Decimal::kDigitsMax digits.
// Cost: one division where a * b fits 128 bits, about a microsecond else.
std::optional<Int128> multiply_divide(Int128 a, Int128 b, Int128 c, Rounding rounding);

// Decimal digits with a sign; std::to_string has no 128-bit form.
std::string int128_text(Int128 value);

}  // namespace lineshaft
