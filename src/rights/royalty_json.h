// rights/royalty_json.h: plans, meters, reports and runs of royalties as JSON. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "rights/royalty.h"
#include "settlement/terms.h"

namespace lineshaft::rights {

// Every reader refuses unknown members. Errors: kInvalidArgument naming the field.
Json plan_json(const RoyaltyPlan& plan);
Result<RoyaltyPlan> plan_from_json(const Json& object);
Json rules_json(const RoyaltyRules& rules);
Result<RoyaltyRules> rules_from_json(const Json& object);
Json meter_json(const LicenceMeter& meter);
Result<LicenceMeter> meter_from_json(const Json& object);
Json report_json(const UsageReport& report);
Result<UsageReport> report_from_json(const Json& object);
Result<RunRequest> run_request_from_json(const Json& object);
Json run_row_json(const RoyaltyRun& run);

// The terms of payment; nothing if the licence has none. Errors: kInvalidArgument: of
// settlement::terms_from_json; terms of another licence, of an asset that it does not grant, with a
// payer who is no licensee, or a name longer than kPaidLicenceBytesMax.
Result<std::optional<settlement::Terms>> terms_of(const Licence& licence);

// What a report says, in the unit of a usage line of these terms. Errors: kInvalidArgument.
Result<Int128> quantity_from_text(const std::string& text, const settlement::Terms& terms);
std::string quantity_text(Int128 quantity, const settlement::Terms& terms);

}  // namespace lineshaft::rights
