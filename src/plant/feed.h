// plant/feed.h: the values of a machine that tells them by itself: looked at once a second.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "plant/device.h"
#include "plant/model.h"
#include "sys/loop.h"

namespace lineshaft::plant {

// Threads: the loop's. What is borrowed must outlive it.
class Feed {
 public:
  // After each look but the first, which is that of the construction: the signals that have another
  // value than before, in their order.
  using Looked = std::function<void(const std::vector<std::size_t>& changed)>;
  Feed(const Machine& machine, sys::EventLoop& loop, sys::Clock& clock, double speed,
       Looked looked);

  std::size_t size() const { return values_.size(); }
  const Value& value(std::size_t signal) const { return values_[signal]; }
  // Of the last look, by the clock: what a device says about its values, however fast its plant
  // runs.
  Timestamp time() const { return time_; }

 private:
  void look();

  const Machine& machine_;
  PlantClock clock_;
  Looked looked_;
  std::vector<Value> values_;
  Timestamp time_;
  std::unique_ptr<sys::Timer> timer_;
};

}  // namespace lineshaft::plant
