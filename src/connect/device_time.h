// connect/device_time.h: what is made of the times that a device gives to the values of a signal.
// True ones are kept. A clock that is wrong, or is set while we listen, must not stop the present.
#pragma once

#include <chrono>
#include <optional>

#include "connect/instant.h"

namespace lineshaft::connect {

// A device whose clock runs further ahead is not believed: its values get our time.
inline constexpr Nanoseconds kDeviceAheadMax = std::chrono::seconds(60);
// Values that are older than the newest one come late. But if they go on for so long, and all of
// them are behind our clock by the same, then the clock of the device was set back.
inline constexpr Nanoseconds kSetBackAfter = std::chrono::seconds(60);
inline constexpr Nanoseconds kSameLag = std::chrono::seconds(5);

// The time that the device told, unless it cannot be true.
std::optional<Timestamp> believed(std::optional<Timestamp> told, const Instant& now);

// The times of one signal. While the clock of its device is behind what is known, values of the
// present get our time, one after the other, until its own times pass those.
class DeviceTime {
 public:
  // The time to store a value with that was told now; `told`: the device's, if it gave one.
  // Nothing: it is of before, of the time that was told.
  std::optional<Timestamp> of_value(std::optional<Timestamp> told, const Instant& now);

  // The same for what surely holds now, because it was asked for: the time that was told if that is
  // news, else ours.
  Timestamp of_state(std::optional<Timestamp> told, const Instant& now);

  // Nothing is known any more: the device may have another clock.
  void forget() { *this = DeviceTime(); }

 private:
  struct Suspicion {
    Nanoseconds lag;    // of a value that came late, behind our clock
    Nanoseconds since;  // steady
  };

  bool is_set_back(Timestamp told, const Instant& now);
  bool is_news(Timestamp told) const { return !newest_ || told > *newest_; }
  Timestamp ours(const Instant& now) const;
  void check_our_clock(const Instant& now);

  std::optional<Timestamp> newest_;    // of what was stored as the present
  std::optional<Timestamp> set_back_;  // the newest time that a clock told that was set back
  std::optional<Suspicion> suspicion_;
};

}  // namespace lineshaft::connect
