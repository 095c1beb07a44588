#include "historian/fold.h"

#include <algorithm>
#include <cmath>
#include <functional>

namespace lineshaft::historian {
namespace {

// Distances in a range of time can take 65 bits.
__extension__ using Wide = __int128;

}  // namespace

bool Opinion::usable(Quality quality, double number) const {
  if (quality.bad() || (uncertain_is_bad && quality.uncertain())) return false;
  return !not_finite_is_bad || std::isfinite(number);
}

bool Opinion::agrees_with(const Summary& summary) const {
  return (!uncertain_is_bad || summary.uncertain == 0) &&
         (!not_finite_is_bad || summary.not_finite == 0);
}

Windows Windows::equal_parts(TimeRange range, std::uint32_t count) {
  LS_ASSERT(count >= 1);
  LS_ASSERT(!range.empty());
  Windows windows;
  windows.range_ = range;
  windows.count_ = count;
  return windows;
}

Windows Windows::of_step(TimeRange range, Nanoseconds step, std::uint32_t count) {
  LS_ASSERT(count == steps_in(range, step));
  Windows windows = equal_parts(range, count);
  windows.step_ns_ = step.count();
  return windows;
}

Windows Windows::between(std::vector<Timestamp> instants) {
  LS_ASSERT(!instants.empty());
  LS_ASSERT(std::adjacent_find(instants.begin(), instants.end(), std::greater_equal()) ==
            instants.end());
  const TimeRange range{instants.front(), instants.back() + Nanoseconds(1)};
  Windows windows = equal_parts(range, static_cast<std::uint32_t>(instants.size()));
  windows.instants_ = std::move(instants);
  return windows;
}

std::uint64_t Windows::steps_in(TimeRange range, Nanoseconds step) {
  LS_ASSERT(step.count() > 0);
  LS_ASSERT(!range.empty());
  const Wide length = Wide{range.to.ns} - range.from.ns;
  return static_cast<std::uint64_t>((length - 1) / step.count() + 1);
}

std::uint32_t Windows::index(Timestamp time) const {
  if (!instants_.empty()) {
    const auto next = std::upper_bound(instants_.begin(), instants_.end(), time);
    return static_cast<std::uint32_t>(next - instants_.begin() - 1);
  }
  const Wide after = Wide{time.ns} - range_.from.ns;
  // In 64 bits, where it fits: a division of 128 bits takes several times as long.
  if (step_ns_ != 0 && after <= INT64_MAX) {
    return static_cast<std::uint32_t>(static_cast<std::int64_t>(after) / step_ns_);
  }
  if (step_ns_ != 0) return static_cast<std::uint32_t>(after / step_ns_);
  return static_cast<std::uint32_t>(after * count_ / (Wide{range_.to.ns} - range_.from.ns));
}

Timestamp Windows::start(std::uint32_t index) const {
  if (!instants_.empty()) return instants_[index];
  if (step_ns_ != 0) {
    return {static_cast<std::int64_t>(range_.from.ns + Wide{step_ns_} * index)};
  }
  const Wide length = Wide{range_.to.ns} - range_.from.ns;
  // The first instant that index() gives this window: rounded up.
  return {static_cast<std::int64_t>(range_.from.ns + (length * index + count_ - 1) / count_)};
}

}  // namespace lineshaft::historian
