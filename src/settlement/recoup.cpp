#include "settlement/recoup.h"

#include <algorithm>
#include <numeric>
#include <tuple>

#include "base/assert.h"
#include "settlement/split.h"

namespace lineshaft::settlement {

Recouped recoup(Int128 available, std::span<const Pool> pools,
                std::span<const Int128> outstanding) {
  LS_ASSERT(pools.size() == outstanding.size());
  Recouped recouped{std::vector<Int128>(pools.size()), available};
  std::vector<std::size_t> order(pools.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {},
                    [&](std::size_t i) { return std::tie(pools[i].priority, pools[i].id); });
  for (std::size_t first = 0; first < order.size();) {
    std::size_t end = first;
    std::vector<Int128> claims;
    for (; end < order.size() && pools[order[end]].priority == pools[order[first]].priority;
         ++end) {
      claims.push_back(outstanding[order[end]]);
    }
    const Int128 claimed = std::accumulate(claims.begin(), claims.end(), Int128{0});
    const Int128 paid = std::min(recouped.left, claimed);
    // Below what is claimed, each exact part is below its claim, and so is one unit more at most.
    const std::vector<Int128> parts = largest_remainder(paid, claims);
    for (std::size_t i = first; i < end; ++i) recouped.amounts[order[i]] = parts[i - first];
    recouped.left -= paid;
    first = end;
  }
  return recouped;
}

}  // namespace lineshaft::settlement
