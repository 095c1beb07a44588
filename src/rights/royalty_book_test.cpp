#include "rights/royalty_book.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <thread>

#include "rights/royalty_fixture.h"
#include "rights/royalty_json.h"
#include "settlement/run_json.h"

namespace lineshaft::rights {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

using RoyaltyBookTest = RoyaltyFixture;

// 1000.0 at the end of January; 1250.5 on 10 February, 1400.0 on the last day: 400.0 tonnes at 2.00
// are 800.00; centre and partner own it 2 : 1: 533.33 and 266.67 (exactly 533.33 1/3 and 266.66
// 2/3: the fen that is left goes to the larger rest).
TEST_F(RoyaltyBookTest, SettlesWhatAMachineHasMade) {
  license("steel", tonnes("steel"));
  meter("steel");
  say("2026-01-31T23:00:00Z", 1000.0);
  say("2026-02-10T12:00:00Z", 1250.5);
  say("2026-02-28T23:59:00Z", 1400.0);
  const Result<WholeRun> made = make(february("r-1"));
  ASSERT_TRUE(made.ok()) << made.error().text();
  EXPECT_EQ(made->run.state, RunState::kDraft);
  EXPECT_THAT(made->inputs.lines, SizeIs(28));
  const Json findings = parse_json(made->findings).value();
  EXPECT_EQ(findings["meters"][0]["quantity"], "400.0");
  EXPECT_EQ(findings["meters"][0]["days"][9]["quantity"], "250.5");
  EXPECT_EQ(findings["meters"][0]["days"][9]["evidence"], made->inputs.lines[9].evidence);

  EXPECT_EQ(book_->post(kOurs, "r-1").error().id, ErrorId::kConflict) << "nobody has approved it";
  EXPECT_EQ(approve("r-1", "1")->state, RunState::kDraft);
  EXPECT_THAT(approve("r-1", "1").error().what, HasSubstr("another person"));
  EXPECT_EQ(approve("r-1", "2")->state, RunState::kApproved);
  const RoyaltyRun run = book_->post(kOurs, "r-1").value();
  EXPECT_EQ(run.state, RunState::kPosted);
  EXPECT_EQ(posted("firm/receivable/CNY"), 80'000);
  EXPECT_EQ(posted("centre/payable/CNY"), -53'333);
  EXPECT_EQ(posted("partner/payable/CNY"), -26'667);

  const std::uint64_t journals = ledger_->last().value;
  EXPECT_EQ(book_->post(kOurs, "r-1")->sequence, run.sequence) << "again is the same";
  EXPECT_EQ(ledger_->last().value, journals);
}

TEST_F(RoyaltyBookTest, TheSameInputsGiveTheSameBytesAfterARestart) {
  license("steel", tonnes("steel"));
  report("p-1", "2026-02-01", "2026-03-01", "12.5");
  const std::string digest = make(february("r-1"))->run.digest;
  open();
  const WholeRun kept = book_->get_run(kOurs, "r-1").value();
  const settlement::Statement statement = settlement::settle(kept.inputs).value();
  EXPECT_EQ(digest_of(kept.inputs, statement).value(), digest);
  EXPECT_EQ(make(february("r-1"))->run.digest, digest);
}

TEST_F(RoyaltyBookTest, WhatChangesASettlementTakesApprovalsAway) {
  license("steel", tonnes("steel"));
  report("p-1", "2026-02-01", "2026-02-15", "10");
  report("p-2", "2026-02-15", "2026-03-01", "10");
  const std::string old = make(february("r-1"))->run.digest;
  approve("r-1", "1").value();
  approve("r-1", "2").value();
  own("alloy", "2026-02-10", {{"centre", 1}});
  const WholeRun again = make(february("r-1")).value();
  EXPECT_NE(again.run.digest, old);
  EXPECT_THAT(again.run.approvals, IsEmpty());
  EXPECT_THAT(book_->approve(kOurs, "r-1", old, {"3", "Cy"}).error().what,
              HasSubstr("another one by now"));
}

// A tonne a day, 14 days each way: of 56.00, 28.00 are divided 2 : 1, 28.00 are the university's.
TEST_F(RoyaltyBookTest, SharesCountFromTheirDayOn) {
  license("steel", tonnes("steel"));
  own("alloy", "2026-02-15", {{"university", 1}});
  report("p-1", "2026-02-01", "2026-03-01", "28");
  pass(february("r-1"));
  EXPECT_EQ(posted("centre/payable/CNY"), -1'867);
  EXPECT_EQ(posted("partner/payable/CNY"), -933);
  EXPECT_EQ(posted("university/payable/CNY"), -2'800);
}

// 100.00; costs of 10.00 first; a tenth of the 100.00 to the furnace; of the 80.00 that are left a
// quarter to the inventors, 3 : 1; the rest 2 : 1.
TEST_F(RoyaltyBookTest, APlanSaysWhoComesFirst) {
  license("steel", tonnes("steel"));
  report("p-1", "2026-02-01", "2026-03-01", "50");
  RoyaltyPlan plan;
  plan.asset = "alloy";
  plan.award = settlement::Award{Ratio::parse("25 %").value(), {{"wang", 3}, {"li", 1}}};
  plan.pools = {{"filing", "centre", 1}};
  plan.links = {{"furnace", Ratio::parse("10 %").value(), settlement::LinkBase::kNetOfTax}};
  EXPECT_EQ(book_->put_plan(kOurs, plan)->version, 1);
  EXPECT_EQ(book_->put_plan(kOurs, plan).error().id, ErrorId::kConflict);
  RunRequest request = february("r-1");
  request.costs = {{"filing", 1'000, ""}};
  pass(request);
  EXPECT_EQ(posted("university/payable/CNY"), -1'000);
  EXPECT_EQ(posted("wang/payable/CNY"), -1'500);
  EXPECT_EQ(posted("li/payable/CNY"), -500);
  EXPECT_EQ(posted("centre/payable/CNY"), -1'000 - 4'000);
  EXPECT_EQ(posted("partner/payable/CNY"), -2'000);
}

TEST_F(RoyaltyBookTest, ACycleOfLinksIsRefusedAndNamed) {
  RoyaltyPlan alloy;
  alloy.asset = "alloy";
  alloy.links = {{"furnace", Ratio::parse("1/10").value(), {}}};
  RoyaltyPlan furnace;
  furnace.asset = "furnace";
  furnace.links = {{"alloy", Ratio::parse("1/10").value(), {}}};
  book_->put_plan(kOurs, alloy).value();
  const auto refused = book_->put_plan(kOurs, furnace);
  EXPECT_EQ(refused.error().id, ErrorId::kInvalidArgument);
  EXPECT_THAT(refused.error().what, HasSubstr("alloy"));
  EXPECT_THAT(*book_->list_plans(kOurs), SizeIs(1));
}

// Ten days without a word are a gap; its rule is to hold all that the licence brings.
TEST_F(RoyaltyBookTest, AGapIsHeldUntilItIsDeclared) {
  license("steel", tonnes("steel", "declared"));
  report("p-1", "2026-02-01", "2026-02-19", "10");
  const WholeRun held = make(february("r-1")).value();
  ASSERT_THAT(held.inputs.gaps, SizeIs(1));
  EXPECT_EQ(held.inputs.gaps[0].range.from, at("2026-02-19T00:00:00Z"));
  EXPECT_EQ(settlement::settle(held.inputs)->licences[0].held.at(0).amount, 2'000);
  report("p-2", "2026-02-19", "2026-03-01", "5", held.inputs.gaps[0].id);
  pass(february("r-1"));
  EXPECT_EQ(posted("firm/receivable/CNY"), 3'000);
  EXPECT_EQ(posted("centre/payable/CNY"), -2'000);
}

TEST_F(RoyaltyBookTest, WhatIsDeclaredBesideAMeterIsCompared) {
  license("steel", tonnes("steel"));
  meter("steel");
  say("2026-01-31T23:00:00Z", 0.0);
  say("2026-02-20T00:00:00Z", 100.0);
  say("2026-02-28T23:59:00Z", 100.0);
  report("p-1", "2026-02-01", "2026-03-01", "98.5");
  const WholeRun made = make(february("r-1")).value();
  const Json findings = parse_json(made.findings).value();
  EXPECT_EQ(findings["meters"][0]["declared"], "98.5");
  EXPECT_EQ(findings["meters"][0]["difference"], "-1.5");
  EXPECT_EQ(findings["warnings"][0]["code"], "declared_differs");
  EXPECT_EQ(settlement::settle(made.inputs)->licences[0].measured, 1'000) << "the meter counts";
}

TEST_F(RoyaltyBookTest, TheSameReportTwiceIsOneAndAnotherIsRefused) {
  license("steel", tonnes("steel"));
  report("p-1", "2026-02-01", "2026-03-01", "10");
  report("p-1", "2026-02-01", "2026-03-01", "10");
  EXPECT_THAT(*book_->list_reports(kOurs, "steel"), SizeIs(1));
  const auto add = [&](const std::string& id, std::string_view from, const std::string& quantity) {
    return book_->add_report(
        kOurs, {id, "steel", day(from), day("2026-03-01"), quantity, "", "", {}, ""}, "firm");
  };
  EXPECT_EQ(add("p-1", "2026-02-01", "11").error().id, ErrorId::kConflict);
  EXPECT_THAT(add("p-2", "2026-02-28", "1").error().what, HasSubstr("'p-1' covers"));
  EXPECT_THAT(add("p-3", "2026-02-01", "1.25").error().what, HasSubstr("p-1"));
}

TEST_F(RoyaltyBookTest, PeriodsFollowEachOtherAndCarryWhatIsLeft) {
  license("steel", tonnes("steel"));
  report("p-0", "2026-01-01", "2026-02-01", "10");
  report("p-1", "2026-02-01", "2026-03-01", "10");
  pass(january("r-0"));
  EXPECT_EQ(
      book_
          ->add_report(
              kOurs, {"late", "steel", day("2026-01-05"), day("2026-01-06"), "1", "x", "", {}, ""},
              "firm")
          .error()
          .id,
      ErrorId::kConflict)
      << "January is settled";
  RunRequest skips = february("r-1");
  skips.from = day("2026-02-02");
  EXPECT_THAT(make(skips).error().what, HasSubstr("2026-02-01"));
  const WholeRun made = make(february("r-1")).value();
  EXPECT_EQ(made.inputs.opening.licences.at("steel").totals.base, 100);
  // A third of 20.00 twice: 13.33 + 6.67, then what is owed of the thirds: 13.34 + 6.66 (26.66 2/3
  // and 13.33 1/3 in all).
  pass(february("r-1"));
  EXPECT_EQ(posted("centre/payable/CNY"), -2'667);
  EXPECT_EQ(posted("partner/payable/CNY"), -1'333);
}

TEST_F(RoyaltyBookTest, AReversalTakesAllBackAndThePeriodIsSettledAgain) {
  license("steel", tonnes("steel"));
  report("p-1", "2026-02-01", "2026-03-01", "10");
  pass(february("r-1"));
  EXPECT_EQ(book_->reverse(kOurs, "r-1")->state, RunState::kReversed);
  EXPECT_EQ(posted("firm/receivable/CNY"), 0);
  EXPECT_EQ(posted("centre/payable/CNY"), 0);
  EXPECT_THAT(make(february("r-1")).error().what, HasSubstr("another id"));
  pass(february("r-2"));
  EXPECT_EQ(posted("firm/receivable/CNY"), 2'000);
  EXPECT_THAT(book_->reverse(kOurs, "r-1")->state, RunState::kReversed);
}

// Nothing was used in January: nobody owes anything, and February can be settled all the same.
TEST_F(RoyaltyBookTest, APeriodInWhichNothingWasUsedIsPostedWithoutAJournal) {
  license("steel", tonnes("steel"));
  report("p-0", "2026-01-01", "2026-02-01", "0");
  report("p-1", "2026-02-01", "2026-03-01", "10");
  const RoyaltyRun empty = pass(january("r-0"));
  EXPECT_EQ(empty.state, RunState::kPosted);
  EXPECT_EQ(empty.sequence, 0U);
  EXPECT_EQ(book_->post(kOurs, "r-0")->state, RunState::kPosted);
  pass(february("r-1"));
  EXPECT_EQ(posted("firm/receivable/CNY"), 2'000);
  EXPECT_EQ(book_->reverse(kOurs, "r-1")->state, RunState::kReversed);
  EXPECT_EQ(book_->reverse(kOurs, "r-0")->state, RunState::kReversed);
  EXPECT_EQ(posted("firm/receivable/CNY"), 0);
}

// Before anybody wrote down that it was posted, the program was killed.
TEST_F(RoyaltyBookTest, WhatTheLedgerHasCountsAfterACrash) {
  license("steel", tonnes("steel"));
  report("p-1", "2026-02-01", "2026-03-01", "10");
  make(february("r-1")).value();
  approve("r-1", "1").value();
  approve("r-1", "2").value();
  const std::string kept = directory_.file("before.db");
  ASSERT_TRUE(database()->back_up(sys::real_file_system(), kept).ok());
  const std::uint64_t sequence = book_->post(kOurs, "r-1")->sequence;
  book_.reset();
  licences_.reset();
  register_.reset();
  ASSERT_EQ(std::rename(kept.c_str(), directory_.file("records.db").c_str()), 0);
  std::remove(directory_.file("records.db-wal").c_str());
  open();
  const RoyaltyRun run = book_->get_run(kOurs, "r-1")->run;
  EXPECT_EQ(run.state, RunState::kPosted);
  EXPECT_EQ(run.sequence, sequence);
  EXPECT_EQ(make(february("r-1")).error().id, ErrorId::kConflict);
  EXPECT_EQ(posted("firm/receivable/CNY"), 2'000);
}

TEST_F(RoyaltyBookTest, TwoPeoplePostingTheSameRunPostItOnce) {
  license("steel", tonnes("steel"));
  report("p-1", "2026-02-01", "2026-03-01", "10");
  make(february("r-1")).value();
  approve("r-1", "1").value();
  approve("r-1", "2").value();
  std::vector<std::uint64_t> sequences(4);
  std::vector<std::thread> people;
  for (std::uint64_t& sequence : sequences) {
    people.emplace_back([&] { sequence = book_->post(kOurs, "r-1").value().sequence; });
  }
  for (std::thread& one : people) one.join();
  EXPECT_THAT(sequences, testing::Each(sequences[0]));
  EXPECT_EQ(posted("firm/receivable/CNY"), 2'000);
}

TEST_F(RoyaltyBookTest, WhatWasKeptAndChangedIsNotPosted) {
  license("steel", tonnes("steel"));
  report("p-1", "2026-02-01", "2026-03-01", "10");
  make(february("r-1")).value();
  approve("r-1", "1").value();
  approve("r-1", "2").value();
  ASSERT_TRUE(database()
                  ->run("UPDATE royalty_inputs SET inputs = replace(inputs, 'university', "
                        "'partner'), inputs = replace(inputs, '\"weight\":2', '\"weight\":9')")
                  .ok());
  EXPECT_EQ(book_->post(kOurs, "r-1").error().id, ErrorId::kCorrupt);
  EXPECT_EQ(posted("firm/receivable/CNY"), 0);
}

TEST_F(RoyaltyBookTest, WhatIfShowsEveryPayeesDifference) {
  license("steel", tonnes("steel"));
  report("p-1", "2026-02-01", "2026-03-01", "10");
  make(february("r-1")).value();
  WhatIf changes;
  changes.shares = {{"alloy",
                     settlement::SplitMode::kClosed,
                     {{{}, {{"partner", 1}, {"university", 3}}}},
                     {},
                     {}}};
  const auto found = book_->what_if(kOurs, "r-1", changes);
  ASSERT_TRUE(found.ok()) << found.error().text();
  EXPECT_THAT(*found, ElementsAre(settlement::PayeeChange{"centre", 1'333, 0},
                                  settlement::PayeeChange{"partner", 667, 500},
                                  settlement::PayeeChange{"university", 0, 1'500}));
}

TEST_F(RoyaltyBookTest, PaymentsGoOverTheBankAndNeverBeyondWhatIsOwed) {
  license("steel", tonnes("steel"));
  report("p-1", "2026-02-01", "2026-03-01", "10");
  pass(february("r-1"));
  const Day today = day("2026-03-01");
  ASSERT_TRUE(book_->pay("in-1", "firm", true, {2'000, {}}, today).ok());
  ASSERT_TRUE(book_->pay("out-1", "centre", false, {1'333, {}}, today).ok());
  EXPECT_TRUE(book_->pay("out-1", "centre", false, {1'333, {}}, today)->is_repeat);
  EXPECT_EQ(book_->pay("out-2", "partner", false, {668, {}}, today).error().id,
            ErrorId::kOverdraft);
  EXPECT_EQ(posted("bank/CNY"), 667);
  EXPECT_EQ(posted("centre/payable/CNY"), 0);
  EXPECT_EQ(book_->pay("x", "li", false, {1, {}}, today).error().id, ErrorId::kNotFound);
}

TEST_F(RoyaltyBookTest, RefusesPeriodsThatHaveNotEndedAndLicencesWithoutTerms) {
  EXPECT_THAT(make(february("r-1")).error().what, HasSubstr("no signed licence"));
  RunRequest early = february("r-1");
  early.to = day("2026-03-02");
  EXPECT_THAT(make(early).error().what, HasSubstr("has not ended"));
  Licence licence;
  licence.id = "steel";
  licence.licensors = {"centre"};
  licence.licensees = {"firm"};
  licence.assets = {"alloy"};
  licence.from = day("2026-01-01");
  licence.terms = tonnes("other");
  EXPECT_THAT(licences_->put(kOurs, licence).error().what, HasSubstr("terms: licence"));
  licence.terms = R"({"fixed":"100.00 CNY"})";
  EXPECT_THAT(licences_->put(kOurs, licence).error().what, HasSubstr("terms: "));
}

}  // namespace
}  // namespace lineshaft::rights
