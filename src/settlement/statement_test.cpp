#include "settlement/statement.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "model/canonical_json.h"
#include "settlement/difference.h"

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

Amounts journal(const Statement& statement) {
  Amounts amounts;
  for (const Leg& leg : statement.journal) {
    amounts[std::string(account_name(leg.account)) + " " + leg.party] = leg.amount;
  }
  return amounts;
}

std::string problem(const settlement::Run& run) {
  const Result<Statement> statement = settle(run);
  return statement ? "" : statement.error().what;
}

// The example of docs/reference/settlement.md. January 2026; the alloy is derived from the furnace,
// to which it passes on 10 % of what is left after tax. All amounts in fen.
//
//   sales with VAT     678.00 (5 January) + 452.00 (20 January) = 1,130.00
//   VAT of 13 %        130.00; the base is 1,000.00, with the 500.00 of before 1,500.00
//   royalty            7 % of the first 1,000.00, 5 % beyond: 95.00 for 1,500.00, less 35.00 for
//                      500.00: 60.00
//   payment            60.00 less what is left of an advance, 10.00: 50.00
//   withheld           10 %: 5.00; receipts 45.00
//   costs              9.00 of the filing; 36.00 are left
//   passed on          10 % of 45.00: 4.50; 31.50 are retained
//   award              20 %: 6.30, to Wang and Li 2 : 1: 4.20 and 2.10
//   owners             25.20. Until 10 January centres 1 and 2 own it 1 : 1, then 1 : 2. Sales were
//                      3 : 2, so 15.12 and 10.08: 7.56 + 3.36 and 7.56 + 6.72
//   held               a third of the 4.50 of the university, which owns the furnace: 1.50
class WorkedExample : public testing::Test {
 protected:
  WorkedExample() {
    run_.period = {at("2026-01-01"), at("2026-02-01")};
    Terms terms;
    terms.licence = "alloy-to-firm";
    terms.version = "1";
    terms.asset = "alloy";
    terms.payer = "firm";
    terms.tiers = {{0, rate("7 %")}, {100'000, rate("5 %")}};
    terms.vat = rate("13 %");
    terms.withholding = rate("10 %");
    run_.terms = {terms};
    const TimeRange until = {kTimestampMin, at("2026-01-11")};
    const TimeRange then = {at("2026-01-11"), kTimestampMax};
    run_.assets = {
        {"alloy",
         SplitMode::kClosed,
         {{until, {{"centre-1", 1}, {"centre-2", 1}}}, {then, {{"centre-1", 1}, {"centre-2", 2}}}},
         Award{rate("20 %"), {{"wang", 2}, {"li", 1}}},
         {{"filing", "centre-1", 1}}},
        {"furnace", SplitMode::kClosed, {{{}, {{"university", 1}}}}, {}, {}}};
    run_.graph.links = {{"alloy", "furnace", rate("10 %"), LinkBase::kNetOfTax}};
    run_.lines = {{"sale-1", "alloy-to-firm", at("2026-01-05"), 67'800, kEvidence},
                  {"sale-2", "alloy-to-firm", at("2026-01-20"), 45'200, kEvidence}};
    run_.holds = {{"claim-1", "", "university", rate("1/3")}};
    run_.opening.licences["alloy-to-firm"] = {{50'000, 3'500, 3'500}, 1'000, 0, 0, {}};
    run_.opening.pools["filing"] = 900;
  }

  Statement settled() const { return settle(run_).value(); }

  settlement::Run run_;
};

TEST_F(WorkedExample, IsSettledAsByHand) {
  const Statement statement = settled();
  EXPECT_EQ(payouts(statement), (Amounts{{"centre-1", 756 + 336 + 900},
                                         {"centre-2", 756 + 672},
                                         {"li", 210},
                                         {"university", 300},
                                         {"wang", 420}}));
  EXPECT_EQ(journal(statement), (Amounts{{"receivable firm", 5'000},
                                         {"withholding_tax firm", -500},
                                         {"payable centre-1", -1'992},
                                         {"payable centre-2", -1'428},
                                         {"payable li", -210},
                                         {"payable university", -300},
                                         {"payable wang", -420},
                                         {"escrow claim-1", -150}}));
  const LicenceResult& licence = statement.licences[0];
  EXPECT_EQ(licence.measured, 113'000);
  EXPECT_EQ(licence.vat, 13'000);
  EXPECT_EQ(licence.charge.royalty, 6'000);
  EXPECT_EQ(licence.payment, 5'000);
  EXPECT_EQ(licence.receipts, 4'500);
  const AssetResult& alloy = statement.assets[0];
  EXPECT_EQ(alloy.own.external, 3'600);
  EXPECT_EQ(alloy.passed[0].amounts.paid, 450);
  EXPECT_EQ(alloy.retained, 3'150);
  EXPECT_EQ(alloy.award, 630);
  ASSERT_EQ(alloy.segments.size(), 2U);
  EXPECT_EQ(alloy.segments[0].amount, 1'512);
  EXPECT_EQ(alloy.segments[1].portions,
            (std::vector<Portion>{{"centre-1", 336}, {"centre-2", 672}}));
  EXPECT_EQ(statement.closing.licences.at("alloy-to-firm").totals.base, 150'000);
  EXPECT_EQ(statement.closing.licences.at("alloy-to-firm").advance, 0);
  EXPECT_EQ(statement.closing.pools.at("filing"), 0);
  EXPECT_EQ(statement.closing.escrow.at("claim-1"), (Escrow{"", "university", 150}));
}

// The whole of it, so that a change of the form is seen.
TEST_F(WorkedExample, HasItsCanonicalForm) {
  const std::string text = canonical_statement(run_, settled()).value();
  EXPECT_TRUE(parse_canonical_json(text).ok()) << text;
  const std::string beginning =
      R"({"assets":[{"asset":"alloy","award":"6.30","external":"36.00","gross":"50.00",)"
      R"("inventors":[{"amount":"2.10","payee":"li"},{"amount":"4.20","payee":"wang"}],)"
      R"("net_of_tax":"45.00","passed":[{"base":"45.00","base_of":"net_of_tax","owed":"4.50",)"
      R"("paid":"4.50","rate":"1/10","to":"furnace"}],"pools":[{"outstanding":"9.00",)"
      R"("payee":"centre-1","pool":"filing","recouped":"9.00"}],"received":"0.00",)"
      R"("retained":"31.50","segments":[{"amount":"15.12","from":"2026-01-01T00:00:00Z",)";
  EXPECT_EQ(text.substr(0, beginning.size()), beginning);
  const std::string lines = R"("lines":[{"at":"2026-01-05T00:00:00Z","evidence":")" + kEvidence +
                            R"(","id":"sale-1","licence":"alloy-to-firm","value":"678.00"},)";
  EXPECT_NE(text.find(lines), std::string::npos) << text;
}

TEST_F(WorkedExample, ReleasesWhatWasHeld) {
  settlement::Run next;
  next.period = {at("2026-02-01"), at("2026-03-01")};
  next.assets = run_.assets;
  next.opening = settled().closing;
  next.releases = {{"claim-1", ""}};
  EXPECT_EQ(payouts(settle(next).value()), (Amounts{{"university", 150}}));
  next.releases = {{"claim-1", "claimant"}};
  const Statement statement = settle(next).value();
  EXPECT_EQ(payouts(statement), (Amounts{{"claimant", 150}}));
  EXPECT_EQ(journal(statement), (Amounts{{"escrow claim-1", 150}, {"payable claimant", -150}}));
  EXPECT_TRUE(statement.closing.escrow.empty());
  next.holds = run_.holds;
  EXPECT_EQ(problem(next), "release of claim-1: it holds still");
  next.releases = {{"claim-2", ""}};
  EXPECT_EQ(problem(next), "release of claim-2: nothing is held");
}

TEST_F(WorkedExample, ShowsWhatAnotherShareWouldChange) {
  settlement::Run other = run_;
  other.assets[0].owners[1].shares = {{"centre-1", 1}, {"centre-3", 2}};
  EXPECT_EQ(changes(settled(), settle(other).value()),
            (std::vector<PayeeChange>{{"centre-1", 1'992, 1'992},
                                      {"centre-2", 1'428, 756},
                                      {"centre-3", 0, 672},
                                      {"li", 210, 210},
                                      {"university", 300, 300},
                                      {"wang", 420, 420}}));
}

TEST_F(WorkedExample, IsTakenBackByItsReversal) {
  const std::vector<Leg> legs = settled().journal;
  const std::vector<Leg> back = reversal(legs);
  ASSERT_EQ(back.size(), legs.size());
  for (std::size_t i = 0; i < legs.size(); ++i) {
    EXPECT_EQ(back[i], (Leg{legs[i].account, legs[i].party, -legs[i].amount}));
  }
}

// --- gaps ---

class MeteredUse : public WorkedExample {
 protected:
  // 28 tonnes in 28 days, then three days without a reading; 2.00 a tonne, and nothing else.
  MeteredUse() {
    Terms& terms = run_.terms[0];
    terms.usage = Usage::kQuantity;
    terms.tiers = {{0, rate("200")}};
    terms.vat = terms.withholding = {};
    run_.assets = {{"alloy", SplitMode::kClosed, {{{}, {{"owner", 1}}}}, {}, {}}};
    run_.graph = {};
    run_.holds = {};
    run_.opening = {};
    run_.opening.licences["alloy-to-firm"].measured = 310;  // 10 a day in the month before
    run_.opening.licences["alloy-to-firm"].measured_ns = Int128{31} * kDay;
    run_.lines = {{"heats", "alloy-to-firm", at("2026-01-15"), 28, kEvidence}};
    run_.gaps = {{"outage", "alloy-to-firm", {at("2026-01-29"), at("2026-02-01")}, {}, kEvidence}};
  }

  Statement with(GapRule rule) {
    run_.terms[0].gaps = rule;
    return settled();
  }

  static constexpr std::int64_t kDay = 86'400'000'000'000;
};

TEST_F(MeteredUse, IsEstimatedFromTheLastPeriod) {
  const Statement statement = with(GapRule::kEstimate);
  EXPECT_EQ(payouts(statement), (Amounts{{"owner", (28 + 30) * 200}}));
  // The next estimate stands on what was measured, not on this estimate.
  EXPECT_EQ(statement.closing.licences.at("alloy-to-firm").measured, 28);
  EXPECT_EQ(statement.closing.licences.at("alloy-to-firm").measured_ns, Int128{28} * kDay);
}

// Three days after two in which that much was measured: 28.5, 30 and 31.5. Ties go to even.
TEST_F(MeteredUse, IsEstimatedToTheNearestUnit) {
  const std::pair<Int128, Int128> cases[] = {{19, 28}, {20, 30}, {21, 32}};
  for (const auto& [measured, estimate] : cases) {
    run_.opening.licences["alloy-to-firm"].measured = measured;
    run_.opening.licences["alloy-to-firm"].measured_ns = Int128{2} * kDay;
    EXPECT_EQ(payouts(with(GapRule::kEstimate)), (Amounts{{"owner", (28 + estimate) * 200}}));
  }
}

TEST_F(MeteredUse, IsTakenAsDeclared) {
  run_.gaps[0].declared = 2;
  EXPECT_EQ(payouts(with(GapRule::kDeclared)), (Amounts{{"owner", 30 * 200}}));
}

TEST_F(MeteredUse, IsHeldWhenNothingFillsTheGap) {
  for (const GapRule rule : {GapRule::kHold, GapRule::kEstimate, GapRule::kDeclared}) {
    run_.opening = {};
    const Statement statement = with(rule);
    EXPECT_EQ(journal(statement), (Amounts{{"receivable firm", 5'600}, {"escrow outage", -5'600}}));
    EXPECT_EQ(statement.licences[0].gaps[0].value, std::nullopt);
    settlement::Run next = run_;
    next.period = {at("2026-02-01"), at("2026-03-01")};
    next.lines.clear();
    next.gaps.clear();
    next.opening = statement.closing;
    next.releases = {{"outage", ""}};
    EXPECT_EQ(payouts(settle(next).value()), (Amounts{{"owner", 5'600}}));
  }
}

// A third of 56.00 is 18.66 2/3: what cannot be split stays with the owner.
TEST_F(MeteredUse, IsHeldInPartDownToAWholeUnit) {
  run_.gaps = {};
  run_.holds = {{"claim", "alloy-to-firm", "", rate("1/3")}};
  const Statement statement = settled();
  EXPECT_EQ(
      journal(statement),
      (Amounts{{"receivable firm", 5'600}, {"payable owner", -3'734}, {"escrow claim", -1'866}}));
}

// 56.00 less a tenth are 50.40, of which 33.60 are not held: of the 56.00 those are 37.33 1/3.
TEST_F(MeteredUse, CountsAsGrossWhatIsNotHeldBeforeTaxDownToAWholeUnit) {
  run_.gaps = {};
  run_.terms[0].withholding = rate("10 %");
  run_.holds = {{"claim", "alloy-to-firm", "", rate("1/3")}};
  EXPECT_EQ(settled().assets[0].own.gross, 3'733);
}

// --- what is charged once ---

TEST_F(MeteredUse, ChargesFeesMilestonesAndAdvances) {
  run_.gaps = {};
  Terms& terms = run_.terms[0];
  terms.fees = {{"entry", at("2026-01-01"), 1'000}, {"later", at("2026-02-01"), 2'000}};
  terms.milestones = {{"first-heat", 300}, {"never", 999}};
  terms.advances = {{"down", at("2026-01-10"), 6'000, true}, {"gift", at("2026-01-10"), 50, false}};
  run_.reached = {{"alloy-to-firm", "first-heat", at("2026-01-03"), kEvidence}};
  const Statement january = settled();
  // The royalty of 5,600 is covered by the advance, of which 400 are left.
  EXPECT_EQ(payouts(january), (Amounts{{"owner", 1'000 + 300 + 6'000 + 50}}));
  EXPECT_EQ(january.closing.licences.at("alloy-to-firm").advance, 400);

  settlement::Run next = run_;
  next.period = {at("2026-02-01"), at("2026-03-01")};
  next.opening = january.closing;
  next.lines = {{"heats", "alloy-to-firm", at("2026-02-15"), 10, kEvidence}};
  next.reached = {};
  EXPECT_EQ(payouts(settle(next).value()), (Amounts{{"owner", 2'000 + 2'000 - 400}}));
  next.reached = {{"alloy-to-firm", "first-heat", at("2026-02-03"), kEvidence}};
  EXPECT_EQ(problem(next), "licence alloy-to-firm: milestone first-heat was charged before");
}

TEST_F(MeteredUse, IsPricedLineByLine) {
  Terms& terms = run_.terms[0];
  terms.unit_price = rate("1/2");  // ties to even: 27 halves are 14, 25 halves are 12
  terms.tiers = {{0, rate("1")}};
  run_.gaps = {};
  run_.lines = {{"a", "alloy-to-firm", at("2026-01-15"), 27, kEvidence},
                {"b", "alloy-to-firm", at("2026-01-15"), 25, kEvidence}};
  EXPECT_EQ(payouts(settled()), (Amounts{{"owner", 26}}));
}

TEST_F(MeteredUse, OwesNothingWhenItIsFree) {
  run_.gaps = {};
  run_.terms[0].tiers = {};
  run_.terms[0].free = true;
  const Statement statement = settled();
  EXPECT_TRUE(statement.payouts.empty());
  EXPECT_TRUE(statement.journal.empty());
  EXPECT_EQ(statement.licences[0].base, 28);
}

// --- bad input ---

TEST_F(WorkedExample, IsRefusedWholeWhenALineIsWrong) {
  const auto with_line = [&](const UsageLine& line) {
    settlement::Run run = run_;
    run.lines.push_back(line);
    return problem(run);
  };
  const Timestamp day = at("2026-01-06");
  EXPECT_EQ(with_line({"sale-1", "alloy-to-firm", day, 1, kEvidence}),
            "line sale-1 is there twice");
  EXPECT_EQ(with_line({"x", "other", day, 1, kEvidence}), "line x: there is no licence 'other'");
  EXPECT_EQ(with_line({"x", "alloy-to-firm", at("2026-02-01"), 1, kEvidence}),
            "line x: 2026-02-01T00:00:00Z is not in the period");
  EXPECT_EQ(with_line({"x", "alloy-to-firm", day, -1, kEvidence}).substr(0, 27),
            "line x: the value is negati");
  EXPECT_EQ(with_line({"x", "alloy-to-firm", day, Int128{1} << 120, kEvidence}).substr(0, 7),
            "line x:");
  EXPECT_EQ(with_line({"x", "alloy-to-firm", day, 1, "E" + kEvidence.substr(1)}),
            "line x: the evidence is no SHA-256");
  EXPECT_EQ(with_line({"", "alloy-to-firm", day, 1, kEvidence}).substr(0, 9), "lines: id");
}

TEST_F(WorkedExample, IsRefusedWhenItsRulesAreWrong) {
  const auto changed = [&](const auto& change) {
    settlement::Run run = run_;
    change(run);
    return problem(run);
  };
  EXPECT_EQ(changed([](settlement::Run& run) { run.period.to = run.period.from; }),
            "period: ends before it begins");
  EXPECT_EQ(changed([](settlement::Run& run) { run.terms.push_back(run.terms[0]); }),
            "licences: alloy-to-firm is there twice");
  EXPECT_EQ(changed([](settlement::Run& run) { run.terms[0].asset = "x"; }),
            "licence alloy-to-firm: there is no asset 'x'");
  EXPECT_EQ(
      changed([](settlement::Run& run) { run.terms[0].currency = Currency::parse("EUR").value(); }),
      "licence alloy-to-firm: is in EUR, the settlement in CNY");
  EXPECT_EQ(changed([](settlement::Run& run) { run.assets[0].owners.pop_back(); }),
            "asset alloy: no table of shares is valid at 2026-01-11T00:00:00Z");
  EXPECT_EQ(changed([](settlement::Run& run) { run.assets[0].owners[0].valid = {}; }),
            "asset alloy: two tables of shares are valid at 2026-01-11T00:00:00Z");
  EXPECT_EQ(
      changed([](settlement::Run& run) { run.assets[0].owners[0].valid.from = at("2026-01-02"); }),
      "asset alloy: no table of shares is valid at 2026-01-01T00:00:00Z");
  EXPECT_EQ(changed([](settlement::Run& run) { run.assets[0].owners[0].shares[0].weight = 0; }),
            "asset alloy: shares: the weight 0 of centre-1 is not 1 to 1000000000000");
  EXPECT_EQ(changed([](settlement::Run& run) {
              run.graph.links.push_back({"furnace", "alloy", rate("1 %")});
            }),
            "links: the cycle alloy -> furnace -> alloy can pay only on external receipts");
  EXPECT_EQ(changed([](settlement::Run& run) { run.holds.push_back(run.holds[0]); }),
            "holds: claim-1 is there twice");
  EXPECT_EQ(changed([](settlement::Run& run) { run.holds[0].licence = "alloy-to-firm"; }),
            "hold claim-1: must be of a licence or of a payee");
  EXPECT_EQ(changed([](settlement::Run& run) {
              run.costs = {{"x", 1, kEvidence}};
            }),
            "costs: there is no pool 'x'");
  EXPECT_EQ(changed([](settlement::Run& run) { run.opening.pools["filing"] = -1; }),
            "balance of filing: is out of range");
  EXPECT_EQ(changed([](settlement::Run& run) {
              run.reached = {{"alloy-to-firm", "m", at("2026-01-02"), kEvidence}};
            }),
            "milestone m of alloy-to-firm: is not in terms, or is there twice");
  const Gap gap = {"g", "alloy-to-firm", {at("2026-01-02"), at("2026-01-04")}, {}, kEvidence};
  EXPECT_EQ(changed([&](settlement::Run& run) {
              run.gaps = {gap, gap};
              run.gaps[1].id = "h";
            }),
            "licence alloy-to-firm: gaps g and h overlap");
  EXPECT_EQ(changed([&](settlement::Run& run) {
              run.gaps = {gap};
              run.gaps[0].range.to = at("2026-03-01");
            }),
            "gap g: is empty, or reaches out of the period");
}

}  // namespace
}  // namespace lineshaft::settlement
