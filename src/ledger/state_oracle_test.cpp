// The state beside a naive model that keeps every journal and adds everything up again each time:
// random journals, most of them slightly wrong, are taken by both or by none, and all balances
// agree.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "ledger/state_fixture.h"

namespace lineshaft::ledger {
namespace {

class Model {
 public:
  // Would this journal, the next one, be taken?
  bool takes(const Journal& journal) const {
    Model after = *this;
    after.journals_.push_back(journal);
    return after.is_consistent_at_the_end();
  }
  void add(const Journal& journal) { journals_.push_back(journal); }
  const std::vector<Journal>& journals() const { return journals_; }

  struct Sums {
    std::map<std::uint32_t, Int128> debits, credits, pending_debits, pending_credits;
  };
  // As of `now`, from the journals alone.
  Sums sums(Timestamp now) const {
    Sums sums;
    for (std::size_t i = 0; i < journals_.size(); ++i) {
      const Journal& journal = journals_[i];
      if (journal.kind == JournalKind::kPending) {
        if (fate(i + 1, now) == 'p') add_legs(journal.legs, sums.debits, sums.credits);
        if (fate(i + 1, now) == 'o') {
          add_legs(journal.legs, sums.pending_debits, sums.pending_credits);
        }
      } else {
        add_legs(journal.legs, sums.debits, sums.credits);
      }
    }
    return sums;
  }

 private:
  static void add_legs(const std::vector<Leg>& legs, std::map<std::uint32_t, Int128>& debits,
                       std::map<std::uint32_t, Int128>& credits) {
    for (const Leg& leg : legs) {
      if (leg.amount > 0) debits[leg.account.value] += leg.amount;
      if (leg.amount < 0) credits[leg.account.value] -= leg.amount;
    }
  }

  // Of a reservation: posted, voided, expired, open.
  char fate(std::uint64_t pending, Timestamp now) const {
    const Journal& made = journals_[pending - 1];
    for (std::size_t i = pending; i < journals_.size(); ++i) {
      if (journals_[i].reference.value != pending) continue;
      if (journals_[i].kind == JournalKind::kPostPending) return 'p';
      if (journals_[i].kind == JournalKind::kVoidPending) return 'v';
    }
    return made.expiry && *made.expiry <= now ? 'e' : 'o';
  }

  std::vector<Account> accounts() const {
    std::vector<Account> accounts;
    for (const Journal& journal : journals_) {
      if (journal.account) accounts.push_back(*journal.account);
    }
    return accounts;
  }

  bool is_consistent_at_the_end() const {
    const Journal& last = journals_.back();
    Model before = *this;
    before.journals_.pop_back();
    const std::size_t count = journals_.size() - 1;
    for (std::size_t i = 0; i < count; ++i) {
      if (journals_[i].key == last.key) return false;
    }
    std::vector<Leg> legs = last.legs;
    if (last.kind == JournalKind::kPostPending || last.kind == JournalKind::kVoidPending) {
      const std::uint64_t pending = last.reference.value;
      if (pending > count || journals_[pending - 1].kind != JournalKind::kPending) return false;
      if (before.fate(pending, last.recorded) != 'o') return false;
      if (last.kind == JournalKind::kPostPending) legs = journals_[pending - 1].legs;
    }
    if (last.kind == JournalKind::kReverse && !undoes(last, count)) return false;
    if (last.kind == JournalKind::kPending && last.expiry && *last.expiry <= last.recorded) {
      return false;
    }
    if (last.kind == JournalKind::kClosePeriod) {
      return last.effective_day > closed(last.owner, count) &&
             (last.owner.empty() || owns_any(last.owner));
    }
    if (last.kind == JournalKind::kCloseAccount) return before.may_close(last);
    if (last.account) return names_are_unique();
    return legs_are_good(legs, last, count) && constraints_hold(last.recorded);
  }

  bool undoes(const Journal& last, std::size_t count) const {
    if (last.reference.value > count) return false;
    const Journal& referred = journals_[last.reference.value - 1];
    std::vector<Leg> legs = referred.legs;
    if (referred.kind == JournalKind::kPostPending) {
      legs = journals_[referred.reference.value - 1].legs;
    } else if (referred.kind != JournalKind::kPost) {
      return false;
    }
    for (Leg& leg : legs) leg.amount = -leg.amount;
    for (std::size_t i = 0; i < count; ++i) {
      if (journals_[i].kind == JournalKind::kReverse && journals_[i].reference == last.reference) {
        return false;
      }
    }
    return legs == last.legs;
  }

  // Of exactly this owner's closings ("" is one of its own).
  std::int32_t closed(const std::string& owner, std::size_t count) const {
    std::int32_t through = kEffectiveDayMin - 1;
    for (std::size_t i = 0; i < count; ++i) {
      if (journals_[i].kind == JournalKind::kClosePeriod && journals_[i].owner == owner) {
        through = std::max(through, journals_[i].effective_day);
      }
    }
    return through;
  }
  bool owns_any(const std::string& owner) const {
    for (const Account& account : accounts()) {
      if (account.owner == owner) return true;
    }
    return false;
  }
  bool is_closed(std::uint32_t id) const {
    for (std::size_t i = 0; i + 1 < journals_.size(); ++i) {
      if (journals_[i].closed.value == id) return true;
    }
    return false;
  }
  bool names_are_unique() const {
    std::set<std::string> names;
    for (const Account& account : accounts()) {
      if (!names.insert(account.name).second) return false;
    }
    return true;
  }
  // Of the state before `last`.
  bool may_close(const Journal& last) const {
    const std::uint32_t id = last.closed.value;
    if (id > accounts().size()) return false;
    for (const Journal& journal : journals_) {
      if (journal.closed.value == id) return false;
    }
    Sums sums = this->sums(last.recorded);
    return sums.debits[id] == sums.credits[id] && sums.pending_debits[id] == 0 &&
           sums.pending_credits[id] == 0;
  }

  bool legs_are_good(const std::vector<Leg>& legs, const Journal& last, std::size_t count) const {
    const std::vector<Account> known = accounts();
    std::map<std::string, Int128> sums;
    for (const Leg& leg : legs) {
      if (leg.account.value > known.size() || is_closed(leg.account.value)) return false;
      const Account& account = known[leg.account.value - 1];
      if (last.effective_day <= std::max(closed("", count), closed(account.owner, count))) {
        return false;
      }
      sums[std::string(account.currency.code())] += leg.amount;
    }
    for (const auto& [code, sum] : sums) {
      if (sum != 0) return false;
    }
    return true;
  }
  bool constraints_hold(Timestamp now) const {
    Sums sums = this->sums(now);
    const std::vector<Account> known = accounts();
    for (std::uint32_t id = 1; id <= known.size(); ++id) {
      const Constraint constraint = known[id - 1].constraint;
      if (constraint == Constraint::kDebitsWithinCredits &&
          sums.debits[id] + sums.pending_debits[id] > sums.credits[id]) {
        return false;
      }
      if (constraint == Constraint::kCreditsWithinDebits &&
          sums.credits[id] + sums.pending_credits[id] > sums.debits[id]) {
        return false;
      }
    }
    return true;
  }

  std::vector<Journal> journals_;
};

class RandomJournals {
 public:
  explicit RandomJournals(std::uint64_t seed) : random_(seed) {}

  std::uint64_t below(std::uint64_t bound) { return random_() % bound; }

  Journal next(const Model& model, Timestamp now) {
    Journal journal = some(model, now);
    journal.effective_day = 100 + static_cast<std::int32_t>(below(8));
    if (journal.kind == JournalKind::kClosePeriod) journal.effective_day -= 5;
    return journal;
  }

 private:
  std::string key() { return "k" + std::to_string(below(20) == 0 ? below(30) : ++keys_ + 30); }
  std::uint32_t account() { return static_cast<std::uint32_t>(1 + below(7)); }
  std::uint64_t reference(const Model& model) { return 1 + below(model.journals().size() + 2); }

  std::vector<std::pair<std::uint32_t, Int128>> legs() {
    std::vector<std::pair<std::uint32_t, Int128>> legs;
    Int128 sum = 0;
    for (std::uint64_t i = 1 + below(3); i > 0; --i) {
      const Int128 amount = static_cast<Int128>(below(60)) - 20;
      if (amount == 0) continue;
      legs.emplace_back(account(), amount);
      sum += amount;
    }
    if (sum == 0) sum = legs.empty() ? 1 : 0;
    if (below(30) == 0) sum += 1;
    if (sum != 0) legs.emplace_back(account(), -sum);
    if (legs.size() < 2) legs.emplace_back(account(), -legs[0].second);
    return legs;
  }

  Journal some(const Model& model, Timestamp now) {
    const std::uint64_t chance = below(100);
    if (model.journals().size() < 6 || chance < 4) {
      const auto constraint = static_cast<Constraint>(below(3));
      Journal open = open_of("account " + std::to_string(below(8)), below(2) == 0 ? "a" : "b",
                             constraint, below(3) == 0 ? "USD" : "CNY");
      open.key = key();
      return open;
    }
    if (chance < 55) return post_of(key(), legs());
    if (chance < 72) {
      std::optional<Timestamp> expiry;
      if (below(2) == 0) expiry = now + Nanoseconds(static_cast<std::int64_t>(below(8)));
      return pending_of(key(), legs(), expiry);
    }
    if (chance < 80) return referring(JournalKind::kPostPending, key(), reference(model));
    if (chance < 86) return referring(JournalKind::kVoidPending, key(), reference(model));
    if (chance < 96) return reversal(model);
    if (chance < 98) return close_of(key(), account());
    return period_of(key(), 0, below(2) == 0 ? "" : below(2) == 0 ? "a" : "b");
  }

  Journal reversal(const Model& model) {
    Journal journal = referring(JournalKind::kReverse, key(), reference(model));
    journal.legs = legs_of({{1, 1}, {2, -1}});
    if (journal.reference.value > model.journals().size()) return journal;
    const Journal* undone = &model.journals()[journal.reference.value - 1];
    if (undone->kind == JournalKind::kPostPending) {
      undone = &model.journals()[undone->reference.value - 1];
    }
    if (undone->legs.empty()) return journal;
    journal.legs = undone->legs;
    for (Leg& leg : journal.legs) leg.amount = -leg.amount;
    if (below(10) == 0) std::swap(journal.legs[0].account, journal.legs[1].account);
    return journal;
  }

  std::mt19937_64 random_;
  std::uint64_t keys_ = 0;
};

void expect_same(const Model& model, const State& state, Timestamp now) {
  Model::Sums sums = model.sums(now);
  for (std::uint32_t id = 1; id <= state.account_count(); ++id) {
    const Balance expected{sums.debits[id], sums.credits[id], sums.pending_debits[id],
                           sums.pending_credits[id]};
    EXPECT_EQ(state.balance({id}), expected) << "account " << id;
  }
}

TEST(StateOracle, TakesExactlyWhatTheModelTakes) {
  std::uint64_t taken = 0;
  std::uint64_t refused = 0;
  for (std::uint64_t seed = 1; seed <= 150 && !testing::Test::HasFailure(); ++seed) {
    Model model;
    Book book;
    RandomJournals random(seed);
    for (int i = 0; i < 120 && !testing::Test::HasFailure(); ++i) {
      book.now = book.now + Nanoseconds(static_cast<std::int64_t>(random.below(3)));
      Journal journal = random.next(model, book.now);
      journal.recorded = book.now;
      const bool wanted = model.takes(journal);
      const Result<Taken> done = book.take(journal);
      const bool is_taken = done && !done->is_repeat;
      EXPECT_EQ(is_taken, wanted) << "seed " << seed << ", step " << i << ": "
                                  << kind_text(journal.kind) << " "
                                  << (done ? "" : done.error().text());
      if (is_taken) model.add(journal);
      ++(is_taken ? taken : refused);
      expect_same(model, book.state, book.now);
    }
  }
  EXPECT_GT(taken, 2'000u);
  EXPECT_GT(refused, 2'000u);
}

// Goal: a group that did not get to the disk leaves no trace. Method: some journals are taken, some
// more, these are taken back, and everything is as a second state that never heard of them.
TEST(StateOracle, TakesBackWithoutATrace) {
  std::uint64_t taken_back = 0;
  for (std::uint64_t seed = 1; seed <= 150 && !testing::Test::HasFailure(); ++seed) {
    Model model;
    Book book;
    RandomJournals random(seed);
    const auto take_some = [&](int count) {
      for (int i = 0; i < count; ++i) {
        book.now = book.now + Nanoseconds(static_cast<std::int64_t>(random.below(2)));
        Journal journal = random.next(model, book.now);
        journal.recorded = book.now;
        const Result<Taken> done = book.take(journal);
        if (done && !done->is_repeat) model.add(journal);
      }
    };
    take_some(60);
    for (int round = 0; round < 10 && !testing::Test::HasFailure(); ++round) {
      book.state.settle();
      const Model kept = model;
      const std::size_t kept_count = book.journals.size();
      take_some(12);
      while (book.journals.size() > kept_count) {
        book.state.take_back(book.journals.back());
        book.journals.pop_back();
        ++taken_back;
      }
      model = kept;
      book.state.advance(book.now);  // What is open again may have expired meanwhile.
      expect_same(model, book.state, book.now);
      EXPECT_EQ(book.state.last().value, kept_count);
      // And it goes on as if nothing had been: the same keys, references and accounts are free.
      for (int i = 0; i < 10; ++i) {
        Journal journal = random.next(model, book.now);
        journal.recorded = book.now;
        const bool wanted = model.takes(journal);
        const Result<Taken> done = book.take(journal);
        EXPECT_EQ(done && !done->is_repeat, wanted) << (done ? "" : done.error().text());
        if (done && !done->is_repeat) model.add(journal);
      }
    }
  }
  EXPECT_GT(taken_back, 2'000u);
}

}  // namespace
}  // namespace lineshaft::ledger
