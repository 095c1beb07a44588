// Machines at a broker: one that sends JSON over MQTT, and a device of a Sparkplug B edge node.
#include <nlohmann/json.hpp>
#include <utility>

#include "connect/mqtt/broker.h"
#include "connect/mqtt/link.h"
#include "connect/sparkplug/edge.h"
#include "connect/sparkplug/place.h"
#include "model/json.h"
#include "plant/builder.h"
#include "plant/feed.h"
#include "plant/served_machine.h"

namespace lineshaft::plant {
namespace {

std::int64_t milliseconds(Timestamp time) { return time.ns / 1'000'000; }

// All values in each message, and its time; retained, so that whoever comes later sees the newest.
class MqttMachine final : public ServedMachine, private connect::MqttUser {
 public:
  MqttMachine(const Machine& machine, const Hall& hall, const connect::MqttBroker& broker)
      : machine_(machine),
        feed_(machine, hall.loop, hall.clock, hall.speed, [this](const auto&) { publish(); }),
        link_(hall.loop, hall.random, broker, connect::client_options(broker, hall.random), *this) {
  }

 private:
  void on_session() override { publish(); }
  void on_message(const mqtt::Publish&) override {}
  void on_subscribed(std::uint16_t, const std::vector<mqtt::Reason>&) override {}
  void on_down(const Error&) override {}

  void publish() {
    if (!link_.connected()) return;
    Json json = {{"time", milliseconds(feed_.time())}};
    for (std::size_t i = 0; i < feed_.size(); ++i) {
      json[name_of(machine_.signals[i])] = value_json(feed_.value(i));
    }
    const std::string text = json.dump();
    mqtt::Publish message;
    message.topic = std::get<connect::MqttPoint>(machine_.signals.front().config.point).topic;
    message.payload.assign(text.begin(), text.end());
    message.retain = true;
    (void)link_.publish(std::move(message));  // the next one is as good, a second later
  }

  const Machine& machine_;
  Feed feed_;
  connect::MqttLink link_;
};

// Tells changes; what nobody takes waits in the edge node.
class SparkplugMachine final : public ServedMachine, private connect::SparkplugEdgeUser {
 public:
  SparkplugMachine(const Machine& machine, const Hall& hall, connect::SparkplugEdgeOptions options)
      : edge_(hall.loop, hall.clock, hall.random, std::move(options), *this),
        feed_(machine, hall.loop, hall.clock, hall.speed, [this](const auto& changed) {
          for (const std::size_t signal : changed) update(signal);
        }) {
    const sparkplug::DeviceId device = edge_.node().add_device(machine.name);
    for (std::size_t i = 0; i < machine.signals.size(); ++i) {
      const Signal& signal = machine.signals[i];
      metrics_.push_back(edge_.node()
                             .add_metric(device, name_of(signal),
                                         connect::sparkplug_type(type_of(feed_.value(i))), false,
                                         signal.config.unit)
                             .value());
      update(i);
    }
  }

 private:
  void on_command(sparkplug::EdgeMetricId, Value) override {}  // it is measured, not operated

  void update(std::size_t signal) {
    edge_.update(metrics_[signal], {feed_.value(signal), quality::kGood,
                                    static_cast<std::uint64_t>(milliseconds(feed_.time()))});
  }

  connect::SparkplugEdge edge_;
  Feed feed_;
  std::vector<sparkplug::EdgeMetricId> metrics_;
};

}  // namespace

MadeMachine serve_mqtt_machine(const Machine& machine, const Hall& hall) {
  const auto& settings = std::get<connect::MqttSettings>(machine.settings);
  return std::unique_ptr<ServedMachine>(
      std::make_unique<MqttMachine>(machine, hall, settings.broker));
}

MadeMachine serve_sparkplug_machine(const Machine& machine, const Hall& hall) {
  const auto& settings = std::get<connect::SparkplugSettings>(machine.settings);
  connect::SparkplugEdgeOptions options;
  options.broker = settings.broker;
  options.node.node = {kBrokerGroup, kSparkplugNode};
  options.node.primary_host = settings.host_id;
  return std::unique_ptr<ServedMachine>(
      std::make_unique<SparkplugMachine>(machine, hall, std::move(options)));
}

}  // namespace lineshaft::plant
