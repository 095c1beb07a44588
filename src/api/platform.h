// api/platform.h: what the routes of organisations ask of the rooms together. Joined in app/.
#pragma once

#include "identity/identity.h"
#include "tenancy/usage_table.h"

namespace lineshaft::api {

// Threads: any; calls block for the disk and for the loop.
class Platform {
 public:
  virtual ~Platform() = default;
  // How much there is of it now.
  virtual tenancy::Gauges gauges(TenantId tenant) const = 0;
  // Shuts the door and takes connections and flows out of service, or the reverse. Errors: as
  // Identity::suspend_organisation; those of Registry::start and Flows::start.
  virtual Status suspend(const identity::Principal& actor, TenantId tenant, bool suspended) = 0;
  // Removes all that the organisation has: history, settings, people, tokens, usage. Its trail
  // stays, and what its parties agreed on in the register and the ledger of the operator. Errors:
  // as Identity::remove_organisation, and those of the stores: call again.
  virtual Status remove(const identity::Principal& actor, TenantId tenant) = 0;
};

}  // namespace lineshaft::api
