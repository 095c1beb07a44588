// One's own account: factors, sessions, password; and what administrators may do to those of
// others.
#include <nlohmann/json.hpp>

#include "api/session_reply.h"

namespace lineshaft::api {
namespace {

using identity::Permission;
using identity::UserId;

Json factor_json(const identity::Factor& factor) {
  Json json = {{"id", factor.id.value},
               {"kind", identity::factor_kind_name(factor.kind)},
               {"name", factor.name},
               {"created", format_rfc3339(factor.created)},
               {"used", factor.used ? Json(format_rfc3339(*factor.used)) : Json()}};
  if (!factor.rp_id.empty()) json["host"] = factor.rp_id;
  return json;
}

Json session_item(const identity::OpenSession& session) {
  return {{"id", session.id},
          {"own", session.own},
          {"created", format_rfc3339(session.created)},
          {"used", format_rfc3339(session.used)},
          {"ends", format_rfc3339(session.ends)},
          {"address", session.address},
          {"agent", session.agent},
          {"strength", identity::strength_name(session.strength)}};
}

Result<Reply> account(const Services& services, const Request& request) {
  const Result<identity::Session> session = own_session(services, request);
  if (!session) return session.error();
  const auto factors = services.identity.own_factors(session_cookie(request.http));
  if (!factors) return factors.error();
  Json items = Json::array();
  for (const identity::Factor& factor : *factors) items.push_back(factor_json(factor));
  const auto scope = passkey_scope_of(services, request);
  const auto hours = [](Nanoseconds time) {
    return std::chrono::duration_cast<std::chrono::hours>(time).count();
  };
  return Reply::json(
      {{"factors", std::move(items)},
       {"recovery_codes_left", services.identity.recovery_codes_left(session->user.id)},
       {"passkeys_possible", scope.ok()},
       {"passkeys_why_not", scope ? std::string() : scope.error().what},
       {"idle_hours_max", hours(identity::kSessionIdleMax)},
       {"session_hours_max", hours(identity::kSessionAgeMax)}});
}

Result<Reply> rename(const Services& services, const Request& request) {
  const Result<identity::Session> session = own_session(services, request);
  if (!session) return session.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const Result<std::string> name = required_string(*body, "name");
  if (!name) return name.error();
  Status done = services.identity.rename_self(session_cookie(request.http), *name);
  if (!done) return std::move(done).error();
  return Reply::nothing();
}

Result<Reply> change_password(const Services& services, const Request& request) {
  const Result<identity::Session> session = own_session(services, request);
  if (!session) return session.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto fields = strings(*body, {"old_password", "new_password"});
  if (!fields) return fields.error();
  const auto& [before, after] = *fields;
  Status done = services.identity.change_password(session_cookie(request.http), before, after,
                                                  request.http.peer.host);
  if (!done) return std::move(done).error();
  return Reply::nothing();
}

Reply enrolled_reply(const identity::Enrolled& enrolled) {
  return Reply::json(
      {{"factor", factor_json(enrolled.factor)}, {"recovery_codes", enrolled.recovery_codes}}, 201);
}

Result<Reply> begin_totp(const Services& services, const Request& request) {
  if (const Result<Json> body = guarded_body(services, request); !body) return body.error();
  const auto enrolment = services.identity.begin_totp(session_cookie(request.http));
  if (!enrolment) return enrolment.error();
  return Reply::json({{"enrolment", enrolment->enrolment},
                      {"secret", enrolment->secret},
                      {"uri", enrolment->uri}});
}

Result<Reply> confirm_totp(const Services& services, const Request& request) {
  const Result<identity::Session> session = own_session(services, request);
  if (!session) return session.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto fields = strings(*body, {"enrolment", "code", "name"});
  if (!fields) return fields.error();
  const auto& [enrolment, code, name] = *fields;
  const auto enrolled =
      services.identity.confirm_totp(session_cookie(request.http), enrolment, code, name);
  if (!enrolled) return enrolled.error();
  return enrolled_reply(*enrolled);
}

Result<Reply> begin_passkey(const Services& services, const Request& request) {
  if (const Result<Json> body = guarded_body(services, request); !body) return body.error();
  const Result<identity::PasskeyScope> scope = passkey_scope_of(services, request);
  if (!scope) return scope.error();
  const auto challenge = services.identity.begin_passkey(session_cookie(request.http), *scope);
  if (!challenge) return challenge.error();
  return Reply::json(passkey_challenge_json(*challenge));
}

Result<Reply> confirm_passkey(const Services& services, const Request& request) {
  const Result<identity::Session> session = own_session(services, request);
  if (!session) return session.error();
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto fields = strings(*body, {"pending", "name"});
  if (!fields) return fields.error();
  const auto& [pending, name] = *fields;
  const Result<identity::PasskeyAnswer> answer = passkey_answer(body->value("passkey", Json()));
  if (!answer) return answer.error();
  const auto enrolled =
      services.identity.confirm_passkey(session_cookie(request.http), pending, *answer, name);
  if (!enrolled) return enrolled.error();
  return enrolled_reply(*enrolled);
}

Result<Reply> remove_factor(const Services& services, const Request& request) {
  if (const Result<Json> body = guarded_body(services, request); !body) return body.error();
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  Status done =
      services.identity.remove_factor(session_cookie(request.http), identity::FactorId{*id});
  if (!done) return std::move(done).error();
  return Reply::nothing();
}

Result<Reply> renew_codes(const Services& services, const Request& request) {
  if (const Result<Json> body = guarded_body(services, request); !body) return body.error();
  const auto codes = services.identity.renew_recovery_codes(session_cookie(request.http));
  if (!codes) return codes.error();
  return Reply::json({{"recovery_codes", *codes}});
}

Result<Reply> sessions_reply(const Services& services, const Request& request, UserId user) {
  const auto open =
      services.identity.list_sessions(request.principal, user, session_cookie(request.http));
  if (!open) return open.error();
  Json items = Json::array();
  for (const identity::OpenSession& each : *open) items.push_back(session_item(each));
  return Reply::json({{"items", std::move(items)}, {"total", open->size()}});
}

Result<Reply> own_sessions(const Services& services, const Request& request) {
  const Result<identity::Session> session = own_session(services, request);
  if (!session) return session.error();
  return sessions_reply(services, request, session->user.id);
}

Result<Reply> end_own_session(const Services& services, const Request& request) {
  const Result<identity::Session> session = own_session(services, request);
  if (!session) return session.error();
  Status done =
      services.identity.end_session(request.principal, session->user.id, request.name("session"));
  if (!done) return std::move(done).error();
  return Reply::nothing();
}

Result<Reply> end_other_sessions(const Services& services, const Request& request) {
  const Result<identity::Session> session = own_session(services, request);
  if (!session) return session.error();
  Status done = services.identity.end_other_sessions(session_cookie(request.http));
  if (!done) return std::move(done).error();
  return Reply::nothing();
}

// --- of others ---

Result<Reply> sessions_of(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  return sessions_reply(services, request, UserId{*id});
}

Result<Reply> end_session_of(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  Status done =
      services.identity.end_session(request.principal, UserId{*id}, request.name("session"));
  if (!done) return std::move(done).error();
  return Reply::nothing();
}

Result<Reply> end_sessions_of(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  Status done = services.identity.sign_out_everywhere(request.principal, UserId{*id});
  if (!done) return std::move(done).error();
  return Reply::nothing();
}

Result<Reply> reset_factors(const Services& services, const Request& request) {
  const Result<std::uint32_t> id = request.id();
  if (!id) return id.error();
  Status done = services.identity.reset_factors(request.principal, UserId{*id});
  if (!done) return std::move(done).error();
  return Reply::nothing();
}

Result<Reply> get_rule(const Services& services, const Request& request) {
  const identity::FactorRule rule = services.identity.factor_rule(request.tenant());
  const auto grace = std::chrono::duration_cast<std::chrono::hours>(identity::kFactorGrace);
  return Reply::json(
      {{"demanded_of", identity::factor_rule_name(rule)}, {"grace_hours", grace.count()}});
}

Result<Reply> set_rule(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const Result<std::string> name = required_string(*body, "demanded_of");
  if (!name) return name.error();
  const Result<identity::FactorRule> rule = identity::parse_factor_rule(*name);
  if (!rule) return rule.error();
  Status done = services.identity.set_factor_rule(request.principal, *rule);
  if (!done) return std::move(done).error();
  return get_rule(services, request);
}

std::vector<Route> routes_of_oneself(const Services& services) {
  const Rule self = Rule::signed_in();
  return {
      {"GET", "/account", self, "Your second factors, and how long sessions last", "", "Account",
       bind(services, account)},
      {"PUT", "/account", self, "Change your name", "AccountName", "", bind(services, rename)},
      {"PUT", "/account/password", self, "Change your password; other sessions end",
       "PasswordChange", "", bind(services, change_password)},
      {"POST", "/account/totp", self, "Set up an authenticator app: its secret", "PasswordShown",
       "TotpEnrolment", bind(services, begin_totp)},
      {"POST", "/account/totp/confirm", self, "Set up an authenticator app: its first code",
       "TotpConfirmation", "Enrolled", bind(services, confirm_totp)},
      {"POST", "/account/passkeys/challenge", self, "Add a passkey: what to sign", "PasswordShown",
       "PasskeyChallenge", bind(services, begin_passkey)},
      {"POST", "/account/passkeys", self, "Add a passkey", "PasskeyRegistration", "Enrolled",
       bind(services, confirm_passkey)},
      {"POST", "/account/factors/{id}/remove", self, "Remove a second factor", "PasswordShown", "",
       bind(services, remove_factor)},
      {"POST", "/account/recovery-codes", self,
       "Make ten new recovery codes; the old ones are void", "PasswordShown", "RecoveryCodes",
       bind(services, renew_codes)},
      {"GET", "/account/sessions", self, "Your open sessions", "", "OpenSessions",
       bind(services, own_sessions)},
      {"DELETE", "/account/sessions", self, "End your other sessions", "", "",
       bind(services, end_other_sessions)},
      {"DELETE", "/account/sessions/{session}", self, "End one of your sessions", "", "",
       bind(services, end_own_session)},
  };
}

}  // namespace

std::vector<Route> account_routes(const Services& services) {
  const Rule look = Rule::needs(Permission::kUserRead);
  const Rule people = Rule::needs(Permission::kUserManage);
  std::vector<Route> routes = routes_of_oneself(services);
  const Route of_others[] = {
      {"GET", "/users/{id}/sessions", look, "Open sessions of a person", "", "OpenSessions",
       bind(services, sessions_of)},
      {"DELETE", "/users/{id}/sessions", people, "End all sessions of a person", "", "",
       bind(services, end_sessions_of)},
      {"DELETE", "/users/{id}/sessions/{session}", people, "End a session of a person", "", "",
       bind(services, end_session_of)},
      {"DELETE", "/users/{id}/factors", people,
       "Take a person's second factors away, who lost them; sessions end", "", "",
       bind(services, reset_factors)},
      {"GET", "/factor-rule", look, "Who must have a second factor", "", "FactorRule",
       bind(services, get_rule)},
      {"PUT", "/factor-rule", people, "Change who must have a second factor", "FactorRule",
       "FactorRule", bind(services, set_rule)},
  };
  routes.insert(routes.end(), std::begin(of_others), std::end(of_others));
  return routes;
}

}  // namespace lineshaft::api
