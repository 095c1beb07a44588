// api/session_reply.h: what the routes of signing in, of one's account and of invitations share.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "api/resources.h"
#include "api/router.h"
#include "identity/providers.h"

namespace lineshaft::api {

std::string agent_of(const Request& request);
// Whence a sign-in comes, and what passkeys it could use; without address and password.
identity::SignInRequest sign_in_request(const Services& services, const Request& request);

// Of a person: a token has no account. Also of who owes a second factor.
Result<identity::Session> own_session(const Services& services, const Request& request);
// What changes who gets in, and how: the body, after the session was new enough or its password
// right.
Result<Json> guarded_body(const Services& services, const Request& request);

Json session_json(const identity::Session& session);
// [{"handle", "name", "organisation"}]
Json provider_buttons_json(const std::vector<identity::ProviderButton>& buttons);
// What the second step needs.
Json pending_json(const identity::PendingSignIn& step);
// The session's answer, with its cookie: `__Host-` makes the browser bind it to this host, over
// TLS.
Reply session_reply(const identity::NewSession& session, int status);
// "__Host-session=...; Path=/; ..."
std::string session_cookie_header(const identity::NewSession& session);
Json passkey_challenge_json(const identity::PasskeyChallenge& challenge);

// Errors: kInvalidArgument naming the member that is missing or no base64url.
Result<identity::PasskeyAnswer> passkey_answer(const Json& passkey);

// "https://plant.example:8443", as the browser asked for it, where that is a name of the server:
// what others are told to send people back to is not what anybody may say in a header. Errors:
// kInvalidArgument.
Result<std::string> own_origin(const Services& services, const Request& request);

// Where passkeys can be used, judged by the host that the browser asked for.
Result<identity::PasskeyScope> passkey_scope_of(const Services& services, const Request& request);

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

}  // namespace lineshaft::api
