// The sessions that are open, and one's own name.
#include <algorithm>
#include <utility>

#include "identity/service.h"
#include "identity/text_rules.h"

namespace lineshaft::identity {
namespace {

constexpr std::size_t kIdCharacters = 22;  // 132 bits: no two alike, and no way back to the cookie

std::string session_id(const Digest& digest) {
  return base64url(digest_of("lineshaft session " + base64url(digest))).substr(0, kIdCharacters);
}

// One's own, or with the permission.
Status may_of(const Principal& actor, UserId user, Permission permission) {
  if (actor.kind == PrincipalKind::kUser && actor.id == user.value) return {};
  return authorise(actor, permission);
}

}  // namespace

Result<std::vector<OpenSession>> Service::list_sessions(const Principal& actor, UserId user,
                                                        std::string_view cookie) const {
  if (Status may = may_of(actor, user, Permission::kUserRead); !may) return std::move(may).error();
  const Digest own = digest_of(cookie);
  std::vector<OpenSession> open;
  const std::lock_guard lock(state_mutex_);
  if (Result<User> known = user_of(actor, user); !known) return std::move(known).error();
  for (const auto& [digest, live] : state_.sessions) {
    if (live.user != user || expired(live)) continue;
    const Nanoseconds left = std::min(kSessionAgeMax - live.age.elapsed(clock_),
                                      kSessionIdleMax - live.idle.elapsed(clock_));
    open.push_back({.id = session_id(digest),
                    .own = digest == own,
                    .created = live.age.started(),
                    .used = live.idle.started(),
                    .ends = clock_.now() + left,
                    .address = live.address,
                    .agent = live.agent,
                    .strength = live.strength});
  }
  std::ranges::sort(open, std::ranges::greater{}, &OpenSession::used);
  return open;
}

Status Service::end_session(const Principal& actor, UserId user, std::string_view session) {
  if (Status may = may_of(actor, user, Permission::kUserManage); !may) return may;
  const std::lock_guard database_lock(database_mutex_);
  std::vector<Digest> one;
  std::string email;
  std::string address;
  {
    const std::lock_guard lock(state_mutex_);
    Result<User> known = user_of(actor, user);
    if (!known) return std::move(known).error();
    email = known->email;
    for (const Digest& digest : sessions_of(user)) {
      if (session_id(digest) == session) one.push_back(digest);
    }
    if (one.empty()) return Error{ErrorId::kNotFound, "there is no such session"};
    address = state_.sessions.at(one.front()).address;
    end_sessions(one);
  }
  return commit_with(audit_row(actor, "session.end", email, "the one from " + address),
                     [&] { return delete_sessions(one); });
}

Status Service::end_other_sessions(std::string_view cookie) {
  Result<Session> session = session_with(cookie);
  if (!session) return std::move(session).error();
  const Digest own = digest_of(cookie);
  const std::lock_guard database_lock(database_mutex_);
  std::vector<Digest> others;
  {
    const std::lock_guard lock(state_mutex_);
    others = sessions_of(session->user.id, &own);
    end_sessions(others);
  }
  return commit_with(audit_row(session->principal, "session.end", session->user.email,
                               std::to_string(others.size()) + " others"),
                     [&] { return delete_sessions(others); });
}

Status Service::rename_self(std::string_view cookie, std::string_view name) {
  Result<Session> session = session_with(cookie);
  if (!session) return std::move(session).error();
  Result<std::string> normal = normalise_name("name", name);
  if (!normal) return std::move(normal).error();
  const std::lock_guard database_lock(database_mutex_);
  User user;
  {
    const std::lock_guard lock(state_mutex_);
    const auto found = state_.users.find(session->user.id);
    if (found == state_.users.end())
      return Error{ErrorId::kNotSignedIn, "there is no such session"};
    user = found->second;
  }
  user.name = std::move(normal).value();
  Status kept =
      commit_with(audit_row(session->principal, "user.change", user.email, "name " + user.name),
                  [&] { return update_user_row(*database_, user); });
  if (!kept) return kept;
  const std::lock_guard lock(state_mutex_);
  state_.users[user.id].name = user.name;
  return {};
}

}  // namespace lineshaft::identity
