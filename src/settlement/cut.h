// settlement/cut.h: a period cut where shares change, and amounts cut with it.
#pragma once

#include <span>
#include <vector>

#include "base/decimal.h"
#include "base/time.h"
#include "settlement/run.h"

namespace lineshaft::settlement {

// The part of a period in which one share table holds.
struct Stretch {
  TimeRange range;
  std::size_t table = 0;  // position in AssetPlan::owners
};

// In order of time. Requires: check_run.
std::vector<Stretch> stretches_of(const AssetPlan& plan, const TimeRange& period);

// Requires: `at` is inside of one.
std::size_t stretch_at(std::span<const Stretch> stretches, Timestamp at);

// Rounding point "cut": largest remainder, ties to the earlier. By how long `range` lies in each
// stretch. Requires: `range` is inside of them, and not empty.
std::vector<Int128> cut_by_time(Int128 amount, const TimeRange& range,
                                std::span<const Stretch> stretches);

// In proportion to `weights`; by time over the whole period if all of them are 0.
std::vector<Int128> cut_by_weight(Int128 amount, std::span<const Int128> weights,
                                  std::span<const Stretch> stretches);

void add_to(std::vector<Int128>& sums, std::span<const Int128> amounts);

}  // namespace lineshaft::settlement
