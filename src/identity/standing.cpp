// Who has which second factors, who owes one, and what administrators may do about it.
#include <algorithm>
#include <utility>

#include "base/log.h"
#include "base/time.h"
#include "identity/service.h"
#include "identity/totp.h"

namespace lineshaft::identity {
namespace {

constexpr std::pair<FactorRule, std::string_view> kRules[] = {
    {FactorRule::kNobody, "nobody"},
    {FactorRule::kAdministrators, "administrators"},
    {FactorRule::kEveryone, "everyone"}};

std::string bound_to(UserId user) { return "user/" + std::to_string(user.value) + "/totp"; }

TenantId tenant_of(const State& state, UserId user) {
  const auto found = state.users.find(user);
  return found == state.users.end() ? TenantId{} : found->second.tenant;
}

bool is_sealed(const FactorRow& row) { return row.secret.size() > kTotpSecretBytes; }

// A secret that cannot be opened is none: no code fits it, and the person uses another factor.
void open_secret(const SecretSeal* seal, TenantId tenant, FactorRow& row) {
  if (!is_sealed(row)) return;
  Result<std::string> plain = Error{ErrorId::kCorrupt, "there is no key to open it"};
  if (seal != nullptr) plain = seal->open(tenant, bound_to(row.user), as_text(row.secret));
  row.secret.clear();
  if (plain) {
    row.secret.assign(plain->begin(), plain->end());
  } else if (seal != nullptr) {
    log_warn("identity",
             "the secret of an authenticator app does not open: " + plain.error().text());
  }
}

}  // namespace

std::string_view factor_kind_name(FactorKind kind) {
  return kind == FactorKind::kTotp ? "totp" : "passkey";
}

std::string_view factor_rule_name(FactorRule rule) {
  for (const auto& [known, name] : kRules) {
    if (known == rule) return name;
  }
  return "administrators";
}

Result<FactorRule> parse_factor_rule(std::string_view name) {
  for (const auto& [rule, known] : kRules) {
    if (known == name) return rule;
  }
  return Error{ErrorId::kInvalidArgument,
               "demanded_of: must be nobody, administrators or everyone"};
}

std::string_view strength_name(Strength strength) {
  switch (strength) {
    case Strength::kPassword:
      return "password";
    case Strength::kPasswordAndCode:
      return "password-totp";
    case Strength::kPasswordAndPasskey:
      return "password-passkey";
    case Strength::kPasskey:
      return "passkey";
    case Strength::kRecoveryCode:
      return "password-recovery";
    case Strength::kProvider:
      return "provider";
    case Strength::kProviderStrong:
      return "provider-mfa";
    case Strength::kProviderAndCode:
      return "provider-totp";
    case Strength::kProviderAndPasskey:
      return "provider-passkey";
    case Strength::kProviderAndRecoveryCode:
      return "provider-recovery";
  }
  return "password";
}

Status Service::load_factor_tables() {
  auto factors = load_factors(*database_);
  if (!factors) return std::move(factors).error();
  for (FactorRow& row : *factors) {
    open_secret(seal_, tenant_of(state_, row.user), row);
    state_.factors[row.user].factors.push_back(std::move(row));
  }
  auto people = load_factor_people(*database_);
  if (!people) return std::move(people).error();
  for (FactorPerson& each : *people) state_.factors[each.user].person = std::move(each);
  auto rules = load_factor_rules(*database_);
  if (!rules) return std::move(rules).error();
  for (const auto& [tenant, rule] : *rules) state_.factor_rules[tenant] = rule;
  auto codes = load_recovery_code_counts(*database_);
  if (!codes) return std::move(codes).error();
  for (const auto& [user, count] : *codes) state_.factors[user].recovery_codes = count;
  auto origins = load_session_origins(*database_);
  if (!origins) return std::move(origins).error();
  for (SessionOrigin& each : *origins) {
    const auto session = state_.sessions.find(each.digest);
    if (session == state_.sessions.end()) continue;
    session->second.address = std::move(each.address);
    session->second.agent = std::move(each.agent);
    session->second.strength = each.strength;
  }
  return {};
}

Result<FactorRow> Service::sealed(const FactorRow& row, TenantId tenant) {
  FactorRow stored = row;
  if (seal_ == nullptr || row.secret.empty()) return stored;
  const Result<std::string> text = seal_->seal(tenant, bound_to(row.user), as_text(row.secret));
  if (!text) return text.error();
  stored.secret.assign(text->begin(), text->end());
  return stored;
}

Status Service::seal_stale_factors() {
  if (seal_ == nullptr) return {};
  const std::lock_guard database_lock(database_mutex_);
  Result<std::vector<FactorRow>> rows = load_factors(*database_);
  if (!rows) return std::move(rows).error();
  for (FactorRow& row : *rows) {
    const TenantId tenant = [&] {
      const std::lock_guard lock(state_mutex_);
      return tenant_of(state_, row.user);
    }();
    const bool stale = !is_sealed(row) || !seal_->is_current(tenant, as_text(row.secret));
    if (row.factor.kind != FactorKind::kTotp || !stale) continue;
    open_secret(seal_, tenant, row);
    if (row.secret.empty()) continue;
    const Result<FactorRow> stored = sealed(row, tenant);
    if (!stored && stored.error().id == ErrorId::kCorrupt) continue;  // its keys are destroyed
    if (!stored) return stored.error();
    if (Status done = update_factor_secret(*database_, *stored); !done) return done;
  }
  return seal_stale_providers();
}

const LiveFactors& Service::factors_of(UserId user) const {
  static const LiveFactors none;
  const auto found = state_.factors.find(user);
  return found == state_.factors.end() ? none : found->second;
}

bool Service::factor_is_demanded(const User& user) const {
  const auto found = state_.factor_rules.find(user.tenant);
  const FactorRule rule =
      found == state_.factor_rules.end() ? FactorRule::kAdministrators : found->second;
  if (rule != FactorRule::kAdministrators) return rule == FactorRule::kEveryone;
  // Who may manage people may give themselves everything else.
  return user.access.somewhere(Permission::kUserManage);
}

FactorState Service::factor_state_of(const User& user) const {
  const LiveFactors& live = factors_of(user.id);
  FactorState state{.enrolled = live.factors.size(),
                    .demanded = factor_is_demanded(user),
                    .due = std::nullopt,
                    .notice = {}};
  if (state.demanded && state.enrolled == 0) state.due = live.person.due;
  return state;
}

Principal Service::principal_now(const User& user) const {
  Principal principal = principal_of(user);
  const FactorState state = factor_state_of(user);
  principal.factor_missing = state.due && *state.due <= clock_.now();
  return principal;
}

std::optional<FactorPerson> Service::person_at_sign_in(const User& user, bool at_once,
                                                       bool shown) const {
  const LiveFactors& live = factors_of(user.id);
  FactorPerson person = live.person;
  person.user = user.id;
  person.notice.clear();  // This session shows it.
  bool news = !live.person.notice.empty();
  if (!shown && live.factors.empty() && factor_is_demanded(user) && (at_once || !person.due)) {
    const Timestamp now = clock_.now();
    person.due = at_once ? now : now + kFactorGrace;
    news = true;
  }
  if (!news) return std::nullopt;
  return person;
}

std::string Service::organisation_name(TenantId tenant) const {
  const std::lock_guard lock(state_mutex_);
  const auto found = state_.organisations.find(tenant);
  return found == state_.organisations.end() ? std::string() : found->second.name;
}

Result<std::vector<Factor>> Service::own_factors(std::string_view cookie) const {
  Result<Session> session = session_with(cookie);
  if (!session) return std::move(session).error();
  std::vector<Factor> factors;
  const std::lock_guard lock(state_mutex_);
  for (const FactorRow& row : factors_of(session->user.id).factors) factors.push_back(row.factor);
  return factors;
}

std::size_t Service::recovery_codes_left(UserId user) const {
  const std::lock_guard lock(state_mutex_);
  return factors_of(user).recovery_codes;
}

Result<std::vector<std::pair<UserId, FactorStanding>>> Service::factor_standings(
    const Principal& actor) const {
  if (Status may = authorise(actor, Permission::kUserRead); !may) return std::move(may).error();
  std::vector<std::pair<UserId, FactorStanding>> standings;
  const std::lock_guard lock(state_mutex_);
  for (const auto& [id, user] : state_.users) {
    if (user.tenant != actor.tenant) continue;
    const LiveFactors& live = factors_of(id);
    const FactorState state = factor_state_of(user);
    FactorStanding standing{.totp = 0,
                            .passkeys = 0,
                            .recovery_codes = live.recovery_codes,
                            .demanded = state.demanded,
                            .due = state.due};
    for (const FactorRow& row : live.factors) {
      ++(row.factor.kind == FactorKind::kTotp ? standing.totp : standing.passkeys);
    }
    standings.emplace_back(id, standing);
  }
  return standings;
}

Status Service::reset_factors(const Principal& actor, UserId id) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return may;
  if (actor.kind == PrincipalKind::kUser && actor.id == id.value) {
    return Error{ErrorId::kDenied, "one's own factors are changed under Your account"};
  }
  const std::lock_guard database_lock(database_mutex_);
  User user;
  FactorPerson person;
  std::vector<Digest> all;
  {
    const std::lock_guard lock(state_mutex_);
    Result<User> found = user_of(actor, id);
    if (!found) return std::move(found).error();
    user = *std::move(found);
    person = factors_of(id).person;
    all = sessions_of(id);
  }
  // Nobody resets the factors of one who holds more.
  if (Status may = check_held(actor, user.access); !may) return may;
  const Timestamp now = clock_.now();
  person.user = id;
  // At once: whoever had these factors taken away must show new ones before anything else.
  person.due = now;
  person.notice = actor.name + " removed your second factors on " + format_rfc3339(now) +
                  ". If you did not ask for it, tell your administrators.";
  Status kept = commit_with(audit_row(actor, "factor.reset", user.email, ""), [&] {
    Status done = delete_factors_of(*database_, id);
    if (done) done = put_factor_person(*database_, person);
    return done ? delete_sessions(all) : done;
  });
  if (!kept) return kept;
  const std::lock_guard lock(state_mutex_);
  end_sessions(all);
  state_.pending.drop_of(id);
  state_.factors[id] = LiveFactors{.factors = {}, .recovery_codes = 0, .person = person};
  return {};
}

FactorRule Service::factor_rule(TenantId tenant) const {
  const std::lock_guard lock(state_mutex_);
  const auto found = state_.factor_rules.find(tenant);
  return found == state_.factor_rules.end() ? FactorRule::kAdministrators : found->second;
}

Status Service::set_factor_rule(const Principal& actor, FactorRule rule) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return may;
  const std::lock_guard database_lock(database_mutex_);
  if (rule == FactorRule::kEveryone && actor.kind == PrincipalKind::kUser) {
    const std::lock_guard lock(state_mutex_);
    if (factors_of(UserId{actor.id}).factors.empty()) {
      return Error{ErrorId::kFactorMissing, "who demands one of everyone must have one"};
    }
  }
  Status kept = commit_with(
      audit_row(actor, "factor.rule", "", "demanded of " + std::string(factor_rule_name(rule))),
      [&] { return put_factor_rule(*database_, actor.tenant, rule); });
  if (!kept) return kept;
  const std::lock_guard lock(state_mutex_);
  state_.factor_rules[actor.tenant] = rule;
  return {};
}

}  // namespace lineshaft::identity
