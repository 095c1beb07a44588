#include "connect/opcua/endpoint.h"

#include <iterator>
#include <optional>
#include <set>
#include <utility>

namespace lineshaft::connect::opcua {

namespace {

constexpr std::uint32_t kModeNone = 1;
constexpr std::uint32_t kModeSign = 2;
constexpr std::uint32_t kModeSignAndEncrypt = 3;
constexpr std::size_t kNamedMax = 12;

// Why the channel of this endpoint is not wanted; empty: it is.
std::string against_channel(const OfferedEndpoint& endpoint, const Settings& settings) {
  const Policy* policy = find_policy(endpoint.policy_uri);
  if (policy == nullptr) return "outdated or unknown";
  const bool open = policy->rank == 0 || endpoint.mode == kModeNone;
  if (open != (settings.mode == Mode::kNone)) {
    return open ? "mode none is not set" : "mode none is set";
  }
  if (!open && !endpoint.has_certificate) return "without a certificate";
  if (settings.mode == Mode::kSign && endpoint.mode != kModeSign) return "mode sign is set";
  if (settings.mode == Mode::kSignAndEncrypt && endpoint.mode != kModeSignAndEncrypt) {
    return "mode sign-and-encrypt is set";
  }
  if (!settings.policy.empty() && settings.policy != policy->name) {
    return "policy " + settings.policy + " is set";
  }
  return {};
}

struct TokenChoice {
  std::optional<std::size_t> token;
  bool encrypted = false;
  std::string against;
};

TokenChoice choose_token(const OfferedEndpoint& endpoint, const Settings& settings) {
  TokenChoice choice;
  choice.against = "no " + std::string(user_kind_name(settings.user)) + " users";
  for (std::size_t i = 0; i < endpoint.tokens.size(); ++i) {
    const OfferedToken& token = endpoint.tokens[i];
    if (!token.known || token.kind != settings.user) continue;
    const std::string& uri = token.policy_uri.empty() ? endpoint.policy_uri : token.policy_uri;
    const Policy* policy = find_policy(uri);
    if (settings.user == UserKind::kAnonymous) return {i, false, {}};
    if (policy == nullptr) {
      choice.against = "users are protected by an outdated policy";
      continue;
    }
    const bool encrypted = policy->rank > 0 && endpoint.has_certificate;
    if (encrypted) return {i, true, {}};
    if (settings.user == UserKind::kCertificate) {
      choice.against = "a user's certificate needs a security policy";
    } else if (endpoint.mode == kModeSignAndEncrypt || settings.allow_clear_password) {
      choice = {i, false, {}};
    } else {
      choice.against = "the password would travel in clear text";
    }
  }
  return choice;
}

}  // namespace

std::string endpoint_text(const OfferedEndpoint& endpoint) {
  const Policy* policy = find_policy(endpoint.policy_uri);
  const auto hash = endpoint.policy_uri.rfind('#');
  std::string name = policy != nullptr ? std::string(policy->name)
                     : hash != std::string::npos
                         ? endpoint.policy_uri.substr(hash + 1).substr(0, 40)
                         : "an unknown policy";
  if (endpoint.mode == kModeSign) return name + " (sign)";
  if (endpoint.mode == kModeSignAndEncrypt) return name + " (sign and encrypt)";
  return name == "None" ? name : name + " (none)";
}

Result<Choice> choose_endpoint(std::span<const OfferedEndpoint> offered, const Settings& settings) {
  std::optional<Choice> best;
  std::pair<std::uint32_t, int> best_strength;
  // First against the user where the channel would fit: the rest is what the settings ask for.
  std::set<std::pair<bool, std::string>> reasons;
  for (std::size_t i = 0; i < offered.size(); ++i) {
    std::string against = against_channel(offered[i], settings);
    TokenChoice user;
    const bool fits = against.empty();
    if (fits) {
      user = choose_token(offered[i], settings);
      if (!user.token) against = user.against;
    }
    if (!against.empty()) {
      reasons.emplace(!fits, endpoint_text(offered[i]) + ": " + against);
      if (reasons.size() > kNamedMax) reasons.erase(std::prev(reasons.end()));
      continue;
    }
    const std::pair strength(offered[i].mode, find_policy(offered[i].policy_uri)->rank);
    if (best && strength <= best_strength) continue;
    best = Choice{i, *user.token, settings.mode != Mode::kNone || user.encrypted};
    best_strength = strength;
  }
  if (best) return *best;
  std::string text;
  for (const auto& [differs, reason] : reasons) text += (text.empty() ? "" : "; ") + reason;
  return Error{ErrorId::kTlsFailed, text.empty() ? "the server offers no endpoint"
                                                 : "no endpoint of the server fits: " + text};
}

}  // namespace lineshaft::connect::opcua
