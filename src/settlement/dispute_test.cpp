// Holds, what they take and leave, and their release.
#include <gtest/gtest.h>

#include <map>

#include "settlement/statement.h"

namespace lineshaft::settlement {
namespace {

Timestamp at(const std::string& text) { return parse_timestamp(text + "T00:00:00Z").value(); }
Ratio rate(const char* text) { return Ratio::parse(text).value(); }
const std::string kEvidence(64, 'e');

using Amounts = std::map<std::string, Int128>;

Amounts payouts(const Statement& statement) {
  Amounts amounts;
  for (const Payout& payout : statement.payouts) amounts[payout.payee] = payout.amount;
  return amounts;
}
Amounts escrow(const Statement& statement) {
  Amounts amounts;
  for (const auto& [hold, held] : statement.closing.escrow) amounts[hold] = held.amount;
  return amounts;
}

// February 2026 has 28 days; 100 pieces at one fen; the owner has it all.
class Dispute : public testing::Test {
 protected:
  Dispute() {
    run_.period = {at("2026-02-01"), at("2026-03-01")};
    Terms terms;
    terms.licence = "l";
    terms.version = "1";
    terms.asset = "a";
    terms.payer = "p";
    terms.usage = Usage::kQuantity;
    terms.tiers = {{0, rate("1")}};
    run_.terms = {terms};
    run_.assets = {{"a", SplitMode::kClosed, {{{}, {{"owner", 1}}}}, {}, {}}};
    run_.lines = {{"line", "l", at("2026-02-05"), 100, kEvidence}};
  }
  // Nothing is used; `amount` was held of the licence before.
  void hold_before(Int128 amount) {
    run_.lines = {};
    run_.opening.escrow["claim"] = {"l", "", amount};
  }
  settlement::Run run_;
};

// Two thirds of 100: 66; two thirds of the 34 that are left: 22. Never more than there is.
TEST_F(Dispute, ASecondHoldTakesOfWhatTheFirstHasLeft) {
  run_.holds = {{"x", "l", "", rate("2/3")}, {"y", "l", "", rate("2/3")}};
  const Statement of_licence = settle(run_).value();
  EXPECT_EQ(escrow(of_licence), (Amounts{{"x", 66}, {"y", 22}}));
  EXPECT_EQ(payouts(of_licence), (Amounts{{"owner", 12}}));
  run_.holds = {{"x", "", "owner", rate("2/3")}, {"y", "", "owner", rate("2/3")}};
  const Statement of_payee = settle(run_).value();
  EXPECT_EQ(escrow(of_payee), (Amounts{{"x", 66}, {"y", 22}}));
  EXPECT_EQ(payouts(of_payee), (Amounts{{"owner", 12}}));
}

TEST_F(Dispute, WhatAnInventorGetsCanBeHeld) {
  run_.assets[0].award = Award{rate("40 %"), {{"wang", 1}}};
  run_.holds = {{"x", "", "wang", rate("1/2")}};
  const Statement statement = settle(run_).value();
  EXPECT_EQ(escrow(statement), (Amounts{{"x", 20}}));
  EXPECT_EQ(payouts(statement), (Amounts{{"owner", 60}, {"wang", 20}}));
}

// The owner has laid out 30 for the filing and gets them back; of the 70 half is disputed.
TEST_F(Dispute, WhatAPoolGetsBackIsNotHeld) {
  run_.assets[0].pools = {{"filing", "owner", 1}};
  run_.costs = {{"filing", 30, kEvidence}};
  run_.holds = {{"x", "", "owner", rate("1/2")}};
  const Statement statement = settle(run_).value();
  EXPECT_EQ(escrow(statement), (Amounts{{"x", 35}}));
  EXPECT_EQ(payouts(statement), (Amounts{{"owner", 30 + 35}}));
}

// Half is the other's, once the dispute is over; a new one about what comes in does not touch it.
TEST_F(Dispute, WhatIsReleasedIsNotHeldAgain) {
  run_.opening.escrow["old"] = {"", "owner", 40};
  run_.releases = {{"old", ""}};
  run_.holds = {{"new", "", "owner", rate("1/2")}};
  const Statement statement = settle(run_).value();
  EXPECT_EQ(escrow(statement), (Amounts{{"new", 50}}));
  EXPECT_EQ(payouts(statement), (Amounts{{"owner", 40 + 50}}));
}

// A tenth of it before tax to the asset that it stems from.
TEST_F(Dispute, WhatIsReleasedOfALicenceIsPassedOnLikeItsReceipts) {
  hold_before(200);
  run_.assets.push_back({"b", SplitMode::kClosed, {{{}, {{"parent", 1}}}}, {}, {}});
  run_.graph.links = {{"a", "b", rate("10 %"), LinkBase::kGross}};
  run_.releases = {{"claim", ""}};
  const Statement statement = settle(run_).value();
  EXPECT_EQ(payouts(statement), (Amounts{{"owner", 180}, {"parent", 20}}));
  EXPECT_EQ(escrow(statement), (Amounts{}));
}

TEST_F(Dispute, WhatIsReleasedOfALicenceCanBeGivenToSomebody) {
  hold_before(200);
  run_.releases = {{"claim", "claimant"}};
  EXPECT_EQ(payouts(settle(run_).value()), (Amounts{{"claimant", 200}}));
}

// Seven of the 28 days are the first owner's: a quarter.
TEST_F(Dispute, WhatIsReleasedOfALicenceIsOfAllDaysAlike) {
  hold_before(200);
  run_.assets[0].owners = {{{kTimestampMin, at("2026-02-08")}, {{"first", 1}}},
                           {{at("2026-02-08"), kTimestampMax}, {{"second", 1}}}};
  run_.releases = {{"claim", ""}};
  EXPECT_EQ(payouts(settle(run_).value()), (Amounts{{"first", 50}, {"second", 150}}));
}

// --- what is refused ---

TEST_F(Dispute, HoldsAndReleasesThatMakeNoSenseAreRefused) {
  const auto problem = [&](const auto& change) {
    settlement::Run run = run_;
    change(run);
    const Result<Statement> statement = settle(run);
    return statement ? "" : statement.error().what;
  };
  run_.opening.escrow["claim"] = {"l", "", 7};
  EXPECT_EQ(problem([](auto& run) {
              run.holds = {{"x", "other", "", rate("1/2")}};
            }),
            "hold x: there is no licence 'other'");
  EXPECT_EQ(problem([](auto& run) {
              run.holds = {{"x", "l", "", rate("101 %")}};
            }),
            "hold x: fraction: 101/100 is not between 0 and 1");
  EXPECT_EQ(problem([](auto& run) {
              run.holds = {{"claim", "", "owner", rate("1/2")}};
            }),
            "hold claim: was another one before");
  EXPECT_EQ(problem([](auto& run) {
              run.releases = {{"claim", ""}, {"claim", "owner"}};
            }),
            "releases: claim is there twice");
  EXPECT_EQ(problem([](auto& run) {
              run.opening.escrow["claim"].licence = "gone";
              run.releases = {{"claim", ""}};
            }),
            "release of claim: there is no licence 'gone'");
  EXPECT_EQ(problem([](auto& run) { run.opening.escrow["claim"].amount = -1; }),
            "balance of claim: is out of range, or of nobody");
  EXPECT_EQ(problem([](auto& run) {
              run.gaps = {{"claim", "l", {at("2026-02-02"), at("2026-02-03")}, {}, kEvidence}};
            }),
            "gap claim: was held before");
}

}  // namespace
}  // namespace lineshaft::settlement
