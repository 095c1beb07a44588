// base/ratio.h: exact rates: a royalty of 7 %, a third, an exchange rate. No floating point.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "base/result.h"

namespace lineshaft {

// numerator / denominator, always reduced, denominator > 0: equal rates are equal in their parts
// too. A value type; threads: any.
class Ratio {
 public:
  constexpr Ratio() = default;  // 0 / 1

  // Errors: kInvalidArgument: the denominator is zero, or a reduced part does not fit 64 bits.
  static Result<Ratio> make(Int128 numerator, Int128 denominator);

  // "0.07", "7 %", "7%", "3.5 ‰", "7/100", "-1/3". Errors: kInvalidArgument.
  static Result<Ratio> parse(std::string_view text);

  std::int64_t numerator() const { return numerator_; }
  std::int64_t denominator() const { return denominator_; }
  bool is_zero() const { return numerator_ == 0; }

  // "7/100"; "3" when the denominator is 1. parse() reads it back.
  std::string text() const;

  // value * this, exact, rounded once. Nothing when the result has more than Decimal::kDigitsMax
  // digits. Requires: as multiply_divide().
  std::optional<Int128> of(Int128 value, Rounding rounding) const {
    return multiply_divide(value, numerator_, denominator_, rounding);
  }

  // Exact. Errors: kInvalidArgument: a reduced part does not fit 64 bits.
  Result<Ratio> plus(const Ratio& other) const;
  Result<Ratio> times(const Ratio& other) const;

  friend std::strong_ordering operator<=>(const Ratio& a, const Ratio& b);
  friend bool operator==(const Ratio& a, const Ratio& b) = default;

 private:
  constexpr Ratio(std::int64_t numerator, std::int64_t denominator)
      : numerator_(numerator), denominator_(denominator) {}

  std::int64_t numerator_ = 0;
  std::int64_t denominator_ = 1;
};

}  // namespace lineshaft
