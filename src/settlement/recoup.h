// settlement/recoup.h: costs that come first: pools are paid back before anything is divided.
// Pure functions; threads: any.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/decimal.h"

namespace lineshaft::settlement {

struct Pool {
  std::string id;
  std::string payee;           // who has borne the costs
  std::uint32_t priority = 1;  // 1 is paid back first
  friend bool operator==(const Pool&, const Pool&) = default;
};

struct Recouped {
  std::vector<Int128> amounts;  // in the order of the pools
  Int128 left = 0;
};

// Priority after priority; inside one, in proportion to what is outstanding, when there is less
// than that (rounding point "recoup": largest remainder, ties by the id of the pool). No pool gets
// more than is outstanding.
// Requires: amounts (exact.h); outstanding.size() == pools.size(), at most kPayeesMax; ids differ.
Recouped recoup(Int128 available, std::span<const Pool> pools, std::span<const Int128> outstanding);

}  // namespace lineshaft::settlement
