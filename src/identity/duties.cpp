#include "identity/duties.h"

#include <algorithm>

namespace lineshaft::identity {

PermissionSet withheld_by(const RightsPolicy& policy) {
  return policy.separate_auditor ? PermissionSet{Permission::kAuditRead} : PermissionSet{};
}

Status check_duties(const Access& access) {
  if (access.grants().size() > kGrantsMax) {
    return Error{ErrorId::kInvalidArgument, "grants: at most " + std::to_string(kGrantsMax)};
  }
  const bool audits = access.has_role(Role::kAuditor);
  for (const Grant& grant : access.grants()) {
    if (std::ranges::find(kRoles, grant.role) == kRoles.end()) {
      return Error{ErrorId::kInvalidArgument, "role: is none"};
    }
    if (permissions_of(grant).empty()) {
      return Error{ErrorId::kInvalidArgument, "the role " + std::string(role_name(grant.role)) +
                                                  " brings nothing at a place: give it for *"};
    }
    if (audits && !permissions_of(grant.role).without(kOfReaders).empty()) {
      return Error{ErrorId::kConflict, "an auditor changes nothing: the role does not go with " +
                                           std::string(role_name(grant.role))};
    }
  }
  return {};
}

Status check_held(const Principal& actor, const Access& access) {
  for (const Grant& grant : access.grants()) {
    const PermissionSet brings = permissions_of(grant);
    const bool everywhere = grant.place == kEverywhere;
    for (Permission each : kPermissions) {
      if (!brings.has(each)) continue;
      const Status held =
          everywhere ? authorise(actor, each) : authorise(actor, each, {actor.tenant, grant.place});
      // An organisation that cannot hold what is of the server gives its roles without it.
      if (held || (actor.tenant != kFirstTenant && kOfServer.has(each))) continue;
      return Error{ErrorId::kDenied, "the role " + grant_text(grant) + " brings " +
                                         std::string(permission_name(each)) +
                                         ", which one does not have"};
    }
  }
  return {};
}

bool adds_security(const Access& before, const Access& after) {
  return !after.everywhere().within(kOfSecurity).without(before.everywhere()).empty();
}

std::string access_text(const Access& access) {
  std::string text;
  for (const Grant& grant : access.grants()) {
    text += (text.empty() ? "" : ", ") + grant_text(grant);
  }
  return text.empty() ? "nothing" : text;
}

Explanation explain(const Principal& who, Permission what, std::string_view path) {
  Explanation answer;
  answer.user = UserId{who.id};
  answer.email = who.name;
  const Status may = path.empty() ? authorise(who, what) : authorise(who, what, {who.tenant, path});
  answer.allowed = may.ok();
  answer.of_server = kOfServer.has(what) && who.tenant != kFirstTenant;
  for (const Grant& grant : who.access.grants()) {
    const bool there =
        grant.place == kEverywhere || (!path.empty() && holds_place(grant.place, path));
    if (there && permissions_of(grant).has(what)) answer.because.push_back(grant);
  }
  if (answer.allowed) {
    // What a policy withholds is in the role, but not from it.
    std::erase_if(answer.because, [&](const Grant& grant) {
      return !Access({grant}, who.access.withheld()).somewhere(what);
    });
    return answer;
  }
  answer.withheld = !answer.of_server && !answer.because.empty();
  answer.because.clear();
  if (answer.of_server) return answer;
  for (Role role : kRoles) {
    if (permissions_of(role).has(what)) answer.missing.push_back(role);
  }
  return answer;
}

}  // namespace lineshaft::identity
