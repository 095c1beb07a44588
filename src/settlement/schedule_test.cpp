#include "settlement/schedule.h"

#include <gtest/gtest.h>

#include <random>

namespace lineshaft::settlement {
namespace {

Ratio rate(const char* text) { return Ratio::parse(text).value(); }

// 7 % up to 1,000.00, 5 % up to 10,000.00, then 3 %: in minor units.
const std::vector<Tier> kFalling = {
    {0, rate("7 %")}, {100'000, rate("5 %")}, {1'000'000, rate("3 %")}};

TEST(Royalty, AddsUpTheTiersThatTheBaseReaches) {
  EXPECT_EQ(royalty(kFalling, 0).value(), 0);
  EXPECT_EQ(royalty(kFalling, 100'000).value(), 7'000);
  EXPECT_EQ(royalty(kFalling, 100'001).value(), 7'000);     // + 0.05
  EXPECT_EQ(royalty(kFalling, 100'020).value(), 7'001);     // + 1.00
  EXPECT_EQ(royalty(kFalling, 1'000'000).value(), 52'000);  // 7,000 + 45,000
  EXPECT_EQ(royalty(kFalling, 1'000'099).value(), 52'002);  // + 2.97
  EXPECT_EQ(royalty({}, 5).value(), 0);
}

TEST(Royalty, IsRoundedOnceForAllTiersTogether) {
  // 1/3 + 1/3 + 1/3 + 1/2 = 1 1/2: rounding each tier by itself would give 0.
  const std::vector<Tier> tiers = {{0, rate("1/3")}, {3, rate("1/2")}};
  EXPECT_EQ(royalty(tiers, 4).value(), 1);
  // 1/3 of 1, 2/3 of 1: exactly 1.
  EXPECT_EQ(royalty({{0, rate("1/3")}, {1, rate("2/3")}}, 2).value(), 1);
}

TEST(Royalty, DoesNotDriftHoweverThePeriodsAreCut) {
  std::mt19937_64 random(3);
  for (int run = 0; run < 200; ++run) {
    LicenceTotals totals;
    Int128 charged = 0;
    for (int period = 0; period < 100; ++period) {
      const Charge charge =
          settlement::charge(kFalling, {}, totals, static_cast<Int128>(random() % 30'000), {})
              .value();
      ASSERT_GE(charge.due, 0);
      charged += charge.due;
      totals = charge.closing;
    }
    ASSERT_EQ(charged, royalty(kFalling, totals.base).value());
    ASSERT_EQ(charged, totals.due);
  }
}

TEST(Royalty, IsRefusedWhenItIsTooLarge) {
  const Int128 large = Int128{1'000'000'000'000'000} * 999'999'999'999'999;
  EXPECT_EQ(royalty({{0, rate("1")}}, large).value(), large);
  EXPECT_FALSE(royalty({{0, rate("2000")}}, large).ok());
  EXPECT_FALSE(royalty(kFalling, large * 10'000).ok());
  EXPECT_FALSE(royalty(kFalling, -1).ok());
}

// --- limits ---

std::vector<Int128> due(const Limits& limits, const std::vector<Int128>& bases) {
  const std::vector<Tier> tenth = {{0, rate("10 %")}};
  EXPECT_TRUE(check_limits(limits).ok());
  std::vector<Int128> all;
  LicenceTotals totals;
  for (std::size_t i = 0; i < bases.size(); ++i) {
    const Timestamp end{static_cast<std::int64_t>(i + 1) * 100};
    const Charge charge = settlement::charge(tenth, limits, totals, bases[i], end).value();
    all.push_back(charge.due);
    totals = charge.closing;
  }
  return all;
}

using Dues = std::vector<Int128>;

TEST(Charge, KeepsThePeriodWithinItsMinimumAndMaximum) {
  EXPECT_EQ(due({50, 200, {}, {}}, {100, 1000, 5000, 1000}), (Dues{50, 100, 200, 100}));
}

TEST(Charge, StopsAtTheTotalMaximum) {
  EXPECT_EQ(due({{}, {}, 250, {}}, {1000, 1000, 1000, 1000}), (Dues{100, 100, 50, 0}));
}

TEST(Charge, FillsUpToTheGuaranteeAndCreditsIt) {
  // 100 earned; by the end of the second period 300 are guaranteed; the 500 that are earned after
  // four periods are charged as far as the guarantee has not brought them.
  EXPECT_EQ(due({{}, {}, {}, {{Timestamp{150}, 300}}}, {1000, 0, 1000, 3000}),
            (Dues{100, 200, 0, 200}));
}

TEST(Charge, CountsAGuaranteeFromItsInstantOn) {
  EXPECT_EQ(due({{}, {}, {}, {{Timestamp{100}, 300}}}, {0, 0}), (Dues{0, 300}));
  EXPECT_EQ(due({{}, {}, {}, {{Timestamp{99}, 300}}}, {0, 0}), (Dues{300, 0}));
  EXPECT_EQ(due({{}, {}, 350, {{Timestamp{99}, 300}, {Timestamp{199}, 350}}}, {0, 9000, 9000}),
            (Dues{300, 50, 0}));
}

TEST(Limits, AreRefusedWhenTheyContradictEachOther) {
  EXPECT_FALSE(check_limits({200, 100, {}, {}}).ok());
  EXPECT_FALSE(check_limits({-1, {}, {}, {}}).ok());
  EXPECT_FALSE(check_limits({{}, {}, 100, {{Timestamp{1}, 101}}}).ok());
  EXPECT_FALSE(check_limits({{}, {}, {}, {{Timestamp{2}, 1}, {Timestamp{1}, 2}}}).ok());
  EXPECT_FALSE(check_limits({{}, {}, {}, {{Timestamp{1}, 2}, {Timestamp{2}, 1}}}).ok());
}

TEST(Tiers, AreRefusedWhenTheyDoNotAscend) {
  EXPECT_TRUE(check_tiers({}).ok());
  EXPECT_TRUE(check_tiers(kFalling).ok());
  EXPECT_FALSE(check_tiers({{1, rate("1")}}).ok());
  EXPECT_FALSE(check_tiers({{0, rate("1")}, {0, rate("2")}}).ok());
  EXPECT_FALSE(check_tiers({{0, rate("-1 %")}}).ok());
  EXPECT_FALSE(check_tiers({{0, rate("1/999999999989")}, {1, rate("1/999999999961")}}).ok());
  EXPECT_FALSE(check_tiers(std::vector<Tier>(kTiersMax + 1)).ok());
}

}  // namespace
}  // namespace lineshaft::settlement
