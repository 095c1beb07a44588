#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/utf8.h"
#include "identity/service.h"
#include "identity/text_rules.h"

namespace lineshaft::identity {
namespace {

// Said only to who knows the password.
Error suspended() {
  return {ErrorId::kDenied, "the organisation is suspended; ask who runs the server"};
}

Error sign_in_failed() {
  // The same words for an unknown account and a wrong password: neither can be found out.
  return {ErrorId::kSignInFailed, "the address and the password do not belong together"};
}

}  // namespace

std::string account_of(std::string_view email) {
  Result<std::string> normal = normalise_email(email.substr(0, 2 * kEmailBytesMax));
  if (normal) return std::move(normal).value();
  std::string text(email.substr(0, kEmailBytesMax));
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

Nanoseconds Service::sign_in_delay(std::string_view email, std::string_view address) const {
  const std::lock_guard lock(state_mutex_);
  return state_.limiter.delay(account_of(email), address, clock_.monotonic());
}

Status Service::admit(const std::string& account, std::string_view address) {
  const std::lock_guard lock(state_mutex_);
  const Nanoseconds wait = state_.limiter.admit(account, address, clock_.monotonic());
  if (wait == Nanoseconds(0)) return {};
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return Error{ErrorId::kTooManyAttempts, "try again in " + std::to_string(seconds) + " s"};
}

// What was typed as an address is listed only if it is one: people type passwords there.
void Service::note_refusal(const std::string& account, std::string_view address,
                           std::string_view why) {
  Principal who;
  who.name = normalise_email(account) ? account : "unknown";
  who.origin.address = address;
  const std::lock_guard database_lock(database_mutex_);
  {
    // Accounts that nobody has are listed with the organisation that claimed the server.
    const std::lock_guard lock(state_mutex_);
    const auto user = std::ranges::find_if(
        state_.users, [&](const auto& each) { return each.second.email == account; });
    who.tenant = user != state_.users.end() ? user->second.tenant : kFirstTenant;
  }
  Status noted = audit_.append_refusal(
      audit_row(who, "session.refuse", "", std::string(why) + ", from " + std::string(address)),
      clock_.monotonic());
  if (!noted) log_warn("identity", "a refused sign-in was not listed: " + noted.error().text());
}

Result<Credential> Service::check_credential(const std::string& account, std::string_view password,
                                             std::string_view address) {
  if (Status admitted = admit(account, address); !admitted) return std::move(admitted).error();
  const auto withdraw = [&] {
    const std::lock_guard lock(state_mutex_);
    state_.limiter.withdraw(account, address);
  };
  Result<std::optional<Credential>> known = [&] {
    const std::lock_guard lock(database_mutex_);
    return find_credential(*database_, account);
  }();
  if (!known) {
    withdraw();
    return std::move(known).error();
  }
  // An unknown account, or one without a password, costs the same: a hash that nobody has the
  // password of.
  const bool has_password = *known && (*known)->hash != kNoPassword;
  const std::string& hash = has_password ? (*known)->hash : nobody_hash_;
  Result<bool> right = verify_at_gate(hash, password.substr(0, kPasswordBytesMax + 1));
  if (!right) {
    withdraw();
    return std::move(right).error();
  }
  if (!*right || !has_password) {
    note_refusal(account, address, "wrong address or password");
    return sign_in_failed();
  }
  const std::lock_guard lock(state_mutex_);
  if (factors_of((*known)->user).factors.empty()) {
    state_.limiter.succeeded(account, address, clock_.monotonic());
  } else {
    // Only half of the way: the place is not known for good before the factor was shown as well.
    state_.limiter.withdraw(account, address);
  }
  return std::move(**known);
}

// While a password is hashed, the account may get another one, or go.
Status Service::check_unchanged(const std::string& account, const Credential& credential) {
  Result<std::optional<Credential>> now = find_credential(*database_, account);
  if (!now) return std::move(now).error();
  const bool same = *now && (*now)->user == credential.user && (*now)->hash == credential.hash;
  return same ? Status() : Status(sign_in_failed());
}

Result<NewSession> Service::sign_in(const SignInRequest& request) {
  Result<SignInStep> step = begin_sign_in(request);
  if (!step) return std::move(step).error();
  if (auto* session = std::get_if<NewSession>(&*step)) return std::move(*session);
  return Error{ErrorId::kFactorRequired, "this person has a second factor"};
}

Result<Principal> Service::verify_person(const SignInRequest& request) {
  const std::string account = account_of(request.email);
  Result<Credential> credential = check_credential(account, request.password, request.address);
  if (!credential) return std::move(credential).error();
  const std::lock_guard lock(state_mutex_);
  const auto found = state_.users.find(credential->user);
  if (found == state_.users.end()) return sign_in_failed();
  if (!state_.is_open(found->second.tenant)) return suspended();
  if (!factors_of(credential->user).factors.empty()) {
    return Error{ErrorId::kFactorRequired, "this door knows passwords only"};
  }
  Principal person = principal_now(found->second);
  if (person.factor_missing) {
    return Error{ErrorId::kFactorMissing, "this account must have a second factor to go on"};
  }
  return person;
}

std::optional<Principal> Service::find_person(std::string_view email) const {
  const std::string account = account_of(email);
  const std::lock_guard lock(state_mutex_);
  const auto user = std::ranges::find_if(
      state_.users, [&](const auto& each) { return each.second.email == account; });
  if (user == state_.users.end() || !state_.is_open(user->second.tenant)) return std::nullopt;
  return principal_now(user->second);
}

Result<NewSession> Service::start_session(const Beginning& beginning) {
  const Digest previous = digest_of(beginning.from.previous_cookie);
  DraftSession draft =
      draft_session(beginning.user, new_secret(), beginning.from, beginning.strength);
  draft.live.provider = beginning.provider;
  if (beginning.proved) {
    draft.live.proved =
        clock_.monotonic() - std::max(clock_.now() - *beginning.proved, Nanoseconds(0));
  }
  std::vector<Digest> replaced = beginning.ends;
  User user;
  std::optional<FactorPerson> person;
  {
    const std::lock_guard lock(state_mutex_);
    const auto found = state_.users.find(beginning.user);
    if (found == state_.users.end()) return sign_in_failed();
    user = found->second;
    if (!state_.is_open(user.tenant)) return suspended();
    if (replaced.empty()) replaced = surplus_sessions_of(user.id);
    if (state_.sessions.contains(previous)) replaced.push_back(previous);
    person = person_at_sign_in(user, beginning.factor_at_once,
                               beginning.strength == Strength::kProviderStrong);
    draft.live.notice = factors_of(user.id).person.notice;
  }
  AuditRow audit = audit_row(principal_of(user), "session.begin", "",
                             "from " + beginning.from.address + beginning.detail);
  audit.address = beginning.from.address;
  Status written = commit_with(audit, [&] {
    Status done = delete_sessions(replaced);
    if (done && beginning.change) done = beginning.change();
    if (done && person) done = put_factor_person(*database_, *person);
    return done ? put_draft(draft) : done;
  });
  if (!written && (beginning.must_keep || !is_disk_trouble(written.error()))) {
    return std::move(written).error();
  }
  if (!written) {
    // Somebody must be able to look at the trouble: this session ends with the process.
    log_warn("identity", "a session is kept in memory only: " + written.error().text());
    audit_.wait(std::move(audit));
  }
  const std::lock_guard lock(state_mutex_);
  end_sessions(replaced);
  if (written) draft.live.used_on_disk = draft.live.idle.started();
  if (person) state_.factors[user.id].person = *std::move(person);
  state_.sessions.insert_or_assign(draft.digest, draft.live);
  return NewSession{draft.cookie, session_of(draft.cookie, user)};
}

Status Service::change_password(std::string_view cookie, std::string_view old_password,
                                std::string_view new_password, std::string_view address) {
  Result<Session> session = find_session(cookie, Use::kTouch);
  if (!session) return std::move(session).error();
  const User& user = session->user;
  Result<Credential> credential = check_credential(user.email, old_password, address);
  if (!credential) return std::move(credential).error();
  if (Status fit = check_password(new_password, user.email, session->organisation.name); !fit) {
    return fit;
  }
  Result<std::string> hash = hash_at_gate(new_password);
  if (!hash) return std::move(hash).error();

  const Digest own = digest_of(cookie);
  const std::lock_guard database_lock(database_mutex_);
  if (Status same = check_unchanged(user.email, *credential); !same) return same;
  std::vector<Digest> others;
  {
    const std::lock_guard lock(state_mutex_);
    others = sessions_of(user.id, &own);
  }
  const AuditRow audit = audit_row(session->principal, "user.password", user.email, "by the user");
  Status kept = commit_with(audit, [&] {
    Status updated = update_user_hash(*database_, user.id, *hash);
    return updated ? delete_sessions(others) : updated;
  });
  if (!kept) return kept;
  const std::lock_guard lock(state_mutex_);
  end_sessions(others);
  return {};
}

}  // namespace lineshaft::identity
