#include "wire/modbus/plan.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/assert.h"

namespace lineshaft::modbus {

namespace {

// Ends are one past the last address, hence 32 bits.
std::uint32_t end_of(const PlanItem& item) { return std::uint32_t{item.address} + item.count; }

// Items [first, last) of one area in order of address, without a gap over the limit between them:
// what one block could cover if it were long enough.
//
// Any window over such a run is allowed, so the classic greedy is optimal: the first item left over
// must be in some block, that block may as well begin at it (nothing lies before), and may as well
// take every item that ends within its reach (leaving fewer to the others).
void plan_run(std::span<const PlanItem> items, std::span<std::uint32_t> run,
              const PlanLimits& limits, std::vector<PlanBlock>& blocks) {
  std::vector<std::uint32_t> too_long;
  std::size_t next = 0;
  while (next < run.size()) {
    const PlanItem& head = items[run[next]];
    const std::uint32_t reach =
        std::uint32_t{head.address} +
        std::uint32_t{is_bits(head.area) ? limits.bits_max : limits.registers_max};
    PlanBlock block{head.area, head.address, 0, {}};
    std::uint32_t end = head.address;
    too_long.clear();
    for (; next < run.size() && items[run[next]].address < reach; ++next) {
      const std::uint32_t index = run[next];
      const bool fits = end_of(items[index]) <= reach;
      (fits ? block.items : too_long).push_back(index);
      if (fits) end = std::max(end, end_of(items[index]));
    }
    LS_ASSERT(!block.items.empty());  // the head itself fits, so every turn makes progress
    block.count = static_cast<std::uint16_t>(end - head.address);
    blocks.push_back(std::move(block));
    // What began within reach and ended beyond it comes first in the next turn.
    next -= too_long.size();
    std::ranges::copy(too_long, run.begin() + static_cast<std::ptrdiff_t>(next));
  }
}

}  // namespace

std::vector<PlanBlock> plan_reads(std::span<const PlanItem> items, const PlanLimits& limits) {
  std::vector<std::uint32_t> order(items.size());
  std::iota(order.begin(), order.end(), 0u);
  std::ranges::stable_sort(order, [&](std::uint32_t a, std::uint32_t b) {
    return std::pair(items[a].area, items[a].address) < std::pair(items[b].area, items[b].address);
  });
  std::vector<PlanBlock> blocks;
  std::size_t first = 0;
  std::uint32_t end = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const PlanItem& item = items[order[i]];
    LS_ASSERT(item.count >= 1 && end_of(item) <= kAddresses);
    LS_ASSERT(item.count <= (is_bits(item.area) ? limits.bits_max : limits.registers_max));
    const bool breaks = i > first && (!limits.join || item.area != items[order[first]].area ||
                                      item.address > end + limits.gap_max);
    if (breaks) {
      plan_run(items, std::span(order).subspan(first, i - first), limits, blocks);
      first = i;
    }
    end = i == first ? end_of(item) : std::max(end, end_of(item));
  }
  if (first < order.size()) plan_run(items, std::span(order).subspan(first), limits, blocks);
  return blocks;
}

}  // namespace lineshaft::modbus
