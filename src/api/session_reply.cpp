#include "api/session_reply.h"

#include "api/grant_json.h"
#include "identity/operator.h"
#include "identity/passkeys.h"
#include "identity/secrets.h"

namespace lineshaft::api {
namespace {

Json factor_state_json(const identity::Session& session) {
  const identity::FactorState& state = session.factors;
  return {{"enrolled", state.enrolled},
          {"demanded", state.demanded},
          {"due", state.due ? Json(format_rfc3339(*state.due)) : Json()},
          {"missing", session.principal.factor_missing}};
}

}  // namespace

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
          {"second_factor", factor_state_json(session)},
          {"notice", session.factors.notice}};
}

Reply session_reply(const identity::NewSession& session, int status) {
  Reply reply = Reply::json(session_json(session.session), status);
  reply.headers.emplace_back("set-cookie", std::string(kSessionCookie) + "=" + session.cookie +
                                               "; Path=/; Secure; HttpOnly; SameSite=Strict");
  return reply;
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

Result<identity::PasskeyScope> passkey_scope_of(const Services& services, const Request& request) {
  return identity::passkey_scope(request.http.header("host"), services.names);
}

}  // namespace lineshaft::api
