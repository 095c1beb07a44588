#include "settlement/split.h"

#include <gtest/gtest.h>

#include <map>
#include <numeric>
#include <random>

#include "base/ratio.h"

namespace lineshaft::settlement {
namespace {

using Units = std::vector<Int128>;

Int128 sum(const Units& units) { return std::accumulate(units.begin(), units.end(), Int128{0}); }

constexpr Int128 kLarge = Int128{1'000'000'000'000'000} * 1'000'000'000'000'000 - 1;  // 10^30 - 1

// Goal: rounding never creates or destroys money. Method: exhaustive, so a failure needs no seed.
TEST(LargestRemainder, HandsOutEveryUnit) {
  for (Int128 amount = 0; amount <= 60; ++amount) {
    for (Int128 weight = 0; weight <= 20; ++weight) {
      const Units units = largest_remainder(amount, Units{weight, 7, 3});
      ASSERT_EQ(sum(units), amount);
      for (std::size_t i = 0; i < 3; ++i) {
        const Int128 exact = amount * Units{weight, 7, 3}[i];  // over weight + 10
        ASSERT_LT(units[i] * (weight + 10) - exact, weight + 10);
        ASSERT_LT(exact - units[i] * (weight + 10), weight + 10);
      }
    }
  }
}

TEST(LargestRemainder, GivesTheLastUnitsToTheLargestRemainders) {
  EXPECT_EQ(largest_remainder(100, Units{1, 1, 1}), (Units{34, 33, 33}));  // tie: the earlier
  EXPECT_EQ(largest_remainder(7, Units{5, 3}), (Units{4, 3}));             // 4.375 and 2.625
  EXPECT_EQ(largest_remainder(0, Units{0, 0}), (Units{0, 0}));
}

TEST(LargestRemainder, IsExactBeyondOneHundredAndTwentyEightBits) {
  EXPECT_EQ(largest_remainder(kLarge, Units{kLarge, kLarge}),
            (Units{kLarge / 2 + 1, kLarge / 2}));  // an odd number
}

// Why no statement splits its total so far: a claim can shrink when the total grows. Weights 5,
// 489, 966, 853 lose units in that way (the paradox of Alabama).
TEST(LargestRemainder, IsNotMonotoneInTheAmount) {
  const Units weights = {5, 489, 966, 853};
  int shrunk = 0;
  for (Int128 amount = 1; amount <= 2313; ++amount) {
    const Units before = largest_remainder(amount - 1, weights);
    const Units after = largest_remainder(amount, weights);
    for (std::size_t i = 0; i < 4; ++i) shrunk += after[i] < before[i] ? 1 : 0;
  }
  EXPECT_GT(shrunk, 0);
}

TEST(FillUnderCaps, PassesOnWhatACapHasNoRoomFor) {
  const auto fill = [](Int128 amount, const std::vector<std::optional<Int128>>& caps) {
    return fill_under_caps(amount, Units{1, 1, 2}, caps);
  };
  // 25, 25, 50; the first stops at 10 and the other 90 go 1 : 2.
  EXPECT_EQ(fill(100, {10, std::nullopt, std::nullopt}).amounts, (Units{10, 30, 60}));
  // Then the third stops at 55 too.
  EXPECT_EQ(fill(100, {10, std::nullopt, 55}).amounts, (Units{10, 35, 55}));
  const Filled full = fill(100, {10, 20, 30});
  EXPECT_EQ(full.amounts, (Units{10, 20, 30}));
  EXPECT_EQ(full.left, 40);
  EXPECT_EQ(fill(0, {10, 20, 30}).amounts, (Units{0, 0, 0}));
  EXPECT_EQ(fill(5, {0, 0, std::nullopt}).amounts, (Units{0, 0, 5}));
}

TEST(FillUnderCaps, NeverExceedsACapNorLosesAUnit) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 20'000; ++round) {
    Units weights;
    std::vector<std::optional<Int128>> caps;
    for (std::uint64_t i = 0; i < 1 + random() % 6; ++i) {
      weights.push_back(1 + static_cast<Int128>(random() % 50));
      const auto cap = static_cast<Int128>(random() % 40);
      caps.push_back(random() % 3 == 0 ? std::nullopt : std::optional(cap));
    }
    const auto amount = static_cast<Int128>(random() % 200);
    const Filled filled = fill_under_caps(amount, weights, caps);
    ASSERT_EQ(sum(filled.amounts) + filled.left, amount);
    for (std::size_t i = 0; i < caps.size(); ++i) {
      ASSERT_GE(filled.amounts[i], 0);
      ASSERT_LE(filled.amounts[i], caps[i].value_or(amount));
      ASSERT_TRUE(filled.left == 0 || filled.amounts[i] == caps[i]) << "there was room";
    }
  }
}

// --- splits with memory ---

Units amounts(const Split& split) {
  Units units;
  for (const Portion& portion : split.portions) units.push_back(portion.amount);
  return units;
}

const std::vector<Share> kThirds = {{"a", 1}, {"b", 1}, {"c", 1}};

TEST(SplitClosed, DoesNotFavourTheFirstOfEquals) {
  std::map<std::string, Int128> paid;
  Residuals residuals;
  for (int period = 0; period < 100'000; ++period) {
    const Split split = settlement::split(100, kThirds, residuals, SplitMode::kClosed).value();
    ASSERT_EQ(split.suspense, 0);
    for (const Portion& portion : split.portions) paid[portion.payee] += portion.amount;
    residuals = split.residuals;
  }
  // Exactly 3,333,333 1/3 each; without memory it were 3,400,000, 3,300,000, 3,300,000.
  EXPECT_EQ(paid["a"], 3'333'334);
  EXPECT_EQ(paid["b"], 3'333'333);
  EXPECT_EQ(paid["c"], 3'333'333);
}

TEST(SplitClosed, CarriesTheExactResidual) {
  const Split first = split(100, kThirds, {}, SplitMode::kClosed).value();
  EXPECT_EQ(amounts(first), (Units{34, 33, 33}));
  EXPECT_EQ(first.residuals, (Residuals{3, {{"a", -2}, {"b", 1}, {"c", 1}}}));
  // 33 1/3 - 2/3 = 32 2/3; 33 2/3; 33 2/3: floors 32, 33, 33 and two units to the earlier of three.
  const Split second = split(100, kThirds, first.residuals, SplitMode::kClosed).value();
  EXPECT_EQ(amounts(second), (Units{33, 34, 33}));
  EXPECT_EQ(second.residuals, (Residuals{3, {{"a", -1}, {"b", -1}, {"c", 2}}}));
  const Split third = split(100, kThirds, second.residuals, SplitMode::kClosed).value();
  EXPECT_EQ(amounts(third), (Units{33, 33, 34}));
  EXPECT_EQ(third.residuals, Residuals{});
}

TEST(SplitClosed, PaysTheUnitThatSomebodyWhoLeftHasWaitedFor) {
  const Residuals opening{4, {{"gone", 3}, {"here", -3}}};
  // here: 10 - 3/4 = 9 1/4; gone: 3/4, the larger rest.
  const Split split =
      settlement::split(10, std::vector<Share>{{"here", 1}}, opening, SplitMode::kClosed).value();
  EXPECT_EQ(split.portions, (std::vector<Portion>{{"gone", 1}, {"here", 9}}));
  EXPECT_EQ(split.residuals, (Residuals{4, {{"gone", -1}, {"here", 1}}}));
}

TEST(SplitClosed, LetsNobodyPayBack) {
  // a was given 2/3 too much and gets nothing of nothing; claims of 1, 1 and -1/2, -1/2 for one
  // unit.
  const Residuals opening{2, {{"a", 1}, {"b", 1}, {"c", -1}, {"d", -1}}};
  const Split nothing = split(0, std::vector<Share>{{"c", 1}}, opening, SplitMode::kClosed).value();
  EXPECT_EQ(amounts(nothing), (Units{0, 0, 0, 0}));
  EXPECT_EQ(nothing.residuals, opening);
  const Split one =
      split(1, std::vector<Share>{{"a", 1}, {"b", 1}}, opening, SplitMode::kClosed).value();
  EXPECT_EQ(amounts(one), (Units{1, 0, 0, 0}));
  EXPECT_EQ(one.residuals, (Residuals{2, {{"b", 2}, {"c", -1}, {"d", -1}}}));
}

TEST(SplitClosed, EndsResidualsThatHaveNoCommonDenominatorWithTheShares) {
  // Two primes around 10^10 and 10^12: their product is above 2^61.
  const Residuals opening{10'000'000'019, {{"a", 1}, {"b", -1}}};
  const std::vector<Share> shares = {{"a", 1}, {"b", 999'999'999'988}};
  const Split split = settlement::split(100, shares, opening, SplitMode::kClosed).value();
  EXPECT_TRUE(split.residuals_ended);
  EXPECT_EQ(amounts(split), (Units{0, 100}));
  EXPECT_EQ(split.residuals.denominator, 999'999'999'989);
  // What was in suspense, a whole unit, is given out with them: 101 in all.
  const Residuals waiting{10'000'000'019, {{"a", 5}, {"b", 10'000'000'014}}};
  const Split both = settlement::split(100, shares, waiting, SplitMode::kClosed).value();
  EXPECT_TRUE(both.residuals_ended);
  EXPECT_EQ(amounts(both), (Units{0, 101}));
}

TEST(SplitStream, IsTheFloorOfTheTotalSoFar) {
  std::mt19937_64 random(7);
  const std::vector<Share> shares = {{"a", 5}, {"b", 489}, {"c", 966}, {"d", 853}};
  std::map<std::string, Int128> paid;
  Int128 total = 0;
  Residuals residuals;
  for (int step = 0; step < 50'000; ++step) {
    const auto amount = static_cast<Int128>(random() % 100);
    total += amount;
    const Split split = settlement::split(amount, shares, residuals, SplitMode::kStream).value();
    ASSERT_LT(split.suspense, 4);
    for (std::size_t i = 0; i < 4; ++i) {
      ASSERT_GE(split.portions[i].amount, 0);
      paid[shares[i].payee] += split.portions[i].amount;
      ASSERT_EQ(paid[shares[i].payee], total * shares[i].weight / 2313);
    }
    residuals = split.residuals;
  }
}

TEST(SplitStream, IsClosedByAClosedStatement) {
  const Split stream = split(2, kThirds, {}, SplitMode::kStream).value();
  EXPECT_EQ(amounts(stream), (Units{0, 0, 0}));
  EXPECT_EQ(stream.suspense, 2);
  const Split closed = split(1, kThirds, stream.residuals, SplitMode::kClosed).value();
  EXPECT_EQ(amounts(closed), (Units{1, 1, 1}));
  EXPECT_EQ(closed.residuals, Residuals{});
}

// Seeded: shares that change, payees who come and go, both modes, amounts small and huge.
TEST(Split, NeverLosesAUnitNorPaysTooMuch) {
  constexpr std::uint64_t kSeed = 2026;
  std::mt19937_64 random(kSeed);
  for (int run = 0; run < 500; ++run) {
    Residuals residuals;
    std::map<std::string, Int128> owed;  // over 2520 = lcm(1..10): the exact claims
    const bool stream = run % 2 == 0;
    for (int period = 0; period < 30; ++period) {
      std::vector<Share> shares;
      std::int64_t weight_sum = 0;
      for (const char* payee : {"a", "b", "c", "d"}) {
        if (random() % 4 == 0 && !shares.empty()) continue;
        shares.push_back({payee, static_cast<std::int64_t>(1 + random() % 2)});
        weight_sum += shares.back().weight;
      }
      const Int128 amount = random() % 9 == 0 ? kLarge : static_cast<Int128>(8 + random() % 1000);
      const Int128 before = residuals.suspense();
      const Split split = settlement::split(amount, shares, residuals,
                                            stream ? SplitMode::kStream : SplitMode::kClosed)
                              .value();
      for (const Share& share : shares) {
        owed[share.payee] += amount / weight_sum * share.weight * 2520 +
                             amount % weight_sum * share.weight * (2520 / weight_sum);
      }
      Int128 paid = 0;
      for (const Portion& portion : split.portions) {
        ASSERT_GE(portion.amount, 0);
        paid += portion.amount;
        owed[portion.payee] -= portion.amount * 2520;
        ASSERT_LT(owed[portion.payee], 2520 * 2) << "seed " << kSeed << " run " << run;
        ASSERT_GT(owed[portion.payee], -2520) << "seed " << kSeed << " run " << run;
      }
      ASSERT_EQ(paid + split.suspense, amount + before);
      ASSERT_TRUE(stream || split.suspense == 0);
      for (const Residual& residual : split.residuals.payees) {
        ASSERT_EQ(residual.numerator * 2520, owed[residual.payee] * split.residuals.denominator);
      }
      ASSERT_TRUE(check_residuals(split.residuals).ok());
      residuals = split.residuals;
    }
  }
}

TEST(Split, DoesNotDependOnTheOrderOfTheShares) {
  const std::vector<Share> one = {{"x", 2}, {"m", 3}, {"a", 2}};
  const std::vector<Share> other = {{"a", 2}, {"x", 2}, {"m", 3}};
  const Split split = settlement::split(10, one, {}, SplitMode::kClosed).value();
  EXPECT_EQ(split.portions, settlement::split(10, other, {}, SplitMode::kClosed)->portions);
}

TEST(Split, RefusesSharesAmountsAndResidualsThatMakeNoSense) {
  const auto refused = [](Int128 amount, const std::vector<Share>& shares,
                          const Residuals& residuals = {}) {
    return !split(amount, shares, residuals, SplitMode::kClosed).ok();
  };
  EXPECT_FALSE(refused(kLarge, kThirds));
  EXPECT_TRUE(refused(-1, kThirds));
  EXPECT_TRUE(refused(kLarge + 1, kThirds));
  EXPECT_TRUE(refused(1, {}));
  EXPECT_TRUE(refused(1, {{"a", 0}}));
  EXPECT_TRUE(refused(1, {{"a", -1}, {"b", 2}}));
  EXPECT_TRUE(refused(1, {{"a", kWeightMax + 1}}));
  EXPECT_TRUE(refused(1, {{"a", 1}, {"a", 1}}));
  EXPECT_TRUE(refused(1, {{"", 1}}));
  EXPECT_TRUE(refused(1, kThirds, {0, {}}));
  EXPECT_TRUE(refused(1, kThirds, {3, {{"a", 1}}}));              // a third of a unit in suspense
  EXPECT_TRUE(refused(1, kThirds, {3, {{"a", -3}, {"b", 3}}}));   // a whole unit
  EXPECT_TRUE(refused(1, kThirds, {3, {{"b", 1}, {"a", -1}}}));   // not in order
  EXPECT_TRUE(refused(1, kThirds, {3, {{"a", -2}, {"b", -1}}}));  // less than nothing
}

}  // namespace
}  // namespace lineshaft::settlement
