// What one licence brings, and to whose days it belongs.
#include "settlement/licence_step.h"

#include <gtest/gtest.h>

#include <map>

namespace lineshaft::settlement {
namespace {

Timestamp at(const std::string& text) { return parse_timestamp(text + "T00:00:00Z").value(); }
const std::string kEvidence(64, 'e');
constexpr std::int64_t kDay = 86'400'000'000'000;

using Amounts = std::map<std::string, Int128>;

Amounts payouts(const Statement& statement) {
  Amounts amounts;
  for (const Payout& payout : statement.payouts) amounts[payout.payee] = payout.amount;
  return amounts;
}

// January, one fen for each piece. Until 10 January everything is Early's, then it is Late's.
class LicenceStep : public testing::Test {
 protected:
  LicenceStep() {
    run_.period = {at("2026-01-01"), at("2026-02-01")};
    Terms terms;
    terms.licence = "l";
    terms.version = "1";
    terms.asset = "a";
    terms.payer = "p";
    terms.usage = Usage::kQuantity;
    terms.tiers = {{0, Ratio::make(1, 1).value()}};
    run_.terms = {terms};
    run_.assets = {{"a",
                    SplitMode::kClosed,
                    {{{kTimestampMin, at("2026-01-11")}, {{"early", 1}}},
                     {{at("2026-01-11"), kTimestampMax}, {{"late", 1}}}},
                    {},
                    {}}};
    run_.lines = {{"line", "l", at("2026-01-05"), 10, kEvidence}};
  }

  static Gap gap(const char* id, const char* from, const char* to,
                 std::optional<Int128> declared = {}) {
    return {id, "l", {at(from), at(to)}, declared, kEvidence};
  }
  // 10 a day in the month before.
  void measure_december() {
    run_.opening.licences["l"].measured = 310;
    run_.opening.licences["l"].measured_ns = Int128{31} * kDay;
  }

  settlement::Run run_;
};

TEST_F(LicenceStep, ChargesOfADayGoToWhoOwnsItOnThatDay) {
  Terms& terms = run_.terms[0];
  terms.fees = {{"fee", at("2026-01-20"), 100}};
  terms.milestones = {{"heat", 30}};
  terms.advances = {{"down", at("2026-01-25"), 50, false}};
  run_.reached = {{"l", "heat", at("2026-01-11"), kEvidence}};
  EXPECT_EQ(payouts(settle(run_).value()), (Amounts{{"early", 10}, {"late", 100 + 30 + 50}}));
  terms.fees[0].due = terms.advances[0].due = at("2026-01-01");
  run_.reached[0].at = at("2026-01-10");
  EXPECT_EQ(payouts(settle(run_).value()), (Amounts{{"early", 10 + 100 + 30 + 50}}));
}

TEST_F(LicenceStep, WhatFillsAGapGoesToWhoOwnsItThen) {
  run_.terms[0].gaps = GapRule::kDeclared;
  run_.gaps = {gap("g", "2026-01-20", "2026-01-22", 6)};
  EXPECT_EQ(payouts(settle(run_).value()), (Amounts{{"early", 10}, {"late", 6}}));
}

TEST_F(LicenceStep, GapsThatTouchDoNotOverlap) {
  run_.terms[0].gaps = GapRule::kDeclared;
  run_.gaps = {gap("g", "2026-01-20", "2026-01-22", 6), gap("h", "2026-01-22", "2026-01-23", 3)};
  EXPECT_EQ(payouts(settle(run_).value()), (Amounts{{"early", 10}, {"late", 9}}));
}

// The contract says hold, so nobody guesses, though it is known how much it was before.
TEST_F(LicenceStep, AContractThatHoldsEstimatesNothing) {
  measure_december();
  run_.terms[0].gaps = GapRule::kHold;
  run_.gaps = {gap("g", "2026-01-20", "2026-01-22")};
  const Statement statement = settle(run_).value();
  EXPECT_EQ(statement.licences[0].gaps[0].value, std::nullopt);
  EXPECT_EQ(statement.licences[0].payment, 10);
  EXPECT_EQ(statement.closing.escrow.at("g").amount, 10);
  EXPECT_TRUE(statement.payouts.empty());
}

// Nor does it take what is declared: only a contract that says so does.
TEST_F(LicenceStep, AContractThatHoldsTakesNoDeclaration) {
  run_.terms[0].gaps = GapRule::kHold;
  run_.gaps = {gap("g", "2026-01-20", "2026-01-22", 6)};
  EXPECT_EQ(settle(run_)->closing.escrow.at("g").amount, 10);
}

// Nothing was measured in January at all; February's estimate stands on December like January's.
TEST_F(LicenceStep, AMonthWithoutAReadingDoesNotForgetTheLastOne) {
  measure_december();
  run_.terms[0].gaps = GapRule::kEstimate;
  run_.lines = {};
  run_.gaps = {gap("g", "2026-01-01", "2026-02-01")};
  const Statement january = settle(run_).value();
  EXPECT_EQ(january.licences[0].payment, 310);
  run_.period = {at("2026-02-01"), at("2026-03-01")};
  run_.gaps = {gap("h", "2026-02-01", "2026-03-01")};
  run_.opening = january.closing;
  EXPECT_EQ(settle(run_)->licences[0].payment, 280);
}

TEST_F(LicenceStep, TwoOpenGapsAreHeldUnderTheFirst) {
  run_.gaps = {gap("h", "2026-01-02", "2026-01-03"), gap("g", "2026-01-20", "2026-01-22")};
  const Balances closing = settle(run_)->closing;
  EXPECT_EQ(closing.escrow, (std::map<std::string, Escrow>{{"g", {"l", "", 10}}}));
}

TEST_F(LicenceStep, TheStatementSaysThatAGapIsOpenAndNotZero) {
  run_.opening.licences["l"].totals.base = 500;
  run_.gaps = {gap("g", "2026-01-20", "2026-01-22")};
  const std::string text = canonical_statement(run_, settle(run_).value()).value();
  EXPECT_NE(text.find(R"("gaps":[{"gap":"g","value":null}])"), std::string::npos) << text;
  EXPECT_NE(text.find(R"("base_so_far":"510")"), std::string::npos) << text;
}

}  // namespace
}  // namespace lineshaft::settlement
