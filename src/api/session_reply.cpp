#include "api/session_reply.h"

#include <algorithm>

#include "api/grant_json.h"
#include "identity/operator.h"
#include "identity/passkeys.h"
#include "identity/secrets.h"

namespace lineshaft::api {
namespace {

constexpr std::size_t kHostBytesMax = 300;

Json factor_state_json(const identity::Session& session) {
  const identity::FactorState& state = session.factors;
  return {{"enrolled", state.enrolled},
          {"demanded", state.demanded},
          {"due", state.due ? Json(format_rfc3339(*state.due)) : Json()},
          {"missing", session.principal.factor_missing}};
}

// By which the session began.
Json provider_json(const std::optional<identity::SessionProvider>& provider) {
  if (!provider) return {};
  return {{"handle", provider->handle},
          {"name", provider->name},
          {"sign_out", provider->sign_out.empty() ? Json() : Json(provider->sign_out)}};
}

}  // namespace

std::string agent_of(const Request& request) {
  return std::string(request.http.header("user-agent"));
}

identity::SignInRequest sign_in_request(const Services& services, const Request& request) {
  identity::SignInRequest wanted;
  wanted.address = request.http.peer.host;
  wanted.previous_cookie = session_cookie(request.http);
  wanted.agent = agent_of(request);
  // Where passkeys cannot be used the other factors can.
  if (const auto scope = passkey_scope_of(services, request); scope) wanted.passkeys = *scope;
  return wanted;
}

Result<identity::Session> own_session(const Services& services, const Request& request) {
  if (request.principal.kind != identity::PrincipalKind::kUser) {
    return Error{ErrorId::kDenied, "a token has no account of its own"};
  }
  return services.identity.find_session(session_cookie(request.http));
}

Result<Json> guarded_body(const Services& services, const Request& request) {
  const Result<identity::Session> session = own_session(services, request);
  if (!session) return session.error();
  Result<Json> body = request.body();
  if (!body) return body;
  const Result<std::string> password = optional_string(*body, "password", "");
  if (!password) return password.error();
  Status shown = services.identity.show_password(session_cookie(request.http), *password,
                                                 request.http.peer.host);
  if (!shown) return std::move(shown).error();
  return body;
}

Json provider_buttons_json(const std::vector<identity::ProviderButton>& buttons) {
  Json items = Json::array();
  for (const identity::ProviderButton& each : buttons) {
    items.push_back(
        {{"handle", each.handle}, {"name", each.name}, {"organisation", each.organisation}});
  }
  return items;
}

Json pending_json(const identity::PendingSignIn& step) {
  return {{"second_factor_required", true},
          {"pending", step.pending},
          {"totp", step.totp},
          {"recovery_codes", step.recovery_codes},
          {"passkey", step.passkey ? passkey_challenge_json(*step.passkey) : Json()}};
}

Json session_json(const identity::Session& session) {
  return {{"user",
           {{"id", session.user.id.value},
            {"email", session.user.email},
            {"name", session.user.name},
            {"grants", grants_json(session.user.access.grants())}}},
          {"organisation",
           {{"id", session.organisation.id.value}, {"name", session.organisation.name}}},
          {"csrf", session.csrf_token},
          {"operator", identity::is_operator(session.principal)},
          {"permissions", names_json(identity::usable(session.principal))},
          {"everywhere", names_json(identity::usable_everywhere(session.principal))},
          {"strength", identity::strength_name(session.strength)},
          {"provider", provider_json(session.provider)},
          {"second_factor", factor_state_json(session)},
          {"notice", session.factors.notice}};
}

Reply session_reply(const identity::NewSession& session, int status) {
  Reply reply = Reply::json(session_json(session.session), status);
  reply.headers.emplace_back("set-cookie", session_cookie_header(session));
  return reply;
}

std::string session_cookie_header(const identity::NewSession& session) {
  return std::string(kSessionCookie) + "=" + session.cookie +
         "; Path=/; Secure; HttpOnly; SameSite=Strict";
}

Json passkey_challenge_json(const identity::PasskeyChallenge& challenge) {
  Json json = {{"pending", challenge.pending},
               {"challenge", challenge.challenge},
               {"rp_id", challenge.rp_id},
               {"credentials", challenge.credentials}};
  if (!challenge.user_handle.empty()) {
    json["user"] = {{"handle", challenge.user_handle},
                    {"name", challenge.user_name},
                    {"display_name", challenge.display_name}};
  }
  return json;
}

Result<identity::PasskeyAnswer> passkey_answer(const Json& passkey) {
  if (!passkey.is_object()) return Error{ErrorId::kInvalidArgument, "passkey: must be an object"};
  identity::PasskeyAnswer answer;
  const std::pair<const char*, Bytes*> members[] = {
      {"credential", &answer.credential},   {"client_data", &answer.client_data},
      {"attestation", &answer.attestation}, {"authenticator_data", &answer.authenticator_data},
      {"signature", &answer.signature},     {"user_handle", &answer.user_handle}};
  for (const auto& [name, bytes] : members) {
    const Result<std::string> text = optional_string(passkey, name, "");
    if (!text) return text.error();
    std::optional<Bytes> decoded = identity::base64url_bytes(*text);
    if (!decoded) {
      return Error{ErrorId::kInvalidArgument, std::string("passkey.") + name + ": no base64url"};
    }
    *bytes = *std::move(decoded);
  }
  return answer;
}

Result<std::string> own_origin(const Services& services, const Request& request) {
  const std::string_view given = request.http.header("host");
  std::string host(given.substr(0, kHostBytesMax));
  for (char& c : host) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  const bool bracketed = host.starts_with('[');
  const std::size_t end = bracketed ? host.find(']') : host.find(':');
  const std::string name =
      bracketed ? host.substr(1, end == host.npos ? end : end - 1) : host.substr(0, end);
  std::string_view port = std::string_view(host).substr(
      std::min(end == host.npos ? host.size() : end + (bracketed ? 1 : 0), host.size()));
  const bool is_port =
      port.empty() || (port.starts_with(':') && port.size() > 1 &&
                       port.substr(1).find_first_not_of("0123456789") == port.npos);
  const bool own = std::ranges::find(services.names, name) != services.names.end();
  if (!name.empty() && own && is_port) return "https://" + host;
  return Error{ErrorId::kInvalidArgument, "host: this page was opened at '" + host.substr(0, 64) +
                                              "', which is not among the `names` of this server"};
}

Result<identity::PasskeyScope> passkey_scope_of(const Services& services, const Request& request) {
  return identity::passkey_scope(request.http.header("host"), services.names);
}

}  // namespace lineshaft::api
