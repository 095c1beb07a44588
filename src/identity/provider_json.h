// identity/provider_json.h: the settings of an identity provider as the API and the table of
// providers have them. Pure.
#pragma once

#include <string>

#include "identity/providers.h"
#include "model/json.h"

namespace lineshaft::identity {

Json provider_settings_json(const ProviderSettings& settings);
// Members that are missing have their defaults; `name`, `issuer` and `client_id` must be there, and
// nothing else may. Errors: kInvalidArgument naming the field.
Result<ProviderSettings> provider_settings_from_json(const Json& object);

// The fields in which `a` differs from `b`, each within bounds: a side of an entry in the trail.
std::string changed_fields(const ProviderSettings& a, const ProviderSettings& b);

}  // namespace lineshaft::identity
