#include <algorithm>
#include <utility>

#include "identity/grant_store.h"
#include "identity/service.h"

namespace lineshaft::identity {
namespace {

constexpr const char* kTakesTwo = "changes of rights take two people here";

// What only a person can do, with a session: a token would be a second hand of whoever made it.
Status check_person(const Principal& actor) {
  if (actor.kind == PrincipalKind::kUser) return {};
  return Error{ErrorId::kConflict, std::string(kTakesTwo) + ", and a token is not one"};
}

std::string policy_text(const RightsPolicy& policy) {
  return std::string("two persons: ") + (policy.two_persons ? "yes" : "no") +
         ", separate auditor: " + (policy.separate_auditor ? "yes" : "no");
}

bool manages_people(const Access& access) { return access.everywhere(Permission::kUserManage); }

}  // namespace

bool Service::two_persons_in(TenantId tenant) const {
  const auto found = state_.policies.find(tenant);
  return found != state_.policies.end() && found->second.two_persons;
}

PermissionSet Service::withheld_in(TenantId tenant) const {
  const auto found = state_.policies.find(tenant);
  return found == state_.policies.end() ? PermissionSet{} : withheld_by(found->second);
}

Access Service::access_in(TenantId tenant, const Access& access) const {
  const std::lock_guard lock(state_mutex_);
  return Access(access.grants(), withheld_in(tenant));
}

void Service::keep_user(const User& user) {
  const std::lock_guard lock(state_mutex_);
  state_.users[user.id] = user;
  ++access_changes_;
}

// Would enough people be left who manage people if `user` held `after`?
Status Service::check_office(const User& user, const Access& after) const {
  if (!manages_people(user.access) || manages_people(after)) return {};
  const auto others = std::ranges::count_if(state_.users, [&](const auto& each) {
    const User& other = each.second;
    return other.tenant == user.tenant && other.id != user.id && manages_people(other.access);
  });
  if (others >= (two_persons_in(user.tenant) ? 2 : 1)) return {};
  return Error{ErrorId::kLastAdministrator,
               others == 0 ? user.email + " is the only administrator of people"
                           : std::string(kTakesTwo) + ", and only one would be left"};
}

Status Service::check_gift(const Principal& actor, const User& user, const Access& after) const {
  if (Status fit = check_duties(after); !fit) return fit;
  const bool oneself = actor.kind == PrincipalKind::kUser && actor.id == user.id.value;
  if (oneself && after.has_role(Role::kAuditor) && !user.access.has_role(Role::kAuditor)) {
    return Error{ErrorId::kDenied, "nobody makes themselves auditor"};
  }
  if (oneself || actor.kind == PrincipalKind::kToken) {
    if (Status held = check_held(actor, after); !held) return held;
  }
  return check_office(user, after);
}

// As check_gift, where there is nobody to wait for.
Status Service::check_change(const Principal& actor, const User& user, const Access& after) const {
  if (Status may = check_gift(actor, user, after); !may) return may;
  if (!two_persons_in(user.tenant) || !adds_security(user.access, after)) return {};
  return Error{ErrorId::kConflict,
               std::string(kTakesTwo) + ": give " + access_text(after) + " by itself"};
}

Status Service::check_new_user(const Principal& actor, const Access& access) const {
  User nobody_yet;
  nobody_yet.tenant = actor.tenant;
  const std::lock_guard lock(state_mutex_);
  return check_change(actor, nobody_yet, access);
}

Status Service::check_new_token(const Principal& actor, const Access& access) const {
  if (Status fit = check_duties(access); !fit) return fit;
  if (Status held = check_held(actor, access); !held) return held;
  const std::lock_guard lock(state_mutex_);
  if (!two_persons_in(actor.tenant) || !adds_security({}, access)) return {};
  return Error{ErrorId::kConflict, std::string(kTakesTwo) + ", and a token is not one"};
}

Result<RightsRequest> Service::wait_for_second(const Principal& actor, RightsRequest request) {
  if (Status person = check_person(actor); !person) return std::move(person).error();
  request.tenant = actor.tenant;
  request.asked_by = UserId{actor.id};
  request.asked = clock_.now();
  std::string object;
  {
    const std::lock_guard lock(state_mutex_);
    const auto count = std::ranges::count(state_.requests, actor.tenant, &RightsRequest::tenant);
    if (static_cast<std::size_t>(count) >= kRightsRequestsMax) {
      return Error{ErrorId::kConflict, "too many changes of rights wait already: drop some"};
    }
    const auto user = state_.users.find(request.user);
    if (user != state_.users.end()) object = user->second.email;
  }
  const std::string what =
      object.empty() ? policy_text(request.policy) : access_text(Access(request.grants));
  Status kept = commit_with(audit_row(actor, "rights.ask", object, what), [&]() -> Status {
    Result<std::uint64_t> id = insert_request(*database_, request);
    if (!id) return std::move(id).error();
    request.id = *id;
    return {};
  });
  if (!kept) return std::move(kept).error();
  const std::lock_guard lock(state_mutex_);
  state_.requests.push_back(request);
  return request;
}

Result<GrantsAnswer> Service::set_grants(const Principal& actor, UserId id,
                                         std::vector<Grant> grants) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return std::move(may).error();
  const std::lock_guard database_lock(database_mutex_);
  User before;
  User user;
  bool takes_two = false;
  {
    const std::lock_guard lock(state_mutex_);
    Result<User> found = user_of(actor, id);
    if (!found) return std::move(found).error();
    before = user = *found;
    user.access = Access(grants, withheld_in(actor.tenant));
    if (Status may = check_gift(actor, before, user.access); !may) return std::move(may).error();
    takes_two = two_persons_in(actor.tenant) && adds_security(before.access, user.access);
  }
  if (takes_two) {
    RightsRequest request;
    request.user = id;
    request.grants = user.access.grants();
    Result<RightsRequest> waits = wait_for_second(actor, std::move(request));
    if (!waits) return std::move(waits).error();
    return GrantsAnswer{before, *waits};
  }
  const AuditRow audit = audit_row(actor, "user.grants", user.email,
                                   access_text(before.access) + " -> " + access_text(user.access));
  Status kept = commit_with(audit, [&] { return put_user_grants(*database_, id, user.access); });
  if (!kept) return std::move(kept).error();
  keep_user(user);
  return GrantsAnswer{user, {}};
}

Result<RightsPolicy> Service::rights_policy(const Principal& actor) const {
  if (Status may = authorise(actor, Permission::kUserRead); !may) return std::move(may).error();
  const std::lock_guard lock(state_mutex_);
  const auto found = state_.policies.find(actor.tenant);
  return found == state_.policies.end() ? RightsPolicy{} : found->second;
}

// Is there somebody to do what the policy asks for?
Status Service::check_policy(TenantId tenant, const RightsPolicy& policy) const {
  std::size_t managers = 0;
  std::size_t auditors = 0;
  for (const auto& [id, user] : state_.users) {
    if (user.tenant != tenant) continue;
    if (manages_people(user.access)) ++managers;
    if (user.access.has_role(Role::kAuditor)) ++auditors;
  }
  if (policy.two_persons && managers < 2) {
    return Error{ErrorId::kConflict, "two_persons: only one person manages people; add another"};
  }
  if (policy.separate_auditor && auditors == 0) {
    return Error{ErrorId::kConflict, "separate_auditor: nobody is auditor; make somebody first"};
  }
  return {};
}

Status Service::apply_policy(const Principal& actor, const RightsPolicy& policy,
                             const std::string& detail) {
  Status kept = commit_with(audit_row(actor, "rights.policy", "", detail),
                            [&] { return put_policy(*database_, actor.tenant, policy); });
  if (!kept) return kept;
  const std::lock_guard lock(state_mutex_);
  state_.policies[actor.tenant] = policy;
  const PermissionSet withheld = withheld_by(policy);
  for (auto& [id, user] : state_.users) {
    if (user.tenant == actor.tenant) user.access = Access(user.access.grants(), withheld);
  }
  for (auto& [digest, live] : state_.tokens) {
    Token& token = live.token;
    if (token.tenant == actor.tenant) token.access = Access(token.access.grants(), withheld);
  }
  ++access_changes_;
  return {};
}

Result<PolicyAnswer> Service::set_rights_policy(const Principal& actor,
                                                const RightsPolicy& policy) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return std::move(may).error();
  const std::lock_guard database_lock(database_mutex_);
  RightsPolicy before;
  {
    const std::lock_guard lock(state_mutex_);
    const auto found = state_.policies.find(actor.tenant);
    if (found != state_.policies.end()) before = found->second;
    if (Status can = check_policy(actor.tenant, policy); !can) return std::move(can).error();
  }
  if (before == policy) return PolicyAnswer{policy, {}};
  if (before.two_persons) {
    RightsRequest request;
    request.policy = policy;
    Result<RightsRequest> waits = wait_for_second(actor, std::move(request));
    if (!waits) return std::move(waits).error();
    return PolicyAnswer{before, *waits};
  }
  if (Status done = apply_policy(actor, policy, policy_text(policy)); !done) {
    return std::move(done).error();
  }
  return PolicyAnswer{policy, {}};
}

Result<std::vector<RightsRequest>> Service::list_rights_requests(const Principal& actor) const {
  if (Status may = authorise(actor, Permission::kUserRead); !may) return std::move(may).error();
  std::vector<RightsRequest> own;
  const std::lock_guard lock(state_mutex_);
  for (const RightsRequest& each : state_.requests) {
    const bool lives = clock_.now() - each.asked < kRightsRequestLifetime;
    if (each.tenant == actor.tenant && lives) own.push_back(each);
  }
  return own;
}

Result<RightsRequest> Service::request_of(const Principal& actor, std::uint64_t id) const {
  const auto found = std::ranges::find_if(state_.requests, [&](const RightsRequest& each) {
    return each.id == id && each.tenant == actor.tenant &&
           clock_.now() - each.asked < kRightsRequestLifetime;
  });
  if (found != state_.requests.end()) return *found;
  return Error{ErrorId::kNotFound, "no change of rights " + std::to_string(id) + " waits"};
}

// What `actor` may approve now: the request, who asked, and whom it is about, as they are to be.
Result<Service::Approval> Service::approval_of(const Principal& actor, std::uint64_t id) const {
  Result<RightsRequest> request = request_of(actor, id);
  if (!request) return std::move(request).error();
  const auto asker = state_.users.find(request->asked_by);
  if (asker == state_.users.end() || !manages_people(asker->second.access)) {
    return Error{ErrorId::kConflict, "who asked for it manages people no more: drop it"};
  }
  if (actor.id == request->asked_by.value || actor.id == request->user.value) {
    return Error{ErrorId::kConflict,
                 std::string(kTakesTwo) + ": a person who neither asked for it nor gets it"};
  }
  Approval approval{*request, asker->second.email, {}};
  if (request->user == UserId{}) {
    if (Status can = check_policy(actor.tenant, request->policy); !can) {
      return std::move(can).error();
    }
    return approval;
  }
  Result<User> user = user_of(actor, request->user);
  if (!user) return std::move(user).error();
  const Access after(request->grants, withheld_in(actor.tenant));
  if (Status may = check_gift(principal_of(asker->second), *user, after); !may) {
    return std::move(may).error();
  }
  approval.user = *std::move(user);
  approval.user.access = after;
  return approval;
}

Status Service::approve_rights(const Principal& actor, std::uint64_t id) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return may;
  if (Status person = check_person(actor); !person) return person;
  const std::lock_guard database_lock(database_mutex_);
  Result<Approval> approval = [&] {
    const std::lock_guard lock(state_mutex_);
    return approval_of(actor, id);
  }();
  if (!approval) return std::move(approval).error();
  const User& user = approval->user;
  const std::string asked = ", asked for by " + approval->asked_by;
  if (user.id == UserId{}) {
    const RightsPolicy& policy = approval->request.policy;
    if (Status done = apply_policy(actor, policy, policy_text(policy) + asked); !done) return done;
    static_cast<void>(delete_request(*database_, id));  // Done twice it changes nothing.
  } else {
    const AuditRow audit =
        audit_row(actor, "user.grants", user.email, access_text(user.access) + asked);
    Status kept = commit_with(audit, [&] {
      Status put = put_user_grants(*database_, user.id, user.access);
      return put ? delete_request(*database_, id) : put;
    });
    if (!kept) return kept;
    keep_user(user);
  }
  const std::lock_guard lock(state_mutex_);
  std::erase_if(state_.requests, [&](const RightsRequest& each) { return each.id == id; });
  return {};
}

Status Service::drop_rights(const Principal& actor, std::uint64_t id) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return may;
  const std::lock_guard database_lock(database_mutex_);
  {
    const std::lock_guard lock(state_mutex_);
    if (Result<RightsRequest> found = request_of(actor, id); !found) {
      return std::move(found).error();
    }
  }
  Status kept = commit_with(audit_row(actor, "rights.drop", std::to_string(id), ""),
                            [&] { return delete_request(*database_, id); });
  if (!kept) return kept;
  const std::lock_guard lock(state_mutex_);
  std::erase_if(state_.requests, [&](const RightsRequest& each) { return each.id == id; });
  return {};
}

Result<std::vector<Explanation>> Service::explain_access(const Principal& actor,
                                                         std::optional<UserId> user,
                                                         Permission what,
                                                         std::string_view path) const {
  if (Status may = authorise(actor, Permission::kUserRead); !may) return std::move(may).error();
  std::vector<Explanation> answers;
  const auto add = [&](const User& one) {
    answers.push_back(explain(principal_of(one), what, path));
    answers.back().name = one.name;
  };
  const std::lock_guard lock(state_mutex_);
  if (user) {
    Result<User> found = user_of(actor, *user);
    if (!found) return std::move(found).error();
    add(*found);
    return answers;
  }
  for (const auto& [id, one] : state_.users) {
    if (one.tenant == actor.tenant) add(one);
  }
  std::ranges::sort(answers, {}, &Explanation::email);
  return answers;
}

}  // namespace lineshaft::identity
