#include "plant/first_client.h"

namespace lineshaft::plant {

namespace {
constexpr Nanoseconds kBetweenLooks = std::chrono::milliseconds(50);
}

FirstClient::FirstClient(sys::EventLoop& loop, connect::opcua::TrustStore& trust)
    : trust_(trust), timer_(loop.make_timer()) {
  look();
}

void FirstClient::look() {
  if (!trust_.trusted().empty()) return;
  const auto waiting = trust_.rejected();
  if (!waiting.empty() && trust_.approve(waiting.front().info.sha1)) return;
  timer_->start(kBetweenLooks, [this] { look(); });
}

}  // namespace lineshaft::plant
