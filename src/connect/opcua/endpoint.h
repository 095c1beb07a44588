// connect/opcua/endpoint.h: which of the endpoints that a server offers a connection takes, and why
// none if none. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "connect/opcua/settings.h"

namespace lineshaft::connect::opcua {

struct OfferedToken {
  UserKind kind = UserKind::kAnonymous;
  bool known = true;        // false: a kind that we do not have (issued tokens)
  std::string policy_uri;   // protects the token; "": the endpoint's policy does
  std::string policy_id{};  // the server's name for it
};

struct OfferedEndpoint {
  std::string url;
  std::string policy_uri;
  std::uint32_t mode = 0;  // MessageSecurityMode of Part 4: 1 none, 2 sign, 3 sign and encrypt
  bool has_certificate = false;
  std::vector<OfferedToken> tokens;
  std::string application_uri{};  // of the server
};

// "Basic256Sha256 (sign and encrypt)", "None", for people.
std::string endpoint_text(const OfferedEndpoint& endpoint);

struct Choice {
  std::size_t endpoint = 0;
  std::size_t token = 0;
  // The server's certificate is relied on: for the channel, or because a password goes to it.
  bool needs_trust = false;
};

// The strongest endpoint that agrees with the settings: first by mode, then by policy, then the
// server's order.
// Errors: kTlsFailed saying what is offered and which setting stands against each.
Result<Choice> choose_endpoint(std::span<const OfferedEndpoint> offered, const Settings& settings);

}  // namespace lineshaft::connect::opcua
