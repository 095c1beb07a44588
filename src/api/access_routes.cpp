// Claim, sign-in, people, tokens.
#include <nlohmann/json.hpp>

#include "api/grant_json.h"
#include "api/resources.h"
#include "api/session_reply.h"
#include "tenancy/meter.h"

namespace lineshaft::api {
namespace {

using identity::Permission;

Result<Reply> status(const Services& services, const Request&) {
  Json json = {{"version", services.version}, {"claimed", services.identity.claimed()}};
  if (const auto organisation = services.identity.first_organisation()) {
    json["name"] = organisation->name;
  }
  const bool open = services.meter != nullptr && services.meter->settings().sign_up;
  json["signup"] = open ? "approval" : "closed";
  if (!services.notice.empty()) json["notice"] = services.notice;
  return Reply::json(json);
}

// --- people ---

Json user_json(const identity::User& user) {
  return {{"id", user.id.value},
          {"email", user.email},
          {"name", user.name},
          {"grants", grants_json(user.access.grants())},
          {"created", format_rfc3339(user.created)}};
}

Json standing_json(const identity::FactorStanding& standing) {
  return {{"totp", standing.totp},
          {"passkeys", standing.passkeys},
          {"recovery_codes", standing.recovery_codes},
          {"demanded", standing.demanded},
          {"due", standing.due ? Json(format_rfc3339(*standing.due)) : Json()}};
}

Result<Reply> list_users(const Services& services, const Request& request) {
  const auto users = services.identity.list_users(request.principal);
  if (!users) return users.error();
  const auto standings = services.identity.factor_standings(request.principal);
  if (!standings) return standings.error();
  Json items = Json::array();
  for (const auto& user : *users) {
    items.push_back(user_json(user));
    for (const auto& [id, standing] : *standings) {
      if (id == user.id) items.back()["second_factor"] = standing_json(standing);
    }
  }
  return Reply::json({{"items", std::move(items)}, {"total", users->size()}});
}

Result<Reply> create_user(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto fields = strings(*body, {"email", "name", "password"});
  if (!fields) return fields.error();
  const Result<identity::Access> access = access_from_json(*body);
  if (!access) return access.error();
  const auto& [email, name, password] = *fields;
  const auto user =
      services.identity.create_user(request.principal, {email, name, *access, password});
  if (!user) return user.error();
  return Reply::json(user_json(*user), 201);
}

Result<Reply> remove_user(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const Status done = services.identity.remove_user(request.principal, identity::UserId{*id});
  if (!done) return done.error();
  return Reply::nothing();
}

// --- tokens ---

Json token_json(const identity::Token& token) {
  Json json = {{"id", token.id.value},
               {"name", token.name},
               {"grants", grants_json(token.access.grants())},
               {"created", format_rfc3339(token.created)}};
  if (token.last_used) json["last_used"] = format_rfc3339(*token.last_used);
  if (token.expires) json["expires"] = format_rfc3339(*token.expires);
  return json;
}

Result<Reply> list_tokens(const Services& services, const Request& request) {
  const auto tokens = services.identity.list_tokens(request.principal);
  if (!tokens) return tokens.error();
  Json items = Json::array();
  for (const auto& token : *tokens) items.push_back(token_json(token));
  return Reply::json({{"items", std::move(items)}, {"total", tokens->size()}});
}

Result<Reply> create_token(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const Result<std::string> name = required_string(*body, "name");
  if (!name) return name.error();
  const Result<identity::Access> access = access_from_json(*body);
  if (!access) return access.error();
  identity::TokenRequest wanted{*name, *access, std::nullopt};
  if (body->contains("expires") && !(*body)["expires"].is_null()) {
    const Result<std::string> text = required_string(*body, "expires");
    if (!text) return text.error();
    const Result<Timestamp> expires = parse_timestamp(*text);
    if (!expires) return expires.error();
    wanted.expires = *expires;
  }
  const auto token = services.identity.create_token(request.principal, wanted);
  if (!token) return token.error();
  Json json = token_json(token->token);
  json["token"] = token->secret;
  return Reply::json(json, 201);
}

Result<Reply> revoke_token(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  const Status done = services.identity.revoke_token(request.principal, identity::TokenId{*id});
  if (!done) return done.error();
  return Reply::nothing();
}

}  // namespace

Handler bind(const Services& services, ServiceHandler function) {
  return [&services, function](const Request& request) { return function(services, request); };
}

std::vector<Route> access_routes(const Services& services) {
  const Rule look = Rule::needs(Permission::kUserRead);
  const Rule people = Rule::needs(Permission::kUserManage);
  const Rule tokens = Rule::needs(Permission::kTokenManage);
  return {
      {"GET", "/status", Rule::anyone(), "Is the server claimed, and by whom", "", "ServerStatus",
       bind(services, status)},
      {"GET", "/users", look, "List people", "", "UserPage", bind(services, list_users)},
      {"POST", "/users", people, "Add a person", "NewUser", "User", bind(services, create_user)},
      {"DELETE", "/users/{id}", people, "Remove a person", "", "", bind(services, remove_user)},
      {"GET", "/tokens", look, "List tokens of programs", "", "TokenPage",
       bind(services, list_tokens)},
      {"POST", "/tokens", tokens, "Make a token; its secret is shown once", "NewToken", "Token",
       bind(services, create_token)},
      {"DELETE", "/tokens/{id}", tokens, "Revoke a token", "", "", bind(services, revoke_token)},
  };
}

}  // namespace lineshaft::api
