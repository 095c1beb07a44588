#include "connect/mqtt/kind.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "connect/mqtt/broker.h"
#include "connect/mqtt/listen.h"
#include "connect/mqtt/mapping.h"
#include "connect/mqtt/probe.h"
#include "connect/mqtt/session.h"
#include "wire/mqtt/topic.h"

namespace lineshaft::connect {

namespace {

constexpr std::uint32_t kSessionExpiryMax = 30 * 24 * 3'600;

const MqttSettings& mqtt_of(const ProtocolSettings& settings) {
  return std::get<MqttSettings>(settings);
}
const MqttPoint& point_of(const SignalPoint& point) { return std::get<MqttPoint>(point); }

class MqttRuntime : public ProtocolRuntime {
 public:
  MqttRuntime(sys::EventLoop& loop, sys::Random& random) : loop_(loop), random_(random) {}

  std::unique_ptr<Driver> make_driver(const ConnectionConfig& config, DriverHost& host) override {
    return std::make_unique<MqttSession>(loop_, random_, config, host);
  }

  std::unique_ptr<Task> test(TestRequest request, TestDone done) override {
    ConnectionConfig config;
    config.settings = std::move(request.settings);
    config.signals = std::move(request.signals);
    return std::make_unique<MqttProbe>(
        loop_, random_, std::move(config),
        [done = std::move(done)](MqttProbeReport report) { done(std::move(report.test)); });
  }

  std::unique_ptr<Task> browse(BrowseRequest request, BrowseDone done) override {
    return std::make_unique<MqttListen>(loop_, random_, std::move(request), std::move(done));
  }

  std::unique_ptr<Task> knock(Knock knock, KnockDone done) override {
    ConnectionConfig config;
    MqttSettings settings;
    settings.broker.host = knock.at.host;
    settings.broker.port = knock.at.port;
    settings.broker.timeout_ms = knock.timeout_ms;
    config.settings = settings;
    return std::make_unique<MqttProbe>(
        loop_, random_, std::move(config),
        [done = std::move(done), at = knock.at](const MqttProbeReport& report) {
          std::vector<ScanHit> hits;
          if (report.speaks_mqtt) {
            hits.push_back({at.host, at.port, 0, std::nullopt});
            MqttSettings plain;
            plain.broker.host = at.host;
            plain.broker.port = at.port;
            hits.back().settings = std::move(plain);
          }
          done(std::move(hits));
        });
  }

 private:
  sys::EventLoop& loop_;
  sys::Random& random_;
};

class MqttKind : public ProtocolKind {
 public:
  std::string_view name() const override { return "mqtt"; }

  ProtocolSettings read_settings(Fields& fields) const override {
    MqttSettings settings;
    read_broker(fields, settings.broker);
    fields.advanced();
    fields.integer("session_expiry_s", settings.session_expiry_s, 0, kSessionExpiryMax);
    fields.integer("qos", settings.qos, 0, 2);
    return settings;
  }

  Json settings_json(const ProtocolSettings& of, Secrets secrets) const override {
    const MqttSettings& settings = mqtt_of(of);
    Json json = Json::object();
    add_broker_json(settings.broker, secrets, json);
    json["session_expiry_s"] = settings.session_expiry_s;
    json["qos"] = settings.qos;
    return json;
  }

  SignalPoint read_point(Fields& fields) const override {
    MqttPoint point;
    fields.require("topic");
    fields.string("topic", point.topic);
    fields.string("pointer", point.pointer);
    fields.word("type", point.type, parse_type, "bool, int64, float32, float64 or string");
    fields.advanced();
    fields.string("time_pointer", point.time_pointer);
    fields.string("write_topic", point.write_topic);
    fields.string("write_pointer", point.write_pointer);
    fields.boolean("write_retain", point.write_retain);
    return point;
  }

  void add_point_json(const SignalPoint& of, Json& signal) const override {
    const MqttPoint& point = point_of(of);
    signal["topic"] = point.topic;
    signal["pointer"] = point.pointer;
    signal["type"] = type_name(point.type);
    signal["time_pointer"] = point.time_pointer;
    signal["write_topic"] = point.write_topic;
    signal["write_pointer"] = point.write_pointer;
    signal["write_retain"] = point.write_retain;
  }

  Status check_settings(const ProtocolSettings& of) const override {
    const MqttSettings& settings = mqtt_of(of);
    if (Status broker = check_broker(settings.broker); !broker) return broker;
    if (Status qos = check_number("settings.qos", settings.qos, 0, 2); !qos) return qos;
    return check_number("settings.session_expiry_s", settings.session_expiry_s, 0,
                        kSessionExpiryMax);
  }

  Status check_point(const SignalConfig& signal, const ProtocolSettings& /*of*/) const override {
    const MqttPoint& point = point_of(signal.point);
    if (Status topic = mqtt::check_topic_filter(point.topic); !topic) {
      return inside("topic", topic.error());
    }
    if (Status pointer = check_pointer("pointer", point.pointer); !pointer) return pointer;
    if (Status pointer = check_pointer("time_pointer", point.time_pointer); !pointer)
      return pointer;
    if (Status pointer = check_pointer("write_pointer", point.write_pointer); !pointer) {
      return pointer;
    }
    if (!point.write_topic.empty()) {
      if (Status topic = mqtt::check_topic_name(point.write_topic); !topic) {
        return inside("write_topic", topic.error());
      }
    }
    if (signal.writable && point.write_topic.empty()) {
      return Error{ErrorId::kInvalidArgument, "write_topic: is needed for a writable signal"};
    }
    return {};
  }

  ValueType value_type(const SignalPoint& point) const override { return point_of(point).type; }

  std::string source(const ConnectionConfig& config, const SignalPoint& of) const override {
    const MqttPoint& point = point_of(of);
    const std::string where = point.pointer.empty() ? "" : "#" + point.pointer;
    return "mqtt:" + config.name + "/" + point.topic + where;
  }

  std::vector<Door> doors() const override { return {{1883, false}, {8883, true}}; }
  Browsing browsing() const override { return Browsing::kAtOnce; }

  std::unique_ptr<ProtocolRuntime> make_runtime(sys::EventLoop& loop, sys::Clock& /*clock*/,
                                                sys::Random& random,
                                                const ManagerOptions& /*options*/) const override {
    return std::make_unique<MqttRuntime>(loop, random);
  }
};

}  // namespace

const ProtocolKind& mqtt_kind() {
  static const MqttKind kind;
  return kind;
}

}  // namespace lineshaft::connect
