// settlement/statement.h: from what happened in a period to what everybody gets. One pure function:
// the same run gives the same bytes; threads: any. docs/reference/settlement.md explains each step.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/decimal.h"
#include "base/result.h"
#include "settlement/run.h"

namespace lineshaft::settlement {

struct LineValue {
  std::size_t line = 0;  // position in Run::lines
  Int128 value = 0;      // in units of the base: rounding point "line"
};

struct GapFill {
  std::string gap;
  std::optional<Int128> value;  // nothing: what the licence brings is held
};

struct HeldPart {
  std::string hold;
  Int128 amount = 0;
};

struct LicenceResult {
  std::string licence;
  std::string version;
  std::string asset;
  std::string payer;
  std::uint64_t lines = 0;
  Int128 measured = 0;  // values of all lines
  std::vector<GapFill> gaps;
  Int128 vat = 0;
  Int128 base = 0;  // measured + filled gaps - vat
  Charge charge;
  Int128 fees = 0;
  Int128 milestones = 0;
  Int128 advances = 0;
  Int128 advance_recouped = 0;
  Int128 payment = 0;  // charge.due - advance_recouped + fees + milestones + advances
  Int128 withheld = 0;
  std::vector<HeldPart> held;
  Int128 receipts = 0;  // payment - withheld - held: what reaches the asset
};

struct PoolResult {
  std::string pool;
  std::string payee;
  Int128 outstanding = 0;  // before
  Int128 recouped = 0;
};

struct PassedOn {
  std::string to;
  Ratio rate;
  LinkBase link_base = LinkBase::kNetOfTax;
  Passed amounts;
};

struct Segment {
  TimeRange range;
  Int128 amount = 0;
  std::vector<Portion> portions;
  bool residuals_ended = false;
};

struct AssetResult {
  std::string asset;
  Receipts own;         // of its licences, releases included
  Int128 received = 0;  // from derived assets
  std::vector<PoolResult> pools;
  std::vector<PassedOn> passed;
  Int128 retained = 0;
  Int128 award = 0;
  std::vector<Portion> inventors;
  std::vector<Segment> segments;  // of the owners' part, by share table
  Int128 suspense = 0;            // after the statement
};

enum class PartKind : std::uint8_t { kShare, kInventor, kPool, kRelease };

struct Part {
  PartKind kind = PartKind::kShare;
  std::string source;  // the asset, pool or hold
  Int128 amount = 0;   // before holds
  std::vector<HeldPart> held;
};

struct Payout {
  std::string payee;
  Int128 amount = 0;  // after holds
  std::vector<Part> parts;
};

// Debits are positive. All legs of a journal add up to 0.
enum class Account : std::uint8_t { kReceivable, kWithholdingTax, kPayable, kEscrow, kSuspense };

struct Leg {
  Account account = Account::kReceivable;
  std::string party;  // payer, payee, hold or asset
  Int128 amount = 0;  // not 0
  friend bool operator==(const Leg&, const Leg&) = default;
};

struct Statement {
  TimeRange period;
  Currency currency;
  std::vector<LineValue> lines;         // by id of the line
  std::vector<LicenceResult> licences;  // by id, as are all lists here
  std::vector<AssetResult> assets;
  std::vector<Payout> payouts;
  std::vector<Leg> journal;
  Balances closing;
};

// Errors: kInvalidArgument, naming what is wrong: as check_run; a line that is outside of the
//         period, negative, there twice, of no licence or without evidence; sums of more than 30
//         digits. Nothing is settled then.
// Cost:   O(lines log lines), some seconds for a million of them.
Result<Statement> settle(const Run& run);

// The same legs the other way: what a wrong statement is taken back with.
std::vector<Leg> reversal(const std::vector<Leg>& journal);

// The statement with its evidence as RFC 8785 JSON, for hashes and signatures. Amounts are strings
// in the currency. Requires: statement == settle(run). Errors: kInvalidArgument: an id is not
// UTF-8.
Result<std::string> canonical_statement(const Run& run, const Statement& statement);

std::string_view account_name(Account account);
std::string_view part_name(PartKind kind);

}  // namespace lineshaft::settlement
