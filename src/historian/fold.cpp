#include "historian/fold.h"

namespace lineshaft::historian {
namespace {

// Distances in a range of time can take 65 bits.
__extension__ using Wide = __int128;

}  // namespace

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

std::uint64_t Windows::steps_in(TimeRange range, Nanoseconds step) {
  LS_ASSERT(step.count() > 0);
  LS_ASSERT(!range.empty());
  const Wide length = Wide{range.to.ns} - range.from.ns;
  return static_cast<std::uint64_t>((length - 1) / step.count() + 1);
}

std::uint32_t Windows::index(Timestamp time) const {
  const Wide after = Wide{time.ns} - range_.from.ns;
  if (step_ns_ != 0) return static_cast<std::uint32_t>(after / step_ns_);
  return static_cast<std::uint32_t>(after * count_ / (Wide{range_.to.ns} - range_.from.ns));
}

Timestamp Windows::start(std::uint32_t index) const {
  if (step_ns_ != 0) {
    return {static_cast<std::int64_t>(range_.from.ns + Wide{step_ns_} * index)};
  }
  const Wide length = Wide{range_.to.ns} - range_.from.ns;
  // The first instant that index() gives this window: rounded up.
  return {static_cast<std::int64_t>(range_.from.ns + (length * index + count_ - 1) / count_)};
}

}  // namespace lineshaft::historian
