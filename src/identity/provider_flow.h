// identity/provider_flow.h: who was sent to an identity provider and is not back yet. In memory
// only: after a restart the person begins again.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "identity/drop_oldest.h"
#include "identity/providers.h"
#include "identity/secrets.h"
#include "identity/sign_in_limiter.h"

namespace lineshaft::identity {

struct ProviderFlow {
  ProviderId provider;         // the one that was chosen: an answer of another is none
  std::uint64_t revision = 0;  // of its settings
  ProviderPurpose purpose = ProviderPurpose::kSignIn;
  Digest browser{};  // of the cookie that the browser was given
  std::string nonce = {};
  std::string code_verifier = {};
  std::string redirect_uri;
  std::string return_to;
  Digest invitation{};  // kInvitation
  Digest session{};     // kLink, kConfirm: of the cookie
  SignInRequest from;
  Timestamp asked{};
  Nanoseconds begun{};  // monotonic clock
};

// By the digest of `state`. Bounded as PendingBook is. Threads: the owner guards it.
class ProviderFlows {
 public:
  static constexpr std::size_t kPerSourceMax = 100;  // a whole works may come from one address
  static constexpr std::size_t kMax = 1'000;

  void add(const Digest& state, ProviderFlow flow) {
    const std::string source = source_of(flow.from.address);
    const auto of_source = [&](const auto& each) {
      return source_of(each.second.from.address) == source;
    };
    if (static_cast<std::size_t>(std::ranges::count_if(all_, of_source)) >= kPerSourceMax) {
      drop_oldest(all_, of_source);
    }
    if (all_.size() >= kMax) drop_oldest(all_, [](const auto&) { return true; });
    all_.insert_or_assign(state, std::move(flow));
  }

  // And it is gone, whatever comes of it.
  std::optional<ProviderFlow> take(const Digest& state, Nanoseconds now) {
    const auto found = all_.find(state);
    if (found == all_.end()) return std::nullopt;
    ProviderFlow flow = std::move(found->second);
    all_.erase(found);
    if (now - flow.begun >= kProviderFlowLifetime) return std::nullopt;
    return flow;
  }
  std::size_t size() const { return all_.size(); }

 private:
  std::unordered_map<Digest, ProviderFlow, DigestHash> all_;
};

// RFC 7636, 4.2: S256.
inline std::string code_challenge(std::string_view verifier) {
  return base64url(digest_of(verifier));
}

}  // namespace lineshaft::identity
