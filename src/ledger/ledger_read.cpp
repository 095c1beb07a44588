// What the ledger tells: balances, journals, statements, proofs.
#include <algorithm>
#include <shared_mutex>
#include <unordered_map>

#include "base/assert.h"
#include "ledger/ledger.h"
#include "ledger/source.h"

namespace lineshaft::ledger {
namespace {

// A page of journals of a party is looked for in steps.
constexpr std::uint64_t kJournalsPerLook = 1'024;
constexpr std::uint64_t kLookedAtMax = 100'000;

Error no_journal(std::uint64_t sequence, Sequence last) {
  return {ErrorId::kNotFound, "there is no journal " + std::to_string(sequence) + ", the last is " +
                                  std::to_string(last.value)};
}

// Follows one account through the journals.
class AccountHistory {
 public:
  AccountHistory(AccountId id, Sequence after, std::size_t lines_max)
      : id_(id), after_(after), lines_max_(lines_max) {}

  void take(Sequence sequence, const Journal& journal) {
    if (!is_touched(journal)) return;
    const Int128 amount = amount_in(journal, sequence);
    if (is_posted(journal.kind)) balance_ += amount;
    if (sequence <= after_) {
      statement_.opening = balance_;
      return;
    }
    if (statement_.lines.size() >= lines_max_) {
      if (!statement_.goes_on) statement_.goes_on = sequence;
      return;
    }
    statement_.lines.push_back({sequence, journal.kind, journal.effective_day, journal.recorded,
                                amount, balance_, journal.key, journal.memo});
  }

  Statement finish() {
    statement_.closing =
        statement_.lines.empty() ? statement_.opening : statement_.lines.back().balance;
    return std::move(statement_);
  }

 private:
  static bool is_posted(JournalKind kind) {
    return kind == JournalKind::kPost || kind == JournalKind::kReverse ||
           kind == JournalKind::kPostPending;
  }
  bool is_touched(const Journal& journal) const {
    if (journal.kind == JournalKind::kPostPending || journal.kind == JournalKind::kVoidPending) {
      return reserved_.contains(journal.reference.value);
    }
    return std::any_of(journal.legs.begin(), journal.legs.end(),
                       [&](const Leg& leg) { return leg.account == id_; });
  }
  Int128 amount_in(const Journal& journal, Sequence sequence) {
    if (journal.kind == JournalKind::kPostPending || journal.kind == JournalKind::kVoidPending) {
      return reserved_.at(journal.reference.value);
    }
    Int128 amount = 0;
    for (const Leg& leg : journal.legs) {
      if (leg.account == id_) amount += leg.amount;
    }
    if (journal.kind == JournalKind::kPending) reserved_[sequence.value] = amount;
    return amount;
  }

  const AccountId id_;
  const Sequence after_;
  const std::size_t lines_max_;
  Int128 balance_ = 0;
  std::unordered_map<std::uint64_t, Int128> reserved_;  // by the pending journal
  Statement statement_;
};

}  // namespace

Sequence Ledger::last() const {
  const std::shared_lock lock(mutex_);
  return state_.last();
}

Sha256 Ledger::root() const {
  const std::shared_lock lock(mutex_);
  return peaks_.root();
}

// Reservations expire with the time, also when nobody posts.
void Ledger::give_up_expired() {
  const Timestamp now = clock_.now();
  {
    const std::shared_lock lock(mutex_);
    if (now < state_.next_expiry()) return;
  }
  const std::unique_lock lock(mutex_);
  state_.advance(now);
  state_.settle();
}

std::optional<AccountId> Ledger::find_account(const std::string& name) const {
  const std::shared_lock lock(mutex_);
  return state_.find(name);
}

Result<Sequence> Ledger::find_journal(const std::string& key) const {
  const Error missing{ErrorId::kNotFound, "no journal has the key '" + key + "'"};
  std::optional<Sequence> found;
  {
    const std::shared_lock lock(mutex_);
    found = state_.find_key(key);
  }
  if (!found) return missing;
  const Result<Journal> journal = LogEarlier(reader_).read(*found);
  if (!journal) return journal.error();
  if (journal->key != key) return missing;
  return *found;
}

Result<AccountView> Ledger::account(AccountId id) {
  give_up_expired();
  const std::shared_lock lock(mutex_);
  if (state_.has(id)) {
    return AccountView{id, state_.account(id), state_.balance(id), state_.is_closed(id)};
  }
  return Error{ErrorId::kAccountUnknown, "there is no account " + std::to_string(id.value)};
}

std::vector<AccountView> Ledger::accounts(const std::string& owner) {
  give_up_expired();
  const std::shared_lock lock(mutex_);
  return views_of(state_, owner);
}

Result<std::vector<AccountView>> Ledger::trial_balance(Sequence at, const std::string& owner) {
  {
    const std::shared_lock lock(mutex_);
    if (at > state_.last()) return no_journal(at.value, state_.last());
    if (at == state_.last()) return views_of(state_, owner);
  }
  State past{KeySeed{}};
  const LogEarlier earlier(reader_);
  Journal journal;
  Status done = read_entries(reader_, {1}, at, [&](Sequence, ByteSpan bytes) -> Status {
    if (Status read = decode_journal(bytes, journal); !read) return read;
    Result<Taken> taken = past.apply(journal, earlier);
    past.settle();
    return taken ? Status() : Status(std::move(taken).error());
  });
  if (!done) return std::move(done).error();
  return views_of(past, owner);
}

Result<JournalView> Ledger::journal(Sequence sequence, const std::string& owner) const {
  JournalView view;
  view.sequence = sequence;
  const Sequence newest = last();
  const Error missing = no_journal(sequence.value, newest);
  if (sequence.value == 0 || sequence > newest) return missing;
  Status done = read_entries(reader_, sequence, sequence, [&](Sequence, ByteSpan bytes) {
    view.leaf = leaf_hash(bytes);
    return decode_journal(bytes, view.journal);
  });
  if (!done) return std::move(done).error();
  const Result<bool> seen = narrow(view, owner);
  if (!seen) return seen.error();
  if (!*seen) return missing;
  return view;
}

Result<bool> Ledger::narrow(JournalView& view, const std::string& owner) const {
  if (owner.empty()) return true;
  Result<bool> seen = is_seen_by(view.journal, owner);
  if (!seen || !*seen) return seen;
  const std::shared_lock lock(mutex_);
  view.legs_hidden = std::erase_if(view.journal.legs, [&](const Leg& leg) {
    return state_.account(leg.account).owner != owner;
  });
  return true;
}

Result<JournalPage> Ledger::journals(Sequence before, const std::string& owner,
                                     std::size_t max) const {
  LS_ASSERT(max > 0);
  JournalPage page;
  std::uint64_t end = std::min(before.value, last().value + 1);  // exclusive
  for (std::uint64_t looked_at = 0; end > 1 && looked_at < kLookedAtMax;) {
    const std::uint64_t step = owner.empty() ? max - page.journals.size() : kJournalsPerLook;
    const std::uint64_t first = end > step ? end - step : 1;
    std::vector<JournalView> seen;
    Status read =
        read_entries(reader_, {first}, {end - 1}, [&](Sequence sequence, ByteSpan bytes) -> Status {
          JournalView view;
          view.sequence = sequence;
          view.leaf = leaf_hash(bytes);
          if (Status decoded = decode_journal(bytes, view.journal); !decoded) return decoded;
          const Result<bool> is_shown = narrow(view, owner);
          if (!is_shown) return is_shown.error();
          if (*is_shown) seen.push_back(std::move(view));
          return {};
        });
    if (!read) return std::move(read).error();
    looked_at += end - first;
    end = first;
    for (; !seen.empty(); seen.pop_back()) {
      if (page.journals.size() == max) break;
      page.journals.push_back(std::move(seen.back()));
    }
    if (page.journals.size() < max) continue;
    if (!seen.empty() || end > 1) page.older = page.journals.back().sequence;
    return page;
  }
  if (end > 1) page.older = Sequence{end};
  return page;
}

// A party sees what touches its accounts.
Result<bool> Ledger::is_seen_by(const Journal& journal, const std::string& owner) const {
  if (journal.reference.value != 0 && journal.legs.empty()) {
    const Result<Journal> pending = LogEarlier(reader_).read(journal.reference);
    if (!pending) return pending.error();
    return is_seen_by(*pending, owner);
  }
  if (journal.account) return journal.account->owner == owner;
  if (journal.kind == JournalKind::kClosePeriod) {
    return journal.owner.empty() || journal.owner == owner;
  }
  const std::shared_lock lock(mutex_);
  const auto is_own = [&](AccountId id) { return state_.account(id).owner == owner; };
  if (journal.closed.value != 0) return is_own(journal.closed);
  return std::any_of(journal.legs.begin(), journal.legs.end(),
                     [&](const Leg& leg) { return is_own(leg.account); });
}

Result<Statement> Ledger::statement(AccountId id, Sequence after, Sequence through,
                                    std::size_t lines_max) const {
  {
    const std::shared_lock lock(mutex_);
    if (!state_.has(id)) {
      return Error{ErrorId::kAccountUnknown, "there is no account " + std::to_string(id.value)};
    }
    if (through > state_.last()) return no_journal(through.value, state_.last());
  }
  AccountHistory history(id, after, lines_max);
  Journal journal;
  Status done = read_entries(reader_, {1}, through, [&](Sequence sequence, ByteSpan bytes) {
    Status read = decode_journal(bytes, journal);
    if (read) history.take(sequence, journal);
    return read;
  });
  if (!done) return std::move(done).error();
  return history.finish();
}

}  // namespace lineshaft::ledger
