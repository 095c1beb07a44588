// api/grant_json.h: grants as the API has them: a role, and the place where it counts.
#pragma once

#include "api/json.h"
#include "identity/identity.h"

namespace lineshaft::api {

// [{"role": "engineer", "place": "*"}]
Json grants_json(const std::vector<identity::Grant>& grants);
// Of a body with "grants" as above, where "*" may be left out, or with "role", which then counts
// everywhere. Errors: kInvalidArgument, naming the field.
Result<identity::Access> access_from_json(const Json& body);
Json request_json(const identity::RightsRequest& request);
Json policy_json(const identity::RightsPolicy& policy);
Json explanation_json(const identity::Explanation& explanation);
Json names_json(identity::PermissionSet permissions);

}  // namespace lineshaft::api
