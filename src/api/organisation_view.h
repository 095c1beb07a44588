// api/organisation_view.h: an organisation, its quotas and its use as JSON and CSV. Include it in
// .cpp files only.
#pragma once

#include <nlohmann/json.hpp>

#include "api/platform.h"
#include "api/resources.h"
#include "tenancy/meter.h"
#include "tenancy/signups.h"

namespace lineshaft::api {

Json quotas_json(const tenancy::Quotas& quotas);
// What is left out is not limited. Errors: kInvalidArgument naming the field.
Result<tenancy::Quotas> quotas_from_json(const Json& object);
// {id, name, state, leaves, quotas, used}: figures, never contents.
Json organisation_json(const Services& services, const identity::Organisation& organisation);
// The hours of the query's range (`from`, `to`; else the last 31 days), as JSON, or as CSV with
// `format=csv`.
Result<Reply> usage_reply(const Services& services, const Request& request, TenantId tenant);
// All hours that are kept.
Result<std::string> usage_csv(const Services& services, TenantId tenant);
// Errors: kNotFound.
Result<identity::Organisation> find_organisation(const Services& services, TenantId tenant);

}  // namespace lineshaft::api
