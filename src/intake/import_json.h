// intake/import_json.h: the import object of docs/reference/api.md and back, as JSON text.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "intake/import.h"

namespace lineshaft::intake {

// The import object.
std::string import_to_json(const Import& import);

// The plan alone, as it stands in the object; json_to_plan reads it back to an equal plan.
std::string plan_to_json(const Plan& plan);
Result<Plan> json_to_plan(std::string_view text);

// The body of `PUT /imports/{id}`: `{"plan":{...}}`. Only the fields that are there change; columns
// and tags are found by "index". Errors: kInvalidArgument naming the field and what is allowed,
// also for a field that does not exist: a misspelt one must not be ignored.
Result<PlanChange> json_to_plan_change(std::string_view text);

}  // namespace lineshaft::intake
