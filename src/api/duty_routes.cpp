// Who may do what: grants of people, the roles, the policy, what waits for a second person, and
// why.
#include <nlohmann/json.hpp>

#include "api/grant_json.h"
#include "api/resources.h"
#include "model/tag.h"

namespace lineshaft::api {
namespace {

using identity::Permission;
using identity::UserId;

constexpr int kWaits = 202;

Result<Reply> roles(const Services& /*services*/, const Request& /*request*/) {
  Json items = Json::array();
  for (identity::Role role : identity::kRoles) {
    const identity::PermissionSet all = identity::permissions_of(role);
    items.push_back({{"role", identity::role_name(role)},
                     {"permissions", names_json(all)},
                     {"at_places", names_json(all.within(identity::kOfPlaces))},
                     {"security", names_json(all.within(identity::kOfSecurity))}});
  }
  return Reply::json({{"items", std::move(items)}});
}

Result<Reply> set_grants(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"grants", "role"}); !known) return known.error();
  const Result<identity::Access> access = access_from_json(*body);
  if (!access) return access.error();
  const auto answer =
      services.identity.set_grants(request.principal, UserId{*id}, access->grants());
  if (!answer) return answer.error();
  Json json = {{"user", answer->user.id.value},
               {"grants", grants_json(answer->user.access.grants())},
               {"waits", answer->waits ? request_json(*answer->waits) : Json()}};
  return Reply::json(json, answer->waits ? kWaits : 200);
}

Result<Reply> get_policy(const Services& services, const Request& request) {
  const auto policy = services.identity.rights_policy(request.principal);
  if (!policy) return policy.error();
  return Reply::json({{"policy", policy_json(*policy)}, {"waits", nullptr}});
}

Result<Reply> set_policy(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"two_persons", "separate_auditor"}); !known) {
    return known.error();
  }
  const auto before = services.identity.rights_policy(request.principal);
  if (!before) return before.error();
  const Result<bool> two_persons = optional_bool(*body, "two_persons", before->two_persons);
  if (!two_persons) return two_persons.error();
  const Result<bool> auditor = optional_bool(*body, "separate_auditor", before->separate_auditor);
  if (!auditor) return auditor.error();
  const auto answer =
      services.identity.set_rights_policy(request.principal, {*two_persons, *auditor});
  if (!answer) return answer.error();
  return Reply::json({{"policy", policy_json(answer->policy)},
                      {"waits", answer->waits ? request_json(*answer->waits) : Json()}},
                     answer->waits ? kWaits : 200);
}

Result<Reply> list_requests(const Services& services, const Request& request) {
  const auto requests = services.identity.list_rights_requests(request.principal);
  if (!requests) return requests.error();
  Json items = Json::array();
  for (const identity::RightsRequest& each : *requests) items.push_back(request_json(each));
  return Reply::json({{"items", std::move(items)}, {"total", requests->size()}});
}

Result<Reply> approve(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  if (Status done = services.identity.approve_rights(request.principal, *id); !done) {
    return done.error();
  }
  return Reply::nothing();
}

Result<Reply> drop(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  if (Status done = services.identity.drop_rights(request.principal, *id); !done) {
    return done.error();
  }
  return Reply::nothing();
}

Result<Reply> explain(const Services& services, const Request& request) {
  const auto what = identity::parse_permission(request.query("permission").value_or("tag.read"));
  if (!what) return what.error();
  const std::string path = request.query("path").value_or("");
  if (!path.empty()) {
    if (Status sound = check_tag_path(path + "/x"); !sound) return sound.error();
    if (!identity::kOfPlaces.has(*what)) {
      return Error{ErrorId::kInvalidArgument,
                   "path: " + std::string(identity::permission_name(*what)) +
                       " is of the whole organisation; leave the path out"};
    }
  }
  std::optional<UserId> user;
  if (request.query("user")) {
    const auto id = request.query_number("user", 0, UINT32_MAX);
    if (!id) return id.error();
    user = UserId{*id};
  }
  const auto answers = services.identity.explain_access(request.principal, user, *what, path);
  if (!answers) return answers.error();
  Json items = Json::array();
  for (const identity::Explanation& each : *answers) items.push_back(explanation_json(each));
  return Reply::json({{"permission", identity::permission_name(*what)},
                      {"path", path.empty() ? Json() : Json(path)},
                      {"items", std::move(items)}});
}

}  // namespace

std::vector<Route> duty_routes(const Services& services) {
  const Rule look = Rule::needs(Permission::kUserRead);
  const Rule people = Rule::needs(Permission::kUserManage);
  return {
      {"GET", "/access/roles", Rule::signed_in(), "What each role holds", "", "RoleList",
       bind(services, roles)},
      {"PUT", "/users/{id}/grants", people,
       "Set what a person may do, and where; 202 if it waits for a second person", "NewGrants",
       "GrantsAnswer", bind(services, set_grants)},
      {"GET", "/access/policy", look, "What the organisation asks of changes of rights", "",
       "RightsPolicyAnswer", bind(services, get_policy)},
      {"PUT", "/access/policy", people, "Set it; 202 if it waits for a second person",
       "RightsPolicy", "RightsPolicyAnswer", bind(services, set_policy)},
      {"GET", "/access/requests", look, "Changes of rights that wait for a second person", "",
       "RightsRequestPage", bind(services, list_requests)},
      {"POST", "/access/requests/{id}/approve", people,
       "Let a change of rights happen that another person asked for", "", "",
       bind(services, approve)},
      {"DELETE", "/access/requests/{id}", people, "Drop a change of rights that waits", "", "",
       bind(services, drop)},
      {"GET", "/access/explain", look,
       "Why a person, or everybody, may or may not do something at a place", "", "Explanations",
       bind(services, explain)},
  };
}

}  // namespace lineshaft::api
