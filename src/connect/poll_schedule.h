// connect/poll_schedule.h: when poll groups are due: a steady grid without drift or bursts.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"

namespace lineshaft::connect {

// One group's instants: phase, phase + interval, phase + 2 * interval... of the loop's clock. The
// phase is drawn once, so that the groups of a hundred machines do not all fall on one instant.
class PollGrid {
 public:
  // Requires: interval > 0, 0 <= phase < interval.
  PollGrid(Nanoseconds interval, Nanoseconds phase) : interval_(interval), phase_(phase) {}

  Nanoseconds interval() const { return interval_; }

  // The first instant of the grid after `now`.
  Nanoseconds after(Nanoseconds now) const {
    const auto passed = (now - phase_) / interval_;  // rounds to zero: one step further below it
    Nanoseconds next = phase_ + (passed + 1) * interval_;
    if (next - interval_ > now) next -= interval_;
    return next;
  }

 private:
  Nanoseconds interval_;
  Nanoseconds phase_;
};

}  // namespace lineshaft::connect
