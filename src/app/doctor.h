// app/doctor.h: looks at an installation from outside and says in words what is wrong with it.
#pragma once

#include <string>
#include <vector>

#include "app/config.h"

namespace lineshaft::app {

enum class FindingLevel : std::uint8_t { kGood, kWarning, kBad };

struct Finding {
  FindingLevel level;
  std::string text;    // one sentence
  std::string remedy;  // what to do; "" if nothing
};

// Checks the data directory (rights, space, other server, what was set aside), how fast the disk
// makes a write durable, the certificate, the clock, the file limit, and whether the address is
// free or answered by a Lineshaft. Writes one small file into the data directory and removes it.
std::vector<Finding> examine(const Config& config);

}  // namespace lineshaft::app
