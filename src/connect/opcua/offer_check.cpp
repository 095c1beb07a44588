#include "connect/opcua/offer_check.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace lineshaft::connect::opcua {

namespace {

constexpr std::size_t kNamedMax = 6;

// What is said of one policy and mode, by whichever endpoints have them.
struct Said {
  std::string name;  // "Basic256Sha256 (sign)"
  std::set<std::string> servers;
  std::set<std::tuple<UserKind, bool, std::string, std::string>> tokens;
};
using Offer = std::map<std::pair<std::string, std::uint32_t>, Said>;

Offer gather(std::span<const OfferedEndpoint> endpoints) {
  Offer offer;
  for (const OfferedEndpoint& endpoint : endpoints) {
    Said& said = offer[{endpoint.policy_uri, endpoint.mode}];
    said.name = endpoint_text(endpoint);
    said.servers.insert(endpoint.application_uri);
    for (const OfferedToken& token : endpoint.tokens) {
      said.tokens.insert({token.kind, token.known, token.policy_id, token.policy_uri});
    }
  }
  return offer;
}

}  // namespace

Status check_offers(std::span<const OfferedEndpoint> in_the_clear,
                    std::span<const OfferedEndpoint> secured) {
  const Offer shown = gather(in_the_clear);
  const Offer real = gather(secured);
  std::vector<std::string> differences;
  for (const auto& [key, said] : real) {
    const auto before = shown.find(key);
    if (before == shown.end()) {
      differences.push_back(said.name + " was not shown");
      continue;
    }
    if (before->second.servers != said.servers) {
      differences.push_back(said.name + " was shown with another ApplicationUri");
    }
    if (before->second.tokens != said.tokens) {
      differences.push_back(said.name + " was shown with other kinds of users");
    }
  }
  for (const auto& [key, said] : shown) {
    if (!real.contains(key)) differences.push_back(said.name + " was shown and is not there");
  }
  if (differences.empty()) return {};
  std::string text;
  for (std::size_t i = 0; i < std::min(differences.size(), kNamedMax); ++i) {
    text += (i > 0 ? "; " : "") + differences[i];
  }
  if (differences.size() > kNamedMax) text += "; and more";
  return Error{ErrorId::kTlsFailed,
               "the server offers something else over the secured channel than it was heard to "
               "offer in the clear: " +
                   text +
                   ". No user was sent. Either it was set up anew just now, or somebody between "
                   "changes what it says"};
}

}  // namespace lineshaft::connect::opcua
