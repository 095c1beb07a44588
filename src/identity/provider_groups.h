// identity/provider_groups.h: from what a provider says about a person to rights here. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "identity/id_token.h"
#include "identity/providers.h"

namespace lineshaft::identity {

// The grants that the groups bring. Nothing: the person is refused; an empty list: none, and those
// that were given here by hand count.
std::optional<std::vector<Grant>> grants_by_groups(const ProviderSettings& settings,
                                                   const std::vector<std::string>& groups);

// Grants of a person whose groups are mapped anew.
struct Remapped {
  std::vector<Grant> all;      // what the person has from now on
  std::vector<Grant> granted;  // of those, what the groups brought and would take away again
};
// `now`: what the person has; `granted`: what the groups had brought; `mapped`: what they bring.
// What was given by hand stays, also when a group brings the same.
Remapped remap(const std::vector<Grant>& now, const std::vector<Grant>& granted,
               const std::vector<Grant>& mapped);

// Does the provider say that it asked for a second factor? RFC 8176: mfa, otp, hwk, sc.
bool shows_second_factor(const ProviderSettings& settings, const IdTokenClaims& claims);

// The address that is taken for the person's: verified, in a domain for which the provider is
// trusted, in normal form.
std::optional<std::string> trusted_address(const ProviderSettings& settings,
                                           const IdTokenClaims& claims);

}  // namespace lineshaft::identity
