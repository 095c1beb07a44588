#include "settlement/cut.h"

#include <algorithm>

#include "base/assert.h"

namespace lineshaft::settlement {
namespace {

Int128 length(const TimeRange& range) { return Int128{range.to.ns} - range.from.ns; }

}  // namespace

std::vector<Stretch> stretches_of(const AssetPlan& plan, const TimeRange& period) {
  std::vector<Stretch> stretches;
  for (std::size_t i = 0; i < plan.owners.size(); ++i) {
    const TimeRange& valid = plan.owners[i].valid;
    const TimeRange range{std::max(valid.from, period.from), std::min(valid.to, period.to)};
    if (!range.empty()) stretches.push_back({range, i});
  }
  std::ranges::sort(stretches, {}, [](const Stretch& stretch) { return stretch.range.from; });
  return stretches;
}

std::size_t stretch_at(std::span<const Stretch> stretches, Timestamp at) {
  const auto after = std::ranges::upper_bound(
      stretches, at, {}, [](const Stretch& stretch) { return stretch.range.from; });
  LS_ASSERT(after != stretches.begin());
  return static_cast<std::size_t>(after - stretches.begin()) - 1;
}

std::vector<Int128> cut_by_time(Int128 amount, const TimeRange& range,
                                std::span<const Stretch> stretches) {
  std::vector<Int128> lengths;
  for (const Stretch& stretch : stretches) {
    const TimeRange both{std::max(range.from, stretch.range.from),
                         std::min(range.to, stretch.range.to)};
    lengths.push_back(both.empty() ? 0 : length(both));
  }
  return largest_remainder(amount, lengths);
}

std::vector<Int128> cut_by_weight(Int128 amount, std::span<const Int128> weights,
                                  std::span<const Stretch> stretches) {
  if (std::ranges::any_of(weights, [](Int128 weight) { return weight > 0; })) {
    return largest_remainder(amount, weights);
  }
  return cut_by_time(amount, {stretches.front().range.from, stretches.back().range.to}, stretches);
}

void add_to(std::vector<Int128>& sums, std::span<const Int128> amounts) {
  LS_ASSERT(sums.size() == amounts.size());
  for (std::size_t i = 0; i < sums.size(); ++i) sums[i] += amounts[i];
}

}  // namespace lineshaft::settlement
