// app/clock_watch.h: notices when the wall clock is set, and says so.
#pragma once

#include <mutex>
#include <string>

#include "sys/clock.h"

namespace lineshaft::app {

// Compares the wall clock with the one that cannot be set. Threads: any.
class ClockWatch {
 public:
  // `clock` must outlive it.
  explicit ClockWatch(sys::Clock& clock);

  // Call it every second or so. What happened since the last call, in words; "" if nothing did. A
  // clock that drifts or is slewed by NTP is left alone: a jump is more than two seconds between
  // two calls.
  std::string look();

  // The last jump, for a day after it; "" if there was none.
  std::string last_jump() const;

 private:
  sys::Clock& clock_;
  mutable std::mutex mutex_;
  Timestamp wall_;            // guarded, as all below
  Nanoseconds steady_;        // at the last look
  Nanoseconds jumped_at_{0};  // by the steady clock
  std::string jump_;
};

}  // namespace lineshaft::app
