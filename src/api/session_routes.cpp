// Claim, signing in with its second step, signing out, recovery.
#include <nlohmann/json.hpp>

#include "api/session_reply.h"

namespace lineshaft::api {
namespace {

Result<Reply> claim(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto fields = strings(*body, {"code", "organisation", "email", "name", "password"});
  if (!fields) return fields.error();
  const auto& [code, organisation, email, name, password] = *fields;
  const Result<identity::NewSession> session = services.identity.claim(
      {code, organisation, email, name, password, request.http.peer.host, agent_of(request)});
  if (!session) return session.error();
  services.on_claimed();
  return session_reply(*session, 201);
}

Result<Reply> sign_in(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto fields = strings(*body, {"email", "password"});
  if (!fields) return fields.error();
  identity::SignInRequest wanted = sign_in_request(services, request);
  wanted.email = (*fields)[0];
  wanted.password = (*fields)[1];
  const auto step = services.identity.begin_sign_in(wanted);
  if (step) {
    if (const auto* session = std::get_if<identity::NewSession>(&*step)) {
      return session_reply(*session, 200);
    }
    // 202, because nobody is signed in yet.
    return Reply::json(pending_json(std::get<identity::PendingSignIn>(*step)), 202);
  }
  Reply refused = problem_reply(step.error());
  const Nanoseconds wait = services.identity.sign_in_delay(wanted.email, wanted.address);
  if (wait > Nanoseconds(0)) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
    refused.headers.emplace_back("retry-after", std::to_string(seconds));
  }
  return refused;
}

Result<Reply> finish_sign_in(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const Result<std::string> pending = required_string(*body, "pending");
  if (!pending) return pending.error();
  identity::FactorAnswer answer;
  for (const auto& [name, text] :
       {std::pair{"code", &answer.code}, std::pair{"recovery_code", &answer.recovery_code}}) {
    Result<std::string> given = optional_string(*body, name, "");
    if (!given) return given.error();
    *text = *std::move(given);
  }
  if (body->contains("passkey") && !(*body)["passkey"].is_null()) {
    Result<identity::PasskeyAnswer> passkey = passkey_answer((*body)["passkey"]);
    if (!passkey) return passkey.error();
    answer.passkey = *std::move(passkey);
  }
  const auto session = services.identity.finish_sign_in(*pending, answer);
  if (!session) return session.error();
  return session_reply(*session, 200);
}

Result<Reply> begin_passkey(const Services& services, const Request& request) {
  const Result<identity::PasskeyScope> scope = passkey_scope_of(services, request);
  if (!scope) return scope.error();
  const auto challenge =
      services.identity.begin_passkey_sign_in(sign_in_request(services, request));
  if (!challenge) return challenge.error();
  return Reply::json(passkey_challenge_json(*challenge));
}

Result<Reply> finish_passkey(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const Result<std::string> pending = required_string(*body, "pending");
  if (!pending) return pending.error();
  const Result<identity::PasskeyAnswer> answer = passkey_answer(body->value("passkey", Json()));
  if (!answer) return answer.error();
  const auto session = services.identity.finish_passkey_sign_in(*pending, *answer);
  if (!session) return session.error();
  return session_reply(*session, 200);
}

Result<Reply> recover(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto fields = strings(*body, {"email", "code", "password"});
  if (!fields) return fields.error();
  const auto& [email, code, password] = *fields;
  const auto session =
      services.identity.recover({email, code, password, request.http.peer.host, agent_of(request)});
  if (!session) return session.error();
  return session_reply(*session, 200);
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
  // Answers that the browser kept go too. Not its cookies, which other servers of this host share,
  // nor its storage, which holds drafts and the looks of the console.
  reply.headers.emplace_back("clear-site-data", "\"cache\"");
  reply.headers.emplace_back("set-cookie", std::string(kSessionCookie) +
                                               "=; Path=/; Secure; HttpOnly; SameSite=Strict; "
                                               "Max-Age=0");
  return reply;
}

}  // namespace

std::vector<Route> session_routes(const Services& services) {
  const Rule anyone = Rule::anyone();
  return {
      {"POST", "/claim", anyone, "Take ownership of a new server", "Claim", "Session",
       bind(services, claim)},
      {"POST", "/session", anyone,
       "Sign in; 202 with a SecondFactorStep if a second factor has to be shown", "SignIn",
       "Session", bind(services, sign_in)},
      {"POST", "/session/factor", anyone, "Sign in: the second step", "SecondFactor", "Session",
       bind(services, finish_sign_in)},
      {"POST", "/session/passkey/challenge", anyone, "Sign in with a passkey alone: what to sign",
       "", "PasskeyChallenge", bind(services, begin_passkey)},
      {"POST", "/session/passkey", anyone, "Sign in with a passkey alone", "PasskeySignIn",
       "Session", bind(services, finish_passkey)},
      {"POST", "/recovery", anyone,
       "Set a new password with the code that `lineshaft recover` printed", "Recovery", "Session",
       bind(services, recover)},
      {"GET", "/session", Rule::signed_in(), "Who is signed in", "", "Session",
       bind(services, get_session)},
      {"DELETE", "/session", Rule::signed_in(), "Sign out", "", "", bind(services, sign_out)},
  };
}

}  // namespace lineshaft::api
