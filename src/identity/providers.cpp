// Identity providers as administrators set them, and as strangers are shown them.
#include "identity/providers.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "identity/provider_json.h"
#include "identity/service.h"

namespace lineshaft::identity {
namespace {

constexpr std::size_t kSecretBytesMax = 1'024;
constexpr std::size_t kHandleCharacters = 22;  // 132 random bits: nobody guesses whose it is

std::string bound_to(const Provider& provider) {
  return "provider/" + provider.handle + "/client-secret";
}

Status check_secret(std::string_view secret) {
  if (!secret.empty() && secret.size() <= kSecretBytesMax) return {};
  return Error{ErrorId::kInvalidArgument,
               "secret: must be 1 to " + std::to_string(kSecretBytesMax) + " bytes"};
}

// Settings that decide whom a provider may say that somebody is.
bool same_trust(const ProviderSettings& a, const ProviderSettings& b) {
  return a.issuer == b.issuer && a.client_id == b.client_id && a.trusted_pem == b.trusted_pem &&
         a.groups_claim == b.groups_claim && a.groups == b.groups && a.unmapped == b.unmapped &&
         a.fallback == b.fallback && a.makes_people == b.makes_people &&
         a.email_domains == b.email_domains && a.strong_acr == b.strong_acr &&
         (a.enabled || !b.enabled);
}

Error no_provider() { return {ErrorId::kNotFound, "there is no such identity provider"}; }

}  // namespace

ProviderSource source_of_provider(const LiveProvider& live) {
  const Provider& provider = live.row.provider;
  return {.id = provider.id.value,
          .revision = live.revision,
          .issuer = provider.settings.issuer,
          .trusted_pem = provider.settings.trusted_pem,
          .assume_s256 = provider.settings.assume_s256};
}

Status Service::load_provider_tables() {
  auto rows = load_providers(*database_);
  if (!rows) return std::move(rows).error();
  for (ProviderRow& row : *rows) {
    const ProviderId id = row.provider.id;
    state_.providers[id] = LiveProvider{std::move(row), ++state_.provider_revisions};
  }
  auto sessions = load_session_providers(*database_);
  if (!sessions) return std::move(sessions).error();
  for (const auto& [digest, provider] : *sessions) {
    const auto live = state_.sessions.find(digest);
    if (live != state_.sessions.end()) live->second.provider = provider;
  }
  return {};
}

Result<ProviderRow> Service::sealed_secret(Provider provider, std::string_view secret) {
  ProviderRow row{.provider = std::move(provider),
                  .secret = {secret.begin(), secret.end()},
                  .sealed = seal_ != nullptr};
  if (seal_ == nullptr) return row;
  const Result<std::string> text = seal_->seal(row.provider.tenant, bound_to(row.provider), secret);
  if (!text) return text.error();
  row.secret.assign(text->begin(), text->end());
  return row;
}

Result<std::string> Service::opened_secret(const ProviderRow& row) const {
  if (!row.sealed) return std::string(as_text(row.secret));
  Result<std::string> plain = Error{ErrorId::kCorrupt, "there is no key to open it"};
  if (seal_ != nullptr) {
    plain = seal_->open(row.provider.tenant, bound_to(row.provider), as_text(row.secret));
  }
  if (plain) return plain;
  log_warn("identity", "the secret of identity provider " + row.provider.settings.name +
                           " does not open: " + plain.error().text());
  return Error{ErrorId::kProviderDown, "its client secret cannot be opened: set it again"};
}

Status Service::seal_stale_providers() {
  auto rows = load_providers(*database_);
  if (!rows) return std::move(rows).error();
  for (const ProviderRow& row : *rows) {
    if (row.sealed && seal_->is_current(row.provider.tenant, as_text(row.secret))) continue;
    const Result<std::string> plain = opened_secret(row);
    if (!plain) continue;
    const Result<ProviderRow> stored = sealed_secret(row.provider, *plain);
    if (!stored && stored.error().id == ErrorId::kCorrupt) continue;  // its keys are destroyed
    if (!stored) return stored.error();
    if (Status done = update_provider_secret(*database_, *stored); !done) return done;
    const std::lock_guard lock(state_mutex_);
    const auto live = state_.providers.find(row.provider.id);
    if (live == state_.providers.end()) continue;
    live->second.row.secret = stored->secret;
    live->second.row.sealed = stored->sealed;
  }
  return {};
}

// Errors: kNotFound, the same for none and for one of another organisation.
Result<LiveProvider> Service::provider_of(const Principal& actor, ProviderId id) const {
  const auto found = state_.providers.find(id);
  if (found == state_.providers.end() || found->second.row.provider.tenant != actor.tenant) {
    return no_provider();
  }
  return found->second;
}

const LiveProvider* Service::provider_by(std::string_view handle) const {
  for (const auto& [id, live] : state_.providers) {
    const Provider& provider = live.row.provider;
    if (provider.handle != handle) continue;
    const bool open = provider.settings.enabled && state_.is_open(provider.tenant);
    return open ? &live : nullptr;
  }
  return nullptr;
}

std::optional<SessionProvider> Service::session_provider(const LiveSession& session) const {
  const auto found = state_.providers.find(session.provider);
  if (found == state_.providers.end()) return std::nullopt;
  const Provider& provider = found->second.row.provider;
  const auto document = provider_client_.known_document(provider.id.value);
  std::string sign_out;
  if (document && !document->end_session_endpoint.empty()) {
    sign_out = with_query(document->end_session_endpoint,
                          form_text({{"client_id", provider.settings.client_id}}));
  }
  return SessionProvider{provider.handle, provider.settings.name, std::move(sign_out)};
}

Result<std::vector<Provider>> Service::list_providers(const Principal& actor) {
  if (Status may = authorise(actor, Permission::kUserRead); !may) return std::move(may).error();
  const std::lock_guard database_lock(database_mutex_);
  const auto counts = count_links(*database_, actor.tenant);
  if (!counts) return counts.error();
  std::vector<Provider> providers;
  {
    const std::lock_guard lock(state_mutex_);
    for (const auto& [id, live] : state_.providers) {
      if (live.row.provider.tenant == actor.tenant) providers.push_back(live.row.provider);
    }
  }
  for (Provider& provider : providers) {
    for (const auto& [issuer, people] : *counts) {
      if (issuer == provider.settings.issuer) provider.people = people;
    }
  }
  return providers;
}

// `before` null: it is new. Who may say that somebody is an administrator is one.
Status Service::check_provider_settings(const Principal& actor, const ProviderSettings* before,
                                        const ProviderSettings& after, ProviderId id) const {
  std::size_t have = 0;
  for (const auto& [other, live] : state_.providers) {
    const Provider& provider = live.row.provider;
    if (provider.tenant != actor.tenant || other == id) continue;
    ++have;
    if (provider.settings.name == after.name) {
      return Error{ErrorId::kConflict, "name: " + after.name + " is another provider's"};
    }
  }
  if (before == nullptr && have >= kProvidersPerTenantMax) {
    return Error{ErrorId::kConflict, "there are " + std::to_string(have) + " providers already"};
  }
  const bool trusts_more = before == nullptr || !same_trust(*before, after);
  if (trusts_more && two_persons_in(actor.tenant)) {
    return Error{ErrorId::kConflict,
                 "changes of rights take two people here, and a provider says who has which: let "
                 "two people switch that rule off, set the provider, and switch it on again"};
  }
  // Nobody gives by a group what one could not give by hand.
  std::vector<Grant> given;
  for (const GroupRole& mapping : after.groups) {
    if (before == nullptr || std::ranges::find(before->groups, mapping) == before->groups.end()) {
      given.push_back(mapping.grant);
    }
  }
  if (after.unmapped == Unmapped::kFallback) {
    const Grant fallback{after.fallback, std::string(kEverywhere)};
    if (Status fit = check_duties(Access({fallback})); !fit) return fit;
    given.push_back(fallback);
  }
  return actor.kind == PrincipalKind::kToken ? check_held(actor, Access(given)) : Status();
}

Result<Provider> Service::create_provider(const Principal& actor, const ProviderSettings& settings,
                                          std::string_view secret) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return std::move(may).error();
  if (Status good = check_secret(secret); !good) return std::move(good).error();
  Provider provider{.id = {},
                    .tenant = actor.tenant,
                    .handle = new_secret().substr(0, kHandleCharacters),
                    .settings = settings,
                    .created = clock_.now()};
  const std::lock_guard database_lock(database_mutex_);
  {
    const std::lock_guard lock(state_mutex_);
    Status fit = check_provider_settings(actor, nullptr, settings, {});
    if (!fit) return std::move(fit).error();
  }
  Result<ProviderRow> row = sealed_secret(std::move(provider), secret);
  if (!row) return std::move(row).error();
  const AuditRow audit = audit_row(actor, "provider.create", settings.name, settings.issuer, "",
                                   changed_fields(settings, {}));
  Status kept = commit_with(audit, [&]() -> Status {
    Result<ProviderId> id = insert_provider(*database_, *row);
    if (!id) return std::move(id).error();
    row->provider.id = *id;
    return {};
  });
  if (!kept) return std::move(kept).error();
  const std::lock_guard lock(state_mutex_);
  state_.providers[row->provider.id] = LiveProvider{*row, ++state_.provider_revisions};
  return row->provider;
}

Result<Provider> Service::change_provider(const Principal& actor, ProviderId id,
                                          const ProviderSettings& settings,
                                          const std::optional<std::string>& secret) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return std::move(may).error();
  if (secret) {
    if (Status good = check_secret(*secret); !good) return std::move(good).error();
  }
  const std::lock_guard database_lock(database_mutex_);
  ProviderRow row;
  ProviderSettings before;
  {
    const std::lock_guard lock(state_mutex_);
    Result<LiveProvider> live = provider_of(actor, id);
    if (!live) return std::move(live).error();
    row = std::move(live->row);
    before = row.provider.settings;
    Status fit = check_provider_settings(actor, &before, settings, id);
    if (!fit) return std::move(fit).error();
  }
  row.provider.settings = settings;
  if (secret) {
    Result<ProviderRow> sealed = sealed_secret(row.provider, *secret);
    if (!sealed) return std::move(sealed).error();
    row = *std::move(sealed);
  }
  const AuditRow audit =
      audit_row(actor, "provider.change", settings.name, secret ? "with a new client secret" : "",
                changed_fields(before, settings), changed_fields(settings, before));
  Status kept = commit_with(audit, [&] { return update_provider(*database_, row); });
  if (!kept) return std::move(kept).error();
  const std::lock_guard lock(state_mutex_);
  state_.providers[id] = LiveProvider{row, ++state_.provider_revisions};
  return row.provider;
}

Status Service::remove_provider(const Principal& actor, ProviderId id) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return may;
  const std::lock_guard database_lock(database_mutex_);
  Provider provider;
  std::vector<Digest> begun_by_it;
  {
    const std::lock_guard lock(state_mutex_);
    Result<LiveProvider> live = provider_of(actor, id);
    if (!live) return std::move(live).error();
    provider = live->row.provider;
    for (const auto& [digest, session] : state_.sessions) {
      if (session.provider == id) begun_by_it.push_back(digest);
    }
  }
  const AuditRow audit = audit_row(actor, "provider.remove", provider.settings.name,
                                   std::to_string(begun_by_it.size()) + " sessions end",
                                   changed_fields(provider.settings, {}));
  Status kept = commit_with(audit, [&] {
    Status done = delete_provider(*database_, id);
    return done ? delete_sessions(begun_by_it) : done;
  });
  if (!kept) return kept;
  provider_client_.forget(id.value);
  const std::lock_guard lock(state_mutex_);
  end_sessions(begun_by_it);
  state_.providers.erase(id);
  return {};
}

Result<ProviderCheck> Service::check_provider(const Principal& actor, ProviderId id) {
  if (Status may = authorise(actor, Permission::kUserManage); !may) return std::move(may).error();
  ProviderSource source;
  {
    const std::lock_guard lock(state_mutex_);
    const Result<LiveProvider> live = provider_of(actor, id);
    if (!live) return live.error();
    source = source_of_provider(*live);
  }
  const auto turn = provider_client_.enter();
  if (!turn) return turn.error();
  provider_client_.forget(id.value);
  const Result<ProviderDocument> document = provider_client_.document(*turn, source);
  if (!document) return document.error();
  const auto keys = provider_client_.keys(*turn, source, *document);
  if (!keys) return keys.error();
  ProviderCheck check{.authorization_endpoint = document->authorization_endpoint,
                      .token_endpoint = document->token_endpoint,
                      .end_session_endpoint = document->end_session_endpoint,
                      .algorithms = {},
                      .keys = keys->size()};
  for (const JwsAlgorithm algorithm : document->algorithms) {
    check.algorithms.emplace_back(jws_algorithm_name(algorithm));
  }
  return check;
}

std::vector<ProviderButton> Service::provider_buttons(std::string_view handle) const {
  // Which other organisations there are is nobody's business.
  if (handle.empty()) return providers_of(kFirstTenant);
  const std::lock_guard lock(state_mutex_);
  const LiveProvider* live = provider_by(handle);
  if (live == nullptr) return {};
  const Provider& provider = live->row.provider;
  const auto organisation = state_.organisations.find(provider.tenant);
  if (organisation == state_.organisations.end()) return {};
  return {{provider.handle, provider.settings.name, organisation->second.name}};
}

std::vector<ProviderButton> Service::providers_of(TenantId tenant) const {
  std::vector<ProviderButton> buttons;
  const std::lock_guard lock(state_mutex_);
  const auto organisation = state_.organisations.find(tenant);
  if (organisation == state_.organisations.end() || !state_.is_open(tenant)) return buttons;
  for (const auto& [id, live] : state_.providers) {
    const Provider& provider = live.row.provider;
    if (provider.tenant != tenant || !provider.settings.enabled) continue;
    buttons.push_back({provider.handle, provider.settings.name, organisation->second.name});
  }
  return buttons;
}

}  // namespace lineshaft::identity
