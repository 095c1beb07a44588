#include "base/ratio.h"

#include <limits>

namespace lineshaft {
namespace {

// Digits of a rate as it is written: 10^18 still fits 64 bits as a denominator.
constexpr unsigned kScaleMax = 18;

Int128 greatest_common_divisor(Int128 a, Int128 b) {
  while (b != 0) {
    const Int128 rest = a % b;
    a = b;
    b = rest;
  }
  return a < 0 ? -a : a;
}

bool fits(Int128 value) {
  return value >= std::numeric_limits<std::int64_t>::min() &&
         value <= std::numeric_limits<std::int64_t>::max();
}

Error not_a_rate(std::string_view text) {
  return {ErrorId::kInvalidArgument,
          "'" + std::string(text.substr(0, 64)) +
              "' is not a rate: write it as 0.07, 7 % or 7/100, with at most 18 digits"};
}

void trim_right(std::string_view& text) {
  while (text.ends_with(' ')) text.remove_suffix(1);
}

bool take_ending(std::string_view& text, std::string_view ending) {
  if (!text.ends_with(ending)) return false;
  text.remove_suffix(ending.size());
  trim_right(text);
  return true;
}

}  // namespace

Result<Ratio> Ratio::make(Int128 numerator, Int128 denominator) {
  if (denominator == 0) return Error{ErrorId::kInvalidArgument, "a rate has the denominator zero"};
  const Int128 divisor = greatest_common_divisor(numerator, denominator);
  numerator /= divisor;
  denominator /= divisor;
  if (denominator < 0) {
    numerator = -numerator;
    denominator = -denominator;
  }
  if (!fits(numerator) || !fits(denominator)) {
    return Error{ErrorId::kInvalidArgument, "a rate needs more than 18 digits in one of its parts"};
  }
  return Ratio(static_cast<std::int64_t>(numerator), static_cast<std::int64_t>(denominator));
}

Result<Ratio> Ratio::parse(std::string_view text) {
  std::string_view rest = text;
  Int128 divisor = 1;
  if (take_ending(rest, "%")) {
    divisor = 100;
  } else if (take_ending(rest, "‰")) {
    divisor = 1000;
  }
  const std::size_t slash = rest.find('/');
  const Result<Decimal> above = Decimal::parse(rest.substr(0, slash));
  if (!above || above->scale() > kScaleMax || !fits(above->coefficient())) return not_a_rate(text);
  Int128 below = 1;
  if (slash != std::string_view::npos) {
    const Result<Decimal> written = Decimal::parse(rest.substr(slash + 1));
    if (!written || written->scale() != 0 || above->scale() != 0 || written->coefficient() <= 0 ||
        !fits(written->coefficient())) {
      return not_a_rate(text);
    }
    below = written->coefficient();
  }
  for (unsigned i = 0; i < above->scale(); ++i) divisor *= 10;
  // Either of the two is small: a fraction has no digits behind the point.
  Result<Ratio> ratio = make(above->coefficient(), below * divisor);
  if (!ratio) return not_a_rate(text);
  return ratio;
}

std::string Ratio::text() const {
  std::string text = std::to_string(numerator_);
  if (denominator_ != 1) text += "/" + std::to_string(denominator_);
  return text;
}

Result<Ratio> Ratio::plus(const Ratio& other) const {
  // Each product is below 2^126, their sum below 2^127.
  return make(Int128{numerator_} * other.denominator_ + Int128{other.numerator_} * denominator_,
              Int128{denominator_} * other.denominator_);
}

Result<Ratio> Ratio::times(const Ratio& other) const {
  return make(Int128{numerator_} * other.numerator_, Int128{denominator_} * other.denominator_);
}

std::strong_ordering operator<=>(const Ratio& a, const Ratio& b) {
  return Int128{a.numerator_} * b.denominator_ <=> Int128{b.numerator_} * a.denominator_;
}

}  // namespace lineshaft
