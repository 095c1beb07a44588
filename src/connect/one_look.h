// connect/one_look.h: a test of settings for protocols whose machines tell their values by
// themselves: runs a driver until every signal has been told of once, and keeps nothing.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "connect/driver.h"
#include "connect/protocol.h"

namespace lineshaft::connect {

class OneLook : public Task, private DriverHost {
 public:
  // `make`: the driver for the configuration of the test. `identify`: what it knows of the machine
  // at the end. `hint`: said of a signal that has no data, "the agent says UNAVAILABLE".
  struct Parts {
    std::function<std::unique_ptr<Driver>(const ConnectionConfig&, DriverHost&)> make;
    std::function<std::optional<MachineIdentification>(const Driver&)> identify;
    std::string hint;
  };
  OneLook(sys::EventLoop& loop, sys::Clock& clock, TestRequest request, Parts parts,
          ProtocolRuntime::TestDone done);

 private:
  Instant now() override { return {clock_.now(), loop_.now()}; }
  void on_value(std::size_t signal, Instant at, Value value, Quality quality) override;
  void on_past(std::size_t /*signal*/, Timestamp /*time*/, Value /*value*/,
               Quality /*quality*/) override {}
  void on_bad(std::size_t signal, Instant at, Quality quality) override;
  void on_connected() override;
  void on_lost(const Error& why) override;
  void on_trouble(std::string_view event, const Error& what) override;
  void on_event(std::string_view /*event*/, std::string /*detail*/) override {}

  void count(std::size_t signal);
  void finish(std::optional<Error> error);

  sys::EventLoop& loop_;
  sys::Clock& clock_;
  Parts parts_;
  ProtocolRuntime::TestDone done_;
  ConnectionConfig config_;
  std::unique_ptr<sys::Timer> limit_;
  std::unique_ptr<sys::Timer> finish_;
  Nanoseconds started_{0};
  std::vector<bool> told_;
  std::size_t missing_ = 0;
  bool finished_ = false;
  TestReport report_;
  std::unique_ptr<Driver> driver_;
};

}  // namespace lineshaft::connect
