// connect/turn.h: when a test or a browse was turned away by a machine that may let one client in,
// and how long such a machine is given to notice that its client has left.
#pragma once

#include <functional>
#include <memory>

#include "connect/manager.h"
#include "connect/task.h"
#include "sys/loop.h"

namespace lineshaft::connect {

// Nothing was told, because the connection was refused, closed, or left without a word. What the
// machine refuses for another reason (a password, an address) it would refuse in any place.
bool turned_away(const TestReport& report);
bool turned_away(const Result<BrowseReport>& report);

// Runs `then` after a moment, at a turn of its own.
class Breath : public Task {
 public:
  Breath(sys::EventLoop& loop, std::function<void()> then);

 private:
  std::unique_ptr<sys::Timer> timer_;
};

}  // namespace lineshaft::connect
