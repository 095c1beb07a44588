// Claim, sign-in, people, tokens.
#include <nlohmann/json.hpp>

#include "api/grant_json.h"
#include "api/resources.h"
#include "api/router.h"

namespace lineshaft::api {
namespace {

using identity::Permission;

Json session_json(const identity::Session& session) {
  return {{"user",
           {{"id", session.user.id.value},
            {"email", session.user.email},
            {"name", session.user.name},
            {"grants", grants_json(session.user.access.grants())}}},
          {"organisation",
           {{"id", session.organisation.id.value}, {"name", session.organisation.name}}},
          {"csrf", session.csrf_token},
          {"permissions", names_json(identity::usable(session.principal))},
          {"everywhere", names_json(identity::usable_everywhere(session.principal))}};
}

// The session's answer, with its cookie: `__Host-` makes the browser bind it to this host, over
// TLS.
Reply session_reply(const identity::NewSession& session, int status) {
  Reply reply = Reply::json(session_json(session.session), status);
  reply.headers.emplace_back("set-cookie", std::string(kSessionCookie) + "=" + session.cookie +
                                               "; Path=/; Secure; HttpOnly; SameSite=Strict");
  return reply;
}

Result<Reply> status(const Services& services, const Request&) {
  Json json = {{"version", services.version}, {"claimed", services.identity.claimed()}};
  if (const auto organisation = services.identity.first_organisation()) {
    json["name"] = organisation->name;
  }
  return Reply::json(json);
}

// Several required strings of a body at once; the first that is wrong is the error.
template <std::size_t n>
Result<std::array<std::string, n>> strings(const Json& body, const char* const (&fields)[n]) {
  std::array<std::string, n> values;
  for (std::size_t i = 0; i < n; ++i) {
    Result<std::string> value = required_string(body, fields[i]);
    if (!value) return value.error();
    values[i] = std::move(value).value();
  }
  return values;
}

Result<Reply> claim(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto fields = strings(*body, {"code", "organisation", "email", "name", "password"});
  if (!fields) return fields.error();
  const auto& [code, organisation, email, name, password] = *fields;
  const Result<identity::NewSession> session =
      services.identity.claim({code, organisation, email, name, password, request.http.peer.host});
  if (!session) return session.error();
  services.on_claimed();
  return session_reply(*session, 201);
}

Result<Reply> sign_in(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto fields = strings(*body, {"email", "password"});
  if (!fields) return fields.error();
  const auto& [email, password] = *fields;
  const std::string& address = request.http.peer.host;
  const Result<identity::NewSession> session =
      services.identity.sign_in({email, password, address, session_cookie(request.http)});
  if (session) return session_reply(*session, 200);
  Reply refused = problem_reply(session.error());
  const Nanoseconds wait = services.identity.sign_in_delay(email, address);
  if (wait > Nanoseconds(0)) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    refused.headers.emplace_back("retry-after", std::to_string(seconds));
  }
  return refused;
}

Result<Reply> get_session(const Services& services, const Request& request) {
  const auto session = services.identity.find_session(session_cookie(request.http));
  if (!session) return session.error();
  return Reply::json(session_json(*session));
}

Result<Reply> sign_out(const Services& services, const Request& request) {
  if (Status done = services.identity.sign_out(session_cookie(request.http)); !done) {
    return done.error();
  }
  Reply reply = Reply::nothing();
  reply.headers.emplace_back("set-cookie", std::string(kSessionCookie) +
                                               "=; Path=/; Secure; HttpOnly; SameSite=Strict; "
                                               "Max-Age=0");
  return reply;
}

// --- people ---

Json user_json(const identity::User& user) {
  return {{"id", user.id.value},
          {"email", user.email},
          {"name", user.name},
          {"grants", grants_json(user.access.grants())},
          {"created", format_rfc3339(user.created)}};
}

Result<Reply> list_users(const Services& services, const Request& request) {
  const auto users = services.identity.list_users(request.principal);
  if (!users) return users.error();
  Json items = Json::array();
  for (const auto& user : *users) items.push_back(user_json(user));
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
  const Rule people = Rule::needs(Permission::kUserManage);
  const Rule tokens = Rule::needs(Permission::kTokenManage);
  return {
      {"GET", "/status", Rule::anyone(), "Is the server claimed, and by whom", "", "ServerStatus",
       bind(services, status)},
      {"POST", "/claim", Rule::anyone(), "Take ownership of a new server", "Claim", "Session",
       bind(services, claim)},
      {"POST", "/session", Rule::anyone(), "Sign in", "SignIn", "Session", bind(services, sign_in)},
      {"GET", "/session", Rule::signed_in(), "Who is signed in", "", "Session",
       bind(services, get_session)},
      {"DELETE", "/session", Rule::signed_in(), "Sign out", "", "", bind(services, sign_out)},
      {"GET", "/users", people, "List people", "", "UserPage", bind(services, list_users)},
      {"POST", "/users", people, "Add a person", "NewUser", "User", bind(services, create_user)},
      {"DELETE", "/users/{id}", people, "Remove a person", "", "", bind(services, remove_user)},
      {"GET", "/tokens", tokens, "List tokens of programs", "", "TokenPage",
       bind(services, list_tokens)},
      {"POST", "/tokens", tokens, "Make a token; its secret is shown once", "NewToken", "Token",
       bind(services, create_token)},
      {"DELETE", "/tokens/{id}", tokens, "Revoke a token", "", "", bind(services, revoke_token)},
  };
}

}  // namespace lineshaft::api
