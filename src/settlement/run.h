// settlement/run.h: everything that a settlement is made from, as plain data. Order means nothing
// in any list here; ids are 1 to kIdBytesMax bytes (check_id).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/decimal.h"
#include "base/ratio.h"
#include "base/result.h"
#include "base/time.h"
#include "model/json.h"
#include "model/money.h"
#include "settlement/graph.h"
#include "settlement/recoup.h"
#include "settlement/schedule.h"
#include "settlement/split.h"
#include "settlement/terms.h"

namespace lineshaft::settlement {

// --- the rules ---

struct ShareTable {
  TimeRange valid;
  std::vector<Share> shares;
  friend bool operator==(const ShareTable&, const ShareTable&) = default;
};

// What inventors get of what remains of receipts, before the owners.
struct Award {
  Ratio rate;  // rounding point "award": up, since it is a minimum
  std::vector<Share> inventors;
  friend bool operator==(const Award&, const Award&) = default;
};

struct AssetPlan {
  std::string id;
  SplitMode mode = SplitMode::kClosed;
  std::vector<ShareTable> owners;  // together they cover the period, without overlap
  std::optional<Award> award;
  std::vector<Pool> pools;  // ids differ over all assets
  friend bool operator==(const AssetPlan&, const AssetPlan&) = default;
};

// --- what happened ---

struct UsageLine {
  std::string id;
  std::string licence;
  Timestamp at;          // when it accrued: within the period
  Int128 value = 0;      // as Terms::usage says
  std::string evidence;  // SHA-256 of the reading or the report, 64 hexadecimal digits
};

// A stretch in which metered use is missing.
struct Gap {
  std::string id;
  std::string licence;
  TimeRange range;  // within the period; gaps of a licence do not overlap
  std::optional<Int128> declared;
  std::string evidence;
};

struct Reached {
  std::string licence;
  std::string milestone;
  Timestamp at;
  std::string evidence;
};

struct Cost {
  std::string pool;
  Int128 amount = 0;
  std::string evidence;
};

// --- disputes ---

// Of what a licence brings, or of what one payee would get, from all assets.
struct Hold {
  std::string id;
  std::string licence;  // this one or the next is empty
  std::string payee;
  Ratio fraction;
};

// All that is held under `hold` goes on: without a beneficiary the way it would have gone, else to
// him. A gap that was held has the id of the gap.
struct Release {
  std::string hold;
  std::string beneficiary;
};

// --- what one settlement hands to the next ---

struct LicenceBalance {
  LicenceTotals totals;
  Int128 advance = 0;      // paid in advance and not yet recouped
  Int128 measured = 0;     // of the last period that was measured, in units of the base before VAT
  Int128 measured_ns = 0;  // and for how long it was
  std::vector<std::string> milestones;  // charged already; ordered
  friend bool operator==(const LicenceBalance&, const LicenceBalance&) = default;
};

struct AssetBalance {
  Residuals owners;
  Residuals inventors;
  friend bool operator==(const AssetBalance&, const AssetBalance&) = default;
};

struct Escrow {
  std::string licence;  // this one or the next is empty
  std::string payee;
  Int128 amount = 0;
  friend bool operator==(const Escrow&, const Escrow&) = default;
};

// What is missing has the balance 0.
struct Balances {
  std::map<std::string, LicenceBalance> licences;
  std::map<std::string, AssetBalance> assets;
  std::map<std::string, Int128> pools;   // outstanding
  std::map<std::string, Escrow> escrow;  // by hold
  friend bool operator==(const Balances&, const Balances&) = default;
};

// Amounts are strings of minor units, whatever the currency: "123450".
Json balances_json(const Balances& balances);
// Errors: kInvalidArgument naming the field.
Result<Balances> balances_from_json(const Json& object);

// One currency: for several, settle each by itself, and exchange before or after.
struct Run {
  TimeRange period;
  Currency currency;
  std::vector<Terms> terms;  // one of each licence
  std::vector<AssetPlan> assets;
  Graph graph;
  std::vector<UsageLine> lines;
  std::vector<Gap> gaps;
  std::vector<Reached> reached;
  std::vector<Cost> costs;
  std::vector<Hold> holds;
  std::vector<Release> releases;
  Balances opening;
};

// Everything that can be said before a line is read: terms, shares that do not cover the period or
// overlap, names that lead nowhere or are there twice, balances that make no sense.
// Errors: kInvalidArgument, naming the part.
Status check_run(const Run& run);

}  // namespace lineshaft::settlement
