#include "settlement/remuneration.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace lineshaft::settlement {
namespace {

Timestamp at(const char* text) { return parse_timestamp(text).value(); }

Int128 minimum(Occasion occasion, Employer employer, const char* when, Int128 base = 0) {
  return remuneration_minimum(occasion, employer, at(when), base).value();
}

constexpr auto kAny = Employer::kAny;
constexpr auto kState = Employer::kStateOwned;

TEST(Remuneration, RewardsAGrantAsTheRulesOfItsDaySay) {
  EXPECT_EQ(minimum(Occasion::kGrantOfInvention, kState, "2009-12-31T00:00:00Z"), 200'000);
  EXPECT_EQ(minimum(Occasion::kGrantOfInvention, kAny, "2009-12-31T00:00:00Z"), 0);
  EXPECT_EQ(minimum(Occasion::kGrantOfInvention, kAny, "2010-02-01T00:00:00+08:00"), 300'000);
  EXPECT_EQ(minimum(Occasion::kGrantOfInvention, kAny, "2024-01-19T23:59:59+08:00"), 300'000);
  EXPECT_EQ(minimum(Occasion::kGrantOfInvention, kAny, "2024-01-20T00:00:00+08:00"), 400'000);
  EXPECT_EQ(minimum(Occasion::kGrantOfOther, kState, "2001-07-01T00:00:00+08:00"), 50'000);
  EXPECT_EQ(minimum(Occasion::kGrantOfOther, kAny, "2024-01-20T00:00:00+08:00"), 150'000);
}

TEST(Remuneration, GivesInventorsAPartOfLicenceIncome) {
  EXPECT_EQ(minimum(Occasion::kLicence, kAny, "2016-01-01T00:00:00Z", 1'000), 100);
  EXPECT_EQ(minimum(Occasion::kLicence, kState, "2015-09-30T00:00:00Z", 1'000), 100);
  EXPECT_EQ(minimum(Occasion::kLicence, kState, "2015-10-01T00:00:00+08:00", 1'000), 500);
  EXPECT_EQ(minimum(Occasion::kLicence, kAny, "2024-06-01T00:00:00Z", 1'001), 501);  // rounded up
}

TEST(Remuneration, GivesInventorsAPartOfTheProfitFromUse) {
  EXPECT_EQ(minimum(Occasion::kOwnUse, kAny, "2012-01-01T00:00:00Z", 100'000), 2'000);
  EXPECT_EQ(minimum(Occasion::kOwnUseOfDesign, kAny, "2012-01-01T00:00:00Z", 100'000), 200);
  EXPECT_EQ(minimum(Occasion::kOwnUse, kState, "2016-01-01T00:00:00Z", 100'000), 5'000);
  EXPECT_EQ(minimum(Occasion::kInvestment, kAny, "2016-01-01T00:00:00Z", 100'000), 0);
}

TEST(Remuneration, NamesTheSourceOfEveryRuleAndHasOneRuleAtATime) {
  const auto rules = remuneration_rules();
  EXPECT_TRUE(std::ranges::is_sorted(rules, {}, &RemunerationRule::id));
  for (const RemunerationRule& rule : rules) {
    EXPECT_FALSE(rule.source.empty()) << rule.id;
    EXPECT_NE(rule.minimum_fen == 0, rule.base.empty()) << rule.id;
    for (const RemunerationRule& other : rules) {
      const bool overlap = rule.valid.from < other.valid.to && other.valid.from < rule.valid.to;
      EXPECT_FALSE(&rule != &other && overlap && rule.occasion == other.occasion &&
                   rule.employer == other.employer)
          << rule.id << " and " << other.id;
    }
  }
}

}  // namespace
}  // namespace lineshaft::settlement
