// What is refused before a line is read, beside the examples of statement_test.cpp.
#include <gtest/gtest.h>

#include "settlement/run.h"

namespace lineshaft::settlement {
namespace {

Timestamp at(const std::string& text) { return parse_timestamp(text + "T00:00:00Z").value(); }
Ratio rate(const char* text) { return Ratio::parse(text).value(); }
const std::string kEvidence(64, 'e');

settlement::Run sound() {
  settlement::Run run;
  run.period = {at("2026-01-01"), at("2026-02-01")};
  Terms terms;
  terms.licence = "l";
  terms.version = "1";
  terms.asset = "a";
  terms.payer = "p";
  terms.tiers = {{0, rate("7 %")}};
  terms.milestones = {{"heat", 5}};
  run.terms = {terms};
  run.assets = {{"a", SplitMode::kClosed, {{{}, {{"owner", 1}}}}, {}, {{"filing", "owner", 1}}}};
  return run;
}

template <typename Change>
std::string problem(const Change& change) {
  settlement::Run run = sound();
  change(run);
  const Status checked = check_run(run);
  return checked ? "" : checked.error().what;
}

Gap gap(const char* licence, std::optional<Int128> declared = {}) {
  return {"g", licence, {at("2026-01-02"), at("2026-01-03")}, declared, kEvidence};
}

TEST(CheckRun, TakesWhatIsSound) {
  EXPECT_EQ(problem([](auto&) {}), "");
}

TEST(CheckRun, RefusesGapsOfNoLicenceAndBelowZero) {
  EXPECT_EQ(problem([](auto& run) { run.gaps = {gap("x")}; }), "gap g: there is no licence 'x'");
  EXPECT_EQ(problem([](auto& run) { run.gaps = {gap("l", -1)}; }).substr(0, 15), "gap g: declared");
  EXPECT_EQ(problem([](auto& run) { run.gaps = {gap("l", 0)}; }), "");
}

TEST(CheckRun, RefusesCostsBelowZero) {
  EXPECT_EQ(problem([](auto& run) {
              run.costs = {{"filing", -1, kEvidence}};
            }).substr(0, 15),
            "costs of filing");
}

TEST(CheckRun, RefusesAMilestoneOfAnotherPeriodOrTwice) {
  const Reached reached = {"l", "heat", at("2026-01-31"), kEvidence};
  EXPECT_EQ(problem([&](auto& run) { run.reached = {reached}; }), "");
  EXPECT_EQ(problem([&](auto& run) {
              run.reached = {reached};
              run.reached[0].at = at("2026-02-01");
            }),
            "milestone heat of l: is not in the period");
  EXPECT_EQ(problem([&](auto& run) {
              run.reached = {reached, reached};
            }),
            "milestone heat of l: is not in terms, or is there twice");
}

TEST(CheckRun, RefusesAnAwardOfMoreThanAllOrToNobody) {
  EXPECT_EQ(problem([](auto& run) {
              run.assets[0].award = Award{rate("101 %"), {{"wang", 1}}};
            }),
            "asset a: award: 101/100 is not between 0 and 1");
  EXPECT_EQ(problem([](auto& run) {
              run.assets[0].award = Award{rate("1 %"), {}};
            }),
            "asset a: shares: nobody has one");
}

TEST(CheckRun, RefusesAPoolOfTwoAssets) {
  EXPECT_EQ(problem([](auto& run) {
              run.assets.push_back(run.assets[0]);
              run.assets[1].id = "b";
            }),
            "pools: filing is there twice");
}

TEST(CheckRun, RefusesPricesThatMakeNoSense) {
  EXPECT_EQ(problem([](auto& run) {
              run.terms[0].usage = Usage::kQuantity;
              run.terms[0].unit_price = rate("-1");
            }),
            "licence l: unit_price: is negative");
  EXPECT_EQ(problem([](auto& run) { run.terms[0].unit_price = rate("1"); }),
            "licence l: usage: amounts of money have neither unit_price nor quantity_digits");
}

// A least amount for each period is owed, whatever is used.
TEST(CheckRun, TakesAMinimumAloneForADebt) {
  const auto with_minimum = [](bool free) {
    return problem([&](auto& run) {
      run.terms[0].tiers = {};
      run.terms[0].milestones = {};
      run.terms[0].limits.period_minimum = 100;
      run.terms[0].free = free;
    });
  };
  EXPECT_EQ(with_minimum(false), "");
  EXPECT_EQ(with_minimum(true), "licence l: free: the licence is free, and yet something is owed");
}

TEST(CheckRun, RefusesACapBelowZero) {
  const std::vector<std::string> assets = {"a"};
  EXPECT_FALSE(route_of({Stacking::kDirect, rate("-1 %"), {}}, assets).ok());
  EXPECT_TRUE(route_of({Stacking::kDirect, rate("0"), {}}, assets).ok());
}

}  // namespace
}  // namespace lineshaft::settlement
