#include "api/grant_json.h"

#include <nlohmann/json.hpp>

namespace lineshaft::api {
namespace {

using identity::Grant;

Result<Grant> grant_from_json(const Json& item) {
  if (!item.is_object()) return Error{ErrorId::kInvalidArgument, "must be an object"};
  if (Status known = only_fields(item, {"role", "place"}); !known) return known.error();
  const Result<std::string> role = required_string(item, "role");
  if (!role) return role.error();
  const Result<std::string> place = optional_string(item, "place", "*");
  if (!place) return place.error();
  return identity::parse_grant(*role + "@" + *place);
}

}  // namespace

Json grants_json(const std::vector<Grant>& grants) {
  Json items = Json::array();
  for (const Grant& grant : grants) {
    items.push_back({{"role", identity::role_name(grant.role)}, {"place", grant.place}});
  }
  return items;
}

Result<identity::Access> access_from_json(const Json& body) {
  if (body.contains("grants") == body.contains("role")) {
    return Error{ErrorId::kInvalidArgument, "grants, role: give one of them"};
  }
  if (body.contains("role")) {
    const Result<std::string> name = required_string(body, "role");
    if (!name) return name.error();
    const Result<identity::Role> role = identity::parse_role(*name);
    if (!role) return role.error();
    return identity::Access(*role);
  }
  const Json& list = body["grants"];
  if (!list.is_array() || list.size() > identity::kGrantsMax) {
    return Error{ErrorId::kInvalidArgument,
                 "grants: must be a list of at most " + std::to_string(identity::kGrantsMax)};
  }
  std::vector<Grant> grants;
  for (std::size_t i = 0; i < list.size(); ++i) {
    Result<Grant> grant = grant_from_json(list[i]);
    if (!grant) {
      return Error{grant.error().id, "grants[" + std::to_string(i) + "]: " + grant.error().what};
    }
    grants.push_back(*std::move(grant));
  }
  return identity::Access(std::move(grants));
}

Json request_json(const identity::RightsRequest& request) {
  Json json = {{"id", request.id},
               {"asked_by", request.asked_by.value},
               {"asked", format_rfc3339(request.asked)},
               {"expires", format_rfc3339(request.asked + identity::kRightsRequestLifetime)},
               {"user", nullptr}};
  if (request.user == identity::UserId{}) {
    json["policy"] = policy_json(request.policy);
  } else {
    json["user"] = request.user.value;
    json["grants"] = grants_json(request.grants);
  }
  return json;
}

Json policy_json(const identity::RightsPolicy& policy) {
  return {{"two_persons", policy.two_persons}, {"separate_auditor", policy.separate_auditor}};
}

Json explanation_json(const identity::Explanation& explanation) {
  Json missing = Json::array();
  for (identity::Role role : explanation.missing) missing.push_back(identity::role_name(role));
  return {{"user", explanation.user.value},
          {"email", explanation.email},
          {"name", explanation.name},
          {"allowed", explanation.allowed},
          {"because", grants_json(explanation.because)},
          {"missing", std::move(missing)},
          {"of_server", explanation.of_server},
          {"withheld", explanation.withheld}};
}

Json names_json(identity::PermissionSet permissions) {
  Json names = Json::array();
  for (std::string_view name : identity::permission_names(permissions)) names.push_back(name);
  return names;
}

}  // namespace lineshaft::api
