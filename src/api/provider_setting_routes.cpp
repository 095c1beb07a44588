// Identity providers of the organisation, for its administrators.
#include <nlohmann/json.hpp>

#include "api/session_reply.h"
#include "identity/provider_json.h"
#include "identity/providers.h"

namespace lineshaft::api {
namespace {

using identity::Permission;
using identity::ProviderId;

Json provider_json(const identity::Provider& provider) {
  Json json = {{"id", provider.id.value}, {"handle", provider.handle}};
  json.update(identity::provider_settings_json(provider.settings));
  json["created"] = format_rfc3339(provider.created);
  json["people"] = provider.people;
  json["sign_in"] = "/sign-in?with=" + provider.handle;
  return json;
}

Result<Reply> list(const Services& services, const Request& request) {
  const auto providers = services.identity.providers().list_providers(request.principal);
  if (!providers) return providers.error();
  Json items = Json::array();
  for (const identity::Provider& each : *providers) items.push_back(provider_json(each));
  const Result<std::string> origin = own_origin(services, request);
  return Reply::json({{"items", std::move(items)},
                      {"total", providers->size()},
                      // What a provider has to be told; not known where the page is not ours.
                      {"redirect_uri", origin ? Json(*origin + "/sign-in/provider") : Json()}});
}

struct Wanted {
  identity::ProviderSettings settings;
  std::optional<std::string> secret;
};

Result<Wanted> wanted_of(Json body) {
  Wanted wanted;
  if (body.contains("secret") && !body["secret"].is_null()) {
    Result<std::string> secret = required_string(body, "secret");
    if (!secret) return std::move(secret).error();
    wanted.secret = *std::move(secret);
  }
  body.erase("secret");
  body.erase("password");
  Result<identity::ProviderSettings> settings = identity::provider_settings_from_json(body);
  if (!settings) return std::move(settings).error();
  wanted.settings = *std::move(settings);
  return wanted;
}

Result<Reply> create(const Services& services, const Request& request) {
  const Result<Json> body = guarded_body(services, request);
  if (!body) return body.error();
  const Result<Wanted> wanted = wanted_of(*body);
  if (!wanted) return wanted.error();
  const auto made = services.identity.providers().create_provider(
      request.principal, wanted->settings, wanted->secret.value_or(""));
  if (!made) return made.error();
  return Reply::json(provider_json(*made), 201);
}

Result<Reply> change(const Services& services, const Request& request) {
  const Result<Json> body = guarded_body(services, request);
  if (!body) return body.error();
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const Result<Wanted> wanted = wanted_of(*body);
  if (!wanted) return wanted.error();
  const auto changed = services.identity.providers().change_provider(
      request.principal, ProviderId{*id}, wanted->settings, wanted->secret);
  if (!changed) return changed.error();
  return Reply::json(provider_json(*changed));
}

Result<Reply> remove(const Services& services, const Request& request) {
  if (const Result<Json> body = guarded_body(services, request); !body) return body.error();
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  Status done = services.identity.providers().remove_provider(request.principal, ProviderId{*id});
  if (!done) return std::move(done).error();
  return Reply::nothing();
}

Result<Reply> check(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const auto found =
      services.identity.providers().check_provider(request.principal, ProviderId{*id});
  if (!found) return found.error();
  return Reply::json(
      {{"authorization_endpoint", found->authorization_endpoint},
       {"token_endpoint", found->token_endpoint},
       {"end_session_endpoint",
        found->end_session_endpoint.empty() ? Json() : Json(found->end_session_endpoint)},
       {"algorithms", found->algorithms},
       {"keys", found->keys}});
}

}  // namespace

std::vector<Route> provider_setting_routes(const Services& services) {
  const Rule people = Rule::needs(Permission::kUserManage);
  return {
      {"GET", "/identity-providers", Rule::needs(Permission::kUserRead),
       "Identity providers that people sign in by", "", "IdentityProviderPage",
       bind(services, list)},
      {"POST", "/identity-providers", people, "Add an identity provider", "NewIdentityProvider",
       "IdentityProvider", bind(services, create)},
      {"PUT", "/identity-providers/{id}", people,
       "Change an identity provider; without a secret it keeps its own", "NewIdentityProvider",
       "IdentityProvider", bind(services, change)},
      {"POST", "/identity-providers/{id}/check", people,
       "Ask an identity provider for its document and its keys", "", "IdentityProviderCheck",
       bind(services, check)},
      {"POST", "/identity-providers/{id}/remove", people,
       "Remove an identity provider; the sessions that began by it end", "PasswordShown", "",
       bind(services, remove)},
  };
}

}  // namespace lineshaft::api
