// connect/opcua/poller.h: reads the signals of a session at the intervals of their groups, for
// servers without subscriptions. Includes open62541's headers: for this folder only.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "connect/opcua/access.h"
#include "connect/poll_schedule.h"

namespace lineshaft::connect::opcua {

// One round at a time: a group that is due while another is read waits for it; a round that takes
// longer than the interval leaves cycles out and counts them. Threads: the loop's.
class Poller {
 public:
  Poller(sys::EventLoop& loop, sys::Random& random, Access& access);

  void start();
  void stop();
  std::uint64_t cycles_missed() const { return cycles_missed_; }

 private:
  struct Group {
    PollGrid grid;
    std::vector<std::size_t> signals;
    Nanoseconds due{0};
  };
  void run();

  sys::EventLoop& loop_;
  Access& access_;
  std::vector<Group> groups_;
  std::unique_ptr<sys::Timer> timer_;
  std::optional<std::size_t> reading_;  // group
  std::uint64_t cycles_missed_ = 0;
};

}  // namespace lineshaft::connect::opcua
