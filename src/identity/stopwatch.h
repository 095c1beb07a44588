// identity/stopwatch.h: time that has passed, which neither a clock set back nor a restart turns
// back.
#pragma once

#include <algorithm>

#include "sys/clock.h"

namespace lineshaft::identity {

// Two clocks measure together, and the one that shows more counts:
// - the monotonic clock cannot be set, so setting the wall clock back keeps nothing open for ever;
//   what it had measured is carried over restarts;
// - the wall clock also counts while the machine sleeps or the server is down.
// A wall clock that jumps forward ends things early, which costs a new sign-in and no more.
class Stopwatch {
 public:
  static Stopwatch start(sys::Clock& clock) { return {clock.now(), Nanoseconds(0), clock}; }

  // Goes on after a restart with what elapsed() had been when it was written down.
  static Stopwatch resume(Timestamp started, Nanoseconds elapsed_before, sys::Clock& clock) {
    return {started, std::max(elapsed_before, clock.now() - started), clock};
  }

  Nanoseconds elapsed(sys::Clock& clock) const {
    return std::max(carried_ + (clock.monotonic() - resumed_), clock.now() - started_);
  }
  Timestamp started() const { return started_; }

 private:
  Stopwatch(Timestamp started, Nanoseconds carried, sys::Clock& clock)
      : started_(started), carried_(carried), resumed_(clock.monotonic()) {}

  Timestamp started_;    // wall clock
  Nanoseconds carried_;  // had elapsed at `resumed_`
  Nanoseconds resumed_;  // monotonic clock
};

}  // namespace lineshaft::identity
