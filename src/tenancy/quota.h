// tenancy/quota.h: what an organisation may use at most, and the words for it. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft::tenancy {

// Stored by their names: never change one. Two are rates, the others are what there is.
enum class Quota : std::uint8_t {
  kTags,
  kSamplesPerSecond,
  kBytes,
  kRequestsPerMinute,
  kTokens,
  kPeople,
  kConnections,
};
inline constexpr std::array kQuotas{
    Quota::kTags,   Quota::kSamplesPerSecond, Quota::kBytes,      Quota::kRequestsPerMinute,
    Quota::kTokens, Quota::kPeople,           Quota::kConnections};
inline constexpr std::uint64_t kQuotaMax = 1'000'000'000'000'000;  // a petabyte

// "tags", "samples_per_second", "bytes"...
std::string_view quota_name(Quota quota);

// 0: no limit.
struct Quotas {
  std::array<std::uint64_t, kQuotas.size()> limits{};

  std::uint64_t operator[](Quota quota) const { return limits[static_cast<std::size_t>(quota)]; }
  std::uint64_t& operator[](Quota quota) { return limits[static_cast<std::size_t>(quota)]; }
  friend bool operator==(const Quotas&, const Quotas&) = default;
};

// What a refusal is: of what there is, and of a rate (HTTP 429).
inline constexpr ErrorId kQuotaReached = ErrorId::kConflict;
inline constexpr ErrorId kRateLimited = ErrorId::kTooManyAttempts;

// kQuotaReached, or kRateLimited for a rate: which quota, how much it is, whom to ask ("" : "who
// runs the server").
Error over_quota(Quota quota, std::uint64_t limit, std::string_view contact);

}  // namespace lineshaft::tenancy
