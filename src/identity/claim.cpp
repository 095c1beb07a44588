#include <utility>

#include "base/log.h"
#include "identity/claim_code.h"
#include "identity/service.h"
#include "identity/text_rules.h"

namespace lineshaft::identity {
namespace {

constexpr int kClaimTries = 10;

}  // namespace

bool Service::claimed() const {
  const std::lock_guard lock(state_mutex_);
  return !state_.organisations.empty();
}

std::optional<Organisation> Service::first_organisation() const {
  const std::lock_guard lock(state_mutex_);
  if (state_.organisations.empty()) return std::nullopt;
  return state_.organisations.begin()->second;
}

Result<std::string> Service::issue_claim_code() {
  std::string code;
  {
    const std::lock_guard lock(random_mutex_);
    code = make_claim_code(random_);
  }
  const std::lock_guard lock(state_mutex_);
  if (!state_.organisations.empty()) {
    return Error{ErrorId::kAlreadyClaimed, "this server has its organisation"};
  }
  state_.claim_code = {.digest = digest_of(normalise_claim_code(code)),
                       .issued = clock_.monotonic(),
                       .tries_left = kClaimTries};
  return code;
}

// Success if `typed` is the digest of the code that holds now. A wrong one uses up a try.
Status Service::check_code(const Digest& typed) {
  const std::lock_guard lock(state_mutex_);
  if (!state_.organisations.empty()) {
    return Error{ErrorId::kAlreadyClaimed, "this server has its organisation"};
  }
  std::optional<LiveClaimCode>& code = state_.claim_code;
  if (code && clock_.monotonic() - code->issued >= kClaimCodeLifetime) code.reset();
  if (!code) return Error{ErrorId::kClaimRefused, "no claim code is good at this moment"};
  if (typed == code->digest) return {};
  if (--code->tries_left == 0) {
    code.reset();
    return Error{ErrorId::kClaimRefused, "too many wrong claim codes: the code is void now"};
  }
  return Error{ErrorId::kClaimRefused, "this is not the code that the terminal shows"};
}

void Service::note_refused_claim(const std::string& address) {
  Principal nobody;
  nobody.tenant = kFirstTenant;
  nobody.name = "unknown";
  nobody.origin.address = address;
  const std::lock_guard lock(database_mutex_);
  Status noted = audit_.append_refusal(audit_row(nobody, "claim.refuse", "", "from " + address),
                                       clock_.monotonic());
  if (!noted) log_warn("identity", "a refused claim was not listed: " + noted.error().text());
}

Result<NewSession> Service::claim(const ClaimRequest& request) {
  const Digest typed = digest_of(normalise_claim_code(request.code));
  if (Status good = check_code(typed); !good) {
    if (good.error().id == ErrorId::kClaimRefused) note_refused_claim(request.address);
    return std::move(good).error();
  }
  Result<std::string> name_of_organisation = normalise_name("organisation", request.organisation);
  if (!name_of_organisation) return std::move(name_of_organisation).error();
  Result<std::string> email = normalise_email(request.email);
  if (!email) return std::move(email).error();
  Result<std::string> name = normalise_name("name", request.name);
  if (!name) return std::move(name).error();
  if (Status fit = check_password(request.password, *email, *name_of_organisation); !fit) {
    return std::move(fit).error();
  }
  Result<std::string> hash = hash_at_gate(request.password);
  if (!hash) return std::move(hash).error();

  const Organisation organisation{kFirstTenant, std::move(name_of_organisation).value()};
  User user{.id = {},
            .tenant = kFirstTenant,
            .email = std::move(email).value(),
            .name = std::move(name).value(),
            .access = Role::kAdministrator,
            .created = clock_.now()};
  const std::lock_guard database_lock(database_mutex_);
  // Asked again: another claim with the same code may have been quicker.
  if (Status good = check_code(typed); !good) return std::move(good).error();
  const SignInRequest from{.email = user.email,
                           .password = {},
                           .address = request.address,
                           .previous_cookie = {},
                           .agent = request.agent};
  DraftSession draft = draft_session({}, new_secret(), from, Strength::kPassword);
  std::optional<FactorPerson> person;
  AuditRow audit = audit_row(principal_of(user), "server.claim", organisation.name,
                             "administrator " + user.email + ", from " + request.address);
  audit.address = request.address;
  Status kept = commit_with(audit, [&]() -> Status {
    if (Status done = insert_organisation(*database_, organisation, user.created); !done) {
      return done;
    }
    Result<UserId> id = insert_user(*database_, user, *hash);
    if (!id) return std::move(id).error();
    user.id = *id;
    draft.live.user = *id;
    {
      const std::lock_guard lock(state_mutex_);
      person = person_at_sign_in(user, false);
    }
    if (person) {
      if (Status done = put_factor_person(*database_, *person); !done) return done;
    }
    return put_draft(draft);
  });
  if (!kept) return std::move(kept).error();
  const std::lock_guard lock(state_mutex_);
  draft.live.used_on_disk = draft.live.idle.started();
  state_.organisations[organisation.id] = organisation;
  state_.users[user.id] = user;
  if (person) state_.factors[user.id].person = *std::move(person);
  state_.sessions.insert_or_assign(draft.digest, draft.live);
  state_.claim_code.reset();
  return NewSession{draft.cookie, session_of(draft.cookie, user)};
}

}  // namespace lineshaft::identity
