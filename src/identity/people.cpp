#include <algorithm>
#include <utility>

#include "identity/audit_entry.h"
#include "identity/service.h"
#include "identity/text_rules.h"

namespace lineshaft::identity {
namespace {

// For the audit trail.
std::string fields_of(const User& user) {
  return text_object(
      {{"email", user.email}, {"name", user.name}, {"access", access_text(user.access)}});
}

}  // namespace

// Errors: kNotFound, the same for nobody and for somebody of another organisation.
Result<User> Service::user_of(const Principal& actor, UserId user) const {
  const auto found = state_.users.find(user);
  if (found == state_.users.end() || found->second.tenant != actor.tenant) {
    return Error{ErrorId::kNotFound, "there is no user " + std::to_string(user.value)};
  }
  return found->second;
}

bool Service::has_user(TenantId tenant, UserId user) const {
  const std::lock_guard lock(state_mutex_);
  const auto found = state_.users.find(user);
  return found != state_.users.end() && found->second.tenant == tenant;
}

Result<std::vector<User>> Service::list_users(const Principal& actor) const {
  if (Status may = authorise(actor, Permission::kUserRead); !may) return std::move(may).error();
  std::vector<User> users;
  {
    const std::lock_guard lock(state_mutex_);
    for (const auto& [id, user] : state_.users) {
      if (user.tenant == actor.tenant) users.push_back(user);
    }
  }
  std::ranges::sort(users, {}, &User::email);
  return users;
}

Status Service::check_room_for_user(TenantId tenant) const {
  const std::lock_guard lock(state_mutex_);
  const auto count = std::ranges::count_if(
      state_.users, [&](const auto& each) { return each.second.tenant == tenant; });
  if (static_cast<std::size_t>(count) < kUsersPerTenantMax) {
    return state_.room ? state_.room(tenant, Kind::kPerson, static_cast<std::size_t>(count))
                       : Status();
  }
  return Error{ErrorId::kConflict,
               "the organisation has " + std::to_string(kUsersPerTenantMax) + " users already"};
}

Result<User> Service::create_user(const Principal& actor, const NewUser& request) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return std::move(may).error();
  if (Status may = check_new_user(actor, request.access); !may) return std::move(may).error();
  Result<std::string> email = normalise_email(request.email);
  if (!email) return std::move(email).error();
  Result<std::string> name = normalise_name("name", request.name);
  if (!name) return std::move(name).error();
  if (Status fit = check_password(request.password, *email, organisation_name(actor.tenant));
      !fit) {
    return std::move(fit).error();
  }
  Result<std::string> hash = hash_at_gate(request.password);
  if (!hash) return std::move(hash).error();

  User user{.id = {},
            .tenant = actor.tenant,
            .email = std::move(email).value(),
            .name = std::move(name).value(),
            .access = access_in(actor.tenant, request.access),
            .created = clock_.now()};
  const std::lock_guard database_lock(database_mutex_);
  if (Status room = check_room_for_user(actor.tenant); !room) return std::move(room).error();
  const AuditRow audit =
      audit_row(actor, "user.create", user.email, access_text(user.access), "", fields_of(user));
  Status kept = commit_with(audit, [&]() -> Status {
    Result<UserId> id = insert_user(*database_, user, *hash);
    if (!id) return std::move(id).error();
    user.id = *id;
    return {};
  });
  if (!kept) return std::move(kept).error();
  const std::lock_guard lock(state_mutex_);
  state_.users[user.id] = user;
  return user;
}

// The user as it will be, checked. Requires: database_mutex_ held until it is written.
Result<User> Service::change_user(const Principal& actor, UserId id, const UserChange& change) {
  const std::lock_guard lock(state_mutex_);
  Result<User> user = user_of(actor, id);
  if (!user) return user;
  if (change.name) {
    Result<std::string> name = normalise_name("name", *change.name);
    if (!name) return std::move(name).error();
    user->name = std::move(name).value();
  }
  if (!change.access) return user;
  if (Status may = check_change(actor, *user, *change.access); !may) return std::move(may).error();
  user->access = Access(change.access->grants(), withheld_in(actor.tenant));
  return user;
}

Result<User> Service::update_user(const Principal& actor, UserId id, const UserChange& change) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return std::move(may).error();
  const std::lock_guard database_lock(database_mutex_);
  Result<User> user = change_user(actor, id, change);
  if (!user) return user;
  std::string before;
  {
    const std::lock_guard lock(state_mutex_);
    before = fields_of(state_.users.at(id));
  }
  const AuditRow audit = audit_row(actor, "user.change", user->email,
                                   "name " + user->name + ": " + access_text(user->access),
                                   std::move(before), fields_of(*user));
  Status kept = commit_with(audit, [&] { return update_user_row(*database_, *user); });
  if (!kept) return std::move(kept).error();
  keep_user(*user);
  return user;
}

Status Service::remove_user(const Principal& actor, UserId id) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return may;
  const std::lock_guard database_lock(database_mutex_);
  std::string email;
  std::string before;
  {
    const std::lock_guard lock(state_mutex_);
    Result<User> user = user_of(actor, id);
    if (!user) return std::move(user).error();
    before = fields_of(*user);
    if (Status stays = check_office(*user, {}); !stays) return stays;
    email = user->email;
  }
  Status kept = commit_with(audit_row(actor, "user.remove", email, "", std::move(before)),
                            [&] { return delete_user(*database_, id); });
  if (!kept) return kept;
  const std::lock_guard lock(state_mutex_);
  end_sessions(sessions_of(id));
  state_.pending.drop_of(id);
  state_.factors.erase(id);
  state_.users.erase(id);
  ++access_changes_;
  return {};
}

Status Service::set_password(const Principal& actor, UserId id, std::string_view password) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return may;
  std::string email;
  {
    const std::lock_guard lock(state_mutex_);
    Result<User> user = user_of(actor, id);
    if (!user) return std::move(user).error();
    // A password that one knows is an account that one has.
    const bool own = actor.kind == PrincipalKind::kUser && actor.id == id.value;
    if (!own && two_persons_in(actor.tenant) && adds_security({}, user->access)) {
      return Error{ErrorId::kConflict, "changes of rights take two people here, and " +
                                           user->email + " may change rights"};
    }
    email = user->email;
  }
  if (Status fit = check_password(password, email, organisation_name(actor.tenant)); !fit)
    return fit;
  Result<std::string> hash = hash_at_gate(password);
  if (!hash) return std::move(hash).error();

  const std::lock_guard database_lock(database_mutex_);
  std::vector<Digest> all;
  {
    const std::lock_guard lock(state_mutex_);
    Result<User> user = user_of(actor, id);  // It may have been removed meanwhile.
    if (!user) return std::move(user).error();
    all = sessions_of(id);
  }
  const AuditRow audit = audit_row(actor, "user.password", email, "by an administrator");
  Status kept = commit_with(audit, [&] {
    Status updated = update_user_hash(*database_, id, *hash);
    return updated ? delete_sessions(all) : updated;
  });
  if (!kept) return kept;
  const std::lock_guard lock(state_mutex_);
  end_sessions(all);
  return {};
}

}  // namespace lineshaft::identity
