#include "connect/sparkplug/kind.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "connect/mqtt/broker.h"
#include "connect/sparkplug/listen.h"
#include "connect/sparkplug/probe.h"
#include "connect/sparkplug/session.h"

namespace lineshaft::connect {

namespace {

constexpr std::size_t kGroupsOfHostMax = 100;

const SparkplugSettings& sparkplug_of(const ProtocolSettings& settings) {
  return std::get<SparkplugSettings>(settings);
}
const SparkplugPoint& point_of(const SignalPoint& point) { return std::get<SparkplugPoint>(point); }

class SparkplugRuntime : public ProtocolRuntime {
 public:
  SparkplugRuntime(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random)
      : loop_(loop),
        clock_(clock),
        random_(random),
        mqtt_(kind_of(Protocol::kMqtt).make_runtime(loop, clock, random, ManagerOptions{})) {}

  std::unique_ptr<Driver> make_driver(const ConnectionConfig& config, DriverHost& host) override {
    return std::make_unique<SparkplugSession>(loop_, clock_, random_, config, host);
  }
  std::unique_ptr<Task> test(TestRequest request, TestDone done) override {
    return std::make_unique<SparkplugProbe>(loop_, clock_, random_, std::move(request),
                                            std::move(done));
  }
  std::unique_ptr<Task> browse(BrowseRequest request, BrowseDone done) override {
    return std::make_unique<SparkplugListen>(loop_, clock_, random_, std::move(request),
                                             std::move(done));
  }
  // What can be found by an address is the broker.
  std::unique_ptr<Task> knock(Knock knock, KnockDone done) override {
    return mqtt_->knock(std::move(knock), std::move(done));
  }

 private:
  sys::EventLoop& loop_;
  sys::Clock& clock_;
  sys::Random& random_;
  std::unique_ptr<ProtocolRuntime> mqtt_;
};

class SparkplugKind : public ProtocolKind {
 public:
  std::string_view name() const override { return "sparkplug"; }

  ProtocolSettings read_settings(Fields& fields) const override {
    SparkplugSettings settings;
    fields.string("host_id", settings.host_id);
    read_broker(fields, settings.broker);
    if (const Json* groups = fields.member("groups")) {
      for (const Json& group : groups->is_array() ? *groups : Json::array()) {
        if (group.is_string()) settings.groups.push_back(group.get<std::string>());
      }
      if (!groups->is_array() || settings.groups.size() != groups->size()) {
        fields.fail_field("groups", "must be a list of texts");
      }
    }
    fields.advanced();
    fields.integer("reorder_timeout_ms", settings.reorder_timeout_ms, 100, 60'000);
    fields.integer("rebirth_pause_ms", settings.rebirth_pause_ms, 1'000, 3'600'000);
    return settings;
  }

  Json settings_json(const ProtocolSettings& of, Secrets secrets) const override {
    const SparkplugSettings& settings = sparkplug_of(of);
    Json json = {{"host_id", settings.host_id}};
    add_broker_json(settings.broker, secrets, json);
    json["groups"] = settings.groups;
    json["reorder_timeout_ms"] = settings.reorder_timeout_ms;
    json["rebirth_pause_ms"] = settings.rebirth_pause_ms;
    return json;
  }

  SignalPoint read_point(Fields& fields) const override {
    SparkplugPoint point;
    for (const char* name : {"group_id", "node_id", "metric"}) fields.require(name);
    fields.string("group_id", point.group);
    fields.string("node_id", point.node);
    fields.string("device_id", point.device);
    fields.string("metric", point.metric);
    fields.word("type", point.type, parse_type, "bool, int64, float32, float64 or string");
    return point;
  }

  void add_point_json(const SignalPoint& of, Json& signal) const override {
    const SparkplugPoint& point = point_of(of);
    signal["group_id"] = point.group;
    signal["node_id"] = point.node;
    signal["device_id"] = point.device;
    signal["metric"] = point.metric;
    signal["type"] = type_name(point.type);
  }

  Status check_settings(const ProtocolSettings& of) const override {
    const SparkplugSettings& settings = sparkplug_of(of);
    if (Status broker = check_broker(settings.broker); !broker) return broker;
    if (!settings.host_id.empty()) {
      if (Status name = sparkplug::check_name("settings.host_id", settings.host_id); !name) {
        return name;
      }
    }
    if (settings.groups.size() > kGroupsOfHostMax) {
      return Error{ErrorId::kInvalidArgument,
                   "settings.groups: at most 100; leave it empty for all"};
    }
    for (const std::string& group : settings.groups) {
      if (Status name = sparkplug::check_name("settings.groups", group); !name) return name;
    }
    if (Status pause =
            check_number("settings.rebirth_pause_ms", settings.rebirth_pause_ms, 1'000, 3'600'000);
        !pause) {
      return pause;
    }
    return check_number("settings.reorder_timeout_ms", settings.reorder_timeout_ms, 100, 60'000);
  }

  Status check_point(const SignalConfig& signal, const ProtocolSettings& /*of*/) const override {
    const SparkplugPoint& point = point_of(signal.point);
    if (Status name = sparkplug::check_name("group_id", point.group); !name) return name;
    if (Status name = sparkplug::check_name("node_id", point.node); !name) return name;
    if (!point.device.empty()) {
      if (Status name = sparkplug::check_name("device_id", point.device); !name) return name;
    }
    if (is_name(point.metric, 1'000)) return {};
    return Error{ErrorId::kInvalidArgument, "metric: must be 1 to 1000 bytes of text"};
  }

  ValueType value_type(const SignalPoint& point) const override { return point_of(point).type; }

  std::string source(const ConnectionConfig& config, const SignalPoint& of) const override {
    const SparkplugPoint& point = point_of(of);
    const std::string device = point.device.empty() ? "" : "/" + point.device;
    return "sparkplug:" + config.name + "/" + point.group + "/" + point.node + device + "/" +
           point.metric;
  }

  Browsing browsing() const override { return Browsing::kAtOnce; }

  std::unique_ptr<ProtocolRuntime> make_runtime(sys::EventLoop& loop, sys::Clock& clock,
                                                sys::Random& random,
                                                const ManagerOptions& /*options*/) const override {
    return std::make_unique<SparkplugRuntime>(loop, clock, random);
  }
};

}  // namespace

const ProtocolKind& sparkplug_kind() {
  static const SparkplugKind kind;
  return kind;
}

}  // namespace lineshaft::connect
