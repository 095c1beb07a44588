#include "ledger/state.h"

#include <algorithm>

#include "base/assert.h"

namespace lineshaft::ledger {
namespace {

std::string number(std::uint64_t value) { return std::to_string(value); }
std::string leg_name(std::size_t index) { return "leg " + number(index + 1) + ": "; }
std::string journal_name(Sequence sequence) { return "journal " + number(sequence.value); }

std::string in_words(std::int32_t day) { return day_text(Day(std::chrono::days(day))); }

Error no_account(std::string prefix, AccountId id) {
  return {ErrorId::kAccountUnknown, std::move(prefix) + "there is no account " + number(id.value)};
}

// False, and nothing is done, if the sum leaves 128 bits.
bool add_to(Int128& sum, Int128 amount) {
  Int128 result = 0;
  if (__builtin_add_overflow(sum, amount, &result)) return false;
  sum = result;
  return true;
}

}  // namespace

std::optional<AccountId> State::find(const std::string& name) const {
  const auto found = names_.find(name);
  if (found == names_.end()) return std::nullopt;
  return found->second;
}

std::int32_t State::closed_through(const std::string& owner) const {
  const auto found = owner_numbers_.find(owner);
  if (found == owner_numbers_.end()) return all_closed_through_;
  return std::max(all_closed_through_, owners_[found->second].closed_through);
}

std::vector<AccountView> views_of(const State& state, const std::string& owner) {
  std::vector<AccountView> views;
  for (std::uint32_t id = 1; id <= state.account_count(); ++id) {
    const Account& account = state.account({id});
    if (!owner.empty() && account.owner != owner) continue;
    views.push_back({{id}, account, state.balance({id}), state.is_closed({id})});
  }
  return views;
}

// --- taking a journal ---

Result<Taken> State::apply(const Journal& journal, const Earlier& earlier) {
  const KeyIndex::Fingerprint key = keys_.fingerprint(journal.key);
  if (const std::optional<Sequence> first = keys_.find(key)) {
    return repeated(journal, *first, earlier);
  }
  if (journal.recorded < time_) {
    return Error{ErrorId::kJournalInvalid, "recorded is before " + format_rfc3339(time_) +
                                               ", the time of what the ledger holds"};
  }
  advance(journal.recorded);
  if (Status done = perform(journal, earlier); !done) return std::move(done).error();
  ++count_;
  keys_.insert(key, {count_});
  return Taken{{count_}, false};
}

Result<Taken> State::repeated(const Journal& journal, Sequence first,
                              const Earlier& earlier) const {
  const Result<Journal> before = earlier.read(first);
  if (!before) return before.error();
  if (is_same_request(*before, journal)) return Taken{first, true};
  return Error{ErrorId::kKeyReused, "key '" + journal.key + "' belongs to " + journal_name(first) +
                                        ", whose content is another"};
}

Status State::perform(const Journal& journal, const Earlier& earlier) {
  switch (journal.kind) {
    case JournalKind::kPost:
      if (Status legs = check_legs(journal); !legs) return legs;
      return add(journal.legs, Side::kPosted);
    case JournalKind::kPending:
      return reserve(journal);
    case JournalKind::kPostPending:
      return post_reserved(journal);
    case JournalKind::kVoidPending:
      return void_reserved(journal);
    case JournalKind::kReverse: {
      if (Status fits = check_reversal(journal, earlier); !fits) return fits;
      if (Status legs = check_legs(journal); !legs) return legs;
      Status added = add(journal.legs, Side::kPosted);
      if (added) reversed_.insert(journal.reference.value);
      return added;
    }
    case JournalKind::kOpenAccount:
      return open_account(*journal.account);
    case JournalKind::kCloseAccount:
      return close_account(journal.closed);
    case JournalKind::kClosePeriod:
      return close_period(journal);
  }
  return Error{ErrorId::kJournalInvalid, "kind is unknown"};
}

Status State::check_legs(const Journal& journal) const {
  if (Status accounts = check_accounts(journal.legs, journal.effective_day); !accounts) {
    return accounts;
  }
  if (Status sums = check_sums(journal.legs); !sums) return sums;
  return journal.exchange ? check_exchange(journal) : Status();
}

Status State::check_accounts(const std::vector<Leg>& legs, std::int32_t effective_day) const {
  for (std::size_t i = 0; i < legs.size(); ++i) {
    const AccountId id = legs[i].account;
    if (!has(id)) return no_account(leg_name(i), id);
    const Book& touched = book(id);
    if (touched.closed) {
      return Error{ErrorId::kAccountClosed, leg_name(i) + "account '" + account(id).name + "'"};
    }
    const std::int32_t closed =
        std::max(all_closed_through_, owners_[touched.owner].closed_through);
    if (effective_day <= closed) {
      return Error{ErrorId::kPeriodClosed, leg_name(i) + "effective_day " +
                                               in_words(effective_day) + " lies in the books of '" +
                                               account(id).owner + "' closed through " +
                                               in_words(closed)};
    }
  }
  return {};
}

Status State::check_sums(const std::vector<Leg>& legs) const {
  struct Sum {
    Currency currency;
    Int128 amount = 0;
  };
  // 10,000 legs of 10^30 stay far inside 128 bits. Most journals have one currency: no memory then.
  Sum first{book(legs.front().account).currency, 0};
  std::vector<Sum> sums;
  for (const Leg& leg : legs) {
    const Currency currency = book(leg.account).currency;
    if (currency == first.currency) {
      first.amount += leg.amount;
      continue;
    }
    const auto known = std::find_if(sums.begin(), sums.end(),
                                    [&](const Sum& sum) { return sum.currency == currency; });
    if (known != sums.end()) {
      known->amount += leg.amount;
    } else {
      sums.push_back({currency, leg.amount});
    }
  }
  if (first.amount != 0) sums.insert(sums.begin(), first);
  for (const Sum& sum : sums) {
    if (sum.amount == 0) continue;
    return Error{ErrorId::kJournalUnbalanced, "legs in " + std::string(sum.currency.code()) +
                                                  ": debits and credits differ by " +
                                                  money_text({sum.amount, sum.currency})};
  }
  return {};
}

Status State::check_exchange(const Journal& journal) const {
  for (const Currency wanted : {journal.exchange->from, journal.exchange->to}) {
    const bool there = std::any_of(journal.legs.begin(), journal.legs.end(), [&](const Leg& leg) {
      return book(leg.account).currency == wanted;
    });
    if (there) continue;
    return Error{ErrorId::kJournalInvalid, "exchange: no leg is in " + std::string(wanted.code())};
  }
  return {};
}

Status State::check_reversal(const Journal& journal, const Earlier& earlier) const {
  const Sequence reference = journal.reference;
  const auto wrong = [&](const std::string& what) {
    return Error{ErrorId::kJournalInvalid, "reference: " + journal_name(reference) + " " + what};
  };
  if (reference.value > count_) return wrong("does not exist");
  if (reversed_.contains(reference.value)) {
    return Error{ErrorId::kAlreadyReversed, "reference: " + journal_name(reference)};
  }
  Result<Journal> undone = earlier.read(reference);
  if (!undone) return std::move(undone).error();
  if (undone->kind == JournalKind::kPostPending)
    undone = earlier.read(undone->reference);
  else if (undone->kind != JournalKind::kPost)
    return wrong("is no posted journal");
  if (!undone) return std::move(undone).error();
  if (undone->legs.size() != journal.legs.size()) {
    return wrong("has " + number(undone->legs.size()) + " legs");
  }
  for (std::size_t i = 0; i < journal.legs.size(); ++i) {
    const Leg& was = undone->legs[i];
    if (journal.legs[i] == Leg{was.account, -was.amount}) continue;
    return wrong("is not undone by " + leg_name(i) + "account " + number(was.account.value) +
                 " and " + int128_text(-was.amount) + " are due");
  }
  return {};
}

// --- balances ---

Status State::add(const std::vector<Leg>& legs, Side side) {
  const bool posted = side == Side::kPosted;
  for (std::size_t i = 0; i < legs.size(); ++i) {
    Balance& balance = book(legs[i].account).balance;
    const Int128 amount = legs[i].amount;
    Int128& debits = posted ? balance.debits : balance.pending_debits;
    Int128& credits = posted ? balance.credits : balance.pending_credits;
    if (amount > 0 ? add_to(debits, amount) : add_to(credits, -amount)) continue;
    subtract(std::span(legs).first(i), side);
    return Error{ErrorId::kJournalInvalid, leg_name(i) + "the sums of account '" +
                                               account(legs[i].account).name +
                                               "' do not fit 128 bits"};
  }
  for (std::size_t i = 0; i < legs.size(); ++i) {
    if (book(legs[i].account).constraint == Constraint::kNone) continue;
    Status kept = check_constraint(legs[i].account, i);
    if (kept) continue;
    subtract(legs, side);
    return kept;
  }
  return {};
}

void State::subtract(std::span<const Leg> legs, Side side) {
  const bool posted = side == Side::kPosted;
  for (const Leg& leg : legs) {
    Balance& balance = book(leg.account).balance;
    if (leg.amount > 0) {
      (posted ? balance.debits : balance.pending_debits) -= leg.amount;
    } else {
      (posted ? balance.credits : balance.pending_credits) += leg.amount;
    }
  }
}

Status State::check_constraint(AccountId id, std::size_t leg) const {
  const Book& touched = book(id);
  const Balance& balance = touched.balance;
  const bool debits_limited = touched.constraint == Constraint::kDebitsWithinCredits;
  Int128 used = debits_limited ? balance.debits : balance.credits;
  const Int128 limit = debits_limited ? balance.credits : balance.debits;
  if (add_to(used, debits_limited ? balance.pending_debits : balance.pending_credits) &&
      used <= limit) {
    return {};
  }
  return Error{ErrorId::kOverdraft, leg_name(leg) + "account '" + account(id).name +
                                        "' would be overdrawn by " +
                                        money_text({used - limit, touched.currency})};
}

// --- reservations ---

Status State::reserve(const Journal& journal) {
  if (journal.expiry && *journal.expiry <= journal.recorded) {
    return Error{ErrorId::kJournalInvalid, "expiry " + format_rfc3339(*journal.expiry) +
                                               " is not after the time of recording"};
  }
  if (Status legs = check_legs(journal); !legs) return legs;
  if (Status added = add(journal.legs, Side::kPending); !added) return added;
  Reservation& made = reservations_[count_ + 1];
  made.legs = journal.legs;
  made.has_expiry = journal.expiry.has_value();
  if (journal.expiry) {
    made.expiry_ns = journal.expiry->ns;
    expiries_.emplace(made.expiry_ns, count_ + 1);
  }
  ++open_reservations_;
  return {};
}

Result<State::Reservation*> State::open_reservation(Sequence pending) {
  const auto found = reservations_.find(pending.value);
  if (found == reservations_.end()) {
    return Error{ErrorId::kJournalInvalid,
                 "reference: " + journal_name(pending) + " is no pending journal"};
  }
  const char* fate = nullptr;
  if (found->second.fate == Reservation::Fate::kPosted) fate = "posted";
  if (found->second.fate == Reservation::Fate::kVoided) fate = "voided";
  if (found->second.fate == Reservation::Fate::kExpired) fate = "expired";
  if (fate == nullptr) return &found->second;
  return Error{ErrorId::kPendingNotOpen, "reference: " + journal_name(pending) + " is " + fate};
}

Status State::post_reserved(const Journal& journal) {
  Result<Reservation*> reservation = open_reservation(journal.reference);
  if (!reservation) return std::move(reservation).error();
  const std::vector<Leg>& legs = (*reservation)->legs;
  if (Status accounts = check_accounts(legs, journal.effective_day); !accounts) return accounts;
  subtract(legs, Side::kPending);
  if (Status added = add(legs, Side::kPosted); !added) {
    LS_ASSERT(add(legs, Side::kPending).ok());
    return added;
  }
  resolve(journal.reference.value, **reservation, Reservation::Fate::kPosted);
  return {};
}

Status State::void_reserved(const Journal& journal) {
  Result<Reservation*> reservation = open_reservation(journal.reference);
  if (!reservation) return std::move(reservation).error();
  subtract((*reservation)->legs, Side::kPending);
  resolve(journal.reference.value, **reservation, Reservation::Fate::kVoided);
  return {};
}

void State::resolve(std::uint64_t pending, Reservation& reservation, Reservation::Fate fate) {
  reservation.fate = fate;
  if (reservation.has_expiry) expiries_.erase({reservation.expiry_ns, pending});
  resolved_.push_back(pending);
  --open_reservations_;
}

void State::reopen(std::uint64_t pending, Reservation& reservation) {
  LS_ASSERT(add(reservation.legs, Side::kPending).ok());
  reservation.fate = Reservation::Fate::kOpen;
  if (reservation.has_expiry) expiries_.emplace(reservation.expiry_ns, pending);
  std::erase(resolved_, pending);
  ++open_reservations_;
}

void State::advance(Timestamp now) {
  time_ = std::max(time_, now);
  while (!expiries_.empty() && expiries_.begin()->first <= time_.ns) {
    const std::uint64_t pending = expiries_.begin()->second;
    Reservation& reservation = reservations_.at(pending);
    subtract(reservation.legs, Side::kPending);
    resolve(pending, reservation, Reservation::Fate::kExpired);
  }
}

// --- accounts and periods ---

std::uint32_t State::owner_index(const std::string& owner) {
  const auto [at, is_new] =
      owner_numbers_.try_emplace(owner, static_cast<std::uint32_t>(owners_.size()));
  if (is_new) owners_.push_back({owner, kEffectiveDayMin - 1});
  return at->second;
}

Status State::open_account(const Account& account) {
  if (accounts_.size() >= kAccountsMax) {
    return Error{ErrorId::kJournalInvalid,
                 "account: there are " + number(kAccountsMax) + " already"};
  }
  const AccountId id{account_count() + 1};
  const auto [at, is_new] = names_.try_emplace(account.name, id);
  if (!is_new) {
    return Error{ErrorId::kConflict, "account name '" + account.name + "' belongs to account " +
                                         number(at->second.value)};
  }
  accounts_.push_back(account);
  books_.push_back({{}, account.currency, account.constraint, false, owner_index(account.owner)});
  return {};
}

Status State::close_account(AccountId id) {
  if (!has(id)) return no_account("closed: ", id);
  Book& closing = book(id);
  const std::string name = "closed: account '" + account(id).name + "'";
  if (closing.closed) return Error{ErrorId::kAccountClosed, name};
  const Balance& balance = closing.balance;
  if (balance.posted() != 0) {
    return Error{ErrorId::kConflict,
                 name + " holds " + money_text({balance.posted(), closing.currency})};
  }
  if (balance.pending_debits != 0 || balance.pending_credits != 0) {
    return Error{ErrorId::kConflict, name + " has open reservations"};
  }
  closing.closed = true;
  return {};
}

Status State::close_period(const Journal& journal) {
  if (!journal.owner.empty() && !owner_numbers_.contains(journal.owner)) {
    return Error{ErrorId::kJournalInvalid, "owner: '" + journal.owner + "' has no account"};
  }
  std::int32_t& closed = journal.owner.empty()
                             ? all_closed_through_
                             : owners_[owner_numbers_.at(journal.owner)].closed_through;
  if (journal.effective_day <= closed) {
    return Error{ErrorId::kPeriodClosed,
                 "effective_day: the books are closed through " + in_words(closed) + " already"};
  }
  closed_before_.push_back(closed);
  closed = journal.effective_day;
  return {};
}

// --- taking back ---

void State::take_back(const Journal& journal) {
  LS_ASSERT(count_ > 0);
  const std::uint64_t sequence = count_--;
  keys_.erase(keys_.fingerprint(journal.key));
  switch (journal.kind) {
    case JournalKind::kReverse:
      reversed_.erase(journal.reference.value);
      [[fallthrough]];
    case JournalKind::kPost:
      return subtract(journal.legs, Side::kPosted);
    case JournalKind::kPending: {
      Reservation& made = reservations_.at(sequence);
      if (made.fate == Reservation::Fate::kOpen) {
        subtract(made.legs, Side::kPending);
        resolve(sequence, made, Reservation::Fate::kVoided);
      }
      std::erase(resolved_, sequence);
      reservations_.erase(sequence);
      return;
    }
    case JournalKind::kPostPending: {
      Reservation& reservation = reservations_.at(journal.reference.value);
      subtract(reservation.legs, Side::kPosted);
      return reopen(journal.reference.value, reservation);
    }
    case JournalKind::kVoidPending:
      return reopen(journal.reference.value, reservations_.at(journal.reference.value));
    case JournalKind::kOpenAccount:
      names_.erase(journal.account->name);
      accounts_.pop_back();
      return books_.pop_back();
    case JournalKind::kCloseAccount:
      book(journal.closed).closed = false;
      return;
    case JournalKind::kClosePeriod:
      (journal.owner.empty() ? all_closed_through_
                             : owners_[owner_numbers_.at(journal.owner)].closed_through) =
          closed_before_.back();
      return closed_before_.pop_back();
  }
}

void State::settle() {
  for (const std::uint64_t pending : resolved_) {
    std::vector<Leg>().swap(reservations_.at(pending).legs);
  }
  resolved_.clear();
  closed_before_.clear();
}

}  // namespace lineshaft::ledger
