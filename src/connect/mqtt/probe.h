// connect/mqtt/probe.h: one look at a broker: does it let us in, and what do these signals say.
// Keeps nothing and tries once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "connect/mqtt/link.h"
#include "connect/mqtt/mapping.h"
#include "connect/protocol.h"

namespace lineshaft::connect {

struct MqttProbeReport {
  TestReport test;
  // A broker answered, be it with a refusal.
  bool speaks_mqtt = false;
};

// Construction starts it. Waits for a value of every signal, at most timeout_ms after the
// subscription: what a broker has retained comes at once, the rest when a machine publishes.
// `done` runs once, at a turn of its own, so it may destroy the probe.
class MqttProbe : public Task, private MqttUser {
 public:
  using Done = std::function<void(MqttProbeReport)>;
  // `config`: settings and signals, checked.
  MqttProbe(sys::EventLoop& loop, sys::Random& random, ConnectionConfig config, Done done);

 private:
  void on_session() override;
  void on_message(const mqtt::Publish& message) override;
  void on_subscribed(std::uint16_t id, const std::vector<mqtt::Reason>& reasons) override;
  void on_down(const Error& why) override;
  void finish(std::optional<Error> error);

  sys::EventLoop& loop_;
  const ConnectionConfig config_;
  Done done_;
  const Nanoseconds started_;
  MqttMapping mapping_;
  MqttProbeReport report_;
  std::size_t missing_;
  bool finished_ = false;
  std::unique_ptr<sys::Timer> limit_;
  std::unique_ptr<sys::Timer> finish_;
  std::unique_ptr<MqttLink> link_;
};

}  // namespace lineshaft::connect
