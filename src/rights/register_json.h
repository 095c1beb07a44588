// rights/register_json.h: the register as JSON, for API and files (docs/reference/rights.md). Pure.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "model/json.h"
#include "rights/register.h"

namespace lineshaft::rights {

Json party_json(const Party& party);
Json membership_json(const Membership& membership);
Json asset_json(const Asset& asset);
Json asset_row_json(const AssetRow& row);
Json event_json(const Event& event);
Json ownership_json(const Ownership& ownership);
Json shares_json(const std::vector<Share>& shares);

// The inverse of each. Members that only answers have (status, sequence, recorded...) are passed
// over; one that is not known refuses the whole. Errors: kInvalidArgument naming the field.
Result<Party> party_from_json(const Json& object);
Result<Membership> membership_from_json(const Json& object);
Result<Asset> asset_from_json(const Json& object);
Result<Event> event_from_json(const Json& object);
// Besides, `of` says what the weights must add up to: {"of":100,"shares":[...]} refuses shares of a
// hundred that do not.
Result<Ownership> ownership_from_json(const Json& object);

// The member `field` as a day. Errors: as parse_day; it is missing.
Result<Day> required_day(const Json& object, const char* field);

}  // namespace lineshaft::rights
