#include "base/ratio.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>

namespace lineshaft {
namespace {

std::string reduced(std::string_view text) { return Ratio::parse(text).value().text(); }

Int128 power_of_ten(unsigned exponent) {
  Int128 power = 1;
  for (unsigned i = 0; i < exponent; ++i) power *= 10;
  return power;
}

TEST(Ratio, ReadsTheWaysPeopleWriteARateAndReducesIt) {
  EXPECT_EQ(reduced("0.07"), "7/100");
  EXPECT_EQ(reduced("7 %"), "7/100");
  EXPECT_EQ(reduced("7%"), "7/100");
  EXPECT_EQ(reduced("2.5 ‰"), "1/400");
  EXPECT_EQ(reduced("14/200"), "7/100");
  EXPECT_EQ(reduced("-1/3"), "-1/3");
  EXPECT_EQ(reduced("6/3"), "2");
  EXPECT_EQ(reduced("0/5"), "0");
  EXPECT_EQ(reduced("33.3333333333333333 %"), "333333333333333333/1000000000000000000");
}

TEST(Ratio, RefusesWhatIsNoRate) {
  for (const char* text : {"", "%", "1/0", "1/-3", "a", "1/2/3", "0.5/2", "1/0.5", "7 percent",
                           "9223372036854775808", "1e-19", "0.0000000000000000001"}) {
    EXPECT_FALSE(Ratio::parse(text).ok()) << text;
  }
}

TEST(Ratio, IsOrderedByItsValue) {
  EXPECT_LT(Ratio::parse("1/3").value(), Ratio::parse("0.34").value());
  EXPECT_LT(Ratio::parse("-1/2").value(), Ratio::parse("-1/3").value());
  EXPECT_EQ(Ratio::parse("0.5").value(), Ratio::parse("50 %").value());
}

TEST(Ratio, AddsAndMultipliesExactlyOrSaysThatItCannot) {
  const Ratio third = Ratio::parse("1/3").value();
  EXPECT_EQ(third.plus(Ratio::parse("1/6").value()).value().text(), "1/2");
  EXPECT_EQ(third.times(Ratio::parse("3/4").value()).value().text(), "1/4");
  const Ratio large = Ratio::make(std::numeric_limits<std::int64_t>::max(), 2).value();
  EXPECT_FALSE(large.times(large).ok());
}

TEST(Ratio, RoundsOnceTheWayItIsTold) {
  const Ratio third = Ratio::parse("1/3").value();
  EXPECT_EQ(third.of(100, Rounding::kFloor), Int128{33});
  EXPECT_EQ(third.of(-100, Rounding::kFloor), Int128{-34});
  EXPECT_EQ(third.of(-100, Rounding::kDown), Int128{-33});
  EXPECT_EQ(Ratio::parse("1/2").value().of(5, Rounding::kHalfEven), Int128{2});
  EXPECT_EQ(Ratio::parse("1/2").value().of(5, Rounding::kHalfAway), Int128{3});
}

// 10^37 * 10^37 needs 246 bits; divided by 10^37 it is 10^37 again, and one more leaves a rest.
TEST(MultiplyDivide, IsExactBeyond128Bits) {
  const Int128 large = power_of_ten(37);
  EXPECT_EQ(multiply_divide(large, large, large, Rounding::kDown), large);
  EXPECT_EQ(multiply_divide(large + 1, large, large, Rounding::kDown), large + 1);
  EXPECT_EQ(multiply_divide(large, 3, 2, Rounding::kDown), large / 2 * 3);
  EXPECT_EQ(multiply_divide(large, large, large - 1, Rounding::kDown), large + 1);
  EXPECT_EQ(multiply_divide(large, large, large - 1, Rounding::kUp), large + 2);
  EXPECT_EQ(multiply_divide(large, large, 1, Rounding::kDown), std::nullopt);
  EXPECT_EQ(multiply_divide(large, 10, 1, Rounding::kDown), std::nullopt);
}

// Where a product fits 128 bits the short way is taken; Decimal always goes the long way.
TEST(MultiplyDivide, TakesBothWaysToTheSameNumber) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2'000; ++i) {
    const auto a = static_cast<std::int64_t>(random()) >> (random() % 60);
    const auto b = static_cast<std::int64_t>(random()) >> (random() % 60);
    const std::int64_t c = (static_cast<std::int64_t>(random()) >> (random() % 60) & INT64_MAX) | 1;
    for (const Rounding rounding : {Rounding::kHalfEven, Rounding::kHalfAway, Rounding::kDown,
                                    Rounding::kUp, Rounding::kFloor, Rounding::kCeiling}) {
      const Result<Decimal> whole = Decimal::make(a, 0).value().times_ratio(b, c, 0, rounding);
      ASSERT_TRUE(whole.ok());
      ASSERT_EQ(multiply_divide(a, b, c, rounding), whole->coefficient())
          << a << " * " << b << " / " << c;
    }
  }
}

}  // namespace
}  // namespace lineshaft
