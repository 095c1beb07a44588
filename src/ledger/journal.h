// ledger/journal.h: what the ledger records: accounts, and journals that move money between them.
// Plain data and their canonical bytes (docs/formats/ledger.md). No clock, no I/O; threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/date.h"
#include "base/decimal.h"
#include "base/ids.h"
#include "base/ratio.h"
#include "base/result.h"
#include "base/time.h"
#include "model/money.h"
#include "sys/sha256.h"

namespace lineshaft::ledger {

using sys::Sha256;

// The place of a journal in the ledger: from 1, without gaps, for ever.
using Sequence = StrongId<struct SequenceName, std::uint64_t>;
// Accounts are numbered from 1 in the order in which they were opened.
using AccountId = StrongId<struct AccountIdName, std::uint32_t>;

inline constexpr std::size_t kKeyBytesMax = 64;
inline constexpr std::size_t kNameBytesMax = 128;  // of an owner, an account, a source of rates
inline constexpr std::size_t kMemoBytesMax = 256;
inline constexpr std::size_t kEvidenceMax = 8;
inline constexpr std::size_t kLegsMax = 10'000;  // A settlement of one period, to all its payees.
inline constexpr std::size_t kAccountsMax = 10'000'000;
// Of a leg, exclusive: 10^30, as model/money.h has it. Written so because there are no literals.
inline constexpr Int128 kAmountEnd = Int128{1'000'000'000'000'000} * 1'000'000'000'000'000;

enum class AccountKind : std::uint8_t { kAsset, kLiability, kEquity, kIncome, kExpense };

// What the sums of an account may not do. Pending legs count where they make it worse.
enum class Constraint : std::uint8_t {
  kNone,
  kDebitsWithinCredits,  // a payable or a wallet: nothing is taken that was not put in
  kCreditsWithinDebits,  // cash, stock
};

struct Account {
  std::string name;   // unique in the ledger: "acme/royalties payable/CNY"
  std::string owner;  // the party whose books it is in
  Currency currency;
  AccountKind kind = AccountKind::kAsset;
  Constraint constraint = Constraint::kNone;

  friend bool operator==(const Account&, const Account&) = default;
};

// Greater than zero debits the account, less than zero credits it. In minor units.
struct Leg {
  AccountId account;
  Int128 amount = 0;

  friend bool operator==(const Leg&, const Leg&) = default;
};

// Says at which rate amounts were converted: `rate` units of `to` for one unit of `from`.
struct Exchange {
  Currency from;
  Currency to;
  Ratio rate;
  Timestamp instant;   // of the rate
  std::string source;  // who published it

  friend bool operator==(const Exchange&, const Exchange&) = default;
};

enum class JournalKind : std::uint8_t {
  kPost = 1,
  kPending,      // reserves; does nothing to the posted balances
  kPostPending,  // posts the legs of `reference`, a pending journal
  kVoidPending,  // gives up `reference`
  kReverse,      // undoes `reference`, a posted journal: the same legs with the other sign
  kOpenAccount,
  kCloseAccount,  // for good; its balances are zero
  kClosePeriod,   // no effective date up to `effective_day` any more, in the books of `owner`
};

// Days since 1970-01-01 of the first and the last day that base/date.h has.
inline constexpr std::int32_t kEffectiveDayMin = lineshaft::kDayMin.time_since_epoch().count();
inline constexpr std::int32_t kEffectiveDayMax = lineshaft::kDayMax.time_since_epoch().count();

struct Journal {
  JournalKind kind = JournalKind::kPost;
  std::string key;                   // idempotency: one journal per key, for ever
  std::int32_t effective_day = 0;    // when it counts in the books
  Timestamp recorded;                // when the ledger took it; the ledger sets it
  std::vector<Leg> legs;             // kPost, kPending, kReverse: two or more
  std::optional<Timestamp> expiry;   // kPending: given up by itself from this instant on
  Sequence reference;                // kPostPending, kVoidPending, kReverse; else 0
  std::optional<Account> account;    // kOpenAccount
  AccountId closed;                  // kCloseAccount; else 0
  std::string owner;                 // kClosePeriod: empty for the books of all
  std::optional<Exchange> exchange;  // with legs only
  std::string memo;
  std::vector<Sha256> evidence;  // of documents that show why

  friend bool operator==(const Journal&, const Journal&) = default;
};

// True if both ask for the same: everything but the time of recording is equal.
bool is_same_request(const Journal& a, const Journal& b);

// What can be judged of a journal alone: bounds, text, which fields go with its kind.
// Errors: kJournalInvalid, naming the field.
Status check_journal(const Journal& journal);

// Appends the canonical bytes to `out`. Requires: check_journal() is content.
void encode_journal(const Journal& journal, Bytes& out);

// Reads exactly what encode_journal writes and check_journal accepts: no two forms for one journal.
// Reuses what `out` has allocated. Errors: kJournalInvalid; kFormatTooNew.
Status decode_journal(ByteSpan bytes, Journal& out);

// One journal that does what all `parts` (kPost, all with the same effective day) do: all of them
// or none. Memo and evidence are those of `frame`, its legs are theirs in order. Errors:
// kJournalInvalid, naming the part and its field.
Result<Journal> joined(Journal frame, const std::vector<Journal>& parts);

// "post", "close_period"...
std::string_view kind_text(JournalKind kind);

}  // namespace lineshaft::ledger
