// How a person sets up, changes and takes away second factors of their own.
#include <algorithm>
#include <tuple>
#include <utility>

#include "identity/claim_code.h"
#include "identity/passkeys.h"
#include "identity/service.h"
#include "identity/text_rules.h"
#include "identity/totp.h"

namespace lineshaft::identity {
namespace {

constexpr std::size_t kHandleBytes = 32;

Error pending_over() { return {ErrorId::kPendingOver, "there is no such step to finish"}; }

}  // namespace

Digest recovery_code_digest(UserId user, std::string_view typed) {
  return digest_of("lineshaft recovery " + std::to_string(user.value) + " " +
                   normalise_recovery_code(typed));
}

Result<Session> Service::session_with(std::string_view cookie) const {
  const Error none{ErrorId::kNotSignedIn, "there is no such session"};
  const std::lock_guard lock(state_mutex_);
  const auto found = state_.sessions.find(digest_of(cookie));
  if (found == state_.sessions.end() || expired(found->second)) return none;
  const auto user = state_.users.find(found->second.user);
  if (user == state_.users.end()) return none;
  return session_of(cookie, user->second);
}

// A person whom a provider knows already is sent back by it without a word: then the age of our
// session says nothing, unless we asked for a factor of our own.
bool Service::is_fresh(const LiveSession& session) const {
  const bool asked_here = session.provider == ProviderId{} ||
                          session.strength == Strength::kProviderAndCode ||
                          session.strength == Strength::kProviderAndPasskey;
  if (asked_here && session.age.elapsed(clock_) < kFreshSession) return true;
  return session.proved && clock_.monotonic() - *session.proved < kFreshSession;
}

Status Service::show_password(std::string_view cookie, std::string_view password,
                              std::string_view address) {
  Result<Session> session = session_with(cookie);
  if (!session) return std::move(session).error();
  {
    const std::lock_guard lock(state_mutex_);
    const auto live = state_.sessions.find(digest_of(cookie));
    if (live != state_.sessions.end() && is_fresh(live->second)) return {};
  }
  if (password.empty()) return Error{ErrorId::kPasswordNeeded, "this session is not new any more"};
  Result<Credential> right = check_credential(session->user.email, password, address);
  return right ? Status() : Status(std::move(right).error());
}

Result<TotpEnrolment> Service::begin_totp(std::string_view cookie) {
  Result<Session> session = session_with(cookie);
  if (!session) return std::move(session).error();
  const std::string secret = new_secret();
  Pending pending;
  pending.kind = PendingKind::kTotpEnrolment;
  pending.user = session->user.id;
  pending.totp_secret = random_bytes(kTotpSecretBytes);
  pending.begun = clock_.monotonic();
  const std::string issuer =
      session->organisation.name.empty() ? "Lineshaft" : session->organisation.name;
  TotpEnrolment enrolment{secret, base32(pending.totp_secret),
                          totp_uri(issuer, session->user.email, pending.totp_secret)};
  const std::lock_guard lock(state_mutex_);
  state_.pending.add(digest_of(secret), std::move(pending));
  return enrolment;
}

Result<PasskeyChallenge> Service::begin_passkey(std::string_view cookie,
                                                const PasskeyScope& scope) {
  Result<Session> session = session_with(cookie);
  if (!session) return std::move(session).error();
  PasskeyChallenge challenge{.pending = new_secret(),
                             .challenge = new_secret(),
                             .rp_id = scope.rp_id,
                             .credentials = {},
                             .user_handle = {},
                             .user_name = session->user.email,
                             .display_name = session->user.name};
  Bytes new_handle = random_bytes(kHandleBytes);
  Pending pending;
  pending.kind = PendingKind::kPasskeyEnrolment;
  pending.user = session->user.id;
  pending.challenge = challenge.challenge;
  pending.scope = scope;
  pending.begun = clock_.monotonic();
  const std::lock_guard lock(state_mutex_);
  // In memory until a passkey is kept, and with it the handle.
  LiveFactors& live = state_.factors[session->user.id];
  live.person.user = session->user.id;
  if (live.person.handle.empty()) live.person.handle = std::move(new_handle);
  challenge.user_handle = base64url(live.person.handle);
  for (const FactorRow& row : live.factors) {
    if (row.factor.kind == FactorKind::kPasskey) {
      challenge.credentials.push_back(base64url(row.credential));
    }
  }
  state_.pending.add(digest_of(challenge.pending), std::move(pending));
  return challenge;
}

Result<Enrolled> Service::confirm_totp(std::string_view cookie, std::string_view enrolment,
                                       std::string_view code, std::string_view name) {
  Result<Session> session = session_with(cookie);
  if (!session) return std::move(session).error();
  Result<std::string> factor_name = normalise_name("name", name);
  if (!factor_name) return std::move(factor_name).error();
  FactorRow row;
  row.factor.kind = FactorKind::kTotp;
  row.factor.name = std::move(factor_name).value();
  {
    const std::lock_guard lock(state_mutex_);
    const Digest digest = digest_of(enrolment);
    Pending* pending = state_.pending.find(digest, PendingKind::kTotpEnrolment, clock_.monotonic());
    if (pending == nullptr || pending->user != session->user.id) return pending_over();
    const auto device = meet_totp(pending->totp_secret, code, clock_.now());
    if (!device) return Error{ErrorId::kFactorRefused, "this is not the code of this moment"};
    row.secret = pending->totp_secret;
    row.device = *device;
    state_.pending.drop(digest);
  }
  return add_factor(*session, cookie, std::move(row));
}

Result<Enrolled> Service::confirm_passkey(std::string_view cookie, std::string_view secret,
                                          const PasskeyAnswer& answer, std::string_view name) {
  Result<Session> session = session_with(cookie);
  if (!session) return std::move(session).error();
  Result<std::string> factor_name = normalise_name("name", name);
  if (!factor_name) return std::move(factor_name).error();
  std::optional<Pending> pending;
  {
    const std::lock_guard lock(state_mutex_);
    pending =
        state_.pending.take(digest_of(secret), PendingKind::kPasskeyEnrolment, clock_.monotonic());
  }
  if (!pending || pending->user != session->user.id) return pending_over();
  // A key that is to open without a password must know its person; the browser asked for that.
  Result<NewPasskey> made =
      verify_registration({pending->challenge, pending->scope, false}, answer);
  if (!made) return std::move(made).error();
  FactorRow row;
  row.factor.kind = FactorKind::kPasskey;
  row.factor.name = std::move(factor_name).value();
  row.factor.rp_id = pending->scope.rp_id;
  row.credential = std::move(made->credential);
  row.key = std::move(made->key);
  row.sign_count = made->sign_count;
  return add_factor(*session, cookie, std::move(row));
}

std::pair<std::vector<std::string>, std::vector<Digest>> Service::make_recovery_codes(UserId user) {
  std::pair<std::vector<std::string>, std::vector<Digest>> codes;
  const std::lock_guard lock(random_mutex_);
  for (std::size_t i = 0; i < kRecoveryCodes; ++i) {
    codes.first.push_back(make_recovery_code(random_));
    codes.second.push_back(recovery_code_digest(user, codes.first.back()));
  }
  return codes;
}

Result<Enrolled> Service::add_factor(const Session& session, std::string_view cookie,
                                     FactorRow row) {
  const UserId user = session.user.id;
  row.user = user;
  row.factor.created = clock_.now();
  const Digest own = digest_of(cookie);
  const std::lock_guard database_lock(database_mutex_);
  std::vector<Digest> others;
  FactorPerson person;
  bool first = false;
  {
    const std::lock_guard lock(state_mutex_);
    const LiveFactors& live = factors_of(user);
    if (live.factors.size() >= kFactorsPerUserMax) {
      return Error{ErrorId::kConflict, "there are " + std::to_string(kFactorsPerUserMax) +
                                           " factors already: remove one first"};
    }
    first = live.factors.empty();
    person = live.person;
    others = sessions_of(user, &own);
  }
  person.user = user;
  person.due.reset();
  person.notice.clear();
  std::vector<std::string> codes;
  std::vector<Digest> digests;
  if (first) std::tie(codes, digests) = make_recovery_codes(user);
  const AuditRow audit =
      audit_row(session.principal, "factor.add", session.user.email,
                std::string(factor_kind_name(row.factor.kind)) + " " + row.factor.name);
  const Result<FactorRow> stored = sealed(row, session.user.tenant);
  if (!stored) return stored.error();
  Status kept = commit_with(audit, [&]() -> Status {
    Result<FactorId> id = insert_factor(*database_, *stored);
    if (!id) return std::move(id).error();
    row.factor.id = *id;
    Status done = put_factor_person(*database_, person);
    if (done && first) done = replace_recovery_codes(*database_, user, digests);
    return done ? delete_sessions(others) : done;
  });
  if (!kept) return std::move(kept).error();
  const std::lock_guard lock(state_mutex_);
  LiveFactors& live = state_.factors[user];
  live.factors.push_back(row);
  live.person = std::move(person);
  if (first) live.recovery_codes = digests.size();
  end_sessions(others);
  return Enrolled{row.factor, std::move(codes)};
}

Result<std::vector<std::string>> Service::renew_recovery_codes(std::string_view cookie) {
  Result<Session> session = session_with(cookie);
  if (!session) return std::move(session).error();
  const UserId user = session->user.id;
  auto [codes, digests] = make_recovery_codes(user);
  const std::lock_guard database_lock(database_mutex_);
  {
    const std::lock_guard lock(state_mutex_);
    if (factors_of(user).factors.empty()) {
      return Error{ErrorId::kConflict, "there is no second factor that they could stand in for"};
    }
  }
  const std::vector<Digest>& kept_digests = digests;
  Status kept = commit_with(
      audit_row(session->principal, "factor.recovery_codes", session->user.email, "made anew"),
      [&] { return replace_recovery_codes(*database_, user, kept_digests); });
  if (!kept) return std::move(kept).error();
  const std::lock_guard lock(state_mutex_);
  state_.factors[user].recovery_codes = digests.size();
  return codes;
}

Status Service::remove_factor(std::string_view cookie, FactorId factor) {
  Result<Session> session = session_with(cookie);
  if (!session) return std::move(session).error();
  const UserId user = session->user.id;
  const std::lock_guard database_lock(database_mutex_);
  std::string name;
  bool last = false;
  {
    const std::lock_guard lock(state_mutex_);
    const LiveFactors& live = factors_of(user);
    const auto found = std::ranges::find_if(
        live.factors, [&](const FactorRow& row) { return row.factor.id == factor; });
    if (found == live.factors.end()) return Error{ErrorId::kNotFound, "there is no such factor"};
    name = found->factor.name;
    last = live.factors.size() == 1;
    if (last && factor_is_demanded(session->user)) {
      return Error{ErrorId::kConflict,
                   "a second factor is demanded of you and this is the last: add another first"};
    }
  }
  Status kept =
      commit_with(audit_row(session->principal, "factor.remove", session->user.email, name), [&] {
        return last ? delete_factors_of(*database_, user) : delete_factor(*database_, factor);
      });
  if (!kept) return kept;
  const std::lock_guard lock(state_mutex_);
  LiveFactors& live = state_.factors[user];
  std::erase_if(live.factors, [&](const FactorRow& row) { return row.factor.id == factor; });
  if (last) live.recovery_codes = 0;
  return {};
}

}  // namespace lineshaft::identity
