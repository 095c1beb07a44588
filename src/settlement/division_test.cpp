#include "settlement/division.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <numeric>
#include <random>

namespace lineshaft::settlement {
namespace {

using Table = std::vector<std::int64_t>;

Ratio share(const Division& division, std::size_t party) {
  return Ratio::make(division.numerators[party], division.denominator).value();
}

std::vector<Ratio> shares(const Division& division) {
  std::vector<Ratio> all;
  for (std::size_t i = 0; i < division.numerators.size(); ++i) all.push_back(share(division, i));
  return all;
}

Ratio fraction(std::int64_t above, std::int64_t below) { return Ratio::make(above, below).value(); }

Int128 sum(const std::vector<Int128>& values) {
  return std::accumulate(values.begin(), values.end(), Int128{0});
}

// The definition: the mean, over the orders that `allowed` lets through, of what each party adds.
// Over the number of those orders.
struct ByOrders {
  Int128 orders = 0;
  std::vector<Int128> sums;

  template <typename Allowed>
  ByOrders(unsigned parties, const Worth& worth, const Allowed& allowed) : sums(parties) {
    std::vector<unsigned> order(parties);
    std::iota(order.begin(), order.end(), 0U);
    do {
      if (!allowed(order)) continue;
      ++orders;
      Coalition joined = 0;
      for (const unsigned party : order) {
        const std::int64_t before = worth(joined);
        joined |= Coalition{1} << party;
        sums[party] += worth(joined) - before;
      }
    } while (std::ranges::next_permutation(order).found);
  }

  std::vector<Ratio> shares() const {
    std::vector<Ratio> all;
    for (const Int128 added : sums) all.push_back(Ratio::make(added, orders).value());
    return all;
  }
};

constexpr auto kAnyOrder = [](const std::vector<unsigned>&) { return true; };

Table random_table(unsigned parties, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  Table table(std::size_t{1} << parties);
  for (std::int64_t& worth : table) worth = static_cast<std::int64_t>(random() % 20'001) - 10'000;
  table[0] = 0;
  return table;
}

Worth lookup(const Table& table) {
  return [&table](Coalition s) { return table[s]; };
}

// --- closed forms ---

// Littlechild and Owen 1973: those who need the runway at least as far as step j share that step.
TEST(Shapley, SharesARunwayByWhoNeedsEachStep) {
  const std::int64_t costs[] = {1, 2, 2, 7, 10};
  const Division division = shapley(5, [&](Coalition s) {
                              std::int64_t most = 0;
                              for (unsigned i = 0; i < 5; ++i) {
                                if ((s >> i & 1) != 0) most = std::max(most, costs[i]);
                              }
                              return most;
                            }).value();
  // 1/5; + 1/4; + 5/2; + 3.
  EXPECT_EQ(shares(division), (std::vector<Ratio>{fraction(1, 5), fraction(9, 20), fraction(9, 20),
                                                  fraction(59, 20), fraction(119, 20)}));
}

// The Security Council: 9 of 15 votes, and no veto of the five. Shapley and Shubik's power index of
// a permanent member is 421/2145, of another 4/2145.
TEST(Shapley, FindsThePowerOfTheSecurityCouncil) {
  const Division division = shapley(15, [](Coalition s) -> std::int64_t {
                              return (s & 31) == 31 && std::popcount(s) >= 9 ? 1 : 0;
                            }).value();
  EXPECT_EQ(division.denominator, 360'360);
  for (std::size_t i = 0; i < 15; ++i) {
    EXPECT_EQ(share(division, i), i < 5 ? fraction(421, 2145) : fraction(4, 2145));
  }
}

// Two left shoes and one right one make one pair: 1/6, 1/6 and 2/3.
TEST(Shapley, GivesMostToTheOneRightShoe) {
  const Table table = {0, 0, 0, 0, 0, 1, 1, 1};
  EXPECT_EQ(shares(shapley(table).value()),
            (std::vector<Ratio>{fraction(1, 6), fraction(1, 6), fraction(2, 3)}));
}

// --- the definition and the axioms ---

TEST(Shapley, IsTheMeanOverAllOrders) {
  for (unsigned parties = 1; parties <= 7; ++parties) {
    const Table table = random_table(parties, parties);
    const std::vector<Ratio> wanted = ByOrders(parties, lookup(table), kAnyOrder).shares();
    EXPECT_EQ(shares(shapley(table).value()), wanted) << parties << " parties";
    EXPECT_EQ(shares(shapley(parties, lookup(table)).value()), wanted) << parties << " parties";
  }
}

// The sums of high and low parties meet in games of more than twelve.
TEST(Shapley, KeepsItsAxiomsAmongManyParties) {
  constexpr unsigned kParties = 15;
  const Table a = random_table(kParties, 1);
  const Table b = random_table(kParties, 2);
  Table both(a.size());
  Table dummy(a.size());
  Table symmetric(a.size());
  for (std::size_t s = 0; s < a.size(); ++s) {
    both[s] = a[s] + b[s];
    dummy[s] = a[s & ~std::size_t{1 << 13}] + ((s >> 13 & 1) != 0 ? 77 : 0);
    const auto other = (s & ~std::size_t{1 << 14 | 2}) | (s >> 14 & 1) << 1 | (s >> 1 & 1) << 14;
    symmetric[s] = a[s] + a[other];  // parties 1 and 14 are alike
  }
  const Division of_a = shapley(a).value();
  const Division of_b = shapley(b).value();
  const Division of_both = shapley(both).value();
  EXPECT_EQ(sum(of_a.numerators), Int128{of_a.denominator} * a.back());
  for (std::size_t i = 0; i < kParties; ++i) {
    EXPECT_EQ(of_both.numerators[i], of_a.numerators[i] + of_b.numerators[i]);
  }
  EXPECT_EQ(share(shapley(dummy).value(), 13), fraction(77, 1));
  const Division alike = shapley(symmetric).value();
  EXPECT_EQ(alike.numerators[1], alike.numerators[14]);
}

TEST(Shapley, ExplainsItselfByWhatEachPartyAdds) {
  // Alone 6 and 12, together 30: the first adds 6 to nobody, 18 to the second.
  const Division division = shapley(Table{0, 6, 12, 30}).value();
  EXPECT_EQ(division.contributions, (std::vector<std::vector<Int128>>{{6, 18}, {12, 24}}));
  EXPECT_EQ(shares(division), (std::vector<Ratio>{fraction(12, 1), fraction(18, 1)}));
}

TEST(Shapley, StandsTheLargestWorths) {
  constexpr unsigned kParties = 14;
  const Division division = shapley(kParties, [](Coalition s) {
                              return std::popcount(s) == kParties ? INT64_MAX
                                     : std::popcount(s) % 2 == 1  ? INT64_MIN
                                                                  : std::int64_t{0};
                            }).value();
  EXPECT_EQ(sum(division.numerators), Int128{division.denominator} * INT64_MAX);
}

TEST(Shapley, RefusesWhatIsNoGame) {
  EXPECT_FALSE(shapley(Table{}).ok());
  EXPECT_FALSE(shapley(Table{0}).ok());
  EXPECT_FALSE(shapley(Table{0, 1, 2}).ok());
  EXPECT_FALSE(shapley(Table{1, 1}).ok());
  EXPECT_FALSE(shapley(25, [](Coalition) { return 0; }).ok());
  EXPECT_FALSE(shapley(2, [](Coalition) { return 1; }).ok());
}

TEST(Shapley, RoundsToUnitsThatAddUp) {
  // A third of 100 each: the earliest party gets the unit that is left.
  const auto equal = [](std::int64_t all) {
    return shapley(3, [all](Coalition s) { return s == 7 ? all : 0; }).value();
  };
  EXPECT_EQ(in_units(equal(100)), (std::vector<Int128>{34, 33, 33}));
  EXPECT_EQ(in_units(equal(-100)), (std::vector<Int128>{-33, -33, -34}));
}

// --- centres with members ---

TEST(Owen, IsTheMeanOverTheOrdersInWhichCentresStayTogether) {
  const Coalition centres[] = {0b000'0101, 0b001'1010, 0b110'0000};
  const Table table = random_table(7, 5);
  const auto together = [&](const std::vector<unsigned>& order) {
    for (const Coalition centre : centres) {
      std::size_t first = order.size();
      std::size_t last = 0;
      for (std::size_t i = 0; i < order.size(); ++i) {
        if ((centre >> order[i] & 1) == 0) continue;
        first = std::min(first, i);
        last = i;
      }
      if (last - first + 1 != static_cast<std::size_t>(std::popcount(centre))) return false;
    }
    return true;
  };
  const Division division = owen(centres, lookup(table)).value();
  EXPECT_EQ(shares(division), ByOrders(7, lookup(table), together).shares());
  EXPECT_EQ(sum(division.numerators), Int128{division.denominator} * table.back());
}

TEST(Owen, IsShapleysValueForOneCentreAndForCentresOfOne) {
  const Table table = random_table(6, 9);
  const std::vector<Ratio> wanted = shares(shapley(table).value());
  const Coalition one[] = {63};
  const Coalition six[] = {1, 2, 4, 8, 16, 32};
  EXPECT_EQ(shares(owen(one, lookup(table)).value()), wanted);
  EXPECT_EQ(shares(owen(six, lookup(table)).value()), wanted);
}

TEST(Owen, RefusesWhatIsNoDivisionIntoCentres) {
  const auto refused = [](std::vector<Coalition> centres) {
    return !owen(centres, [](Coalition) { return 0; }).ok();
  };
  EXPECT_FALSE(refused({1, 2}));
  EXPECT_TRUE(refused({}));
  EXPECT_TRUE(refused({1, 0}));
  EXPECT_TRUE(refused({1, 3}));
  EXPECT_TRUE(refused({1, 4}));
  EXPECT_TRUE(refused({(Coalition{1} << 24) - 1, Coalition{1} << 24}));
}

// --- the sample ---

TEST(SampledShapley, NeedsAsManyOrdersAsHoeffdingSays) {
  const auto needed = [](std::int64_t range, const char* error, const char* risk, std::size_t n) {
    const SamplePlan plan{0, 0, range, Ratio::parse(error).value(), Ratio::parse(risk).value()};
    return permutations_needed(plan, n).value();
  };
  EXPECT_EQ(needed(1, "0.01", "0.05", 1), 18'445U);       // ln 40 / 0.0002 = 18444.397
  EXPECT_EQ(needed(10, "0.1", "0.05", 100), 41'471U);     // 100 ln 4000 / 0.02 = 41470.247
  EXPECT_EQ(needed(1, "1/2", "1/2", 1), 3U);              // ln 4 / 0.5 = 2.77
  EXPECT_EQ(needed(1000, "1", "1/1000", 2), 4'147'025U);  // 10^6 ln 4000 / 2 = 4147024.82
}

TEST(SampledShapley, RefusesAPlanThatMakesNoSense) {
  const auto refused = [](std::int64_t min, std::int64_t max, const char* error, const char* risk) {
    const SamplePlan plan{0, min, max, Ratio::parse(error).value(), Ratio::parse(risk).value()};
    return !permutations_needed(plan, 30).ok();
  };
  EXPECT_FALSE(refused(-1, 1, "0.1", "0.05"));
  EXPECT_TRUE(refused(1, 1, "0.1", "0.05"));
  EXPECT_TRUE(refused(-1, 1, "0", "0.05"));
  EXPECT_TRUE(refused(-1, 1, "0.1", "0"));
  EXPECT_TRUE(refused(-1, 1, "0.1", "1"));
  EXPECT_TRUE(refused(INT64_MIN, INT64_MAX, "0.1", "0.05"));
  EXPECT_TRUE(refused(0, 1, "1/1000000000", "0.05"));
}

// The airport game of Castro, Gomez and Tejada 2009: 100 airplanes of ten sizes.
class CastroAirport : public testing::Test {
 protected:
  CastroAirport() {
    const std::size_t counts[] = {8, 12, 6, 14, 8, 9, 13, 10, 10, 10};
    for (std::size_t size = 1; size <= 10; ++size) {
      costs_.insert(costs_.end(), counts[size - 1], static_cast<std::int64_t>(size));
    }
  }

  std::int64_t worth(std::span<const std::uint8_t> in) const {
    std::size_t i = in.size();
    while (i > 0 && in[i - 1] == 0) --i;
    return i == 0 ? 0 : costs_[i - 1];
  }

  // Littlechild and Owen's closed form, in floating point: it is compared with a wide bound.
  double exact(std::size_t airplane) const {
    double value = 0;
    for (std::size_t i = 0; i <= airplane; ++i) {
      const std::int64_t before = i == 0 ? 0 : costs_[i - 1];
      value += static_cast<double>(costs_[i] - before) / static_cast<double>(costs_.size() - i);
    }
    return value;
  }

  std::vector<std::int64_t> costs_;
};

TEST_F(CastroAirport, HasThePublishedValues) {
  EXPECT_NEAR(exact(0), 0.01, 1e-9);
  EXPECT_NEAR(exact(8), 0.020869565, 1e-9);
  EXPECT_NEAR(exact(99), 0.289369662, 1e-9);
}

TEST_F(CastroAirport, IsEstimatedWithinTheStatedError) {
  const SamplePlan plan{2026, 0, 10, fraction(1, 10), fraction(1, 20)};
  const auto of = [&](const SamplePlan& with) {
    return sampled_shapley(
               100, [&](auto in) { return worth(in); }, with)
        .value();
  };
  const SampledDivision division = of(plan);
  EXPECT_EQ(sum(division.sums), Int128{division.permutations} * 10);
  for (std::size_t i = 0; i < 100; ++i) {
    const double estimate =
        static_cast<double>(division.sums[i]) / static_cast<double>(division.permutations);
    EXPECT_NEAR(estimate, exact(i), 0.1) << "airplane " << i;
  }
}

TEST_F(CastroAirport, IsEstimatedTheSameFromTheSameSeed) {
  const auto of = [&](std::uint64_t seed) {
    const SamplePlan plan{seed, 0, 10, fraction(1, 1), fraction(1, 20)};
    return sampled_shapley(
               100, [&](auto in) { return worth(in); }, plan)
        .value()
        .sums;
  };
  EXPECT_EQ(of(1), of(1));
  EXPECT_NE(of(1), of(2));
}

TEST_F(CastroAirport, IsRefusedWhenSomebodyAddsMoreThanWasSaid) {
  const SamplePlan plan{1, 0, 9, fraction(1, 1), fraction(1, 20)};
  const auto refused = sampled_shapley(
      100, [&](auto in) { return worth(in); }, plan);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().what.find("adds 10, outside of 0 to 9"), std::string::npos);
}

}  // namespace
}  // namespace lineshaft::settlement
