// connect/flow_json.h: flows as in docs/reference/flows.md: one form for the API, the stored
// documents and the files of people.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "connect/flows/flows.h"

namespace lineshaft::connect {

// Name, kind, enabled, writes_enabled, settings, rules.
Json flow_json(const FlowConfig& config, Secrets secrets);
Json flow_status_json(const FlowStatus& status);
// {"tag_id", "path", "name", "rule", "unit", "type", "writable", "address"?, "address_text"?}
Json planned_tag_json(const FlowConfig& config, const PlannedTag& tag);
Json left_out_json(const LeftOutTag& tag);

// Reads and checks a whole flow; absent fields take their defaults, unknown ones are refused.
// Without "rules" there is one that sends everything. Errors: kInvalidArgument naming the field.
Result<FlowConfig> flow_from_json(const Json& json);
// The same of a stored document, perhaps of an earlier version (FlowKind::complete_stored).
Result<FlowConfig> flow_from_stored(Json json);

// Fills secrets that `json` leaves out from `before`, if both are of one kind and go to one place.
void keep_flow_secrets(Json& json, const FlowConfig& before);

// What can be set of every kind, for forms; as protocols_json(): {"name", "settings": [field...],
// "has_addresses"}.
Json flow_kinds_json();

}  // namespace lineshaft::connect
