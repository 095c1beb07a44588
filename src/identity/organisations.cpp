#include <algorithm>
#include <utility>

#include "identity/operator.h"
#include "identity/organisation_store.h"
#include "identity/service.h"
#include "identity/text_rules.h"

namespace lineshaft::identity {
namespace {

Error operators_own() {
  return {ErrorId::kConflict,
          "this organisation runs the server: it can neither be suspended nor "
          "leave"};
}

}  // namespace

std::vector<Organisation> Service::organisations() const {
  const std::lock_guard lock(state_mutex_);
  std::vector<Organisation> all;
  for (const auto& [id, each] : state_.organisations) {
    if (each.state != OrganisationState::kRemoved) all.push_back(each);
  }
  return all;
}

OrganisationSize Service::size_of(TenantId tenant) const {
  const std::lock_guard lock(state_mutex_);
  const auto people = std::ranges::count_if(
      state_.users, [&](const auto& each) { return each.second.tenant == tenant; });
  const auto tokens = std::ranges::count_if(
      state_.tokens, [&](const auto& each) { return each.second.token.tenant == tenant; });
  return {static_cast<std::size_t>(people), static_cast<std::size_t>(tokens)};
}

std::vector<std::uint64_t> Service::people_of(TenantId tenant) const {
  const std::lock_guard lock(state_mutex_);
  std::vector<std::uint64_t> people;
  for (const auto& [id, user] : state_.users) {
    if (user.tenant == tenant) people.push_back(id.value);
  }
  return people;
}

void Service::ask_for_room(Room room) {
  const std::lock_guard lock(state_mutex_);
  state_.room = std::move(room);
}

// Errors: kNotFound, also for one that is removed.
Result<Organisation> Service::organisation_of(TenantId tenant) const {
  const auto found = state_.organisations.find(tenant);
  if (found == state_.organisations.end() || found->second.state == OrganisationState::kRemoved) {
    return Error{ErrorId::kNotFound, "there is no organisation " + std::to_string(tenant.value)};
  }
  return found->second;
}

Result<MadeOrganisation> Service::create_organisation(const Principal& actor,
                                                      const NewOrganisation& request) {
  if (Status may = authorise(actor, Permission::kPlatformManage); !may) {
    return std::move(may).error();
  }
  Result<std::string> name = normalise_name("organisation", request.name);
  if (!name) return std::move(name).error();
  Result<std::string> email = normalise_email(request.email);
  if (!email) return std::move(email).error();
  Result<std::string> person = normalise_name("name", request.person);
  if (!person) return std::move(person).error();
  const std::string made = request.password.empty() ? new_secret() : std::string();
  const std::string& password = made.empty() ? request.password : made;
  if (Status fit = check_password(password, *email, *name); !fit) return std::move(fit).error();
  Result<std::string> hash = hash_at_gate(password);
  if (!hash) return std::move(hash).error();

  const std::lock_guard database_lock(database_mutex_);
  Organisation organisation{kFirstTenant, *std::move(name)};
  {
    const std::lock_guard lock(state_mutex_);
    // Removed ones keep their number.
    organisation.id.value = state_.organisations.rbegin()->first.value + 1;
  }
  User user{.id = {},
            .tenant = organisation.id,
            .email = *std::move(email),
            .name = *std::move(person),
            .access = Role::kAdministrator,
            .created = clock_.now()};
  const std::string detail = "administrator " + user.email;
  const AuditRow audit = audit_row(actor, "organisation.create", organisation.name, detail);
  AuditRow own = audit;
  own.tenant = organisation.id;
  Status kept = commit_with(audit, [&]() -> Status {
    Status done = insert_organisation(*database_, organisation, user.created);
    if (done) done = put_organisation_state(*database_, organisation);
    if (done) done = audit_.write(own);
    if (!done) return done;
    Result<UserId> id = insert_user(*database_, user, *hash);
    if (!id) return std::move(id).error();
    user.id = *id;
    return {};
  });
  if (!kept) return std::move(kept).error();
  const std::lock_guard lock(state_mutex_);
  state_.organisations[organisation.id] = organisation;
  state_.users[user.id] = user;
  return MadeOrganisation{organisation, user, made};
}

// Requires: database_mutex_ held since `changed` was read.
Status Service::change_organisation(const Principal& actor, std::string_view action,
                                    const Organisation& changed) {
  const std::string detail = changed.leaves ? "on " + format_rfc3339(*changed.leaves) : "";
  AuditRow audit = audit_row(actor, action, changed.name, detail);
  AuditRow own = audit;
  own.tenant = changed.id;
  audit.tenant = kFirstTenant;
  Status kept = commit_with(audit, [&]() -> Status {
    if (Status done = audit_.write(own); !done) return done;
    if (changed.state == OrganisationState::kRemoved) {
      if (Status done = delete_providers_of(*database_, changed.id); !done) return done;
      if (Status done = delete_members(*database_, changed.id); !done) return done;
    }
    return put_organisation_state(*database_, changed);
  });
  if (!kept) return kept;
  const std::lock_guard lock(state_mutex_);
  state_.organisations[changed.id] = changed;
  if (changed.state != OrganisationState::kRemoved) return {};
  std::erase_if(state_.tokens,
                [&](const auto& each) { return each.second.token.tenant == changed.id; });
  std::erase_if(state_.sessions, [&](const auto& each) {
    const auto user = state_.users.find(each.second.user);
    return user != state_.users.end() && user->second.tenant == changed.id;
  });
  std::erase_if(state_.users, [&](const auto& each) { return each.second.tenant == changed.id; });
  std::erase_if(state_.providers,
                [&](const auto& each) { return each.second.row.provider.tenant == changed.id; });
  return {};
}

Status Service::suspend_organisation(const Principal& actor, TenantId tenant, bool suspended) {
  if (Status may = authorise(actor, Permission::kPlatformManage); !may) return may;
  if (tenant == kFirstTenant) return operators_own();
  const std::lock_guard database_lock(database_mutex_);
  Organisation changed;
  {
    const std::lock_guard lock(state_mutex_);
    Result<Organisation> known = organisation_of(tenant);
    if (!known) return std::move(known).error();
    changed = *std::move(known);
  }
  changed.state = suspended ? OrganisationState::kSuspended : OrganisationState::kActive;
  return change_organisation(actor, suspended ? "organisation.suspend" : "organisation.resume",
                             changed);
}

Status Service::set_leaving(const Principal& actor, std::optional<Timestamp> leaves) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return may;
  if (actor.tenant == kFirstTenant) return operators_own();
  const std::lock_guard database_lock(database_mutex_);
  Organisation changed;
  {
    const std::lock_guard lock(state_mutex_);
    Result<Organisation> known = organisation_of(actor.tenant);
    if (!known) return std::move(known).error();
    changed = *std::move(known);
  }
  changed.leaves = leaves;
  return change_organisation(actor, leaves ? "organisation.leave" : "organisation.stay", changed);
}

Status Service::remove_organisation(const Principal& actor, TenantId tenant) {
  if (actor.kind != PrincipalKind::kNobody) {
    if (Status may = authorise(actor, Permission::kPlatformManage); !may) return may;
  }
  if (tenant == kFirstTenant) return operators_own();
  const std::lock_guard database_lock(database_mutex_);
  Organisation changed;
  {
    const std::lock_guard lock(state_mutex_);
    Result<Organisation> known = organisation_of(tenant);
    if (!known) return std::move(known).error();
    changed = *std::move(known);
  }
  const bool is_time = changed.leaves && *changed.leaves <= clock_.now();
  if (actor.kind == PrincipalKind::kNobody && !is_time) {
    return Error{ErrorId::kDenied, "the time of this organisation has not come"};
  }
  changed.state = OrganisationState::kRemoved;
  return change_organisation(actor, "organisation.remove", changed);
}

}  // namespace lineshaft::identity
