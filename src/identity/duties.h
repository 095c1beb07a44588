// identity/duties.h: duties that must not lie in one hand, and changes of rights that take two.
// Plain data and pure rules.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "identity/access.h"

namespace lineshaft::identity {

using UserId = StrongId<struct UserIdName, std::uint64_t>;  // from 1, never reused

inline constexpr Nanoseconds kRightsRequestLifetime = std::chrono::hours(7 * 24);
inline constexpr std::size_t kRightsRequestsMax = 100;  // of one organisation

// What an organisation asks of itself. All off: a firm of one person can work.
struct RightsPolicy {
  bool two_persons = false;       // giving what is kOfSecurity takes a second person
  bool separate_auditor = false;  // auditors alone read the audit trail
  friend bool operator==(const RightsPolicy&, const RightsPolicy&) = default;
};
// What no role but auditor's brings under a policy.
PermissionSet withheld_by(const RightsPolicy& policy);

// A change that waits for a second person: the grants of `user`, or the policy if there is none.
struct RightsRequest {
  std::uint64_t id = 0;  // from 1, never reused
  TenantId tenant;
  UserId user;
  std::vector<Grant> grants = {};
  RightsPolicy policy = {};
  UserId asked_by;
  Timestamp asked;
};

// May these lie in one hand? Errors: kInvalidArgument (a role that is none, more than kGrantsMax),
// kConflict: an auditor changes nothing, so the role does not go with one that does.
Status check_duties(const Access& access);
// Does `actor` hold all of it? Nobody gives themselves or a token what they lack. Errors: kDenied
// naming the role.
Status check_held(const Principal& actor, const Access& access);
// Does `after` bring something of kOfSecurity that `before` has not?
bool adds_security(const Access& before, const Access& after);
// "engineer, viewer@Northfield/Melt shop"; "nothing".
std::string access_text(const Access& access);

// Why somebody may or may not do something somewhere.
struct Explanation {
  UserId user;
  std::string email;
  std::string name;
  bool allowed = false;
  std::vector<Grant> because;  // the grants that say yes
  std::vector<Role> missing;   // if not: the roles any one of which would, at that place
  bool of_server = false;      // only the organisation that runs the server can hold it
  bool withheld = false;       // the organisation's policy withholds it from this person's roles
};
// `path` "": in the whole organisation.
Explanation explain(const Principal& who, Permission what, std::string_view path);

}  // namespace lineshaft::identity
