// settlement/difference.h: what would change: two statements, payee by payee.
// Pure functions; threads: any.
#pragma once

#include <string>
#include <vector>

#include "base/decimal.h"
#include "settlement/statement.h"

namespace lineshaft::settlement {

struct PayeeChange {
  std::string payee;
  Int128 before = 0;
  Int128 after = 0;
  friend bool operator==(const PayeeChange&, const PayeeChange&) = default;
};

// Of every payee of either statement, ordered by payee; also of those for whom nothing changes.
// What is held counts for nobody. Use: settle the run as it is and with other terms, shares or
// links, and compare.
std::vector<PayeeChange> changes(const Statement& before, const Statement& after);

}  // namespace lineshaft::settlement
