// connect/backoff.h: how long to leave a machine alone before the next attempt to connect.
#pragma once

#include <algorithm>

#include "base/time.h"
#include "sys/clock.h"

namespace lineshaft::connect {

// Full jitter: a uniform delay up to a bound that doubles from 1 s to 30 s, so that a hundred
// connections that fell together do not come back together.
class Backoff {
 public:
  explicit Backoff(sys::Random& random) : random_(random) {}

  Nanoseconds next() {
    const Nanoseconds bound = std::min(kMax, kFirst * (1u << std::min(attempts_, 5u)));
    attempts_ += 1;
    const std::uint64_t drawn = random_.below(static_cast<std::uint64_t>(bound.count()));
    return std::max(kMin, Nanoseconds(static_cast<std::int64_t>(drawn)));
  }
  // The machine has answered: the next loss begins anew.
  void reset() { attempts_ = 0; }

 private:
  static constexpr Nanoseconds kFirst = std::chrono::seconds(1);
  static constexpr Nanoseconds kMax = std::chrono::seconds(30);
  // Even the luckiest draw leaves a device that closes each connection this long alone.
  static constexpr Nanoseconds kMin = std::chrono::milliseconds(50);

  sys::Random& random_;
  unsigned attempts_ = 0;
};

}  // namespace lineshaft::connect
