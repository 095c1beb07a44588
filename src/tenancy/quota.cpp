#include "tenancy/quota.h"

namespace lineshaft::tenancy {
namespace {

std::string_view in_words(Quota quota) {
  switch (quota) {
    case Quota::kTags:
      return "tags";
    case Quota::kSamplesPerSecond:
      return "samples a second";
    case Quota::kBytes:
      return "bytes stored";
    case Quota::kRequestsPerMinute:
      return "requests a minute";
    case Quota::kTokens:
      return "tokens";
    case Quota::kPeople:
      return "people";
    case Quota::kConnections:
      return "connections";
  }
  return "unknown";
}

bool is_rate(Quota quota) {
  return quota == Quota::kSamplesPerSecond || quota == Quota::kRequestsPerMinute;
}

}  // namespace

std::string_view quota_name(Quota quota) {
  switch (quota) {
    case Quota::kTags:
      return "tags";
    case Quota::kSamplesPerSecond:
      return "samples_per_second";
    case Quota::kBytes:
      return "bytes";
    case Quota::kRequestsPerMinute:
      return "requests_per_minute";
    case Quota::kTokens:
      return "tokens";
    case Quota::kPeople:
      return "people";
    case Quota::kConnections:
      return "connections";
  }
  return "unknown";
}

Error over_quota(Quota quota, std::uint64_t limit, std::string_view contact) {
  const std::string ask = contact.empty() ? "who runs the server" : std::string(contact);
  return {is_rate(quota) ? kRateLimited : kQuotaReached,
          "the quota of this organisation is " + std::to_string(limit) + " " +
              std::string(in_words(quota)) + "; for more ask " + ask};
}

}  // namespace lineshaft::tenancy
