// rights/deadline_json.h: deadlines and what they cost as JSON, for the API
// (docs/reference/deadlines.md). Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "model/json.h"
#include "rights/deadline_book.h"

namespace lineshaft::rights {

// [{"amount":"1200.00","currency":"CNY"}].
Json sums_json(const std::vector<Money>& sums);
Json deadline_json(const DeadlineRow& row);
Json costs_json(const PortfolioCosts& costs);

// {"asset","pack","rule","number","event","on","note","document"}. Errors: kInvalidArgument naming
// the field.
Result<DeadlineMark> mark_from_json(const Json& object);

}  // namespace lineshaft::rights
