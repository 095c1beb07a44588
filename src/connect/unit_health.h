// connect/unit_health.h: whether a unit behind a connection is worth asking now.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/time.h"

namespace lineshaft::connect {

// A unit that does not answer rests 1 s, 2 s, 4 s... up to 30 s; then one request tries it. So a
// dead unit costs its neighbours one timeout per rest and no more.
class UnitHealth {
 public:
  bool failing() const { return failures_ > 0; }

  // May a request go to this unit? A failing unit takes one at a time.
  bool may_ask(Nanoseconds now) const {
    return !failing() || (now >= rest_until_ && under_way_ == 0);
  }
  void asked() { under_way_ += 1; }
  void answered() { under_way_ = std::max(0, under_way_ - 1); }

  // True if the unit failed until now.
  bool succeeded() {
    const bool was_failing = failing();
    failures_ = 0;
    return was_failing;
  }

  // True if the unit was well until now.
  bool failed(Nanoseconds now) {
    const auto rest = std::min(kRestMax, kRestFirst * (1 << std::min(failures_, 5)));
    failures_ = std::min(failures_ + 1, 1000);
    rest_until_ = now + rest;
    return failures_ == 1;
  }

 private:
  static constexpr Nanoseconds kRestFirst = std::chrono::seconds(1);
  static constexpr Nanoseconds kRestMax = std::chrono::seconds(30);

  int failures_ = 0;
  int under_way_ = 0;
  Nanoseconds rest_until_{0};
};

}  // namespace lineshaft::connect
