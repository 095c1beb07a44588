#include "connect/turn.h"

#include <algorithm>
#include <utility>

namespace lineshaft::connect {

namespace {

// Small controllers look for clients that left some times a second.
constexpr Nanoseconds kBreath = std::chrono::milliseconds(500);

bool shut_out(const Error& why) {
  return why.id == ErrorId::kConnectFailed || why.id == ErrorId::kPeerClosed;
}

}  // namespace

bool turned_away(const TestReport& report) {
  const auto told = [](const TestValue& value) { return value.value.has_value(); };
  if (!report.error || std::ranges::any_of(report.values, told)) return false;
  return shut_out(*report.error) || (report.error->id == ErrorId::kTimeout && report.silent);
}

bool turned_away(const Result<BrowseReport>& report) { return !report && shut_out(report.error()); }

Breath::Breath(sys::EventLoop& loop, std::function<void()> then) : timer_(loop.make_timer()) {
  // The callee may destroy this.
  timer_->start(kBreath, std::move(then));
}

}  // namespace lineshaft::connect
