// connect/sparkplug/session.h: the driver of a Sparkplug B host: its signals are metrics of edge
// nodes and their devices.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "connect/device_time.h"
#include "connect/driver.h"
#include "connect/mqtt/link.h"
#include "connect/mqtt/pending_writes.h"
#include "sys/clock.h"
#include "wire/sparkplug/host.h"

namespace lineshaft::connect {

sparkplug::HostOptions host_options(const SparkplugSettings& settings);
sparkplug::MetricId metric_of(const SparkplugPoint& point);
mqtt::Publish message_of(sparkplug::Publication publication);

class SparkplugSession : public Driver, private MqttUser, private sparkplug::HostEvents {
 public:
  // `config` and `host` must outlive the session.
  SparkplugSession(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random,
                   const ConnectionConfig& config, DriverHost& host);
  ~SparkplugSession() override;

  void write(std::size_t signal, Value value, WriteDone done) override;
  void fill(ConnectionStatus& status) const override;

 private:
  struct State {
    std::optional<Value> value;  // the last one
    DeviceTime times;
  };

  // --- MqttUser ---
  std::optional<mqtt::Will> next_will() override;
  void on_session() override;
  void on_message(const mqtt::Publish& message) override;
  void on_subscribed(std::uint16_t id, const std::vector<mqtt::Reason>& reasons) override;
  void on_down(const Error& why) override;

  // --- sparkplug::HostEvents ---
  void publish(sparkplug::Publication publication) override;
  sparkplug::Handle on_born(const sparkplug::MetricId& id, sparkplug::DataType type) override;
  void on_reading(sparkplug::Handle handle, const sparkplug::Reading& reading) override;
  void on_stale(sparkplug::Handle handle) override;
  void on_node(const sparkplug::NodeId& node, bool online) override;
  void on_told_time(std::uint64_t told_ms, std::uint64_t now_ms) override;
  void on_trouble(const sparkplug::NodeId& node, const Error& what) override;
  void on_rival(const Error& what) override;

  void take(std::size_t signal, const sparkplug::Reading& reading);
  std::uint64_t now_ms() const;
  void arm();

  sys::EventLoop& loop_;
  sys::Clock& clock_;
  const ConnectionConfig& config_;
  DriverHost& host_;
  std::map<sparkplug::MetricId, sparkplug::Handle> handles_;
  std::vector<std::vector<std::size_t>> signals_;  // by handle: several may show one metric
  std::vector<State> states_;
  std::optional<std::int64_t> clock_ahead_ms_;  // of the node that spoke last
  PendingWrites writes_;
  sparkplug::Host machine_;
  std::unique_ptr<sys::Timer> timer_;
  std::optional<Nanoseconds> armed_for_;
  std::optional<std::uint16_t> subscribing_;
  MqttLink link_;
};

}  // namespace lineshaft::connect
