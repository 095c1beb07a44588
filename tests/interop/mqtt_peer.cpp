// tests/interop/mqtt_peer.cpp: our ends of MQTT and Sparkplug as a program, for tests against other
// implementations. Not part of the product.
//
//   mqtt_peer client PORT [3.1.1]   the signals of client_plan(); JSON lines on stdout
//   mqtt_peer host PORT             the metrics of host_plan(); JSON lines on stdout
//   mqtt_peer edge PORT             an edge node "g/ours" with a device "press"
//
// "write NAME VALUE" on stdin writes; the end of stdin ends the program in good order.
#include <iostream>
#include <sstream>
#include <string>
#include <thread>

#include "connect/manager.h"
#include "connect/sparkplug/edge.h"
#include "sys/clock.h"
#include "sys/loop.h"

using namespace lineshaft;

namespace {

const TenantId kTenant{1};

class PrintingSink : public SampleSink {
 public:
  explicit PrintingSink(const connect::ConnectionConfig& plan) : plan_(plan) {}
  void append(SampleBatch batch, Durable durable) override {
    for (const Sample& sample : batch.samples) {
      const bool is_text = std::holds_alternative<std::string>(sample.value);
      const char* quote = is_text ? "\"" : "";
      std::cout << R"({"name":")" << plan_.signals[sample.tag.value - 1].path << R"(","value":)"
                << quote << to_text(sample.value) << quote << R"(,"quality":")"
                << quality_name(sample.quality) << R"(","ms":)" << sample.time.ns / 1'000'000
                << "}\n";
    }
    std::cout.flush();
    durable(Status());
  }

 private:
  const connect::ConnectionConfig& plan_;
};

connect::ConnectionConfig empty_plan() {
  connect::ConnectionConfig config;
  config.name = "peer";
  config.groups = {{"all", 1000}};
  config.writes_enabled = true;
  return config;
}

connect::MqttBroker broker_at(std::uint16_t port) {
  connect::MqttBroker broker;
  broker.host = "127.0.0.1";
  broker.port = port;
  return broker;
}

connect::ConnectionConfig client_plan(std::uint16_t port, bool old_version) {
  connect::ConnectionConfig config = empty_plan();
  connect::MqttSettings settings;
  settings.broker = broker_at(port);
  if (old_version) settings.broker.version = mqtt::Version::k311;
  config.settings = settings;
  const auto add = [&](const char* name, connect::MqttPoint point) {
    connect::SignalConfig signal;
    signal.path = std::string("o/") + name;
    signal.writable = !point.write_topic.empty();
    signal.point = std::move(point);
    config.signals.push_back(std::move(signal));
  };
  add("plain", {"m/plain", "", "", ValueType::kFloat64, "", "", false});
  add("deep", {"m/json", "/axes/1/speed", "/t", ValueType::kInt64, "", "", false});
  add("text", {"m/+/text", "", "", ValueType::kString, "", "", false});
  add("set", {"m/state", "/v", "", ValueType::kFloat64, "m/set", "/v", false});
  return config;
}

connect::ConnectionConfig host_plan(std::uint16_t port) {
  connect::ConnectionConfig config = empty_plan();
  connect::SparkplugSettings settings;
  settings.broker = broker_at(port);
  settings.host_id = "lineshaft";
  config.settings = settings;
  const auto add = [&](const char* name, const char* device, ValueType type, bool writable) {
    connect::SignalConfig signal;
    signal.path = std::string("o/") + name;
    signal.writable = writable;
    signal.point = connect::SparkplugPoint{"g", "theirs", device, name, type};
    config.signals.push_back(std::move(signal));
  };
  add("uptime", "", ValueType::kInt64, false);
  add("level", "", ValueType::kInt64, false);
  add("temp", "oven", ValueType::kFloat32, false);
  add("open", "oven", ValueType::kBool, false);
  add("label", "oven", ValueType::kString, false);
  add("set", "oven", ValueType::kFloat64, true);
  return config;
}

void write(connect::ConnectionManager& manager, const connect::ConnectionConfig& plan,
           const std::string& name, const std::string& text) {
  for (std::size_t i = 0; i < plan.signals.size(); ++i) {
    if (plan.signals[i].path != "o/" + name) continue;
    const auto value = parse_value(connect::value_type(plan.signals[i]), text);
    if (!value) return;
    manager.write(kTenant, {static_cast<std::uint32_t>(i + 1)}, *value,
                  [name](const Result<connect::WriteOutcome>& done) {
                    std::cout << R"({"written":")" << name << R"(","ok":)"
                              << (done ? "true" : "false") << "}\n";
                    std::cout.flush();
                  });
  }
}

// Lines of stdin come to `on_line` on the loop's thread; at their end the loop stops.
void run(sys::EventLoop& loop, const std::function<void(std::istringstream)>& on_line) {
  std::thread input([&] {
    for (std::string line; std::getline(std::cin, line);) {
      loop.post([&on_line, line] { on_line(std::istringstream(line)); });
    }
    loop.post([&loop] { loop.stop(); });
  });
  loop.run();
  input.join();
}

int collect(const connect::ConnectionConfig& plan) {
  const auto loop = sys::make_event_loop();
  PrintingSink sink(plan);
  connect::ConnectionManager manager(*loop, sys::real_clock(), sys::real_random(), sink);
  std::vector<TagId> tags;
  for (std::uint32_t i = 1; i <= plan.signals.size(); ++i) tags.push_back({i});
  if (const Status put = manager.put({1}, kTenant, plan, tags); !put) {
    std::cerr << put.error().text() << "\n";
    return 1;
  }
  run(*loop, [&](std::istringstream line) {
    std::string word, name, value;
    line >> word >> name >> value;
    if (word == "write") write(manager, plan, name, value);
  });
  manager.stop();
  return 0;
}

// Does what a host commands: the value is reported as it was asked for.
struct Obedient final : connect::SparkplugEdgeUser {
  void on_command(sparkplug::EdgeMetricId metric, Value value) override {
    report(metric, std::move(value));
  }
  void report(sparkplug::EdgeMetricId metric, Value value) {
    const auto now_ms = static_cast<std::uint64_t>(sys::real_clock().now().ns / 1'000'000);
    edge->update(metric, {std::move(value), quality::kGood, now_ms});
  }
  std::unique_ptr<connect::SparkplugEdge> edge;
};

int edge(std::uint16_t port) {
  const auto loop = sys::make_event_loop();
  connect::SparkplugEdgeOptions options;
  options.broker = broker_at(port);
  options.node.node = {"g", "ours"};
  options.node.rebirth_pause = Nanoseconds(0);
  Obedient user;
  user.edge = std::make_unique<connect::SparkplugEdge>(*loop, sys::real_clock(), sys::real_random(),
                                                       options, user);
  sparkplug::EdgeNode& node = user.edge->node();
  using enum sparkplug::DataType;
  const auto press = node.add_device("press");
  const auto count = node.add_metric(sparkplug::kNodeItself, "count", kUInt32, false).value();
  const auto speed = node.add_metric(press, "speed", kFloat, true, "m/s").value();
  const auto name = node.add_metric(press, "name", kString, true).value();
  user.report(count, std::int64_t{4'000'000'000});
  user.report(speed, 1.5F);
  user.report(name, std::string("press \xC3\xA9"));
  run(*loop, [&](std::istringstream line) {
    std::string word, which, text;
    line >> word >> which >> text;
    if (which == "speed") user.report(speed, parse_value(ValueType::kFloat32, text).value());
    if (which == "count") user.report(count, parse_value(ValueType::kInt64, text).value());
  });
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: mqtt_peer client|host|edge PORT [3.1.1]\n";
    return 2;
  }
  const std::string role = argv[1];
  const auto port = static_cast<std::uint16_t>(std::stoi(argv[2]));
  if (role == "edge") return edge(port);
  return collect(role == "host" ? host_plan(port) : client_plan(port, argc > 3));
}
