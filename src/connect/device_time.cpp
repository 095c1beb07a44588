#include "connect/device_time.h"

#include <algorithm>

namespace lineshaft::connect {

namespace {
// Beyond this a time is nonsense, and two of them shall not overflow.
constexpr Nanoseconds kLagMax = std::chrono::hours(24 * 365 * 100);
}  // namespace

std::optional<Timestamp> believed(std::optional<Timestamp> told, const Instant& now) {
  return told && *told > now.wall + kDeviceAheadMax ? std::nullopt : told;
}

std::optional<Timestamp> DeviceTime::of_value(std::optional<Timestamp> told, const Instant& now) {
  check_our_clock(now);
  if (told && newest_ && *told < *newest_) {
    if (!is_set_back(*told, now)) return std::nullopt;
    set_back_ = told;
    told.reset();
  } else if (told) {
    set_back_.reset();
    suspicion_.reset();
  }
  newest_ = told ? *told : ours(now);
  return newest_;
}

Timestamp DeviceTime::of_state(std::optional<Timestamp> told, const Instant& now) {
  check_our_clock(now);
  newest_ = told && is_news(*told) ? *told : ours(now);
  return *newest_;
}

// Late values (a laboratory's, a device's that sends what it kept) come by chance or in a rush, so
// that they are now more, now less behind. A clock that was set is behind by the same all the time.
bool DeviceTime::is_set_back(Timestamp told, const Instant& now) {
  if (set_back_) return told >= *set_back_;
  const Nanoseconds lag = std::min(now.wall - told, kLagMax);
  if (!suspicion_ || lag - suspicion_->lag > kSameLag || suspicion_->lag - lag > kSameLag) {
    suspicion_ = Suspicion{lag, now.steady};
    return false;
  }
  return now.steady - suspicion_->since >= kSetBackAfter;
}

// Behind everything that was told: two samples of one time would be one.
Timestamp DeviceTime::ours(const Instant& now) const {
  return newest_ && *newest_ >= now.wall ? *newest_ + Nanoseconds(1) : now.wall;
}

// What is far ahead of us was told before our own clock was set back.
void DeviceTime::check_our_clock(const Instant& now) {
  if (!newest_ || *newest_ <= now.wall + kDeviceAheadMax) return;
  forget();
}

}  // namespace lineshaft::connect
