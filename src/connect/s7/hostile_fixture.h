// connect/s7/hostile_fixture.h: a hostile CPU and its healthy neighbour, for the tests of this
// folder.
#pragma once

#include <cstdint>
#include <memory>

#include "connect/neighbours_fixture.h"
#include "connect/s7/testing.h"

namespace lineshaft::connect::testing {

inline const sys::Endpoint kBadCpuAt{"plc", 666};

// A healthy CPU (connection 1, tags 1..3) beside the hostile one (connection 2, tags 11..).
struct S7Neighbours : WatchedPlant {
  NotingCpu healthy;
  std::unique_ptr<S7Server> healthy_server = serve_s7(*this, healthy, s7_at(102));
  NotingCpu device;
  std::unique_ptr<S7Server> server;

  explicit S7Neighbours(bool with_server = true) {
    healthy.reply = [this](const s7::Request&) {
      healthy_polls.push_back(loop.now());
      return S7Reply{};
    };
    put(1, cpu(102, 3), 1);
    if (with_server) server = serve_s7(*this, device, s7_at(666));
  }
  void fault(S7Fault fault, Nanoseconds delay = {}) {
    device.reply = [=](const s7::Request&) { return S7Reply{delay, fault}; };
  }
};

}  // namespace lineshaft::connect::testing
