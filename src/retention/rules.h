// retention/rules.h: rules of retention as JSON, and in words. Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "historian/retention.h"
#include "model/json.h"

namespace lineshaft::retention {

using historian::RetentionRule;

// {pattern, samples_days, minutes_days, hours_days, keep_replaced}: null is for ever for samples
// and none for summaries; hours_days may be "forever".
Json rule_json(const RetentionRule& rule);

// A list of such objects; days that are left out are null, keep_replaced is false. The member
// `tags`, which answers of the API have besides, is passed over. Errors: kInvalidArgument naming
// the rule, from 1, and its field; as check_retention.
Result<std::vector<RetentionRule>> rules_from_json(const Json& list);

// "samples for 30 days, then minutes up to 365 days, then hours for ever".
std::string in_words(const RetentionRule& rule);

// All of them on one line, at most so many bytes; then it says how many more there are.
std::string in_words(const std::vector<RetentionRule>& rules, std::size_t bytes_max);

}  // namespace lineshaft::retention
