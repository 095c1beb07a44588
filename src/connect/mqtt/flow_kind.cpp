#include "connect/mqtt/flow_kind.h"

#include <nlohmann/json.hpp>

#include "connect/forward/queued_outlet.h"
#include "connect/mqtt/broker.h"
#include "connect/mqtt/carrier.h"
#include "wire/mqtt/topic.h"

namespace lineshaft::connect {

namespace {

const MqttFlowSettings& of(const FlowSettings& settings) {
  return std::get<MqttFlowSettings>(settings);
}

class MqttFlowKind : public FlowKind {
 public:
  std::string_view name() const override { return "mqtt"; }

  FlowSettings read_settings(Fields& fields) const override {
    MqttFlowSettings s;
    read_broker(fields, s.broker);
    fields.boolean("retain", s.retain);
    forward::read_queue(fields, s.queue);
    return s;
  }
  Json settings_json(const FlowSettings& settings, Secrets secrets) const override {
    Json json = Json::object();
    add_broker_json(of(settings).broker, secrets, json);
    json["retain"] = of(settings).retain;
    forward::add_queue_json(of(settings).queue, json);
    return json;
  }
  Status check_settings(const FlowSettings& settings) const override {
    return check_broker(of(settings).broker);
  }
  Status check_tag(const FlowSettings& /*settings*/, const TagSpec& spec) const override {
    return mqtt::check_topic_name(spec.path);
  }

  // Whatever topics it reads: which of them are ours is known to neither setting.
  bool reads_from(const FlowSettings& settings, const ConnectionConfig& config) const override {
    return reads_from_broker(of(settings).broker, config);
  }

  bool keeps_for_later() const override { return true; }

  Result<std::unique_ptr<Outlet>> open(const FlowSettings& settings,
                                       const OutletMeans& means) const override {
    const MqttFlowSettings& s = of(settings);
    return std::unique_ptr<Outlet>(std::make_unique<forward::QueuedOutlet>(
        means, forward::queue_options(means, s.queue), [&](forward::CarrierUser& user) {
          return std::make_unique<MqttCarrier>(means.loop, means.random, s, user);
        }));
  }
};

}  // namespace

const FlowKind& mqtt_flow_kind() {
  static const MqttFlowKind kind;
  return kind;
}

}  // namespace lineshaft::connect
