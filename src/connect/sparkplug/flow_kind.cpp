#include "connect/sparkplug/flow_kind.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "connect/forward/queued_outlet.h"
#include "connect/mqtt/broker.h"
#include "connect/protocol.h"
#include "connect/sparkplug/carrier.h"
#include "connect/sparkplug/place.h"
#include "wire/sparkplug/topic.h"

namespace lineshaft::connect {

namespace {

constexpr std::int32_t kDeviceLevelsMax = 10;

const SparkplugFlowSettings& of(const FlowSettings& settings) {
  return std::get<SparkplugFlowSettings>(settings);
}

class SparkplugFlowKind : public FlowKind {
 public:
  std::string_view name() const override { return "sparkplug"; }

  FlowSettings read_settings(Fields& fields) const override {
    SparkplugFlowSettings s;
    fields.string("group_id", s.group_id);
    fields.string("node_id", s.node_id);
    fields.integer("device_levels", s.device_levels, -kDeviceLevelsMax, kDeviceLevelsMax);
    fields.string("primary_host", s.primary_host);
    read_broker(fields, s.broker);
    forward::read_queue(fields, s.queue);
    return s;
  }
  Json settings_json(const FlowSettings& settings, Secrets secrets) const override {
    const SparkplugFlowSettings& s = of(settings);
    Json json = {{"group_id", s.group_id},
                 {"node_id", s.node_id},
                 {"device_levels", s.device_levels},
                 {"primary_host", s.primary_host}};
    add_broker_json(s.broker, secrets, json);
    forward::add_queue_json(s.queue, json);
    return json;
  }
  Status check_settings(const FlowSettings& settings) const override {
    const SparkplugFlowSettings& s = of(settings);
    if (Status ok = sparkplug::check_name("settings.group_id", s.group_id); !ok) return ok;
    if (Status ok = sparkplug::check_name("settings.node_id", s.node_id); !ok) return ok;
    if (!s.primary_host.empty()) {
      if (Status ok = sparkplug::check_name("settings.primary_host", s.primary_host); !ok) {
        return ok;
      }
    }
    return check_broker(s.broker);
  }
  Status check_tag(const FlowSettings& settings, const TagSpec& spec) const override {
    const auto place = sparkplug_place(spec.path, of(settings).device_levels);
    return place ? Status() : Status(place.error());
  }

  std::string address_text(const FlowSettings& settings, const FlowTag& tag) const override {
    const auto place = sparkplug_place(tag.spec.path, of(settings).device_levels);
    if (!place) return "";
    const std::string device = place->device.empty() ? "" : "device " + place->device + ", ";
    return device + "metric " + place->metric;
  }

  // Only whoever listens to this very node gets its values back.
  bool reads_from(const FlowSettings& settings, const ConnectionConfig& config) const override {
    const SparkplugFlowSettings& s = of(settings);
    const auto* host = std::get_if<SparkplugSettings>(&config.settings);
    if (host == nullptr || host->broker.host != s.broker.host ||
        host->broker.port != s.broker.port) {
      return false;
    }
    return std::ranges::any_of(config.signals, [&](const SignalConfig& signal) {
      const auto* point = std::get_if<SparkplugPoint>(&signal.point);
      return point != nullptr && point->group == s.group_id && point->node == s.node_id;
    });
  }

  bool keeps_for_later() const override { return true; }

  Result<std::unique_ptr<Outlet>> open(const FlowSettings& settings,
                                       const OutletMeans& means) const override {
    const SparkplugFlowSettings& s = of(settings);
    return std::unique_ptr<Outlet>(std::make_unique<forward::QueuedOutlet>(
        means, forward::queue_options(means, s.queue), [&](forward::CarrierUser& user) {
          return std::make_unique<SparkplugCarrier>(means, s, user);
        }));
  }
};

}  // namespace

const FlowKind& sparkplug_flow_kind() {
  static const SparkplugFlowKind kind;
  return kind;
}

}  // namespace lineshaft::connect
