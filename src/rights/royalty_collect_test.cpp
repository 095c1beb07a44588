#include "rights/royalty_collect.h"

#include <tuple>

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "rights/royalty_fixture.h"
#include "rights/royalty_json.h"

namespace lineshaft::rights {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RoyaltyCollectTest : public RoyaltyFixture {
 protected:
  static Licence of_alloy(const std::string& id) {
    Licence licence;
    licence.id = id;
    licence.licensors = {"centre", "partner"};
    licence.assets = {"alloy"};
    return licence;
  }
  // As tonnes(), with other members.
  static std::string terms(const std::string& licence, const Json& members) {
    Json json = parse_json(tonnes(licence)).value();
    json.update(members);
    return json.dump();
  }
  // A meter with samples about every six days; seven days of silence are a gap.
  void weekly_meter(MeterKind kind) {
    meter("steel");
    book_->put_meter(kOurs, {"steel", "plant/furnace/steel", kind, std::int64_t{7} * 86'400, 1})
        .value();
  }
  // 20.0 tonnes in January and 30.0 in February; between them silence, and 60.0 more.
  void count_across_the_month() {
    for (const auto& [time, value] : {std::pair{"2025-12-31T12:00:00Z", 0.0},
                                      {"2026-01-06T12:00:00Z", 10.0},
                                      {"2026-01-12T12:00:00Z", 20.0},
                                      {"2026-02-06T12:00:00Z", 80.0},
                                      {"2026-02-12T12:00:00Z", 90.0},
                                      {"2026-02-18T12:00:00Z", 100.0},
                                      {"2026-02-24T12:00:00Z", 110.0}}) {
      say(time, value);
    }
  }
  static Json findings(const WholeRun& run) { return parse_json(run.findings).value(); }
  static settlement::Statement settled(const WholeRun& run) {
    return settlement::settle(run.inputs).value();
  }
  std::string problem(const RunRequest& request) {
    const Result<WholeRun> made = make(request);
    return made ? "" : made.error().what;
  }
};

// --- which licences ---

// The days before and after are nobody's debt, and no gap.
TEST_F(RoyaltyCollectTest, ALicenceIsSettledForItsOwnDays) {
  Licence licence = of_alloy("steel");
  licence.from = day("2026-02-11");
  licence.to = day("2026-02-21");
  license(licence, tonnes("steel"));
  report("p-1", "2026-02-11", "2026-02-21", "10");
  const WholeRun made = make(february("r-1")).value();
  EXPECT_THAT(made.inputs.gaps, IsEmpty());
  EXPECT_THAT(made.inputs.lines, SizeIs(10));
}

TEST_F(RoyaltyCollectTest, ALicenceThatEndedEarlyIsSettledUntilThen) {
  license("steel", tonnes("steel"));
  licences_->end(kOurs, "steel", day("2026-02-15")).value();
  report("p-1", "2026-02-01", "2026-02-15", "14");
  EXPECT_THAT(make(february("r-1")).value().inputs.gaps, IsEmpty());
}

TEST_F(RoyaltyCollectTest, UseOutsideTheDaysOfTheLicenceIsRefused) {
  Licence licence = of_alloy("steel");
  licence.from = day("2026-02-11");
  license(licence, tonnes("steel"));
  report("p-1", "2026-02-10", "2026-03-01", "10");
  EXPECT_THAT(problem(february("r-1")),
              HasSubstr("p-1 reaches out of the days 2026-02-11 to 2026-03-01"));
}

TEST_F(RoyaltyCollectTest, ALicenceThatBeginsAfterThePeriodIsNoneOfIt) {
  Licence licence = of_alloy("steel");
  licence.from = day("2026-03-01");
  license(licence, tonnes("steel"));
  EXPECT_THAT(problem(february("r-1")), HasSubstr("no signed licence"));
}

TEST_F(RoyaltyCollectTest, ADraftOwesNothing) {
  license("steel", tonnes("steel"));
  Licence draft = of_alloy("wire");
  draft.licensees = {"firm"};
  draft.from = day("2026-01-01");
  draft.terms = tonnes("wire");
  licences_->put(kOurs, draft).value();
  report("p-1", "2026-02-01", "2026-03-01", "10");
  const WholeRun made = make(february("r-1")).value();
  EXPECT_THAT(made.inputs.terms, SizeIs(1));
}

TEST_F(RoyaltyCollectTest, EachCurrencyIsSettledByItself) {
  license("steel", tonnes("steel"));
  license("wire", terms("wire", {{"currency", "EUR"}}));
  report("p-1", "2026-02-01", "2026-03-01", "10");
  report("p-2", "2026-02-01", "2026-03-01", "7", "", "wire");
  const WholeRun made = make(february("r-1")).value();
  ASSERT_THAT(made.inputs.terms, SizeIs(1));
  EXPECT_EQ(made.inputs.terms[0].licence, "steel");
}

// --- what was used ---

// Two days are missing at the beginning and three at the end.
TEST_F(RoyaltyCollectTest, DaysThatNobodyReportsAreGapsAndNotZero) {
  license("steel", tonnes("steel"));
  report("p-1", "2026-02-03", "2026-02-26", "10");
  const WholeRun made = make(february("r-1")).value();
  ASSERT_THAT(made.inputs.gaps, SizeIs(2));
  EXPECT_EQ(made.inputs.gaps[0].range,
            (TimeRange{at("2026-02-01T00:00:00Z"), at("2026-02-03T00:00:00Z")}));
  EXPECT_EQ(made.inputs.gaps[1].range,
            (TimeRange{at("2026-02-26T00:00:00Z"), at("2026-03-01T00:00:00Z")}));
}

// The fee is owed whatever is used: nothing is missing. 100.00, 2 : 1.
TEST_F(RoyaltyCollectTest, ALicenceThatPaysNothingForUseHasNoGaps) {
  const Json fee = {{"id", "entry"}, {"due", "2026-02-01T00:00:00Z"}, {"amount", "100.00"}};
  license("steel", terms("steel", {{"tiers", Json::array()}, {"fees", Json::array({fee})}}));
  pass(february("r-1"));
  EXPECT_EQ(posted("firm/receivable/CNY"), 10'000);
  EXPECT_EQ(posted("centre/payable/CNY"), -6'667);
}

// sha256sum of the spelt out text; a report with a document stands on that.
TEST_F(RoyaltyCollectTest, AReportIsEvidenceByItsDocumentOrByWhatItSays) {
  license("steel", tonnes("steel", "declared"));
  report("p-1", "2026-02-01", "2026-02-15", "10");
  const std::string document(64, 'd');
  book_
      ->add_report(
          kOurs, {"p-2", "steel", day("2026-02-15"), day("2026-02-27"), "8", "", document, {}, ""},
          "firm")
      .value();
  report("p-3", "2026-02-27", "2026-03-01", "2", "steel/1772150400000");  // 2026-02-27
  const WholeRun made = make(february("r-1")).value();
  // printf %s '{"document":"","from":"2026-02-01","gap":"","id":"p-1","licence":"steel",
  // "quantity":"10","to":"2026-02-15"}' | sha256sum, in one line; and so for the gap.
  EXPECT_EQ(made.inputs.lines[0].evidence,
            "586bc3db2a4e0e099e066eb56aadb9ad4ee2b481ad8be8fbf9083825484b8043");
  EXPECT_EQ(made.inputs.lines[14].evidence, document);
  ASSERT_THAT(made.inputs.gaps, SizeIs(1));
  EXPECT_EQ(made.inputs.gaps[0].evidence,
            "ab69273949e973f23f0a79ac00090e66b25d845142966080643ea393418922b0");
  EXPECT_EQ(made.inputs.gaps[0].declared, 20);
}

TEST_F(RoyaltyCollectTest, AReportOfWhichNothingIsMadeIsNotLost) {
  license("steel", tonnes("steel", "declared"));
  report("p-1", "2026-02-01", "2026-03-01", "10");
  report("p-2", "2026-02-10", "2026-02-11", "5", "steel/7");
  EXPECT_THAT(problem(february("r-1")), HasSubstr("report p-2: there is no gap 'steel/7'"));
}

// --- what a machine says ---

// 110 at the very beginning, 130 at the very end: that one is of March.
TEST_F(RoyaltyCollectTest, AReadingAtMidnightIsOfTheDayThatBegins) {
  license("steel", tonnes("steel"));
  meter("steel");
  say("2026-01-31T23:00:00Z", 100.0);
  say("2026-02-01T00:00:00Z", 110.0);
  say("2026-02-10T12:00:00Z", 120.0);
  say("2026-03-01T00:00:00Z", 130.0);
  EXPECT_EQ(findings(make(february("r-1")).value())["meters"][0]["quantity"], "20.0");
}

// 10.0 and 20.0 tonnes, 16 days without a word, 30.0 tonnes: 60.0 at 2.00 are 120.00, and all of it
// waits. With 8.0 declared for those days they are 136.00.
TEST_F(RoyaltyCollectTest, SilenceOfAMeterIsHeldUntilItIsDeclared) {
  license("steel", tonnes("steel", "declared"));
  weekly_meter(MeterKind::kSum);
  say("2026-01-31T12:00:00Z", 5.0);
  say("2026-02-06T12:00:00Z", 10.0);
  say("2026-02-12T12:00:00Z", 20.0);
  say("2026-02-28T12:00:00Z", 30.0);
  const WholeRun held = make(february("r-1")).value();
  ASSERT_THAT(held.inputs.gaps, SizeIs(1));
  EXPECT_EQ(held.inputs.gaps[0].range,
            (TimeRange{at("2026-02-12T12:00:00Z"), at("2026-02-28T12:00:00Z")}));
  EXPECT_EQ(findings(held)["meters"][0]["gaps"][0]["id"], held.inputs.gaps[0].id);
  EXPECT_EQ(settled(held).licences[0].held.at(0).amount, 12'000);
  EXPECT_THAT(settled(held).payouts, IsEmpty());
  report("p-1", "2026-02-12", "2026-02-28", "8", held.inputs.gaps[0].id);
  pass(february("r-1"));
  EXPECT_EQ(posted("firm/receivable/CNY"), 13'600);
}

// 20.0 tonnes in January and 8.0 declared for its silence; in February 5.0 declared and 30.0
// counted, and not the 60.0 of the whole silence once more.
TEST_F(RoyaltyCollectTest, WhatWasDeclaredForTheEndOfAPeriodIsNotCountedInTheNext) {
  license("steel", tonnes("steel", "declared"));
  weekly_meter(MeterKind::kCounter);
  count_across_the_month();
  report("j-1", "2026-01-12", "2026-02-01", "8", make(january("r-1")).value().inputs.gaps.at(0).id);
  pass(january("r-1"));
  EXPECT_EQ(posted("firm/receivable/CNY"), 5'600);
  const WholeRun second = make(february("r-2")).value();
  ASSERT_THAT(second.inputs.gaps, SizeIs(1));
  EXPECT_EQ(second.inputs.gaps[0].range,
            (TimeRange{at("2026-02-01T00:00:00Z"), at("2026-02-06T12:00:00Z")}));
  EXPECT_EQ(findings(second)["meters"][0]["quantity"], "30.0");
  EXPECT_EQ(findings(second)["meters"][0]["owed_since"], nullptr);
  report("f-1", "2026-02-01", "2026-02-07", "5", second.inputs.gaps[0].id);
  pass(february("r-2"));
  EXPECT_EQ(posted("firm/receivable/CNY"), 5'600 + 7'000);
}

// Held, nothing stands in for the silence: what the counter tells later is all of it, 60.0 and 30.0
// tonnes; also where the connection was lost, so that the last sample of January is a bad one.
TEST_F(RoyaltyCollectTest, WhatWasHeldAtTheEndOfAPeriodIsCountedInTheNext) {
  license("steel", tonnes("steel"));
  weekly_meter(MeterKind::kCounter);
  count_across_the_month();
  pass(january("r-1"));
  const Json silent = findings(make(february("r-2")).value())["meters"][0];
  EXPECT_EQ(silent["quantity"], "90.0");
  EXPECT_THAT(silent["gaps"], IsEmpty());
  EXPECT_THAT(silent["bridged"], SizeIs(1));
  EXPECT_EQ(silent["owed_since"], "2026-01-12T12:00:00Z");
  book_->reverse(kOurs, "r-1").value();
  say("2026-01-12T13:00:00Z", 20.0, quality::kBadNotConnected);
  say("2026-01-13T13:00:00Z", 20.0, quality::kBadNotConnected);
  pass(january("r-3"));
  const Json lost = findings(make(february("r-4")).value())["meters"][0];
  for (const char* member : {"quantity", "gaps", "bridged", "owed_since"}) {
    EXPECT_EQ(lost[member], silent[member]) << member;
  }
}

// The 40.0 tonnes of the silence in which the licence began may be from before it.
TEST_F(RoyaltyCollectTest, WhatIsCountedOverTheBeginningOfALicenceIsAGap) {
  Licence licence = of_alloy("steel");
  licence.from = day("2026-02-11");
  license(licence, tonnes("steel"));
  weekly_meter(MeterKind::kCounter);
  for (const auto& [time, value] : {std::pair{"2026-02-01T12:00:00Z", 10.0},
                                    {"2026-02-14T12:00:00Z", 50.0},
                                    {"2026-02-20T12:00:00Z", 60.0},
                                    {"2026-02-26T12:00:00Z", 70.0}}) {
    say(time, value);
  }
  const WholeRun made = make(february("r-1")).value();
  EXPECT_EQ(findings(made)["meters"][0]["quantity"], "20.0");
  ASSERT_THAT(made.inputs.gaps, SizeIs(1));
  EXPECT_EQ(made.inputs.gaps[0].range,
            (TimeRange{at("2026-02-11T00:00:00Z"), at("2026-02-14T12:00:00Z")}));
}

TEST_F(RoyaltyCollectTest, AReadingThatIsNoQuantityStopsTheRunAndIsNamed) {
  license("steel", tonnes("steel"));
  meter("steel");
  say("2026-01-31T23:00:00Z", 0.0);
  say("2026-02-05T00:00:00Z", 50.0);
  say("2026-02-06T00:00:00Z", -1.0);
  say("2026-02-28T00:00:00Z", 90.0);
  EXPECT_THAT(problem(february("r-1")), HasSubstr("the value at 2026-02-06T00:00:00Z is negative"));
}

TEST_F(RoyaltyCollectTest, AMeterCountsNoMoney) {
  license("steel", terms("steel", {{"usage", "amount"},
                                   {"quantity_digits", 0},
                                   {"tiers", {{{"from", "0"}, {"rate", "5 %"}}}}}));
  meter("steel");
  EXPECT_THAT(problem(february("r-1")), HasSubstr("its terms count money"));
}

TEST_F(RoyaltyCollectTest, MoreDeclaredThanMeteredIsAWarningToo) {
  license("steel", tonnes("steel"));
  meter("steel");
  say("2026-01-31T23:00:00Z", 0.0);
  say("2026-02-28T23:59:00Z", 100.0);
  report("p-1", "2026-02-01", "2026-03-01", "101.5");
  const Json found = findings(make(february("r-1")).value());
  EXPECT_EQ(found["meters"][0]["difference"], "1.5");
  EXPECT_EQ(found["warnings"][0]["code"], "declared_differs");
}

TEST_F(RoyaltyCollectTest, AsMuchDeclaredAsMeteredIsNoWarning) {
  license("steel", tonnes("steel"));
  meter("steel");
  say("2026-01-31T23:00:00Z", 0.0);
  say("2026-02-28T23:59:00Z", 100.0);
  report("p-1", "2026-02-01", "2026-03-01", "100");
  EXPECT_THAT(findings(make(february("r-1")).value())["warnings"], IsEmpty());
}

// --- what happened besides ---

// 20.00 in January and 15.00 more by the milestone; half of the 35.00 is disputed. In February the
// dispute is over.
TEST_F(RoyaltyCollectTest, MilestonesAndDisputesOfTheRequestAreSettled) {
  license("steel", terms("steel", {{"milestones", {{{"id", "heat"}, {"amount", "15.00"}}}}}));
  report("p-0", "2026-01-01", "2026-02-01", "10");
  report("p-1", "2026-02-01", "2026-03-01", "0");
  RunRequest first = january("r-0");
  first.reached = {{"steel", "heat", at("2026-01-09T00:00:00Z"), ""}};
  first.holds = {{"claim", "steel", "", Ratio::make(1, 2).value()}};
  pass(first);
  EXPECT_EQ(posted("firm/receivable/CNY"), 3'500);
  EXPECT_EQ(posted("claim/escrow/CNY"), -1'750);
  RunRequest second = february("r-1");
  second.releases = {{"claim", "university"}};
  pass(second);
  EXPECT_EQ(posted("claim/escrow/CNY"), 0);
  EXPECT_EQ(posted("university/payable/CNY"), -1'750);
}

// In January nobody reports and the least of 30.00 is held. The licence ends with that month; what
// was held of it goes on its way, and no other 30.00 are owed.
TEST_F(RoyaltyCollectTest, WhatIsHeldOfALicenceThatIsOverCanBeReleased) {
  Licence licence = of_alloy("steel");
  licence.to = day("2026-02-01");
  license(licence, terms("steel", {{"period_minimum", "30.00"}}));
  const RoyaltyRun held = pass(january("r-0"));
  EXPECT_EQ(posted("centre/payable/CNY"), 0);
  RunRequest request = february("r-1");
  request.releases = {{book_->get_run(kOurs, held.id)->inputs.gaps.at(0).id, ""}};
  const Result<WholeRun> made = make(request);
  ASSERT_TRUE(made.ok()) << made.error().text();
  pass(request);
  EXPECT_EQ(posted("firm/receivable/CNY"), 3'000);
  EXPECT_EQ(posted("centre/payable/CNY"), -2'000);
  EXPECT_EQ(posted("partner/payable/CNY"), -1'000);
}

// --- who gets it ---

// 100.00. Alloy stems from the furnace (10 %), the furnace from the ore (50 %): on every path that
// is 60 %. Under a cap of 15 % each gets a quarter of its part: 2.50 and 12.50.
TEST_F(RoyaltyCollectTest, TheRulesSayHowLinksAddUpAndWhatTheirCapIs) {
  license("steel", tonnes("steel"));
  asset("ore", {{"li", 1}});
  report("p-1", "2026-02-01", "2026-03-01", "50");
  for (const auto& [from, to, rate] :
       {std::tuple{"alloy", "furnace", "10 %"}, std::tuple{"furnace", "ore", "50 %"}}) {
    RoyaltyPlan plan;
    plan.asset = from;
    plan.links = {{to, Ratio::parse(rate).value(), settlement::LinkBase::kExternal}};
    book_->put_plan(kOurs, plan).value();
  }
  RoyaltyRules rules;
  rules.stacking = settlement::Stacking::kEveryPath;
  rules.cap = Ratio::parse("15 %").value();
  book_->put_rules(kOurs, rules).value();
  pass(february("r-1"));
  EXPECT_EQ(posted("university/payable/CNY"), -250);
  EXPECT_EQ(posted("li/payable/CNY"), -1'250);
}

// Costs of an asset that brings nothing yet stay to be paid back.
TEST_F(RoyaltyCollectTest, CostsAreKeptOfAnAssetThatNobodyLicensesYet) {
  license("steel", tonnes("steel"));
  report("p-1", "2026-02-01", "2026-03-01", "10");
  RoyaltyPlan plan;
  plan.asset = "furnace";
  plan.pools = {{"kiln", "university", 1}};
  book_->put_plan(kOurs, plan).value();
  RunRequest request = february("r-1");
  request.costs = {{"kiln", 500, ""}};
  const Result<WholeRun> made = make(request);
  ASSERT_TRUE(made.ok()) << made.error().text();
  EXPECT_EQ(settled(*made).closing.pools.at("kiln"), 500);
}

// A stream of 1.00, 2 : 1: 0.66 and 0.33, and 0.01 waits. Closed, it goes to the centre, which has
// two thirds of it to come, though nothing comes in any more.
TEST_F(RoyaltyCollectTest, WhatRoundingHasLeftIsPaidWithoutALicenceToo) {
  Licence licence = of_alloy("steel");
  licence.to = day("2026-02-01");
  license(licence, tonnes("steel"));
  Licence other = of_alloy("heat");
  other.licensors = {"university"};
  other.assets = {"furnace"};
  license(other, terms("heat", {{"asset", "furnace"}}));
  report("p-0", "2026-01-01", "2026-02-01", "0.5");
  report("p-1", "2026-01-01", "2026-02-01", "0", "", "heat");
  report("p-2", "2026-02-01", "2026-03-01", "0", "", "heat");
  RoyaltyPlan plan;
  plan.asset = "alloy";
  plan.mode = settlement::SplitMode::kStream;
  plan = book_->put_plan(kOurs, plan).value();
  pass(january("r-0"));
  EXPECT_EQ(posted("centre/payable/CNY"), -66);
  EXPECT_EQ(posted("alloy/suspense/CNY"), -1);
  plan.mode = settlement::SplitMode::kClosed;
  book_->put_plan(kOurs, plan).value();
  pass(february("r-1"));
  EXPECT_EQ(posted("centre/payable/CNY"), -67);
  EXPECT_EQ(posted("alloy/suspense/CNY"), 0);
}

// --- warnings ---

TEST_F(RoyaltyCollectTest, WarnsOfARightThatHasEnded) {
  license("steel", tonnes("steel"));
  report("p-1", "2026-02-01", "2026-03-01", "10");
  Event lapsed;
  lapsed.kind = EventKind::kLapsed;
  lapsed.date = day("2026-02-10");
  register_->add_event(kOurs, "alloy", lapsed, day("2026-03-01"), "ann").value();
  EXPECT_EQ(findings(make(february("r-1")).value())["warnings"][0]["code"], "asset_ended");
}

// Half of it is what the rules of 2024 say of a Chinese patent where nothing else is agreed.
TEST_F(RoyaltyCollectTest, WarnsWhereInventorsOfAChinesePatentGetLessThanTheDefault) {
  license("steel", tonnes("steel"));
  report("p-1", "2026-02-01", "2026-03-01", "10");
  const auto codes = [&] {
    std::vector<std::string> found;
    const Json all = findings(make(february("r-1")).value());
    for (const Json& warning : all["warnings"]) found.push_back(warning["code"]);
    return found;
  };
  EXPECT_THAT(codes(), IsEmpty()) << "of no office";
  Asset alloy = register_->get_asset({kOurs, {}}, "alloy").value();
  alloy.office = "EP";
  alloy = register_->put_asset(kOurs, alloy).value();
  EXPECT_THAT(codes(), IsEmpty());
  alloy.office = "CN";
  register_->put_asset(kOurs, alloy).value();
  EXPECT_THAT(codes(), ElementsAre("award_below_default"));
  RoyaltyPlan plan;
  plan.asset = "alloy";
  plan.award = settlement::Award{Ratio::parse("49 %").value(), {{"wang", 1}}};
  plan = book_->put_plan(kOurs, plan).value();
  EXPECT_THAT(codes(), ElementsAre("award_below_default"));
  plan.award->rate = Ratio::parse("50 %").value();
  book_->put_plan(kOurs, plan).value();
  EXPECT_THAT(codes(), IsEmpty());
}

}  // namespace
}  // namespace lineshaft::rights
