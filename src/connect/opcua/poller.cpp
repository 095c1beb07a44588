#include "connect/opcua/poller.h"

#include <algorithm>
#include <map>

namespace lineshaft::connect::opcua {

Poller::Poller(sys::EventLoop& loop, sys::Random& random, Access& access)
    : loop_(loop), access_(access), timer_(loop.make_timer()) {
  std::map<std::string_view, std::size_t> by_name = {{"", 0}};
  for (const PollGroup& group : access.config.groups) {
    const Nanoseconds interval = std::chrono::milliseconds(group.interval_ms);
    const auto phase =
        static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(interval.count())));
    by_name[group.name] = groups_.size();
    groups_.push_back({PollGrid(interval, Nanoseconds(phase)), {}, {}});
  }
  for (std::size_t i = 0; i < access.config.signals.size(); ++i) {
    groups_[by_name.at(access.config.signals[i].group)].signals.push_back(i);
  }
  std::erase_if(groups_, [](const Group& group) { return group.signals.empty(); });
}

void Poller::start() {
  reading_.reset();
  for (Group& group : groups_) group.due = loop_.now();  // the first values at once
  run();
}

void Poller::stop() {
  timer_->cancel();
  reading_.reset();
  access_.cancel();
}

void Poller::run() {
  if (reading_ || groups_.empty()) return;
  const auto next = std::ranges::min_element(groups_, {}, &Group::due);
  const Nanoseconds now = loop_.now();
  if (next->due > now) return timer_->start(next->due - now, [this] { run(); });
  reading_ = static_cast<std::size_t>(next - groups_.begin());
  access_.read(next->signals, [this] {
    Group& group = groups_[*reading_];
    const Nanoseconds planned = group.grid.after(group.due);
    group.due = group.grid.after(loop_.now());
    if (group.due > planned) {
      cycles_missed_ += static_cast<std::uint64_t>((group.due - planned) / group.grid.interval());
    }
    reading_.reset();
    // A turn of its own: a server that answers at once must not make this call itself for ever.
    timer_->start(Nanoseconds(0), [this] { run(); });
  });
}

}  // namespace lineshaft::connect::opcua
