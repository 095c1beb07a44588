// rights/royalty_collect.h: gathers what a royalty run is made from: licences in force, shares with
// their dates, what meters and licensees say. Only RoyaltyBook uses it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "historian/historian.h"
#include "rights/licence_book.h"
#include "rights/register.h"
#include "rights/royalty.h"
#include "settlement/run.h"
#include "settlement/terms.h"

namespace lineshaft::rights {

struct RoyaltySettings {
  std::vector<RoyaltyPlan> plans;
  RoyaltyRules rules;
  std::map<std::string, LicenceMeter> meters;  // by licence
  std::vector<UsageReport> reports;            // any
};

struct Collected {
  settlement::Run run;
  std::string findings;  // JSON
};

struct RoyaltySources {
  Register& assets;
  LicenceBook& licences;
  const historian::Historian& historian;
};

// Of a meter that the run before has read to its end, by licence: what its counter has grown by
// since is still owed, because nothing stood in for it.
struct OwedMeter {
  std::string tag;                    // path
  std::optional<Timestamp> gap_from;  // of a gap at the end of that run, which was held
};

// What the run before has left.
struct Before {
  settlement::Balances balances;
  std::map<std::string, OwedMeter> owed;
};

// Errors: kInvalidArgument: the period has not ended at `now`; no licence has terms in the currency
// then; a report that reaches out of the period, overlaps another or is of no use; a meter beside
// terms that count money; kNotFound: a tag, an asset of a plan; of reading.
// Cost: reads the samples of every meter, about 0.3 us each.
Result<Collected> collect_run(TenantId tenant, const RoyaltySources& sources,
                              const RoyaltySettings& settings, const RunRequest& request,
                              Before before, Timestamp now);

}  // namespace lineshaft::rights
