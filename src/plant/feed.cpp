#include "plant/feed.h"

#include <utility>

namespace lineshaft::plant {

namespace {
constexpr Nanoseconds kBetweenLooks = std::chrono::seconds(1);
}

Feed::Feed(const Machine& machine, sys::EventLoop& loop, sys::Clock& clock, double speed,
           Looked looked)
    : machine_(machine),
      clock_(clock, speed),
      looked_(std::move(looked)),
      time_(clock_.real_now()),
      timer_(loop.make_timer()) {
  for (const Signal& signal : machine.signals) {
    values_.push_back(value_at(signal, clock_.plant_now()));
  }
  timer_->start(kBetweenLooks, [this] { look(); });
}

void Feed::look() {
  std::vector<std::size_t> changed;
  time_ = clock_.real_now();
  for (std::size_t i = 0; i < values_.size(); ++i) {
    Value value = value_at(machine_.signals[i], clock_.plant_now());
    if (same_bits(value, values_[i])) continue;
    values_[i] = std::move(value);
    changed.push_back(i);
  }
  timer_->start(kBetweenLooks, [this] { look(); });
  looked_(changed);
}

}  // namespace lineshaft::plant
