// intake/json_parts.h: plans and reports as JSON values, shared by the .cpp files that make texts
// of them. Included by .cpp files only.
#pragma once

#include <nlohmann/json.hpp>

#include "intake/import.h"
#include "intake/plan.h"

namespace lineshaft::intake {

using Json = nlohmann::ordered_json;

Json plan_value(const Plan& plan);
Json report_value(const Report& report);

// Both throw nlohmann::json::exception, or answer an error, for what plan_value and report_value
// did not write.
Result<Plan> plan_from(const Json& value);
Report report_from(const Json& value);

// Text that is no UTF-8 is shown with replacement characters, never thrown.
std::string dump(const Json& value);

}  // namespace lineshaft::intake
