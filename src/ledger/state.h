// ledger/state.h: what a sequence of journals amounts to: accounts, balances, open reservations.
// The same rules serve the running ledger, its start from the log, and an auditor's check of an
// export: a journal is taken by all of them or by none.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "ledger/journal.h"
#include "ledger/key_index.h"

namespace lineshaft::ledger {

// All four are sums, never below zero, in minor units of the account's currency.
struct Balance {
  Int128 debits = 0;
  Int128 credits = 0;
  Int128 pending_debits = 0;
  Int128 pending_credits = 0;

  Int128 posted() const { return debits - credits; }  // above zero: a debit balance
  Int128 pending() const { return pending_debits - pending_credits; }

  friend bool operator==(const Balance&, const Balance&) = default;
};

struct AccountView {
  AccountId id;
  Account account;
  Balance balance;
  bool closed = false;
};

// Gives back journals that a State has applied. Errors: kCorrupt, kIoError.
class Earlier {
 public:
  virtual ~Earlier() = default;
  virtual Result<Journal> read(Sequence sequence) const = 0;
};

// What became of a journal that was not refused.
struct Taken {
  Sequence sequence;
  bool is_repeat = false;  // the same request had been taken before, under this number
};

// No clock and no I/O: time is the `recorded` of the journals, files are behind Earlier. One thread
// changes it, or any number read it.
class State {
 public:
  explicit State(const KeySeed& seed) : keys_(seed) {}

  // Takes the journal as the next one, or says why not and is as before (but for advance()).
  // Requires: check_journal() is content. Errors: kJournalInvalid, kJournalUnbalanced,
  // kAccountUnknown, kAccountClosed, kOverdraft, kPeriodClosed, kPendingNotOpen, kAlreadyReversed,
  // kKeyReused, each naming the field and the figures; and of `earlier`, which is asked for
  // reversals and repeated keys only.
  // Cost: about 0.3 us for two legs.
  Result<Taken> apply(const Journal& journal, const Earlier& earlier);

  // Moves the time on: reservations that expire until `now` are given up. Time never runs back.
  void advance(Timestamp now);

  // Takes back the newest journal; then the one before it and so on, as far as settle() allows.
  void take_back(const Journal& journal);
  // The journals so far are durable: take_back() is not called for them any more.
  void settle();

  Sequence last() const { return {count_}; }
  Timestamp time() const { return time_; }  // the latest that it has heard of

  std::uint32_t account_count() const { return static_cast<std::uint32_t>(accounts_.size()); }
  std::optional<AccountId> find(const std::string& name) const;
  // The journal that has this key, almost certainly: KeyIndex says how sure that is.
  std::optional<Sequence> find_key(std::string_view key) const {
    return keys_.find(keys_.fingerprint(key));
  }
  bool has(AccountId id) const { return id.value >= 1 && id.value <= accounts_.size(); }
  // Requires of these three: has(id).
  const Account& account(AccountId id) const { return accounts_[id.value - 1]; }
  const Balance& balance(AccountId id) const { return books_[id.value - 1].balance; }
  bool is_closed(AccountId id) const { return books_[id.value - 1].closed; }
  // The last day on which the books of `owner` are closed; less than kEffectiveDayMin if none is.
  std::int32_t closed_through(const std::string& owner) const;
  const KeySeed& key_seed() const { return keys_.seed(); }
  std::uint64_t open_reservations() const { return open_reservations_; }
  // When the next of them expires; kTimestampMax if none does.
  Timestamp next_expiry() const {
    return expiries_.empty() ? kTimestampMax : Timestamp{expiries_.begin()->first};
  }

 private:
  friend class StateCodec;  // snapshot.h

  // What a leg needs, close together.
  struct Book {
    Balance balance;
    Currency currency;
    Constraint constraint = Constraint::kNone;
    bool closed = false;
    std::uint32_t owner = 0;  // index of owners_
  };
  struct Reservation {
    enum class Fate : std::uint8_t { kOpen, kPosted, kVoided, kExpired };
    Fate fate = Fate::kOpen;
    std::int64_t expiry_ns = 0;  // of no meaning without has_expiry
    bool has_expiry = false;
    std::vector<Leg> legs;  // while it is open, and until settle()
  };
  struct Owner {
    std::string name;
    std::int32_t closed_through = kEffectiveDayMin - 1;
  };
  // One of the two pairs of sums of a balance.
  enum class Side : std::uint8_t { kPosted, kPending };

  Book& book(AccountId id) { return books_[id.value - 1]; }
  const Book& book(AccountId id) const { return books_[id.value - 1]; }

  Result<Taken> repeated(const Journal& journal, Sequence first, const Earlier& earlier) const;
  Status perform(const Journal& journal, const Earlier& earlier);
  Status check_legs(const Journal& journal) const;
  Status check_accounts(const std::vector<Leg>& legs, std::int32_t effective_day) const;
  Status check_sums(const std::vector<Leg>& legs) const;
  Status check_exchange(const Journal& journal) const;
  Status check_reversal(const Journal& journal, const Earlier& earlier) const;
  Status check_constraint(AccountId id, std::size_t leg) const;
  Result<Reservation*> open_reservation(Sequence pending);

  // All legs or none. Errors: kOverdraft; kJournalInvalid: a sum leaves 128 bits.
  Status add(const std::vector<Leg>& legs, Side side);
  void subtract(std::span<const Leg> legs, Side side);

  Status reserve(const Journal& journal);
  Status post_reserved(const Journal& journal);
  Status void_reserved(const Journal& journal);
  Status open_account(const Account& account);
  Status close_account(AccountId id);
  Status close_period(const Journal& journal);
  void resolve(std::uint64_t pending, Reservation& reservation, Reservation::Fate fate);
  void reopen(std::uint64_t pending, Reservation& reservation);
  std::uint32_t owner_index(const std::string& owner);

  std::uint64_t count_ = 0;
  Timestamp time_ = kTimestampMin;
  KeyIndex keys_;
  std::vector<Account> accounts_;  // by id, from 1
  std::vector<Book> books_;        // likewise
  std::unordered_map<std::string, AccountId> names_;
  std::vector<Owner> owners_;
  std::unordered_map<std::string, std::uint32_t> owner_numbers_;
  std::int32_t all_closed_through_ = kEffectiveDayMin - 1;
  std::unordered_map<std::uint64_t, Reservation> reservations_;  // by the pending journal
  std::set<std::pair<std::int64_t, std::uint64_t>> expiries_;    // of the open ones
  std::uint64_t open_reservations_ = 0;
  std::unordered_set<std::uint64_t> reversed_;

  // For take_back().
  std::vector<std::uint64_t> resolved_;      // reservations whose legs are kept until settle()
  std::vector<std::int32_t> closed_before_;  // one for each kClosePeriod, or more for all books
};

// The accounts of one owner, or of all if it is empty, in order of their ids.
std::vector<AccountView> views_of(const State& state, const std::string& owner);

}  // namespace lineshaft::ledger
