// app/decommission.h: takes an installation out of service, so that nothing it held is read again
// (docs/how-to/run-as-a-service.md, "Take it out of service").
#pragma once

#include <cstdint>

#include "app/config.h"

namespace lineshaft::app {

struct Decommissioned {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
};

// Overwrites with zeros and removes every file of the data directory, then the directory itself.
// The keys go first: interrupted after them, what is sealed or enciphered does not open again.
// Links are removed, not followed. A master key outside the directory stays: others may use it.
// Errors: kFileMissing: this is no data directory; kLocked: a server uses it; kIoError naming the
// first thing that stands in the way: call again.
Result<Decommissioned> decommission(const Config& config);

}  // namespace lineshaft::app
