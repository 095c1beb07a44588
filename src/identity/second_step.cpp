#include <utility>

#include "base/log.h"
#include "identity/claim_code.h"
#include "identity/passkeys.h"
#include "identity/service.h"
#include "identity/totp.h"

namespace lineshaft::identity {
namespace {

Error pending_over() { return {ErrorId::kPendingOver, "there is no such step to finish"}; }

SignInRequest without_password(SignInRequest request) {
  request.password.clear();
  return request;
}

}  // namespace

Result<Identity::SignInStep> Service::begin_sign_in(const SignInRequest& request) {
  const std::string account = account_of(request.email);
  Result<Credential> credential = check_credential(account, request.password, request.address);
  if (!credential) return std::move(credential).error();
  const std::lock_guard database_lock(database_mutex_);
  if (Status same = check_unchanged(account, *credential); !same) return std::move(same).error();
  bool has_factor = false;
  {
    const std::lock_guard lock(state_mutex_);
    has_factor = !factors_of(credential->user).factors.empty();
  }
  if (!has_factor) {
    Result<NewSession> session = start_session({.user = credential->user, .from = request});
    if (!session) return std::move(session).error();
    return SignInStep(std::move(session).value());
  }
  const std::string secret = new_secret();
  Pending pending{.kind = PendingKind::kSecondStep,
                  .user = credential->user,
                  .credential = *credential,
                  .request = without_password(request),
                  .challenge = request.passkeys.rp_id.empty() ? "" : new_secret(),
                  .scope = request.passkeys,
                  .totp_secret = {},
                  .begun = clock_.monotonic()};
  const std::lock_guard lock(state_mutex_);
  PendingSignIn step = pending_of(pending, secret);
  state_.pending.add(digest_of(secret), std::move(pending));
  return SignInStep(std::move(step));
}

// What the person can show, of what they have.
PendingSignIn Service::pending_of(const Pending& pending, std::string secret) const {
  const LiveFactors& live = factors_of(pending.user);
  PendingSignIn step{.pending = std::move(secret),
                     .totp = false,
                     .recovery_codes = live.recovery_codes > 0,
                     .passkey = std::nullopt};
  PasskeyChallenge challenge;
  for (const FactorRow& row : live.factors) {
    if (row.factor.kind == FactorKind::kTotp) step.totp = true;
    if (row.factor.kind == FactorKind::kPasskey && row.factor.rp_id == pending.scope.rp_id) {
      challenge.credentials.push_back(base64url(row.credential));
    }
  }
  if (!challenge.credentials.empty()) {
    challenge.pending = step.pending;
    challenge.challenge = pending.challenge;
    challenge.rp_id = pending.scope.rp_id;
    step.passkey = std::move(challenge);
  }
  return step;
}

Status Service::admit_factor(const std::string& account, std::string_view address) {
  const std::lock_guard lock(state_mutex_);
  const Nanoseconds wait = state_.factor_limiter.admit(account, address, clock_.monotonic());
  if (wait == Nanoseconds(0)) return {};
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return Error{ErrorId::kTooManyAttempts, "try again in " + std::to_string(seconds) + " s"};
}

Result<NewSession> Service::finish_sign_in(std::string_view pending, const FactorAnswer& answer) {
  const Digest digest = digest_of(pending);
  Pending step;
  std::string account;
  {
    const std::lock_guard lock(state_mutex_);
    Pending* found = state_.pending.find(digest, PendingKind::kSecondStep, clock_.monotonic());
    if (found == nullptr) return pending_over();
    const auto user = state_.users.find(found->user);
    if (user == state_.users.end()) return pending_over();
    account = user->second.email;
    step = *found;
  }
  if (Status admitted = admit_factor(account, step.request.address); !admitted) {
    return std::move(admitted).error();
  }
  {
    // Counted before it is looked at, so that many at the same time gain nothing. A passkey's
    // challenge is good for one answer.
    const std::lock_guard lock(state_mutex_);
    Pending* found = state_.pending.find(digest, PendingKind::kSecondStep, clock_.monotonic());
    if (found == nullptr) return pending_over();
    if (--found->tries_left == 0 || answer.passkey) state_.pending.drop(digest);
  }
  Result<NewSession> session = [&]() -> Result<NewSession> {
    const std::lock_guard lock(database_mutex_);
    if (Status same = check_unchanged(account, step.credential); !same) return pending_over();
    if (answer.passkey) return try_passkey(step, *answer.passkey);
    if (!answer.recovery_code.empty()) return try_recovery_code(step, answer.recovery_code);
    return try_code(step, answer.code);
  }();
  if (!session) {
    const ErrorId id = session.error().id;
    if (id == ErrorId::kFactorRefused || id == ErrorId::kPasskeyRefused) {
      note_refusal(account, step.request.address, "wrong second factor");
    }
    return session;
  }
  const std::lock_guard lock(state_mutex_);
  state_.pending.drop(digest);
  state_.factor_limiter.succeeded(account, step.request.address, clock_.monotonic());
  state_.limiter.succeeded(account, step.request.address, clock_.monotonic());
  return session;
}

Result<NewSession> Service::try_code(Pending pending, std::string_view code) {
  std::optional<FactorRow> used;
  {
    const std::lock_guard lock(state_mutex_);
    for (FactorRow& row : state_.factors[pending.user].factors) {
      if (row.factor.kind != FactorKind::kTotp || row.secret.empty()) continue;
      const TotpTry tried = try_totp(row.secret, code, clock_.now(), row.device, row.seen);
      if (tried.seen) row.seen = tried.seen;
      if (!tried.taken) continue;
      used = row;
      used->device = *tried.taken;
      used->seen.reset();
    }
  }
  if (!used) {
    return Error{ErrorId::kFactorRefused, "this is not the code of this moment, or it was used"};
  }
  const bool by_provider = pending.provider != ProviderId{};
  return second_step_passed(pending,
                            by_provider ? Strength::kProviderAndCode : Strength::kPasswordAndCode,
                            *std::move(used));
}

Result<NewSession> Service::try_passkey(Pending pending, const PasskeyAnswer& answer) {
  std::optional<FactorRow> known;
  {
    const std::lock_guard lock(state_mutex_);
    for (const FactorRow& row : factors_of(pending.user).factors) {
      if (row.factor.kind == FactorKind::kPasskey && row.credential == answer.credential &&
          row.factor.rp_id == pending.scope.rp_id) {
        known = row;
      }
    }
  }
  if (!known || pending.challenge.empty()) {
    return Error{ErrorId::kPasskeyRefused, "this passkey is not of this account"};
  }
  Result<FactorRow> used = check_passkey(pending, *known, answer, false);
  if (!used) return std::move(used).error();
  const bool by_provider = pending.provider != ProviderId{};
  return second_step_passed(
      pending, by_provider ? Strength::kProviderAndPasskey : Strength::kPasswordAndPasskey,
      *std::move(used));
}

// Requires: database_mutex_ held, state_mutex_ not.
Result<FactorRow> Service::check_passkey(const Pending& pending, const FactorRow& passkey,
                                         const PasskeyAnswer& answer, bool must_verify_user) {
  bool went_back = false;
  const Result<std::uint32_t> count =
      verify_assertion({pending.challenge, pending.scope, must_verify_user}, answer,
                       {passkey.key, passkey.sign_count}, went_back);
  if (went_back) {
    Principal owner;
    {
      const std::lock_guard lock(state_mutex_);
      const auto user = state_.users.find(passkey.user);
      if (user != state_.users.end()) owner = principal_of(user->second);
    }
    Status noted = audit_.append_or_wait(
        audit_row(owner, "factor.suspect", passkey.factor.name,
                  "its count of signatures went back: it may have been copied; from " +
                      pending.request.address));
    if (!noted) log_warn("identity", "a suspect passkey was not listed: " + noted.error().text());
  }
  if (!count) return count.error();
  FactorRow used = passkey;
  used.sign_count = *count;
  return used;
}

Result<NewSession> Service::second_step_passed(const Pending& pending, Strength strength,
                                               FactorRow used) {
  used.factor.used = clock_.now();
  Result<NewSession> session =
      start_session({.user = used.user,
                     .from = pending.request,
                     .strength = strength,
                     .detail = ", with " + used.factor.name,
                     .change = [&] { return update_factor_use(*database_, used); },
                     .provider = pending.provider,
                     .proved = pending.proved});
  if (!session) return session;
  // In memory also when the disk did not take it: no code works twice.
  const std::lock_guard lock(state_mutex_);
  for (FactorRow& row : state_.factors[used.user].factors) {
    if (row.factor.id == used.factor.id) row = used;
  }
  return session;
}

Result<NewSession> Service::try_recovery_code(Pending pending, std::string_view code) {
  const Digest digest = recovery_code_digest(pending.user, code);
  std::size_t left = 0;
  {
    const std::lock_guard lock(state_mutex_);
    left = factors_of(pending.user).recovery_codes;
  }
  const auto use = [&]() -> Status {
    const Result<bool> used = use_recovery_code(*database_, pending.user, digest, clock_.now());
    if (!used) return used.error();
    if (*used) return {};
    return Error{ErrorId::kFactorRefused, "this is not a recovery code, or it was used"};
  };
  Result<NewSession> session = start_session(
      {.user = pending.user,
       .from = pending.request,
       .strength = pending.provider != ProviderId{} ? Strength::kProviderAndRecoveryCode
                                                    : Strength::kRecoveryCode,
       .detail = ", with a recovery code; " + std::to_string(left > 0 ? left - 1 : 0) + " are left",
       .change = use,
       .must_keep = true,
       .provider = pending.provider,
       .proved = pending.proved});
  if (!session) return session;
  const std::lock_guard lock(state_mutex_);
  LiveFactors& live = state_.factors[pending.user];
  if (live.recovery_codes > 0) --live.recovery_codes;
  return session;
}

Result<PasskeyChallenge> Service::begin_passkey_sign_in(const SignInRequest& request) {
  PasskeyChallenge challenge;
  challenge.pending = new_secret();
  challenge.challenge = new_secret();
  challenge.rp_id = request.passkeys.rp_id;
  Pending pending{.kind = PendingKind::kPasskeySignIn,
                  .user = {},
                  .credential = {},
                  .request = without_password(request),
                  .challenge = challenge.challenge,
                  .scope = request.passkeys,
                  .totp_secret = {},
                  .begun = clock_.monotonic()};
  const std::lock_guard lock(state_mutex_);
  state_.pending.add(digest_of(challenge.pending), std::move(pending));
  return challenge;
}

Result<NewSession> Service::finish_passkey_sign_in(std::string_view secret,
                                                   const PasskeyAnswer& answer) {
  const Error unknown{ErrorId::kPasskeyRefused, "nobody here has this passkey"};
  std::optional<Pending> pending;
  std::optional<FactorRow> known;
  {
    const std::lock_guard lock(state_mutex_);
    pending =
        state_.pending.take(digest_of(secret), PendingKind::kPasskeySignIn, clock_.monotonic());
    if (!pending) return pending_over();
    for (const auto& [user, live] : state_.factors) {
      for (const FactorRow& row : live.factors) {
        const bool fits = row.factor.kind == FactorKind::kPasskey &&
                          row.credential == answer.credential &&
                          row.factor.rp_id == pending->scope.rp_id;
        if (fits && live.person.handle == answer.user_handle) known = row;
      }
    }
  }
  if (!known) {
    note_refusal("", pending->request.address, unknown.what);
    return unknown;
  }
  Result<NewSession> session = [&]() -> Result<NewSession> {
    const std::lock_guard lock(database_mutex_);
    Result<FactorRow> used = check_passkey(*pending, *known, answer, true);
    if (!used) return std::move(used).error();
    return second_step_passed(*pending, Strength::kPasskey, *std::move(used));
  }();
  if (!session && session.error().id == ErrorId::kPasskeyRefused) {
    note_refusal("", pending->request.address, session.error().what);
  }
  return session;
}

}  // namespace lineshaft::identity
