// connect/mqtt/session.h: the driver of a connection to an MQTT broker: subscribes, turns messages
// into values, and writes.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "connect/device_time.h"
#include "connect/driver.h"
#include "connect/mqtt/link.h"
#include "connect/mqtt/mapping.h"
#include "connect/mqtt/pending_writes.h"

namespace lineshaft::connect {

// The client of a connection that may have a session at the broker.
mqtt::ClientOptions session_options(const MqttSettings& settings, sys::Random& random);

// The subscriptions of these filters, in packets that every broker takes.
std::vector<std::vector<mqtt::Subscription>> subscriptions_of(
    const std::vector<std::string>& filters, std::uint8_t qos);

class MqttSession : public Driver, private MqttUser {
 public:
  // `config` and `host` must outlive the session.
  MqttSession(sys::EventLoop& loop, sys::Random& random, const ConnectionConfig& config,
              DriverHost& host);

  void write(std::size_t signal, Value value, WriteDone done) override;
  void fill(ConnectionStatus& status) const override {
    link_.fill(status);
    status.clock_ahead_ms = clock_ahead_ms_;
  }

 private:
  struct State {
    std::optional<Value> value;  // the last one
    DeviceTime times;            // where the device gives them
  };

  void on_session() override;
  void on_message(const mqtt::Publish& message) override;
  bool acknowledges_later(mqtt::Receipt receipt) override;
  void on_subscribed(std::uint16_t id, const std::vector<mqtt::Reason>& reasons) override;
  void on_down(const Error& why) override;
  void take(const MqttReading& reading, Instant at);

  const ConnectionConfig& config_;
  const MqttSettings& settings_;
  DriverHost& host_;
  MqttMapping mapping_;
  std::vector<State> states_;
  std::optional<std::int64_t> clock_ahead_ms_;  // of who told a time last
  PendingWrites writes_;
  std::map<std::uint16_t, std::vector<std::string>> subscribing_;  // filters by packet
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // answers of the host outlive the session
  MqttLink link_;
};

}  // namespace lineshaft::connect
