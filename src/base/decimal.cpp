#include "base/decimal.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <optional>

namespace lineshaft {
namespace {

__extension__ typedef unsigned __int128 UInt128;  // NOLINT: `using` is pedantic here

constexpr UInt128 power_of_ten(unsigned exponent) {
  UInt128 power = 1;
  for (unsigned i = 0; i < exponent; ++i) power *= 10;
  return power;
}
constexpr UInt128 kCoefficientEnd = power_of_ten(Decimal::kDigitsMax);  // 10^38 < 2^127

UInt128 magnitude(Int128 value) {
  return value < 0 ? UInt128{0} - static_cast<UInt128>(value) : static_cast<UInt128>(value);
}

// An unsigned number of 384 bits. The largest intermediate of this file is the product of two
// coefficients and 10^38: under 3 * 127 = 381 bits, so nothing here can overflow.
class Wide {
 public:
  explicit Wide(UInt128 value) {
    limbs_[0] = static_cast<std::uint64_t>(value);
    limbs_[1] = static_cast<std::uint64_t>(value >> 64);
  }

  Wide times(UInt128 factor) const {
    Wide high = *this;
    high.multiply(static_cast<std::uint64_t>(factor >> 64));
    high.shift_left_one_limb();
    Wide low = *this;
    low.multiply(static_cast<std::uint64_t>(factor));
    low.add(high);
    return low;
  }

  std::size_t bits() const {
    for (std::size_t i = kLimbs; i-- > 0;) {
      if (limbs_[i] != 0) return i * 64 + static_cast<std::size_t>(std::bit_width(limbs_[i]));
    }
    return 0;
  }
  bool bit(std::size_t index) const { return (limbs_[index / 64] >> (index % 64) & 1) != 0; }
  void set_bit(std::size_t index) { limbs_[index / 64] |= std::uint64_t{1} << (index % 64); }

  void double_and_add(bool low_bit) {
    for (std::size_t i = kLimbs; i-- > 1;) limbs_[i] = limbs_[i] << 1 | limbs_[i - 1] >> 63;
    limbs_[0] = limbs_[0] << 1 | static_cast<std::uint64_t>(low_bit);
  }
  void subtract(const Wide& other) {
    std::uint64_t borrow = 0;
    for (std::size_t i = 0; i < kLimbs; ++i) {
      const UInt128 taken = UInt128{other.limbs_[i]} + borrow;
      borrow = limbs_[i] < taken ? 1 : 0;
      limbs_[i] -= static_cast<std::uint64_t>(taken);
    }
    LS_ASSERT(borrow == 0);
  }
  bool is_zero() const { return bits() == 0; }

  // Nothing when it is 10^38 or more: too large for a coefficient.
  std::optional<UInt128> coefficient() const {
    if (bits() > 127) return std::nullopt;
    const UInt128 value = UInt128{limbs_[1]} << 64 | limbs_[0];
    if (value >= kCoefficientEnd) return std::nullopt;
    return value;
  }

  friend std::strong_ordering operator<=>(const Wide& a, const Wide& b) {
    for (std::size_t i = kLimbs; i-- > 0;) {
      if (a.limbs_[i] != b.limbs_[i]) return a.limbs_[i] <=> b.limbs_[i];
    }
    return std::strong_ordering::equal;
  }

 private:
  static constexpr std::size_t kLimbs = 6;

  void multiply(std::uint64_t factor) {
    UInt128 carry = 0;
    for (std::uint64_t& limb : limbs_) {
      carry += UInt128{limb} * factor;
      limb = static_cast<std::uint64_t>(carry);
      carry >>= 64;
    }
    LS_ASSERT(carry == 0);
  }
  void shift_left_one_limb() {
    LS_ASSERT(limbs_[kLimbs - 1] == 0);
    for (std::size_t i = kLimbs; i-- > 1;) limbs_[i] = limbs_[i - 1];
    limbs_[0] = 0;
  }
  void add(const Wide& other) {
    UInt128 carry = 0;
    for (std::size_t i = 0; i < kLimbs; ++i) {
      carry += UInt128{limbs_[i]} + other.limbs_[i];
      limbs_[i] = static_cast<std::uint64_t>(carry);
      carry >>= 64;
    }
    LS_ASSERT(carry == 0);
  }

  std::array<std::uint64_t, kLimbs> limbs_{};
};

bool rounds_away(Rounding rounding, bool negative, std::strong_ordering to_half, bool odd) {
  switch (rounding) {
    case Rounding::kHalfEven:
      return to_half > 0 || (to_half == 0 && odd);
    case Rounding::kHalfAway:
      return to_half >= 0;
    case Rounding::kDown:
      return false;
    case Rounding::kUp:
      return true;
    case Rounding::kFloor:
      return negative;
    case Rounding::kCeiling:
      return !negative;
  }
  return false;
}

std::optional<Int128> with_sign(std::optional<UInt128> size, bool negative) {
  if (!size) return std::nullopt;
  const auto value = static_cast<Int128>(*size);
  return negative ? -value : value;
}

// Long division in base two: at most 384 steps of six limbs.
std::optional<Int128> divide(const Wide& dividend, const Wide& divisor, bool negative,
                             Rounding rounding) {
  Wide quotient(0);
  Wide remainder(0);
  for (std::size_t i = dividend.bits(); i-- > 0;) {
    remainder.double_and_add(dividend.bit(i));
    if (remainder >= divisor) {
      remainder.subtract(divisor);
      quotient.set_bit(i);
    }
  }
  std::optional<UInt128> result = quotient.coefficient();
  if (result && !remainder.is_zero()) {
    Wide twice = remainder;
    twice.double_and_add(false);
    if (rounds_away(rounding, negative, twice <=> divisor, (*result & 1) != 0)) ++*result;
  }
  if (result && *result >= kCoefficientEnd) return std::nullopt;
  return with_sign(result, negative);
}

Error too_large(std::string_view operation) {
  return {ErrorId::kInvalidArgument, std::string(operation) + ": the result needs more than " +
                                         std::to_string(Decimal::kDigitsMax) + " digits"};
}

Error bad_scale(std::string_view operation) {
  return {ErrorId::kInvalidArgument, std::string(operation) + ": more than " +
                                         std::to_string(Decimal::kScaleMax) +
                                         " digits behind the point"};
}

Error not_a_decimal(std::string_view text) {
  return {ErrorId::kInvalidArgument, "'" + std::string(text.substr(0, 64)) +
                                         "' is not a decimal number of up to " +
                                         std::to_string(Decimal::kDigitsMax) + " digits"};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool take_sign(std::string_view& text) {
  if (text.empty() || (text.front() != '-' && text.front() != '+')) return false;
  const bool negative = text.front() == '-';
  text.remove_prefix(1);
  return negative;
}

// The digits and the point. False when there is no digit or too many.
bool take_digits(std::string_view& text, UInt128& coefficient, int& scale) {
  bool digits = false;
  bool point = false;
  for (; !text.empty(); text.remove_prefix(1)) {
    const char c = text.front();
    if (c == '.' && !point) {
      point = true;
    } else if (is_digit(c)) {
      digits = true;
      coefficient = coefficient * 10 + static_cast<unsigned>(c - '0');
      if (coefficient >= kCoefficientEnd) return false;
      if (point && ++scale > static_cast<int>(Decimal::kScaleMax)) return false;
    } else {
      break;
    }
  }
  return digits;
}

// "e-3" or nothing. Exponents of more than three digits cannot fit and are refused here.
bool take_exponent(std::string_view& text, int& exponent) {
  if (text.empty()) return true;
  if (text.front() != 'e' && text.front() != 'E') return false;
  text.remove_prefix(1);
  const bool negative = take_sign(text);
  if (text.empty() || text.size() > 3) return false;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1)) {
    exponent = exponent * 10 + (text.front() - '0');
  }
  if (negative) exponent = -exponent;
  return text.empty();
}

}  // namespace

Result<Decimal> Decimal::make(Int128 coefficient, unsigned scale) {
  if (scale > kScaleMax) return bad_scale("decimal");
  if (magnitude(coefficient) >= kCoefficientEnd) return too_large("decimal");
  return Decimal(coefficient, scale);
}

Result<Decimal> Decimal::parse(std::string_view text) {
  std::string_view rest = text;
  const bool negative = take_sign(rest);
  UInt128 coefficient = 0;
  int scale = 0;
  int exponent = 0;
  if (!take_digits(rest, coefficient, scale) || !take_exponent(rest, exponent)) {
    return not_a_decimal(text);
  }
  scale -= exponent;
  for (; scale < 0; ++scale) {
    if (coefficient == 0) {
      scale = 0;
      break;
    }
    coefficient *= 10;
    if (coefficient >= kCoefficientEnd) return not_a_decimal(text);
  }
  if (scale > static_cast<int>(kScaleMax)) return not_a_decimal(text);
  const auto value = static_cast<Int128>(coefficient);
  return Decimal(negative ? -value : value, static_cast<unsigned>(scale));
}

std::string int128_text(Int128 value) {
  std::string digits;
  UInt128 rest = magnitude(value);
  do {
    digits += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  } while (rest != 0);
  if (value < 0) digits += '-';
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::string Decimal::text() const {
  std::string digits = int128_text(coefficient_ < 0 ? -coefficient_ : coefficient_);
  if (scale_ > 0) {
    if (digits.size() <= scale_) digits.insert(0, scale_ + 1U - digits.size(), '0');
    digits.insert(digits.size() - scale_, 1, '.');
  }
  return is_negative() ? "-" + digits : digits;
}

std::optional<Int128> multiply_divide(Int128 a, Int128 b, Int128 c, Rounding rounding) {
  LS_ASSERT(c > 0);
  LS_ASSERT(magnitude(a) < kCoefficientEnd && magnitude(b) < kCoefficientEnd);
  Int128 product = 0;
  if (__builtin_mul_overflow(a, b, &product)) {
    return divide(Wide(magnitude(a)).times(magnitude(b)), Wide(magnitude(c)), (a < 0) != (b < 0),
                  rounding);
  }
  const UInt128 size = magnitude(product);
  const UInt128 divisor = magnitude(c);
  UInt128 quotient = size / divisor;
  const UInt128 remainder = size % divisor;
  // Against the half without doubling, which could overflow.
  if (remainder != 0 &&
      rounds_away(rounding, product < 0, remainder <=> divisor - remainder, (quotient & 1) != 0)) {
    ++quotient;
  }
  if (quotient >= kCoefficientEnd) return std::nullopt;
  return with_sign(quotient, product < 0);
}

Decimal Decimal::negated() const { return {-coefficient_, scale_}; }

Result<Decimal> Decimal::plus(const Decimal& other) const {
  const unsigned scale = std::max(scale_, other.scale_);
  const Result<Decimal> a = rounded(scale, Rounding::kDown);  // Only appends zeros.
  const Result<Decimal> b = other.rounded(scale, Rounding::kDown);
  if (!a.ok() || !b.ok()) return too_large("addition");
  const Int128 sum = a->coefficient_ + b->coefficient_;  // Each below 10^38: fits.
  if (magnitude(sum) >= kCoefficientEnd) return too_large("addition");
  return Decimal(sum, scale);
}

Result<Decimal> Decimal::minus(const Decimal& other) const { return plus(other.negated()); }

Result<Decimal> Decimal::times(const Decimal& other) const {
  const unsigned scale = unsigned{scale_} + other.scale_;
  if (scale > kScaleMax) return bad_scale("multiplication");
  return times(other, scale, Rounding::kDown);
}

Result<Decimal> Decimal::rounded(unsigned scale, Rounding rounding) const {
  return times(Decimal(1, 0), scale, rounding);
}

Result<Decimal> Decimal::times(const Decimal& other, unsigned scale, Rounding rounding) const {
  if (scale > kScaleMax) return bad_scale("multiplication");
  const unsigned digits = unsigned{scale_} + other.scale_;  // Up to 76.
  const unsigned drop = digits > scale ? digits - scale : 0;
  const unsigned add = scale > digits ? scale - digits : 0;
  const bool negative = is_negative() != other.is_negative();
  const Wide product =
      Wide(magnitude(coefficient_)).times(magnitude(other.coefficient_)).times(power_of_ten(add));
  const Wide divisor =
      Wide(power_of_ten(std::min(drop, 38U))).times(power_of_ten(drop - std::min(drop, 38U)));
  const std::optional<Int128> result = drop == 0 ? with_sign(product.coefficient(), negative)
                                                 : divide(product, divisor, negative, rounding);
  if (!result) return too_large("multiplication");
  return Decimal(*result, scale);
}

Result<Decimal> Decimal::times_ratio(std::int64_t numerator, std::int64_t denominator,
                                     unsigned scale, Rounding rounding) const {
  LS_ASSERT(denominator > 0);
  if (scale > kScaleMax) return bad_scale("ratio");
  const unsigned drop = scale_ > scale ? scale_ - scale : 0;
  const unsigned add = scale > scale_ ? scale - scale_ : 0;
  const bool negative = is_negative() != (numerator < 0);
  const Wide product =
      Wide(magnitude(coefficient_)).times(magnitude(numerator)).times(power_of_ten(add));
  const Wide divisor = Wide(magnitude(denominator)).times(power_of_ten(drop));
  const std::optional<Int128> result = divide(product, divisor, negative, rounding);
  if (!result) return too_large("ratio");
  return Decimal(*result, scale);
}

std::weak_ordering operator<=>(const Decimal& a, const Decimal& b) {
  if (a.is_negative() != b.is_negative()) {
    return a.is_negative() ? std::weak_ordering::less : std::weak_ordering::greater;
  }
  const Wide left = Wide(magnitude(a.coefficient_)).times(power_of_ten(b.scale_));
  const Wide right = Wide(magnitude(b.coefficient_)).times(power_of_ten(a.scale_));
  return a.is_negative() ? right <=> left : left <=> right;
}

}  // namespace lineshaft
