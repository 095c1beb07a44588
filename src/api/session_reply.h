// api/session_reply.h: what the routes of signing in, of one's account and of invitations share.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <string>

#include "api/resources.h"
#include "api/router.h"

namespace lineshaft::api {

Json session_json(const identity::Session& session);
// The session's answer, with its cookie: `__Host-` makes the browser bind it to this host, over
// TLS.
Reply session_reply(const identity::NewSession& session, int status);
Json passkey_challenge_json(const identity::PasskeyChallenge& challenge);

// Errors: kInvalidArgument naming the member that is missing or no base64url.
Result<identity::PasskeyAnswer> passkey_answer(const Json& passkey);

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
