#include "identity/provider_groups.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "identity/text_rules.h"

namespace lineshaft::identity {
namespace {

template <typename Range, typename Value>
bool holds(const Range& range, const Value& value) {
  return std::ranges::find(range, value) != std::ranges::end(range);
}

}  // namespace

std::optional<std::vector<Grant>> grants_by_groups(const ProviderSettings& settings,
                                                   const std::vector<std::string>& groups) {
  std::vector<Grant> grants;
  for (const GroupRole& mapping : settings.groups) {
    if (holds(groups, mapping.group) && !holds(grants, mapping.grant)) {
      grants.push_back(mapping.grant);
    }
  }
  if (!grants.empty() || settings.unmapped == Unmapped::kOwn) return grants;
  if (settings.unmapped == Unmapped::kRefused) return std::nullopt;
  return std::vector<Grant>{{settings.fallback, std::string(kEverywhere)}};
}

Remapped remap(const std::vector<Grant>& now, const std::vector<Grant>& granted,
               const std::vector<Grant>& mapped) {
  Remapped out;
  for (const Grant& grant : now) {
    if (!holds(granted, grant)) out.all.push_back(grant);
  }
  for (const Grant& grant : mapped) {
    if (holds(out.all, grant)) continue;
    out.all.push_back(grant);
    out.granted.push_back(grant);
  }
  return out;
}

bool shows_second_factor(const ProviderSettings& settings, const IdTokenClaims& claims) {
  constexpr std::array<std::string_view, 4> kMethods{"mfa", "otp", "hwk", "sc"};
  if (!claims.acr.empty() && holds(settings.strong_acr, claims.acr)) return true;
  return std::ranges::any_of(claims.amr,
                             [&](const std::string& method) { return holds(kMethods, method); });
}

std::optional<std::string> trusted_address(const ProviderSettings& settings,
                                           const IdTokenClaims& claims) {
  if (!claims.email_verified) return std::nullopt;
  const Result<std::string> address = normalise_email(claims.email);
  if (!address) return std::nullopt;
  const std::string domain = address->substr(address->rfind('@') + 1);
  return holds(settings.email_domains, domain) ? std::optional(*address) : std::nullopt;
}

}  // namespace lineshaft::identity
