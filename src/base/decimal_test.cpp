#include "base/decimal.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>

namespace lineshaft {
namespace {

Decimal d(std::string_view text) { return Decimal::parse(text).value(); }

std::string rounded(std::string_view text, unsigned scale, Rounding rounding) {
  return d(text).rounded(scale, rounding).value().text();
}

constexpr Rounding kEveryRounding[] = {Rounding::kHalfEven, Rounding::kHalfAway,
                                       Rounding::kDown,     Rounding::kUp,
                                       Rounding::kFloor,    Rounding::kCeiling};

TEST(Decimal, KeepsTheDigitsThatWereWritten) {
  for (const char* text :
       {"0", "0.00", "12", "-12.50", "0.001", "-0.1", "99999999999999999999999999999999999999",
        "0.99999999999999999999999999999999999999"}) {
    EXPECT_EQ(d(text).text(), text);
  }
}

TEST(Decimal, ReadsTheOtherWaysToWriteANumber) {
  EXPECT_EQ(d("+3.").text(), "3");
  EXPECT_EQ(d(".5").text(), "0.5");
  EXPECT_EQ(d("007").text(), "7");
  EXPECT_EQ(d("-0").text(), "0");
  EXPECT_EQ(d("1.5e-3").text(), "0.0015");
  EXPECT_EQ(d("2E6").text(), "2000000");
  EXPECT_EQ(d("1.25e1").text(), "12.5");
  EXPECT_EQ(d("0e99").text(), "0");
}

TEST(Decimal, RefusesWhatIsNotANumberOrDoesNotFit) {
  for (const char* text : {"", "-", ".", "1,5", " 1", "1 ", "1.2.3", "0x10", "1e", "1e+", "NaN",
                           "1e38", "1e-39", "1e9999", "100000000000000000000000000000000000000",
                           "0.000000000000000000000000000000000000001", "--1", "1e1.5"}) {
    EXPECT_FALSE(Decimal::parse(text).ok()) << text;
  }
  EXPECT_FALSE(Decimal::make(1, 39).ok());
  EXPECT_FALSE(Decimal::make(std::numeric_limits<Int128>::min(), 0).ok());
}

TEST(Decimal, ComparesByValueNotByDigits) {
  EXPECT_EQ(d("1.5"), d("1.50"));
  EXPECT_EQ(d("0"), d("0.000"));
  EXPECT_LT(d("-2"), d("-1.999"));
  EXPECT_LT(d("-0.001"), d("0"));
  EXPECT_GT(d("99999999999999999999999999999999999999"),
            d("0.99999999999999999999999999999999999999"));
}

// The table of IEEE 754-2019, 4.3, and of java.math.RoundingMode, row by row.
TEST(Decimal, RoundsTiesAndTheRestAsEachModeSays) {
  const struct {
    const char* from;
    const char* to[6];  // in the order of kEveryRounding
  } kRows[] = {
      {"5.5", {"6", "6", "5", "6", "5", "6"}},
      {"2.5", {"2", "3", "2", "3", "2", "3"}},
      {"1.6", {"2", "2", "1", "2", "1", "2"}},
      {"1.1", {"1", "1", "1", "2", "1", "2"}},
      {"1.0", {"1", "1", "1", "1", "1", "1"}},
      {"-1.0", {"-1", "-1", "-1", "-1", "-1", "-1"}},
      {"-1.1", {"-1", "-1", "-1", "-2", "-2", "-1"}},
      {"-1.6", {"-2", "-2", "-1", "-2", "-2", "-1"}},
      {"-2.5", {"-2", "-3", "-2", "-3", "-3", "-2"}},
      {"-5.5", {"-6", "-6", "-5", "-6", "-6", "-5"}},
  };
  for (const auto& row : kRows) {
    for (std::size_t i = 0; i < 6; ++i) {
      EXPECT_EQ(rounded(row.from, 0, kEveryRounding[i]), row.to[i]) << row.from << " mode " << i;
    }
  }
}

TEST(Decimal, RoundingMayAppendZerosButNotOverflow) {
  EXPECT_EQ(rounded("1.5", 4, Rounding::kDown), "1.5000");
  EXPECT_EQ(rounded("9.99", 1, Rounding::kHalfEven), "10.0");
  EXPECT_FALSE(d("10").rounded(37, Rounding::kDown).ok());
  EXPECT_FALSE(d("9999999999999999999999999999999999999.9").rounded(39, Rounding::kUp).ok());
  EXPECT_EQ(rounded("0.99999999999999999999999999999999999999", 0, Rounding::kHalfEven), "1");
}

TEST(Decimal, AddsAndMultipliesExactlyOrSaysThatItCannot) {
  EXPECT_EQ(d("0.1").plus(d("0.2"))->text(), "0.3");
  EXPECT_EQ(d("1.05").minus(d("2"))->text(), "-0.95");
  EXPECT_EQ(d("1.5").times(d("-0.25"))->text(), "-0.375");
  const Decimal largest = d("99999999999999999999999999999999999999");
  EXPECT_FALSE(largest.plus(d("1")).ok());
  EXPECT_FALSE(largest.plus(d("0.1")).ok());
  EXPECT_EQ(largest.plus(largest.negated())->text(), "0");
  EXPECT_FALSE(largest.times(d("2")).ok());
  EXPECT_FALSE(d("0.00000000000000000001").times(d("0.00000000000000000001")).ok());
}

// Python: 12345678901234567890123456789012345678 * 98765432109876543210987654321098765432 //
// 10**38, digits behind the point cut: 12193263113702179522618503273386678858.
TEST(Decimal, ProductsAreExactBeyond128Bits) {
  const Decimal a = d("12345678901234567890123456789012345678");
  const Decimal b = d("0.98765432109876543210987654321098765432");
  EXPECT_EQ(a.times(b, 0, Rounding::kDown)->text(), "12193263113702179522618503273386678858");
}

TEST(Decimal, TakesAShareWithOneRounding) {
  EXPECT_EQ(d("100").times_ratio(1, 3, 2, Rounding::kHalfEven)->text(), "33.33");
  EXPECT_EQ(d("100").times_ratio(-2, 3, 2, Rounding::kHalfEven)->text(), "-66.67");
  EXPECT_EQ(d("0.125").times_ratio(1, 1, 2, Rounding::kHalfEven)->text(), "0.12");
  const std::int64_t max = std::numeric_limits<std::int64_t>::max();
  EXPECT_EQ(d("1").times_ratio(max, max, 0, Rounding::kDown)->text(), "1");
  EXPECT_EQ(
      d("99999999999999999999999999999999999999").times_ratio(max, max, 0, Rounding::kUp)->text(),
      "99999999999999999999999999999999999999");
  EXPECT_FALSE(
      d("99999999999999999999999999999999999999").times_ratio(2, 1, 0, Rounding::kUp).ok());
}

// Random decimals of every length and scale; the seed is in the failure message.
class DecimalLaws : public testing::Test {
 protected:
  Decimal any(unsigned digits_max, unsigned scale_max) {
    std::string digits;
    const unsigned count = 1 + static_cast<unsigned>(random_() % digits_max);
    for (unsigned i = 0; i < count; ++i) digits += static_cast<char>('0' + random_() % 10);
    const Decimal whole = d((random_() % 2 == 0 ? "-" : "") + digits);
    return Decimal::make(whole.coefficient(), static_cast<unsigned>(random_() % (scale_max + 1)))
        .value();
  }
  static constexpr std::uint64_t kSeed = 20261123;
  std::mt19937_64 random_{kSeed};
};

TEST_F(DecimalLaws, TextComesBackToTheSameCoefficientAndScale) {
  for (int i = 0; i < 20'000; ++i) {
    const Decimal a = any(38, 38);
    const Decimal back = d(a.text());
    ASSERT_EQ(back.coefficient(), a.coefficient()) << a.text() << " seed " << kSeed;
    ASSERT_EQ(back.scale(), a.scale()) << a.text() << " seed " << kSeed;
  }
}

TEST_F(DecimalLaws, AdditionCommutesAssociatesAndSubtractionUndoesIt) {
  for (int i = 0; i < 20'000; ++i) {
    const Decimal a = any(20, 12);
    const Decimal b = any(20, 12);
    const Decimal c = any(20, 12);
    ASSERT_EQ(*a.plus(b), *b.plus(a));
    ASSERT_EQ(*a.plus(b)->plus(c), *a.plus(*b.plus(c))) << a.text() << ' ' << b.text();
    ASSERT_EQ(*a.plus(b)->minus(b), a) << a.text() << ' ' << b.text();
    ASSERT_EQ(a < b, a.minus(b)->is_negative());
  }
}

TEST_F(DecimalLaws, MultiplicationDistributesOverAddition) {
  for (int i = 0; i < 20'000; ++i) {
    const Decimal a = any(12, 9);
    const Decimal b = any(12, 9);
    const Decimal c = any(12, 9);
    ASSERT_EQ(*a.times(*b.plus(c)), *a.times(b)->plus(*a.times(c))) << a.text() << ' ' << b.text();
  }
}

// |x - rounded(x)| < one unit of the last place (half a unit for the half modes), on the right
// side.
TEST_F(DecimalLaws, RoundingStaysWithinItsUnit) {
  for (int i = 0; i < 20'000; ++i) {
    const Decimal a = any(18, 18);
    const auto scale = static_cast<unsigned>(random_() % 20);
    const Decimal unit = Decimal::make(1, scale).value();
    for (Rounding rounding : kEveryRounding) {
      const Decimal r = a.rounded(scale, rounding).value();
      const Decimal error = *r.minus(a);
      const Decimal size = error.is_negative() ? error.negated() : error;
      ASSERT_LT(size, unit) << a.text() << " to " << r.text();
      if (rounding == Rounding::kHalfEven || rounding == Rounding::kHalfAway) {
        ASSERT_LE(*size.plus(size), unit) << a.text() << " to " << r.text();
      }
      ASSERT_FALSE(rounding == Rounding::kFloor && a < r);
      ASSERT_FALSE(rounding == Rounding::kCeiling && r < a);
    }
  }
}

// The shares of a whole lose less than one unit each when cut, and never exceed the whole.
TEST_F(DecimalLaws, SharesOfAWholeNeverExceedIt) {
  for (int i = 0; i < 20'000; ++i) {
    const Decimal whole = Decimal::make(static_cast<Int128>(random_() >> 1), 2).value();
    const auto total = static_cast<std::int64_t>(1 + random_() % 1'000'000);
    const auto part = static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(total + 1));
    const Decimal a = whole.times_ratio(part, total, 2, Rounding::kDown).value();
    const Decimal b = whole.times_ratio(total - part, total, 2, Rounding::kDown).value();
    const Decimal lost = *whole.minus(*a.plus(b));
    ASSERT_FALSE(lost.is_negative()) << whole.text() << " * " << part << "/" << total;
    ASSERT_LT(lost, d("0.02"));
  }
}

}  // namespace
}  // namespace lineshaft
