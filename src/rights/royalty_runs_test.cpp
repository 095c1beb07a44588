// Runs: who approves them, what they follow upon, what is posted and taken back.
#include <gmock/gmock.h>

#include "base/hex.h"
#include "rights/royalty_fixture.h"

namespace lineshaft::rights {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

// Ten tonnes in January and ten in February: 20.00 each.
class RoyaltyRunsTest : public RoyaltyFixture {
 protected:
  void use_two_months() {
    license("steel", tonnes("steel"));
    report("p-0", "2026-01-01", "2026-02-01", "10");
    report("p-1", "2026-02-01", "2026-03-01", "10");
  }
  void make_and_approve(const RunRequest& request) {
    make(request).value();
    approve(request.id, "1").value();
    approve(request.id, "2").value();
  }
  ledger::Journal journal(std::uint64_t sequence) {
    return ledger_->journal({sequence}, "").value().journal;
  }
  ledger::Account account(const std::string& name) {
    return ledger_->account(ledger_->find_account(name).value()).value().account;
  }
};

// --- who approves ---

TEST_F(RoyaltyRunsTest, APersonIsTheAccountWhateverItIsCalled) {
  use_two_months();
  const std::string digest = make(january("r-0"))->run.digest;
  book_->approve(kOurs, "r-0", digest, {"7", "Wang Wei"}).value();
  EXPECT_EQ(book_->approve(kOurs, "r-0", digest, {"7", "Li Na"}).error().id, ErrorId::kConflict)
      << "the same one has taken another name";
  EXPECT_EQ(book_->approve(kOurs, "r-0", digest, {"8", "Wang Wei"})->state, RunState::kApproved)
      << "two people of one name";
}

TEST_F(RoyaltyRunsTest, WhatIsPostedIsNotApprovedAnyMore) {
  use_two_months();
  pass(january("r-0"));
  EXPECT_THAT(approve("r-0", "3").error().what, HasSubstr("is posted already"));
  EXPECT_EQ(book_->get_run(kOurs, "r-0")->run.state, RunState::kPosted);
}

// --- what follows upon what ---

TEST_F(RoyaltyRunsTest, NoDayIsSettledTwice) {
  use_two_months();
  pass(january("r-0"));
  for (const char* from : {"2026-01-01", "2026-01-31"}) {
    const auto again = make(month("r-1", from, "2026-03-01"));
    EXPECT_EQ(again.error().id, ErrorId::kConflict) << from;
    EXPECT_THAT(again.error().what, HasSubstr("the days before 2026-02-01"));
  }
}

TEST_F(RoyaltyRunsTest, EachCurrencyHasItsOwnPeriodsAndAccounts) {
  use_two_months();
  std::string euros = tonnes("wire");
  euros.replace(euros.find("CNY"), 3, "EUR");
  license("wire", euros);
  report("p-2", "2026-01-01", "2026-02-01", "7", "", "wire");
  RunRequest request = january("r-e");
  request.currency = Currency::parse("EUR").value();
  pass(request);
  pass(january("r-0"));
  EXPECT_EQ(posted("firm/receivable/EUR"), 1'400);
  EXPECT_EQ(posted("firm/receivable/CNY"), 2'000);
}

// February was made upon January, and January is taken back.
TEST_F(RoyaltyRunsTest, WhatWasApprovedUponOtherBalancesIsNotPosted) {
  use_two_months();
  pass(january("r-0"));
  make_and_approve(february("r-1"));
  book_->reverse(kOurs, "r-0").value();
  const auto refused = book_->post(kOurs, "r-1");
  EXPECT_EQ(refused.error().id, ErrorId::kConflict);
  EXPECT_THAT(refused.error().what, HasSubstr("make it again"));
  EXPECT_EQ(posted("firm/receivable/CNY"), 0);
}

TEST_F(RoyaltyRunsTest, ARunMadeAgainKeepsItsPlaceInTheList) {
  use_two_months();
  make(january("r-0")).value();
  make(january("r-1")).value();
  EXPECT_EQ(make(january("r-0"))->run.number, 1);
  std::vector<std::string> ids;
  for (const RoyaltyRun& run : book_->list_runs(kOurs).value()) ids.push_back(run.id);
  EXPECT_THAT(ids, ElementsAre("r-1", "r-0"));
}

// --- what is taken back ---

TEST_F(RoyaltyRunsTest, OnlyTheNewestIsTakenBack) {
  use_two_months();
  pass(january("r-0"));
  pass(february("r-1"));
  const auto refused = book_->reverse(kOurs, "r-0");
  EXPECT_EQ(refused.error().id, ErrorId::kConflict);
  EXPECT_THAT(refused.error().what, HasSubstr("what came after it rests on it"));
  EXPECT_EQ(posted("firm/receivable/CNY"), 4'000);
}

TEST_F(RoyaltyRunsTest, WhatWasTakenBackIsNotPostedAgain) {
  use_two_months();
  pass(january("r-0"));
  book_->reverse(kOurs, "r-0").value();
  EXPECT_EQ(book_->post(kOurs, "r-0").error().id, ErrorId::kConflict);
  EXPECT_EQ(book_->get_run(kOurs, "r-0")->run.state, RunState::kReversed);
  EXPECT_EQ(posted("firm/receivable/CNY"), 0);
}

// Before anybody wrote down that it was taken back, the program was killed.
TEST_F(RoyaltyRunsTest, AReversalThatTheLedgerHasCountsAfterACrash) {
  use_two_months();
  pass(january("r-0"));
  const std::string kept = directory_.file("before.db");
  ASSERT_TRUE(database()->back_up(sys::real_file_system(), kept).ok());
  const std::uint64_t sequence = book_->reverse(kOurs, "r-0")->reversal_sequence;
  book_.reset();
  licences_.reset();
  register_.reset();
  ASSERT_EQ(std::rename(kept.c_str(), directory_.file("records.db").c_str()), 0);
  std::remove(directory_.file("records.db-wal").c_str());
  open();
  const RoyaltyRun run = book_->get_run(kOurs, "r-0")->run;
  EXPECT_EQ(run.state, RunState::kReversed);
  EXPECT_EQ(run.reversal_sequence, sequence);
  pass(january("r-2"));
  EXPECT_EQ(posted("firm/receivable/CNY"), 2'000);
}

// --- what the ledger gets ---

TEST_F(RoyaltyRunsTest, TheJournalIsOfTheLastDayAndNamesItsStatement) {
  use_two_months();
  RunRequest request = january("r-0");
  request.holds = {{"claim", "steel", "", Ratio::make(1, 4).value()}};
  const RoyaltyRun run = pass(request);
  const ledger::Journal made = journal(run.sequence);
  const std::int32_t last_day = 20'484;  // $(( $(date -u -d 2026-01-31 +%s) / 86400 ))
  EXPECT_EQ(made.effective_day, last_day);
  ASSERT_THAT(made.evidence, SizeIs(1));
  EXPECT_EQ(hex_text(made.evidence[0]), run.digest);
  EXPECT_EQ(account("firm/receivable/CNY").kind, ledger::AccountKind::kAsset);
  EXPECT_EQ(account("centre/payable/CNY").kind, ledger::AccountKind::kLiability);
  EXPECT_EQ(account("centre/payable/CNY").owner, "centre");
  EXPECT_EQ(account("claim/escrow/CNY").owner, "clearing");

  const RoyaltyRun back = book_->reverse(kOurs, "r-0").value();
  const ledger::Journal reversal = journal(back.reversal_sequence);
  EXPECT_EQ(reversal.effective_day, last_day) << "both count in the same month";
  EXPECT_EQ(reversal.evidence, made.evidence);
  EXPECT_EQ(reversal.reference.value, run.sequence);
  EXPECT_EQ(posted("claim/escrow/CNY"), 0);
}

TEST_F(RoyaltyRunsTest, APaymentIsOfItsDayAndOfWhatIsOwed) {
  use_two_months();
  pass(january("r-0"));
  const auto pay_in = [&](const std::string& id, Int128 amount) {
    return book_->pay(id, "firm", true, {amount, {}}, day("2026-02-03"));
  };
  EXPECT_EQ(pay_in("t-1", 0).error().id, ErrorId::kInvalidArgument);
  EXPECT_EQ(pay_in("t-1", -1).error().id, ErrorId::kInvalidArgument);
  EXPECT_EQ(pay_in("t-1", 2'001).error().id, ErrorId::kOverdraft);
  const std::uint64_t sequence = pay_in("t-1", 1'500)->sequence.value;
  EXPECT_EQ(journal(sequence).effective_day, 20'487);  // 2026-02-03
  EXPECT_EQ(pay_in("t-2", 501).error().id, ErrorId::kOverdraft);
  EXPECT_TRUE(pay_in("t-2", 500).ok());
  EXPECT_EQ(posted("firm/receivable/CNY"), 0);
}

// --- what if ---

// 20.00 of which a tenth goes to the furnace: 2.00; the rest 2 : 1, 12.00 and 6.00.
class RoyaltyWhatIfTest : public RoyaltyRunsTest {
 protected:
  RoyaltyWhatIfTest() {
    use_two_months();
    RoyaltyPlan plan;
    plan.asset = "alloy";
    plan.links = {{"furnace", Ratio::parse("10 %").value(), settlement::LinkBase::kNetOfTax}};
    book_->put_plan(kOurs, plan).value();
    made_ = make(january("r-0")).value();
  }
  std::vector<settlement::PayeeChange> what_if(const WhatIf& changes) {
    return book_->what_if(kOurs, "r-0", changes).value();
  }
  WholeRun made_;
};

// At 3.00 instead of 2.00 everybody gets half as much more.
TEST_F(RoyaltyWhatIfTest, AnotherRateShowsWhatEachWouldGet) {
  WhatIf changes;
  changes.terms = made_.inputs.terms;
  changes.terms[0].tiers[0].rate = Ratio::make(30, 1).value();  // fen for a tenth of a tonne
  EXPECT_THAT(what_if(changes), ElementsAre(settlement::PayeeChange{"centre", 1'200, 1'800},
                                            settlement::PayeeChange{"partner", 600, 900},
                                            settlement::PayeeChange{"university", 200, 300}));
  changes.terms[0].licence = "other";
  EXPECT_EQ(book_->what_if(kOurs, "r-0", changes).error().id, ErrorId::kNotFound);
}

// A fifth to the furnace: 4.00; 16.00 are 10.67 and 5.33 (10.66 2/3 and 5.33 1/3).
TEST_F(RoyaltyWhatIfTest, AnotherLinkShowsWhatEachWouldGet) {
  WhatIf changes;
  changes.links = made_.inputs.graph.links;
  changes.links->at(0).rate = Ratio::parse("20 %").value();
  EXPECT_THAT(what_if(changes), ElementsAre(settlement::PayeeChange{"centre", 1'200, 1'067},
                                            settlement::PayeeChange{"partner", 600, 533},
                                            settlement::PayeeChange{"university", 200, 400}));
}

TEST_F(RoyaltyWhatIfTest, SharesOfAnAssetThatIsNotInTheRunAreRefused) {
  WhatIf changes;
  changes.shares = {{"ore", settlement::SplitMode::kClosed, {{{}, {{"li", 1}}}}, {}, {}}};
  EXPECT_EQ(book_->what_if(kOurs, "r-0", changes).error().id, ErrorId::kNotFound);
}

}  // namespace
}  // namespace lineshaft::rights
