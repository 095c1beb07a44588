#include "app/clock_watch.h"

#include <cstdlib>

namespace lineshaft::app {
namespace {

constexpr Nanoseconds kJump = std::chrono::seconds(2);
constexpr Nanoseconds kShownFor = std::chrono::hours(24);

}  // namespace

ClockWatch::ClockWatch(sys::Clock& clock)
    : clock_(clock), wall_(clock.now()), steady_(clock.monotonic()) {}

std::string ClockWatch::look() {
  const std::lock_guard lock(mutex_);
  const Timestamp wall = clock_.now();
  const Nanoseconds steady = clock_.monotonic();
  const Nanoseconds jump = (wall - wall_) - (steady - steady_);
  const Timestamp expected = wall_ + (steady - steady_);
  wall_ = wall;
  steady_ = steady;
  if (std::chrono::abs(jump) <= kJump) return "";
  jumped_at_ = steady;
  jump_ = "the clock of this computer was set " +
          std::string(jump.count() > 0 ? "forward" : "back") + " from " + format_rfc3339(expected) +
          " to " + format_rfc3339(wall) +
          "; samples carry the new time from now on, those stored before keep theirs";
  return jump_;
}

std::string ClockWatch::last_jump() const {
  const std::lock_guard lock(mutex_);
  return clock_.monotonic() - jumped_at_ < kShownFor ? jump_ : "";
}

}  // namespace lineshaft::app
