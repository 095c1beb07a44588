// rights/royalty.h: what a royalty run is made of, beside register and licences: how an asset's
// receipts are divided, which tag meters a licence, what licensees report; and the runs. Plain
// data. docs/reference/royalties.md explains each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/date.h"
#include "base/ratio.h"
#include "model/json.h"
#include "rights/licence.h"
#include "rights/metering.h"
#include "settlement/run.h"

namespace lineshaft::rights {

// Licences with terms have shorter names: the names of their gaps and days are made of them.
inline constexpr std::size_t kPaidLicenceBytesMax = 48;
inline constexpr std::size_t kRunIdBytesMax = 48;
inline constexpr std::int64_t kRunDaysMax = 366;
inline constexpr unsigned kApproversNeeded = 2;

// Midnight UTC, at which days of royalties begin.
Timestamp start_of(Day day);

struct PlanLink {
  std::string to;  // the asset that this one is derived from
  Ratio rate;
  settlement::LinkBase base = settlement::LinkBase::kNetOfTax;
};

// How what an asset brings is divided. Without a plan: among its owners, statement by statement.
struct RoyaltyPlan {
  std::string asset;
  settlement::SplitMode mode = settlement::SplitMode::kClosed;
  std::optional<settlement::Award> award;  // inventors first
  std::vector<settlement::Pool> pools;     // costs first
  std::vector<PlanLink> links;
  std::int64_t version = 0;
};

// Of all links.
struct RoyaltyRules {
  settlement::Stacking stacking = settlement::Stacking::kDirect;
  std::optional<Ratio> cap;
  std::int64_t version = 0;
};

// Which tag tells how much a licence is used.
struct LicenceMeter {
  std::string licence;
  std::string tag;  // path
  MeterKind kind = MeterKind::kCounter;
  std::int64_t silence_max_s = 300;  // longer without a sample is a gap; 0: never
  std::int64_t version = 0;
};

// What a licensee declares. Of a licence without a meter it is the use itself; beside a meter it is
// compared with what was metered, or fills the gap that it names.
struct UsageReport {
  std::string id;  // the same report again is the same answer
  std::string licence;
  Day from;
  Day to;                // not included
  std::string quantity;  // "1234.50": money, or a quantity, as the terms say
  std::string gap;       // the id of a gap, or ""
  std::string document;  // SHA-256, or ""
  Timestamp recorded;
  std::string recorded_by;
};

// What a person asks to be settled.
struct RunRequest {
  std::string id;
  Currency currency;
  Day from;
  Day to;  // not included
  std::vector<settlement::Reached> reached;
  std::vector<settlement::Cost> costs;
  std::vector<settlement::Hold> holds;
  std::vector<settlement::Release> releases;
};

// The numbers are stored: only append.
enum class RunState : std::uint8_t { kDraft, kApproved, kPosted, kReversed };
std::string_view name_of(RunState state);

struct RunApproval {
  std::string user;  // the number of the account
  std::string name;
  Timestamp time;
};

struct RoyaltyRun {
  std::int64_t number = 0;  // from 1, in the order in which runs were first made
  std::string id;
  RunState state = RunState::kDraft;
  Currency currency;
  Day from;
  Day to;
  std::string digest;  // SHA-256 of the canonical statement
  std::vector<RunApproval> approvals;
  std::string made_by;
  Timestamp made;
  std::uint64_t sequence = 0;           // of its journal in the ledger; 0: not posted
  std::uint64_t reversal_sequence = 0;  // 0: not reversed
};

// A run with everything that it was made from.
struct WholeRun {
  RoyaltyRun run;
  settlement::Run inputs;
  std::string findings;  // JSON: meters and their gaps, declared against metered, warnings
};

}  // namespace lineshaft::rights
