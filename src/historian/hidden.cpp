#include "historian/hidden.h"

#include <algorithm>

namespace lineshaft::historian {
namespace {

TimeRange common(TimeRange a, TimeRange b) {
  return {std::max(a.from, b.from), std::min(a.to, b.to)};
}

}  // namespace

Hidden::Hidden(SeriesKey key, std::span<const TimeRange> erased) : key_(key) {
  for (TimeRange range : erased) parts_.push_back({range, UINT64_MAX, false});
}

void Hidden::add(const FileReader& file) {
  for (const Erasure& erasure : of_series(file.erasures(), key_)) {
    parts_.push_back({erasure.range, file.id().order, false});
  }
  if (!file.has_rollups()) return;
  for (const BlockRef& block : file.blocks(key_)) {
    if (block.rollup) parts_.push_back({block.extent(), file.id().order, true});
  }
}

std::vector<TimeRange> Hidden::of(const FileReader& file, const BlockRef& block) const {
  std::vector<TimeRange> ranges;
  for (const Part& part : parts_) {
    const bool is_newer = part.order > file.id().order;
    if (!is_newer && (!part.by_rollups || block.rollup)) continue;
    const TimeRange hidden = common(part.range, block.extent());
    if (!hidden.empty()) ranges.push_back(hidden);
  }
  std::sort(ranges.begin(), ranges.end(), [](TimeRange a, TimeRange b) { return a.from < b.from; });
  std::size_t kept = 0;
  for (TimeRange range : ranges) {
    if (kept > 0 && range.from <= ranges[kept - 1].to) {
      ranges[kept - 1].to = std::max(ranges[kept - 1].to, range.to);
    } else {
      ranges[kept++] = range;
    }
  }
  ranges.resize(kept);
  return ranges;
}

void cut_out(std::vector<Summary>& rollups, std::span<const TimeRange> hidden) {
  std::erase_if(rollups, [&](const Summary& rollup) {
    return std::any_of(hidden.begin(), hidden.end(),
                       [&](TimeRange range) { return range.contains(rollup.first_time); });
  });
}

}  // namespace lineshaft::historian
