// The way back in for an administrator who lost everything: whoever can read the data directory has
// the organisation anyway, so a code printed there opens no new door.
#include <algorithm>
#include <utility>

#include "identity/claim_code.h"
#include "identity/service.h"
#include "identity/text_rules.h"

namespace lineshaft::identity {
namespace {

constexpr int kRecoveryTries = 10;

Error refused_recovery() {
  return {ErrorId::kRecoveryRefused, "the code is wrong, used up or older than an hour"};
}

}  // namespace

Result<std::string> Service::issue_recovery(std::string_view email) {
  const std::string account = account_of(email);
  std::string code;
  {
    const std::lock_guard lock(random_mutex_);
    code = make_claim_code(random_);
  }
  const std::lock_guard database_lock(database_mutex_);
  User user;
  {
    const std::lock_guard lock(state_mutex_);
    const auto found = std::ranges::find_if(
        state_.users, [&](const auto& each) { return each.second.email == account; });
    if (found == state_.users.end() || !found->second.access.somewhere(Permission::kUserManage)) {
      return Error{ErrorId::kNotFound,
                   "there is no administrator " + account +
                       "; others are helped by an administrator, who can reset their factors"};
    }
    user = found->second;
  }
  Principal terminal;
  terminal.tenant = user.tenant;
  terminal.name = "terminal";
  const RecoveryGrant grant{digest_of(normalise_claim_code(code)),
                            clock_.now() + kRecoveryCodeLifetime, kRecoveryTries};
  Status kept = commit_with(audit_row(terminal, "recovery.issue", user.email, ""),
                            [&] { return put_recovery_grant(*database_, user.id, grant); });
  if (!kept) return std::move(kept).error();
  return code;
}

Result<NewSession> Service::recover(const RecoverRequest& request) {
  const std::string account = account_of(request.email);
  if (Status admitted = admit_factor(account, request.address); !admitted) {
    return std::move(admitted).error();
  }
  UserId user;
  TenantId tenant;
  {
    const std::lock_guard lock(state_mutex_);
    const auto found = std::ranges::find_if(
        state_.users, [&](const auto& each) { return each.second.email == account; });
    if (found != state_.users.end()) {
      user = found->first;
      tenant = found->second.tenant;
    }
  }
  const Status good = [&]() -> Status {
    const std::lock_guard lock(database_mutex_);
    Result<std::optional<RecoveryGrant>> grant = find_recovery_grant(*database_, user);
    if (!grant) return std::move(grant).error();
    if (!*grant || (*grant)->expires <= clock_.now()) return refused_recovery();
    if ((*grant)->digest == digest_of(normalise_claim_code(request.code))) return {};
    (*grant)->tries_left -= 1;
    Status counted = (*grant)->tries_left > 0 ? put_recovery_grant(*database_, user, **grant)
                                              : delete_recovery_grant(*database_, user);
    return counted ? Status(refused_recovery()) : counted;
  }();
  if (!good) {
    if (good.error().id == ErrorId::kRecoveryRefused) {
      note_refusal(account, request.address, "wrong recovery code");
    }
    return good.error();
  }
  if (Status fit = check_password(request.password, account, organisation_name(tenant)); !fit) {
    return std::move(fit).error();
  }
  Result<std::string> hash = hash_at_gate(request.password);
  if (!hash) return std::move(hash).error();
  return finish_recovery(request, user, *hash);
}

Result<NewSession> Service::finish_recovery(const RecoverRequest& request, UserId id,
                                            const std::string& hash) {
  const std::lock_guard database_lock(database_mutex_);
  Result<std::optional<RecoveryGrant>> grant = find_recovery_grant(*database_, id);
  if (!grant) return std::move(grant).error();
  if (!*grant) return refused_recovery();  // Another one was quicker.
  FactorPerson person;
  std::vector<Digest> all;
  {
    const std::lock_guard lock(state_mutex_);
    person = factors_of(id).person;
    all = sessions_of(id);
  }
  person.user = id;
  person.due = clock_.now();
  person.notice.clear();
  const SignInRequest from{.email = request.email,
                           .password = {},
                           .address = request.address,
                           .previous_cookie = {},
                           .agent = request.agent};
  // Before start_session() looks: it writes what it finds of the person.
  const LiveFactors before = [&] {
    const std::lock_guard lock(state_mutex_);
    return std::exchange(state_.factors[id], LiveFactors{{}, 0, person});
  }();
  const auto change = [&]() -> Status {
    Status done = update_user_hash(*database_, id, hash);
    if (done) done = delete_factors_of(*database_, id);
    if (done) done = delete_recovery_grant(*database_, id);
    return done ? put_factor_person(*database_, person) : done;
  };
  Result<NewSession> session = start_session({.user = id,
                                              .from = from,
                                              .strength = Strength::kPassword,
                                              .detail = ", by a recovery code of the terminal; "
                                                        "password and factors are new",
                                              .change = change,
                                              .must_keep = true,
                                              .ends = all});
  const std::lock_guard lock(state_mutex_);
  if (!session) {
    state_.factors[id] = before;
    return session;
  }
  state_.pending.drop_of(id);
  state_.factor_limiter.succeeded(account_of(request.email), request.address, clock_.monotonic());
  return session;
}

}  // namespace lineshaft::identity
