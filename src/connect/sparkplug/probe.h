// connect/sparkplug/probe.h: one look at the metrics of edge nodes: a host that says nothing about
// itself, until every signal has a value or the time is up. Keeps nothing.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "connect/protocol.h"
#include "connect/sparkplug/session.h"

namespace lineshaft::connect {

// Construction starts it. `done` runs once, at a turn of its own, so it may destroy the probe. A
// node that publishes in that time is asked for its birth, which tells all its metrics.
class SparkplugProbe : public Task, private DriverHost {
 public:
  SparkplugProbe(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random, TestRequest request,
                 ConnectionManager::TestDone done);

 private:
  Instant now() override { return {clock_.now(), loop_.now()}; }
  void on_value(std::size_t signal, Instant at, Value value, Quality quality) override;
  void on_past(std::size_t, Timestamp, Value, Quality) override {}
  void on_bad(std::size_t signal, Instant at, Quality quality) override;
  void on_connected() override;
  void on_lost(const Error& why) override { finish(why); }
  void on_trouble(std::string_view event, const Error& what) override;
  void on_event(std::string_view, std::string) override {}
  void finish(std::optional<Error> error);

  sys::EventLoop& loop_;
  sys::Clock& clock_;
  ConnectionConfig config_;
  ConnectionManager::TestDone done_;
  const Nanoseconds started_;
  TestReport report_;
  std::size_t missing_;
  bool finished_ = false;
  std::unique_ptr<sys::Timer> limit_;
  std::unique_ptr<sys::Timer> finish_;
  std::unique_ptr<SparkplugSession> session_;
};

}  // namespace lineshaft::connect
