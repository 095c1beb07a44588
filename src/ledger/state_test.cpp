#include "ledger/state.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "ledger/state_fixture.h"

namespace lineshaft::ledger {
namespace {

// Accounts: 1 cash (may not be overdrawn), 2 owed to acme (likewise), 3 open income, 4 dollars,
// 5 bolt's cash.
class StateTest : public testing::Test {
 protected:
  StateTest() {
    for (const Journal& journal :
         {open_of("cash", "acme", Constraint::kCreditsWithinDebits),
          open_of("owed", "acme", Constraint::kDebitsWithinCredits), open_of("income", "acme"),
          open_of("dollars", "acme", Constraint::kNone, "USD"), open_of("bolt cash", "bolt")}) {
      EXPECT_EQ(book_.refusal(journal), "");
    }
  }

  ErrorId error_of(const Journal& journal) {
    const Result<Taken> taken = book_.take(journal);
    EXPECT_FALSE(taken.ok());
    return taken ? ErrorId::kInternal : taken.error().id;
  }
  Int128 posted(std::uint32_t id) const { return book_.state.balance({id}).posted(); }
  const Balance& balance(std::uint32_t id) const { return book_.state.balance({id}); }

  Book book_;
};

TEST_F(StateTest, MovesMoneyBetweenAccounts) {
  EXPECT_EQ(book_.refusal(post_of("a", {{1, 1000}, {3, -1000}})), "");
  EXPECT_EQ(book_.refusal(post_of("b", {{1, -300}, {5, 300}})), "");
  EXPECT_TRUE(posted(1) == 700 && posted(3) == -1000 && posted(5) == 300);
  EXPECT_TRUE(balance(1).debits == 1000 && balance(1).credits == 300);
  EXPECT_EQ(book_.state.last().value, 7u);
}

TEST_F(StateTest, RefusesLegsThatDoNotSumToZeroInEachCurrency) {
  EXPECT_EQ(book_.refusal(post_of("a", {{1, 1000}, {3, -997}})),
            "legs in CNY: debits and credits differ by 0.03 CNY");
  // 10 yuan against 10 dollars: equal numbers, but nothing balances.
  EXPECT_EQ(book_.refusal(post_of("a", {{1, 1000}, {4, -1000}})),
            "legs in CNY: debits and credits differ by 10.00 CNY");
  EXPECT_EQ(error_of(post_of("a", {{1, 1000}, {4, -1000}})), ErrorId::kJournalUnbalanced);
  EXPECT_EQ(posted(1), 0);
}

TEST_F(StateTest, RefusesAnUnknownAccount) {
  EXPECT_EQ(book_.refusal(post_of("a", {{1, 1}, {6, -1}})), "leg 2: there is no account 6");
  EXPECT_EQ(error_of(close_of("c", 6)), ErrorId::kAccountUnknown);
}

TEST_F(StateTest, RefusesAnOverdraftAndIsAsBefore) {
  EXPECT_EQ(book_.refusal(post_of("a", {{1, 1000}, {3, -1000}})), "");
  const Balance before = balance(5);
  EXPECT_EQ(book_.refusal(post_of("b", {{5, 1200}, {1, -1200}})),
            "leg 2: account 'cash' would be overdrawn by 2.00 CNY");
  EXPECT_EQ(balance(5), before);
  EXPECT_EQ(book_.refusal(post_of("c", {{2, 1}, {3, -1}})),
            "leg 1: account 'owed' would be overdrawn by 0.01 CNY");
  EXPECT_EQ(book_.refusal(post_of("d", {{5, 1000}, {1, -1000}})), "");
  EXPECT_EQ(posted(1), 0);
}

TEST_F(StateTest, LooksAtAnAccountAfterAllItsLegs) {
  EXPECT_EQ(book_.refusal(post_of("a", {{1, -500}, {1, 800}, {3, -300}})), "");
  EXPECT_EQ(posted(1), 300);
}

TEST_F(StateTest, AnswersARepeatedKeyAsTheFirstTime) {
  const Journal journal = post_of("a", {{1, 1000}, {3, -1000}});
  EXPECT_EQ(book_.take(journal)->sequence.value, 6u);
  book_.now = book_.now + std::chrono::hours(24);
  const Taken again = book_.take(journal).value();
  EXPECT_EQ(again.sequence.value, 6u);
  EXPECT_TRUE(again.is_repeat);
  EXPECT_EQ(posted(1), 1000);
  EXPECT_EQ(book_.refusal(post_of("a", {{1, 1001}, {3, -1001}})),
            "key 'a' belongs to journal 6, whose content is another");
}

TEST_F(StateTest, TakesAKeyThatWasRefusedBefore) {
  EXPECT_EQ(error_of(post_of("a", {{1, -1}, {3, 1}})), ErrorId::kOverdraft);
  EXPECT_EQ(book_.refusal(post_of("a", {{1, 1}, {3, -1}})), "");
}

TEST_F(StateTest, ReservesPostsAndGivesUp) {
  EXPECT_EQ(book_.refusal(post_of("a", {{1, 1000}, {3, -1000}})), "");
  EXPECT_EQ(book_.refusal(pending_of("p1", {{5, 700}, {1, -700}})), "");  // 7
  EXPECT_TRUE(posted(1) == 1000 && balance(1).pending_credits == 700);
  // What is reserved is not there for others; what will come is not there yet.
  EXPECT_EQ(error_of(post_of("b", {{5, 301}, {1, -301}})), ErrorId::kOverdraft);
  EXPECT_EQ(error_of(pending_of("p2", {{5, 301}, {1, -301}})), ErrorId::kOverdraft);
  EXPECT_EQ(book_.refusal(pending_of("p3", {{1, 50}, {3, -50}})), "");  // 8
  EXPECT_EQ(error_of(post_of("b", {{5, 301}, {1, -301}})), ErrorId::kOverdraft);

  EXPECT_EQ(book_.refusal(referring(JournalKind::kPostPending, "q1", 7)), "");
  EXPECT_TRUE(posted(1) == 300 && posted(5) == 700 && balance(1).pending_credits == 0);
  EXPECT_EQ(book_.refusal(referring(JournalKind::kPostPending, "q2", 7)),
            "reference: journal 7 is posted");
  EXPECT_EQ(book_.refusal(referring(JournalKind::kVoidPending, "q3", 7)),
            "reference: journal 7 is posted");
  EXPECT_EQ(book_.refusal(referring(JournalKind::kVoidPending, "q4", 8)), "");
  EXPECT_EQ(balance(1).pending_debits, 0);
  EXPECT_EQ(error_of(referring(JournalKind::kPostPending, "q5", 8)), ErrorId::kPendingNotOpen);
  EXPECT_EQ(book_.refusal(referring(JournalKind::kPostPending, "q6", 6)),
            "reference: journal 6 is no pending journal");
  EXPECT_EQ(book_.state.open_reservations(), 0u);
}

TEST_F(StateTest, GivesUpWhatExpires) {
  EXPECT_EQ(book_.refusal(post_of("a", {{1, 100}, {3, -100}})), "");
  EXPECT_EQ(book_.refusal(pending_of("p", {{5, 100}, {1, -100}}, Timestamp{2000})), "");  // 7
  EXPECT_EQ(book_.refusal(pending_of("q", {{5, 1}, {3, -1}}, Timestamp{1000})),
            "expiry 1970-01-01T00:00:00.000001Z is not after the time of recording");
  book_.now = {1999};
  EXPECT_EQ(error_of(post_of("b", {{5, 100}, {1, -100}})), ErrorId::kOverdraft);
  book_.now = {2000};
  EXPECT_EQ(book_.refusal(referring(JournalKind::kPostPending, "r", 7)),
            "reference: journal 7 is expired");
  EXPECT_EQ(balance(1).pending_credits, 0);
  EXPECT_EQ(book_.refusal(post_of("b", {{5, 100}, {1, -100}})), "");
}

TEST_F(StateTest, ReversesAJournalOnce) {
  EXPECT_EQ(book_.refusal(post_of("a", {{1, 100}, {3, -100}})), "");           // 6
  EXPECT_EQ(book_.refusal(pending_of("p", {{1, 7}, {3, -7}})), "");            // 7
  EXPECT_EQ(book_.refusal(referring(JournalKind::kPostPending, "q", 7)), "");  // 8
  EXPECT_EQ(book_.refusal(reverse_of("r1", 6, {{1, -100}, {3, 99}, {3, 1}})),
            "reference: journal 6 has 2 legs");
  EXPECT_EQ(book_.refusal(reverse_of("r1", 6, {{1, -100}, {5, 100}})),
            "reference: journal 6 is not undone by leg 2: account 3 and 100 are due");
  EXPECT_EQ(book_.refusal(reverse_of("r1", 99, {{1, -100}, {3, 100}})),
            "reference: journal 99 does not exist");
  EXPECT_EQ(book_.refusal(reverse_of("r1", 7, {{1, -7}, {3, 7}})),
            "reference: journal 7 is no posted journal");
  EXPECT_EQ(book_.refusal(reverse_of("r1", 6, {{1, -100}, {3, 100}})), "");  // 9
  EXPECT_EQ(book_.refusal(reverse_of("r2", 8, {{1, -7}, {3, 7}})), "");
  EXPECT_TRUE(posted(1) == 0 && posted(3) == 0);
  EXPECT_EQ(error_of(reverse_of("r3", 6, {{1, -100}, {3, 100}})), ErrorId::kAlreadyReversed);
  EXPECT_EQ(book_.refusal(reverse_of("r4", 9, {{1, 100}, {3, -100}})),
            "reference: journal 9 is no posted journal");
}

TEST_F(StateTest, DoesNotReverseWhatIsSpent) {
  EXPECT_EQ(book_.refusal(post_of("a", {{1, 100}, {3, -100}})), "");
  EXPECT_EQ(book_.refusal(post_of("b", {{5, 60}, {1, -60}})), "");
  EXPECT_EQ(error_of(reverse_of("r", 6, {{1, -100}, {3, 100}})), ErrorId::kOverdraft);
  EXPECT_EQ(book_.refusal(post_of("c", {{1, 60}, {3, -60}})), "");
  EXPECT_EQ(book_.refusal(reverse_of("r", 6, {{1, -100}, {3, 100}})), "");
}

TEST_F(StateTest, ClosesAnEmptyAccountForGood) {
  EXPECT_EQ(book_.refusal(post_of("a", {{1, 100}, {3, -100}})), "");
  EXPECT_EQ(book_.refusal(close_of("c", 1)), "closed: account 'cash' holds 1.00 CNY");
  EXPECT_EQ(book_.refusal(pending_of("p", {{5, 100}, {2, -100}})), "");  // 7
  EXPECT_EQ(book_.refusal(close_of("c", 5)), "closed: account 'bolt cash' has open reservations");
  EXPECT_EQ(book_.refusal(referring(JournalKind::kVoidPending, "v", 7)), "");
  EXPECT_EQ(book_.refusal(close_of("c", 5)), "");
  EXPECT_TRUE(book_.state.is_closed({5}));
  EXPECT_EQ(book_.refusal(post_of("b", {{5, 1}, {3, -1}})), "leg 1: account 'bolt cash'");
  EXPECT_EQ(error_of(close_of("d", 5)), ErrorId::kAccountClosed);
}

TEST_F(StateTest, HasOneAccountPerName) {
  EXPECT_EQ(error_of([] {
              Journal again = open_of("cash", "bolt");
              again.key = "another";
              return again;
            }()),
            ErrorId::kConflict);
  EXPECT_EQ(book_.state.find("cash"), AccountId{1});
  EXPECT_EQ(book_.state.find("cash2"), std::nullopt);
  EXPECT_EQ(book_.state.account_count(), 5u);
}

TEST_F(StateTest, TakesNothingForAClosedPeriod) {
  Journal late = post_of("a", {{1, 1}, {3, -1}});  // on day 20,000
  EXPECT_EQ(book_.refusal(period_of("m1", 19'999, "acme")), "");
  EXPECT_EQ(book_.refusal(late), "");
  EXPECT_EQ(book_.refusal(period_of("m2", 20'000, "acme")), "");
  late.key = "b";
  EXPECT_EQ(
      book_.refusal(late),
      "leg 1: effective_day 2024-10-04 lies in the books of 'acme' closed through 2024-10-04");
  EXPECT_EQ(error_of(period_of("m3", 20'000, "acme")), ErrorId::kPeriodClosed);
  // The books of others are open until all are closed.
  EXPECT_EQ(book_.refusal(open_of("bolt income", "bolt")), "");
  const Journal other = post_of("c", {{5, 1}, {6, -1}});
  EXPECT_EQ(book_.refusal(other), "");
  EXPECT_EQ(book_.refusal(period_of("m4", 20'001)), "");
  EXPECT_EQ(error_of(post_of("d", {{5, 1}, {6, -1}})), ErrorId::kPeriodClosed);
  EXPECT_EQ(book_.state.closed_through("bolt"), 20'001);
  EXPECT_EQ(book_.refusal(period_of("m5", 20'002, "nobody")), "owner: 'nobody' has no account");
}

// A day of that year is no instant: nanoseconds since 1970 end in 2262.
TEST_F(StateTest, SaysAlsoOfTheLastDayThatTheBooksAreClosed) {
  EXPECT_EQ(book_.refusal(period_of("m1", kEffectiveDayMax, "acme")), "");
  EXPECT_EQ(
      book_.refusal(post_of("a", {{1, 1}, {3, -1}})),
      "leg 1: effective_day 2024-10-04 lies in the books of 'acme' closed through 9999-12-31");
}

TEST_F(StateTest, ChecksThatAnExchangeSpeaksOfItsLegs) {
  EXPECT_EQ(book_.refusal(open_of("position CNY", "acme")), "");                            // 6
  EXPECT_EQ(book_.refusal(open_of("position USD", "acme", Constraint::kNone, "USD")), "");  // 7
  Journal fx = post_of("fx", {{6, 71000}, {3, -71000}, {7, -10000}, {4, 10000}});
  fx.exchange = Exchange{currency("EUR"), currency("CNY"), Ratio::make(71, 10).value(), {}, "PBOC"};
  EXPECT_EQ(book_.refusal(fx), "exchange: no leg is in EUR");
  fx.exchange->from = currency("USD");
  EXPECT_EQ(book_.refusal(fx), "");
  EXPECT_TRUE(posted(4) == 10000 && posted(3) == -71000);
}

TEST_F(StateTest, KeepsItsSumsInside128Bits) {
  // Each leg is below 10^30, so 10,000 legs are below 10^34; a sum needs 10,000 such journals to
  // leave 1.7 * 10^38. With 10^4 legs of 10^30 - 1 the 17,015th one would.
  std::vector<std::pair<std::uint32_t, Int128>> legs;
  for (int i = 0; i < 5000; ++i) {
    legs.emplace_back(3, kAmountEnd - 1);
    legs.emplace_back(5, 1 - kAmountEnd);
  }
  Journal huge = post_of("", legs);
  std::string said;
  int taken = 0;
  for (; said.empty() && taken < 40'000; ++taken) {
    huge.key = std::to_string(taken);
    said = book_.refusal(huge);
    book_.journals.resize(std::min<std::size_t>(book_.journals.size(), 6));
  }
  EXPECT_EQ(said.substr(said.find(':')), ": the sums of account 'income' do not fit 128 bits");
  // (2^127 - 1) / (5000 * (10^30 - 1)) = 34,028.2
  EXPECT_EQ(taken - 1, 34'028);
  EXPECT_EQ(posted(3), -posted(5));
}

TEST_F(StateTest, NeverRunsBackInTime) {
  EXPECT_EQ(book_.refusal(post_of("a", {{1, 1}, {3, -1}})), "");
  book_.now = {999};
  EXPECT_EQ(error_of(post_of("b", {{1, 1}, {3, -1}})), ErrorId::kJournalInvalid);
}

// In the order of the table they come from, into one that is as large: each search is short. Into a
// table that grows meanwhile this would take an hour.
TEST(KeyIndexTest, IsRestoredFromWhatItSaved) {
  constexpr std::uint64_t kKeys = 400'000;
  KeyIndex index{KeySeed{9}};
  for (std::uint64_t i = 1; i <= kKeys; ++i) {
    index.insert(index.fingerprint("key " + std::to_string(i)), {i});
  }
  KeyIndex restored{KeySeed{9}};
  restored.reserve(kKeys);
  index.save(
      [&](std::uint64_t high, std::uint64_t low) { ASSERT_TRUE(restored.restore(high, low)); });
  for (std::uint64_t i = 1; i <= kKeys; i += 997) {
    EXPECT_EQ(restored.find(restored.fingerprint("key " + std::to_string(i))), Sequence{i});
  }
}

TEST(KeyIndexTest, FindsWhatIsThereAndNothingElseAlsoAfterErasing) {
  KeyIndex index{KeySeed{9}};
  std::mt19937_64 random(1);
  std::vector<std::uint64_t> there;
  for (std::uint64_t i = 1; i <= 20'000; ++i) {
    index.insert(index.fingerprint("key " + std::to_string(i)), {i});
    there.push_back(i);
    if (random() % 3 != 0) continue;
    const std::size_t gone = random() % there.size();
    index.erase(index.fingerprint("key " + std::to_string(there[gone])));
    there[gone] = there.back();
    there.pop_back();
  }
  EXPECT_EQ(index.size(), there.size());
  std::vector<bool> is_there(20'001, false);
  for (const std::uint64_t i : there) is_there[i] = true;
  for (std::uint64_t i = 1; i <= 20'000; ++i) {
    const auto found = index.find(index.fingerprint("key " + std::to_string(i)));
    EXPECT_EQ(found.has_value(), is_there[i]) << i;
    if (found) {
      EXPECT_EQ(found->value, i);
    }
  }
}

}  // namespace
}  // namespace lineshaft::ledger
