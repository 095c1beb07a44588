// identity/pending.h: what waits in memory for the second half of something: a sign-in for its
// factor, a challenge for its answer, an enrolment for its confirmation.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <unordered_map>

#include "identity/drop_oldest.h"
#include "identity/factors.h"
#include "identity/identity.h"
#include "identity/secrets.h"
#include "identity/sign_in_limiter.h"
#include "identity/store.h"

namespace lineshaft::identity {

enum class PendingKind : std::uint8_t {
  kSecondStep,     // the password was right
  kPasskeySignIn,  // nobody known yet
  kTotpEnrolment,
  kPasskeyEnrolment,
};

struct Pending {
  PendingKind kind = PendingKind::kSecondStep;
  UserId user;            // 0 of a sign-in by passkey
  Credential credential;  // of a second step: what the password was checked against
  SignInRequest request;  // whence it came; without the password
  std::string challenge;  // base64url; "" where passkeys cannot be used
  PasskeyScope scope;
  Bytes totp_secret;
  Nanoseconds begun{};  // monotonic clock
  int tries_left = kFactorTries;
  ProviderId provider = {};  // of a second step: who said the first; 0: the password did
  std::optional<Timestamp> proved = {};  // when the person signed in there, if it says so
};

// By the digest of the secret that the other side was given. Bounded: of one source the oldest
// gives way, then the oldest of all, so that nobody can crowd out others from one place. Threads:
// the owner guards it.
class PendingBook {
 public:
  static constexpr std::size_t kPerSourceMax = 20;
  static constexpr std::size_t kMax = 2'000;

  void add(const Digest& digest, Pending pending) {
    const std::string source = source_of(pending.request.address);
    const auto of_source = [&](const auto& each) {
      return source_of(each.second.request.address) == source;
    };
    if (static_cast<std::size_t>(std::ranges::count_if(all_, of_source)) >= kPerSourceMax) {
      drop_oldest(all_, of_source);
    }
    if (all_.size() >= kMax) drop_oldest(all_, [](const auto&) { return true; });
    all_.insert_or_assign(digest, std::move(pending));
  }

  // Null if there is none of this kind, or it is too old.
  Pending* find(const Digest& digest, PendingKind kind, Nanoseconds now) {
    const auto found = all_.find(digest);
    if (found == all_.end() || found->second.kind != kind) return nullptr;
    const bool enrols =
        kind == PendingKind::kTotpEnrolment || kind == PendingKind::kPasskeyEnrolment;
    if (now - found->second.begun >= (enrols ? kEnrolmentLifetime : kPendingLifetime)) {
      all_.erase(found);
      return nullptr;
    }
    return &found->second;
  }
  // As find(), and it is gone: what comes once works once.
  std::optional<Pending> take(const Digest& digest, PendingKind kind, Nanoseconds now) {
    Pending* found = find(digest, kind, now);
    if (found == nullptr) return std::nullopt;
    std::optional<Pending> taken = std::move(*found);
    all_.erase(digest);
    return taken;
  }
  void drop(const Digest& digest) { all_.erase(digest); }
  void drop_of(UserId user) {
    std::erase_if(all_, [&](const auto& each) { return each.second.user == user; });
  }
  std::size_t size() const { return all_.size(); }

 private:
  std::unordered_map<Digest, Pending, DigestHash> all_;
};

}  // namespace lineshaft::identity
