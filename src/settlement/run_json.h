// settlement/run_json.h: everything that a settlement is made from, as JSON and back, so that a
// statement can be made again from what was kept. Pure functions; threads: any.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <utility>

#include "model/json.h"
#include "settlement/run.h"

namespace lineshaft::settlement {

inline constexpr std::array<std::pair<const char*, SplitMode>, 2> kSplitModes = {
    {{"closed", SplitMode::kClosed}, {"stream", SplitMode::kStream}}};
inline constexpr std::array<std::pair<const char*, LinkBase>, 4> kLinkBases = {
    {{"gross", LinkBase::kGross},
     {"net_of_tax", LinkBase::kNetOfTax},
     {"net_of_upstream", LinkBase::kNetOfUpstream},
     {"external", LinkBase::kExternal}}};
inline constexpr std::array<std::pair<const char*, Stacking>, 3> kStackings = {
    {{"direct", Stacking::kDirect},
     {"every_path", Stacking::kEveryPath},
     {"once_per_ancestor", Stacking::kOncePerAncestor}}};

class JsonReader;

// {"rate","inventors":[{"payee","weight"}]} and {"id","payee","priority"}; problems stay in the
// reader.
Json award_json(const Award& award);
Award award_from(JsonReader& reader);
Json pool_json(const Pool& pool);
Pool pool_from(JsonReader& reader);

// Amounts are strings of minor units, quantities of their smallest unit: "123450".
Json run_json(const Run& run);
// Reads that. Errors: kInvalidArgument naming the member; check_run() is for the caller.
Result<Run> run_from_json(const Json& object);

}  // namespace lineshaft::settlement
