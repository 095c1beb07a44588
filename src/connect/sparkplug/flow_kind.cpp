#include "connect/sparkplug/flow_kind.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>

#include "connect/forward/queued_outlet.h"
#include "connect/mqtt/broker.h"
#include "connect/protocol.h"
#include "connect/sparkplug/carrier.h"
#include "connect/sparkplug/place.h"
#include "wire/sparkplug/topic.h"

namespace lineshaft::connect {

namespace {

constexpr std::int32_t kDeviceLevelsMax = 10;

// "broker:1883", "[fe80::1]:1883".
std::optional<sys::Endpoint> endpoint_in(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']')) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return std::nullopt;
  }
  sys::Endpoint endpoint;
  endpoint.host = host;
  const char* last = digits.data() + digits.size();
  const auto [end, error] = std::from_chars(digits.data(), last, endpoint.port);
  const bool is_port = error == std::errc() && end == last && endpoint.port > 0;
  if (!is_port || !check_host(endpoint.host)) return std::nullopt;
  return endpoint;
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

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
    fields.advanced();
    fields.string("other_brokers", s.other_brokers);
    forward::read_queue(fields, s.queue);
    return s;
  }
  Json settings_json(const FlowSettings& settings, Secrets secrets) const override {
    const SparkplugFlowSettings& s = of(settings);
    Json json = {{"group_id", s.group_id},
                 {"node_id", s.node_id},
                 {"device_levels", s.device_levels},
                 {"primary_host", s.primary_host},
                 {"other_brokers", s.other_brokers}};
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
    if (const auto others = other_brokers(s); !others) return others.error();
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
    if (host == nullptr) return false;
    std::vector<sys::Endpoint> brokers = other_brokers(s).value();
    brokers.push_back({s.broker.host, s.broker.port});
    const sys::Endpoint theirs{host->broker.host, host->broker.port};
    if (std::ranges::find(brokers, theirs) == brokers.end()) return false;
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

Result<std::vector<sys::Endpoint>> other_brokers(const SparkplugFlowSettings& settings) {
  std::vector<sys::Endpoint> brokers;
  std::string_view rest = settings.other_brokers;
  if (without_blanks(rest).empty()) return brokers;
  while (true) {
    const std::size_t comma = rest.find(',');
    const auto broker = endpoint_in(without_blanks(rest.substr(0, comma)));
    if (!broker || brokers.size() == kOtherBrokersMax) {
      return Error{ErrorId::kInvalidArgument,
                   "settings.other_brokers: at most 8 as host:port, with commas between them"};
    }
    brokers.push_back(*broker);
    if (comma == std::string_view::npos) return brokers;
    rest.remove_prefix(comma + 1);
  }
}

const FlowKind& sparkplug_flow_kind() {
  static const SparkplugFlowKind kind;
  return kind;
}

}  // namespace lineshaft::connect
