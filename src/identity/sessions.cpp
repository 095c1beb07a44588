#include <algorithm>
#include <utility>

#include "identity/service.h"

namespace lineshaft::identity {
namespace {

constexpr std::size_t kAddressBytesMax = 64;
constexpr std::size_t kAgentBytesMax = 256;

Error not_signed_in() { return {ErrorId::kNotSignedIn, "there is no such session"}; }

// Bound to the session, because it comes from the cookie; of no use to who only reads the database,
// because the cookie is not in it.
std::string csrf_token_of(std::string_view cookie) {
  return base64url(digest_of("lineshaft csrf " + std::string(cookie)));
}

}  // namespace

Principal principal_of(const User& user) {
  return {.kind = PrincipalKind::kUser,
          .tenant = user.tenant,
          .id = user.id.value,
          .access = user.access,
          .name = user.email};
}

Service::DraftSession Service::draft_session(UserId user, std::string cookie,
                                             const SignInRequest& from, Strength strength) {
  const Digest digest = digest_of(cookie);
  const LiveSession live{.user = user,
                         .age = Stopwatch::start(clock_),
                         .idle = Stopwatch::start(clock_),
                         .used_on_disk = std::nullopt,
                         .age_on_disk = {},
                         .address = from.address.substr(0, kAddressBytesMax),
                         .agent = from.agent.substr(0, kAgentBytesMax),
                         .strength = strength};
  return {std::move(cookie), digest, live};
}

Session Service::session_of(std::string_view cookie, const User& user) const {
  const auto organisation = state_.organisations.find(user.tenant);
  const bool known = organisation != state_.organisations.end();
  Session session{.principal = principal_now(user),
                  .user = user,
                  .organisation = known ? organisation->second : Organisation{user.tenant, ""},
                  .csrf_token = csrf_token_of(cookie),
                  .strength = Strength::kPassword,
                  .factors = factor_state_of(user)};
  const auto live = state_.sessions.find(digest_of(cookie));
  if (live != state_.sessions.end()) {
    session.strength = live->second.strength;
    session.factors.notice = live->second.notice;
    session.provider = session_provider(live->second);
  }
  // It was shown to the provider, for this session.
  if (session.strength == Strength::kProviderStrong) {
    session.principal.factor_missing = false;
    session.factors.due.reset();
  }
  return session;
}

bool Service::expired(const LiveSession& session) const {
  return session.age.elapsed(clock_) >= kSessionAgeMax ||
         session.idle.elapsed(clock_) >= kSessionIdleMax;
}

Result<Session> Service::find_session(std::string_view cookie, Use use) {
  if (cookie.size() != kSecretCharacters) return not_signed_in();
  const Digest digest = digest_of(cookie);
  const std::lock_guard lock(state_mutex_);
  const auto found = state_.sessions.find(digest);
  if (found == state_.sessions.end()) return not_signed_in();
  const auto user = state_.users.find(found->second.user);
  if (user == state_.users.end() || expired(found->second)) {
    end_sessions({digest});
    return not_signed_in();
  }
  if (!state_.is_open(user->second.tenant)) return not_signed_in();
  if (use == Use::kTouch) found->second.idle = Stopwatch::start(clock_);
  return session_of(cookie, user->second);
}

Status Service::check_csrf(std::string_view cookie, std::string_view csrf_token) const {
  if (equal_secrets(csrf_token_of(cookie), csrf_token)) return {};
  return Error{ErrorId::kCsrfRefused, "X-CSRF-Token is missing or of another session"};
}

std::vector<Digest> Service::sessions_of(UserId user, const Digest* except) const {
  std::vector<Digest> digests;
  for (const auto& [digest, session] : state_.sessions) {
    if (session.user == user && (except == nullptr || digest != *except)) digests.push_back(digest);
  }
  return digests;
}

// Those that must go to leave room for one more, the idle ones first.
std::vector<Digest> Service::surplus_sessions_of(UserId user) const {
  std::vector<Digest> digests = sessions_of(user);
  if (digests.size() < kSessionsPerUserMax) return {};
  std::ranges::sort(digests, std::ranges::greater{}, [&](const Digest& digest) {
    return state_.sessions.at(digest).idle.elapsed(clock_);
  });
  digests.resize(digests.size() - (kSessionsPerUserMax - 1));
  return digests;
}

// From memory at once; maintain() deletes from the disk what nobody else has deleted there.
void Service::end_sessions(const std::vector<Digest>& digests) {
  for (const Digest& digest : digests) {
    const auto found = state_.sessions.find(digest);
    if (found == state_.sessions.end()) continue;
    if (found->second.used_on_disk) state_.ended.push_back(digest);
    state_.sessions.erase(found);
  }
}

Status Service::put_draft(const DraftSession& draft) {
  Status kept = put_session(*database_, {.digest = draft.digest,
                                         .user = draft.live.user,
                                         .created = draft.live.age.started(),
                                         .age = Nanoseconds(0),
                                         .used = draft.live.idle.started(),
                                         .idle = Nanoseconds(0)});
  if (!kept) return kept;
  if (draft.live.provider != ProviderId{}) {
    kept = put_session_provider(*database_, draft.digest, draft.live.provider);
    if (!kept) return kept;
  }
  return put_session_origin(
      *database_, {draft.digest, draft.live.address, draft.live.agent, draft.live.strength});
}

Status Service::delete_sessions(const std::vector<Digest>& digests) {
  for (const Digest& digest : digests) {
    if (Status done = delete_session(*database_, digest); !done) return done;
  }
  return {};
}

Status Service::sign_out(std::string_view cookie) {
  Result<Session> session = find_session(cookie, Use::kLook);
  if (!session) return {};
  const Digest digest = digest_of(cookie);
  const std::lock_guard database_lock(database_mutex_);
  {
    // First from memory: signing out works even when the disk does not.
    const std::lock_guard lock(state_mutex_);
    end_sessions({digest});
  }
  return commit_with(audit_row(session->principal, "session.end", "", ""),
                     [&] { return delete_session(*database_, digest); });
}

Status Service::sign_out_everywhere(const Principal& actor, UserId user) {
  const bool own = actor.kind == PrincipalKind::kUser && actor.id == user.value;
  if (!own) {
    if (Status may = authorise(actor, Permission::kUserManage); !may) return may;
  }
  const std::lock_guard database_lock(database_mutex_);
  std::vector<Digest> all;
  std::string email;
  {
    const std::lock_guard lock(state_mutex_);
    Result<User> found = user_of(actor, user);
    if (!found) return std::move(found).error();
    email = found->email;
    all = sessions_of(user);
    end_sessions(all);
  }
  const AuditRow audit =
      audit_row(actor, "session.end", email, std::to_string(all.size()) + " sessions, everywhere");
  return commit_with(audit, [&] { return delete_sessions(all); });
}

}  // namespace lineshaft::identity
