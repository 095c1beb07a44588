// connect/stand_in_fixture.h: what a machine of any protocol is to a test, and a Sparkplug node
// that counts.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "connect/mqtt/testing.h"
#include "connect/sparkplug/session.h"
#include "connect/testing.h"
#include "wire/sparkplug/edge_node.h"

namespace lineshaft::connect::testing {

// Stands behind connection 1 of the manager.
class StandIn {
 public:
  virtual ~StandIn() = default;

  sys::SimLoop* loop = nullptr;
  sys::Clock* clock = nullptr;
  MemorySink* sink = nullptr;
  ConnectionManager* manager = nullptr;

 protected:
  // Those of a plant of any protocol, which must outlive it.
  template <typename AnyPlant>
  void stand_in(AnyPlant& plant) {
    loop = &plant.loop;
    clock = &plant.clock;
    sink = &plant.sink;
    manager = plant.manager.get();
  }
};

// A node with one metric, "count", and its broker, whose messages go in as if a client had
// published them. Times are of its own clock.
class CountingNode : public sparkplug::EdgeNodeEvents {
 public:
  explicit CountingNode(sys::SimLoop& loop, Nanoseconds rebirth_pause = 5s)
      : loop_(loop), broker_(loop, {"broker", 1}), node_(options_of(rebirth_pause), *this) {
    const auto type = sparkplug::DataType::kInt64;
    metric_ = node_.add_metric(sparkplug::kNodeItself, "count", type, false).value();
  }

  // Of a host that hears the node.
  static ConnectionConfig connection(SparkplugSettings settings = {}) {
    ConnectionConfig config;
    config.name = "sparkplug";
    settings.broker = broker_at(1);
    config.settings = settings;
    SignalConfig signal;
    signal.path = "o/s/n/count";
    signal.point = SparkplugPoint{"g", "n", "", "count", ValueType::kInt64};
    config.signals = {signal};
    return config;
  }

  void connect(std::uint64_t now_ms) {
    static_cast<void>(node_.next_will(now_ms));
    node_.on_connected(now_ms, loop_.now());
  }
  void set(std::int64_t n, std::uint64_t now_ms) {
    node_.update(metric_, {Value(n), quality::kGood, now_ms});
  }
  // Hears what the host has said, and tells the number.
  void tell(std::int64_t n, std::uint64_t now_ms) {
    for (const mqtt::Publish& message : std::exchange(broker_.published, {})) {
      node_.on_message(message.topic, message.payload, now_ms, loop_.now());
    }
    set(n, now_ms);
    node_.on_time(now_ms, loop_.now());
    node_.flush(now_ms);
  }

 private:
  static sparkplug::EdgeNodeOptions options_of(Nanoseconds rebirth_pause) {
    sparkplug::EdgeNodeOptions options;
    options.node = {"g", "n"};
    options.rebirth_pause = rebirth_pause;
    return options;
  }
  void publish(sparkplug::Publication publication) override {
    broker_.route(message_of(std::move(publication)));
  }
  void on_command(sparkplug::EdgeMetricId /*metric*/, Value /*value*/) override {}
  void on_host_offline() override {}
  void on_trouble(const Error& /*what*/) override {}

  sys::SimLoop& loop_;
  TestBroker broker_;
  sparkplug::EdgeNode node_;
  sparkplug::EdgeMetricId metric_ = 0;
};

}  // namespace lineshaft::connect::testing
