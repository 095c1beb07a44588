#include "ledger/ledger.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "ledger/ledger_fixture.h"

namespace lineshaft::ledger {
namespace {

class LedgerTest : public testing::Test {
 protected:
  LedgerTest() {
    open();
    store_.open_accounts();
  }

  void open() {
    const Status opened = store_.open();
    ASSERT_TRUE(opened.ok()) << opened.error().text();
  }
  // So many journals that move one fen each from bolt to acme.
  void post(int count, const std::string& prefix = "k") {
    std::vector<Journal> journals;
    for (int i = 0; i < count; ++i) {
      journals.push_back(post_of(prefix + std::to_string(i), {{1, 1}, {2, -1}}));
    }
    for (const Result<Receipt>& answer : store_->post_each(std::move(journals))) {
      ASSERT_TRUE(answer.ok()) << answer.error().text();
    }
  }
  void damage(const std::string& name, std::uint64_t offset, std::uint8_t mask = 0x40) {
    const auto file = disk_.open("/data/ledger/" + name, sys::OpenMode::kReadWrite).value();
    Bytes byte(1);
    ASSERT_EQ(file->read_at(offset, byte).value(), 1u);
    byte[0] ^= mask;
    ASSERT_TRUE(file->write_at(offset, byte).ok());
  }

  sys::SimDisk disk_;
  OnDisk store_{disk_};
};

TEST_F(LedgerTest, KeepsWhatItTookAndGoesOn) {
  post(500);
  const Sha256 root = store_->root();
  open();
  EXPECT_EQ(store_->read_only(), std::nullopt);
  EXPECT_EQ(store_->last().value, 502u);
  EXPECT_EQ(store_->root(), root);
  EXPECT_TRUE(store_.posted(1) == 500 && store_.posted(2) == -500);
  post(1, "more");
  EXPECT_EQ(store_->last().value, 503u);
}

TEST_F(LedgerTest, IsLockedAgainstASecondOne) {
  OnDisk second(disk_, 2);
  const Status opened = second.open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().id, ErrorId::kLocked);
}

TEST_F(LedgerTest, AnswersTheSameRequestAgainAlsoAfterAStart) {
  const Journal journal = post_of("a", {{1, 5}, {2, -5}});
  EXPECT_EQ(store_->post(journal)->sequence.value, 3u);
  store_.loop().run_for(std::chrono::hours(5));
  EXPECT_TRUE(store_->post(journal)->is_repeat);
  open();
  const Receipt again = store_->post(journal).value();
  EXPECT_TRUE(again.is_repeat);
  EXPECT_EQ(again.sequence.value, 3u);
  EXPECT_EQ(store_.posted(1), 5);
  // Twice in one batch.
  const auto both =
      store_->post_each({post_of("b", {{1, 1}, {2, -1}}), post_of("b", {{1, 1}, {2, -1}})});
  EXPECT_FALSE(both[0]->is_repeat);
  EXPECT_TRUE(both[1]->is_repeat);
  EXPECT_EQ(both[1]->sequence, both[0]->sequence);
  EXPECT_EQ(store_.posted(1), 6);
}

TEST_F(LedgerTest, FindsAJournalByItsKey) {
  post(20);
  open();
  EXPECT_EQ(store_->find_journal("k7")->value, 10u);
  EXPECT_EQ(store_->find_journal("k20").error().id, ErrorId::kNotFound);
}

TEST_F(LedgerTest, JudgesEachJournalOfABatchByItself) {
  const auto answers =
      store_->post_each({post_of("a", {{1, 1}, {2, -1}}), post_of("b", {{1, 1}, {2, -2}}),
                         post_of("c", {{1, 1}, {9, -1}}), post_of("", {{1, 1}, {2, -1}}),
                         post_of("d", {{1, 1}, {2, -1}})});
  EXPECT_EQ(answers[0]->sequence.value, 3u);
  EXPECT_EQ(answers[1].error().id, ErrorId::kJournalUnbalanced);
  EXPECT_EQ(answers[2].error().id, ErrorId::kAccountUnknown);
  EXPECT_EQ(answers[3].error().id, ErrorId::kJournalInvalid);
  EXPECT_EQ(answers[4]->sequence.value, 4u);
  EXPECT_TRUE(store_->post_each({}).empty());
}

TEST_F(LedgerTest, ReversesAJournalOfTheSameBatchAndOfTheLog) {
  const auto answers =
      store_->post_each({post_of("a", {{1, 5}, {2, -5}}), reverse_of("r", 3, {{1, -5}, {2, 5}})});
  EXPECT_TRUE(answers[1].ok());
  post(1);
  open();
  EXPECT_EQ(store_.refusal(reverse_of("r2", 5, {{1, -1}, {2, 1}})), "");
  EXPECT_EQ(store_.posted(1), 0);
}

TEST_F(LedgerTest, NeverRecordsAnEarlierTimeThanBefore) {
  post(1);
  const Timestamp first = store_->journal({3}, "")->journal.recorded;
  store_.clock().jump(-std::chrono::hours(100));
  post(1, "later");
  EXPECT_EQ(store_->journal({4}, "")->journal.recorded, first);
}

TEST_F(LedgerTest, RefusesAJournalThatDoesNotFitIntoASegment) {
  std::vector<std::pair<std::uint32_t, Int128>> legs;
  for (int i = 0; i < 1000; ++i) legs.insert(legs.end(), {{1, 1'000'000}, {2, -1'000'000}});
  EXPECT_EQ(store_.refusal(post_of("a", legs)).substr(0, 7), "LS-1801");
  EXPECT_EQ(store_->last().value, 2u);
}

TEST_F(LedgerTest, GivesUpReservationsAlsoWhenNobodyPosts) {
  const Timestamp expiry = store_.clock().now() + std::chrono::seconds(60);
  EXPECT_EQ(store_.refusal(pending_of("p", {{1, 5}, {2, -5}}, expiry)), "");
  EXPECT_EQ(store_->account({1})->balance.pending_debits, 5);
  store_.loop().run_for(std::chrono::seconds(60));
  EXPECT_EQ(store_->account({1})->balance.pending_debits, 0);
  open();
  EXPECT_EQ(store_.refusal(referring(JournalKind::kPostPending, "q", 3)).substr(0, 7), "LS-1807");
}

// --- what parties see ---

TEST_F(LedgerTest, ShowsAPartyItsOwnLegsOnly) {
  static_cast<void>(store_->post(open_of("carl cash", "carl")));
  EXPECT_EQ(store_.refusal(post_of("a", {{1, 5}, {2, -9}, {3, 4}})), "");
  EXPECT_EQ(store_.refusal(post_of("b", {{1, 5}, {2, -5}})), "");
  const JournalView seen = store_->journal({4}, "carl").value();
  EXPECT_EQ(seen.journal.legs, legs_of({{3, 4}}));
  EXPECT_EQ(seen.legs_hidden, 2u);
  EXPECT_EQ(store_->journal({5}, "carl").error().id, ErrorId::kNotFound);
  EXPECT_EQ(store_->journal({1}, "carl").error().id, ErrorId::kNotFound);
  EXPECT_EQ(store_->journal({5}, "")->journal.legs.size(), 2u);
  EXPECT_EQ(store_->journal({6}, "").error().id, ErrorId::kNotFound);
  EXPECT_EQ(store_->journal({0}, "").error().id, ErrorId::kNotFound);
  ASSERT_EQ(store_->accounts("carl").size(), 1u);
  EXPECT_EQ(store_->accounts("carl")[0].account.name, "carl cash");
  EXPECT_EQ(store_->accounts("").size(), 3u);
  // What a reservation did is seen through it.
  EXPECT_EQ(store_.refusal(pending_of("p", {{1, 5}, {2, -5}})), "");
  EXPECT_EQ(store_.refusal(referring(JournalKind::kPostPending, "q", 6)), "");
  EXPECT_TRUE(store_->journal({7}, "bolt").ok());
  EXPECT_FALSE(store_->journal({7}, "carl").ok());
}

TEST_F(LedgerTest, TellsTheBalancesAsOfAnyJournal) {
  post(300);
  for (const std::uint64_t at : {0u, 1u, 2u, 3u, 150u, 302u}) {
    const auto rows = store_->trial_balance({at}, "").value();
    ASSERT_EQ(rows.size(), std::min<std::uint64_t>(at, 2)) << at;
    const Int128 moved = at > 2 ? static_cast<Int128>(at - 2) : 0;
    if (rows.size() == 2) {
      EXPECT_TRUE(rows[0].balance.posted() == moved && rows[1].balance.posted() == -moved);
    }
  }
  EXPECT_EQ(store_->trial_balance({303}, "").error().id, ErrorId::kNotFound);
}

TEST_F(LedgerTest, WritesTheStatementOfAnAccount) {
  EXPECT_EQ(store_.refusal(post_of("a", {{1, 100}, {2, -100}})), "");           // 3
  EXPECT_EQ(store_.refusal(pending_of("p", {{1, 30}, {2, -30}})), "");          // 4
  EXPECT_EQ(store_.refusal(post_of("b", {{2, 7}, {1, -3}, {1, -4}})), "");      // 5
  EXPECT_EQ(store_.refusal(referring(JournalKind::kPostPending, "q", 4)), "");  // 6
  EXPECT_EQ(store_.refusal(reverse_of("r", 3, {{1, -100}, {2, 100}})), "");     // 7
  const Statement whole = store_->statement({1}, {0}, {7}, 100).value();
  ASSERT_EQ(whole.lines.size(), 5u);
  const std::vector<std::pair<int, int>> amounts = {
      {100, 100}, {30, 100}, {-7, 93}, {30, 123}, {-100, 23}};
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(whole.lines[i].sequence.value, 3 + i);
    EXPECT_TRUE(whole.lines[i].amount == amounts[i].first &&
                whole.lines[i].balance == amounts[i].second)
        << i;
  }
  EXPECT_TRUE(whole.opening == 0 && whole.closing == 23);

  const Statement part = store_->statement({1}, {4}, {7}, 2).value();
  EXPECT_EQ(part.opening, 100);
  ASSERT_EQ(part.lines.size(), 2u);
  EXPECT_EQ(part.lines[0].key, "b");
  EXPECT_EQ(part.closing, 123);
  EXPECT_EQ(part.goes_on, Sequence{7});
  EXPECT_EQ(store_->statement({9}, {0}, {7}, 2).error().id, ErrorId::kAccountUnknown);
  EXPECT_EQ(store_->statement({1}, {0}, {8}, 2).error().id, ErrorId::kNotFound);
}

// --- proofs ---

TEST_F(LedgerTest, ProvesWhatItHolds) {
  post(200);
  const Sha256 root = store_->root();
  for (std::uint64_t sequence = 1; sequence <= 202; ++sequence) {
    const Sha256 leaf = store_->journal({sequence}, "")->leaf;
    const Proof proof = store_->prove_inclusion({sequence}, 202).value();
    EXPECT_TRUE(verify_inclusion(leaf, sequence - 1, 202, proof, root));
  }
  const Sha256 old_root = store_->root_of(77).value();
  EXPECT_TRUE(
      verify_consistency(77, 202, store_->prove_consistency(77, 202).value(), old_root, root));
  const Proof old = store_->prove_inclusion({5}, 77).value();
  EXPECT_TRUE(verify_inclusion(store_->journal({5}, "")->leaf, 4, 77, old, old_root));
  EXPECT_EQ(store_->prove_inclusion({78}, 77).error().id, ErrorId::kNotFound);
  EXPECT_EQ(store_->prove_inclusion({1}, 203).error().id, ErrorId::kNotFound);
  EXPECT_EQ(store_->prove_consistency(0, 5).error().id, ErrorId::kNotFound);
}

TEST_F(LedgerTest, MakesTheFileOfHashesAnewWhenItIsWrong) {
  store_.options().segment_bytes = 64 * 1024;
  post(5000);  // 10,000 hashes: 8,192 or more are in the file.
  const Sha256 root = store_->root();
  damage("tree", 32 * 100 + 3);
  for (const std::uint64_t sequence : {1u, 50u, 51u, 52u, 5000u}) {
    const Proof proof = store_->prove_inclusion({sequence}, 5002).value();
    EXPECT_TRUE(
        verify_inclusion(store_->journal({sequence}, "")->leaf, sequence - 1, 5002, proof, root));
  }
  ASSERT_TRUE(disk_.open("/data/ledger/tree", sys::OpenMode::kReadWrite).value()->truncate(0).ok());
  EXPECT_TRUE(store_->prove_inclusion({7}, 5002).ok());
  ASSERT_TRUE(disk_.remove("/data/ledger/tree").ok());
  open();
  EXPECT_TRUE(store_->prove_inclusion({7}, 5002).ok());
}

// --- bad days ---

TEST_F(LedgerTest, OpensReadOnlyAndSaysWhichJournalsAreLost) {
  post(300);
  store_.close();
  const std::vector<std::string> names = disk_.list("/data/ledger/log").value();
  ASSERT_GE(names.size(), 4u);
  // Segment 1 holds the accounts and the first journals; in segment 2 one byte turns over.
  damage("log/" + names[1], 2000);
  open();
  const std::optional<Error> why = store_->read_only();
  ASSERT_TRUE(why);
  EXPECT_EQ(why->id, ErrorId::kLedgerReadOnly);
  EXPECT_NE(why->what.find("are lost: /data/ledger/log/" + names[1] + " is damaged at byte"),
            std::string::npos)
      << why->what;
  const std::uint64_t last = store_->last().value;
  EXPECT_NE(why->what.find("journals from " + std::to_string(last + 1) + " to " +
                           std::to_string(last + 1)),
            std::string::npos)
      << why->what;
  EXPECT_EQ(store_.refusal(post_of("new", {{1, 1}, {2, -1}})).substr(0, 7), "LS-1810");
  EXPECT_EQ(store_.posted(1), static_cast<Int128>(last - 2));
  EXPECT_TRUE(store_->prove_inclusion({last}, last).ok());
}

TEST_F(LedgerTest, TakesNothingOnAFullDiskAndGoesOnWhenThereIsSpace) {
  post(10);
  disk_.set_capacity(disk_.image().used_bytes());
  int taken = 10;
  std::string said;
  for (; said.empty() && taken < 500; ++taken) {
    said = store_.refusal(post_of("f" + std::to_string(taken), {{1, 1}, {2, -1}}));
  }
  --taken;
  EXPECT_EQ(said.substr(0, 7), "LS-1102");
  EXPECT_EQ(store_.posted(1), taken);
  // A batch of which nothing fits, with a repeat inside.
  const auto answers =
      store_->post_each({pending_of("x", {{1, 1}, {2, -1}}), pending_of("x", {{1, 1}, {2, -1}}),
                         post_of("k0", {{1, 1}, {2, -1}})});
  EXPECT_EQ(answers[0].error().id, ErrorId::kDiskFull);
  EXPECT_EQ(answers[1].error().id, ErrorId::kDiskFull);
  EXPECT_TRUE(answers[2]->is_repeat);
  EXPECT_EQ(store_->account({1})->balance.pending_debits, 0);
  disk_.set_capacity({});
  EXPECT_EQ(store_.refusal(pending_of("x", {{1, 1}, {2, -1}})), "");
  const Sha256 root = store_->root();
  open();
  EXPECT_EQ(store_->root(), root);
  EXPECT_EQ(store_.posted(1), taken);
}

TEST_F(LedgerTest, StopsAfterASyncThatFailedAndShowsWhatIsCertain) {
  post(10);
  disk_.inject({sys::DiskCall::kSync, 1});
  EXPECT_EQ(store_.refusal(post_of("a", {{1, 1}, {2, -1}})).substr(0, 7), "LS-1101");
  EXPECT_EQ(store_.posted(1), 10);
  EXPECT_TRUE(store_->read_only());
  EXPECT_FALSE(store_->post(post_of("b", {{1, 1}, {2, -1}})).ok());
  EXPECT_TRUE(store_->prove_inclusion({12}, 12).ok());
  open();
  EXPECT_FALSE(store_->read_only());
  EXPECT_EQ(store_.refusal(post_of("a", {{1, 1}, {2, -1}})), "");
  EXPECT_EQ(store_.posted(1), 11);
}

// Every answer is durable when it comes, whoever of the callers did the work.
TEST_F(LedgerTest, TakesJournalsFromManyThreads) {
  constexpr int kThreads = 8;
  constexpr int kJournals = 40;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < kJournals; ++i) {
        const std::string key = std::to_string(t) + ":" + std::to_string(i);
        const Result<Receipt> taken = store_->post(post_of(key, {{1, 1}, {2, -1}}));
        ASSERT_TRUE(taken.ok());
        EXPECT_TRUE(store_->post(post_of(key, {{1, 1}, {2, -1}}))->is_repeat);
        EXPECT_EQ(store_->journal(taken->sequence, "")->journal.key, key);
        EXPECT_TRUE(store_->prove_inclusion(taken->sequence, taken->sequence.value).ok());
        EXPECT_GE(store_->account({1})->balance.posted(), i + 1);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(store_.posted(1), kThreads * kJournals);
  const Sha256 root = store_->root();
  sys::SimDisk after(disk_.durable_image());
  OnDisk again(after, 3);
  ASSERT_TRUE(again.open().ok());
  EXPECT_EQ(again->root(), root);
}

TEST_F(LedgerTest, PagesOfJournalsAreTheNewestFirstAndOnlyWhatTouchesTheParty) {
  ASSERT_EQ(store_.refusal(open_of("rest", "crow")), "");  // 3
  for (int i = 0; i < 3000; ++i) {
    const bool both = i % 1000 == 0;  // 4, 1004 and 2004 touch acme and bolt
    const auto legs = both ? legs_of({{1, 2}, {2, -1}, {3, -1}}) : legs_of({{3, 1}, {3, -1}});
    Journal journal = post_of("k" + std::to_string(i), {});
    journal.legs = legs;
    ASSERT_EQ(store_.refusal(journal), "");
  }
  const auto page = [&](std::uint64_t before, const std::string& owner, std::size_t max) {
    std::vector<std::uint64_t> numbers;
    const JournalPage found = store_->journals({before}, owner, max).value();
    for (const JournalView& view : found.journals) numbers.push_back(view.sequence.value);
    numbers.push_back(found.older ? found.older->value : 0);
    return numbers;
  };
  using Numbers = std::vector<std::uint64_t>;
  EXPECT_EQ(page(UINT64_MAX, "", 2), (Numbers{3003, 3002, 3002}));
  EXPECT_EQ(page(3, "", 5), (Numbers{2, 1, 0}));
  EXPECT_EQ(page(1, "", 5), (Numbers{0}));
  EXPECT_EQ(page(UINT64_MAX, "bolt", 2), (Numbers{2004, 1004, 1004}));
  EXPECT_EQ(page(1004, "bolt", 2), (Numbers{4, 2, 0}));
  EXPECT_EQ(page(2, "bolt", 2), (Numbers{0}));
  EXPECT_EQ(page(1500, "crow", 3), (Numbers{1499, 1498, 1497, 1497}));
  const JournalView view = store_->journals({2005}, "bolt", 1)->journals.at(0);
  EXPECT_EQ(view.legs_hidden, 2u);
  EXPECT_EQ(view.journal.legs, legs_of({{2, -1}}));
}

}  // namespace
}  // namespace lineshaft::ledger
