// Looking around at machines: what each protocol shows, and how that becomes signals.
#include "connect/browse.h"

#include <gtest/gtest.h>

#include "connect/mqtt/listen.h"
#include "connect/mqtt/mapping.h"
#include "connect/mqtt/testing.h"
#include "connect/opcua/testing.h"
#include "connect/sparkplug/session.h"
#include "wire/sparkplug/edge_node.h"

namespace lineshaft::connect {
namespace {

using namespace std::chrono_literals;
using testing::broker_at;
using testing::TestBroker;
using Levels = std::vector<std::string>;

template <typename AnyPlant>
Result<BrowseReport> browse(AnyPlant& plant, BrowseRequest request) {
  std::optional<Result<BrowseReport>> report;
  plant.manager->browse(std::move(request),
                        [&](Result<BrowseReport> found) { report = std::move(found); });
  EXPECT_FALSE(report.has_value()) << "never from inside the call";
  plant.loop.run_until([&] { return report.has_value(); }, 120s);
  return *report;
}

std::vector<std::string> paths(const BrowseReport& report) {
  std::vector<std::string> found;
  for (const BrowseEntry& entry : report.entries) {
    if (entry.signal) found.push_back(entry.signal->path);
  }
  return found;
}

BrowseRequest mqtt_request() {
  MqttSettings settings;
  settings.broker = broker_at(1);
  BrowseRequest request;
  request.settings = settings;
  request.listen_ms = 1'000;
  return request;
}

BrowseRequest opcua_request(std::string node, std::uint32_t depth) {
  opcua::Settings settings;
  settings.url = "opc.tcp://127.0.0.1:4840";
  settings.mode = opcua::Mode::kNone;
  BrowseRequest request;
  request.settings = settings;
  request.node = std::move(node);
  request.depth = depth;
  return request;
}

TEST(ProposedPath, IsMadeOfLevelsThatMayStandInATag) {
  EXPECT_EQ(proposed_path({"Oven 3", "Zone 1/2", "T\n"}), "Oven 3/Zone 1-2/T-");
  EXPECT_EQ(path_level("  x "), "x");
  EXPECT_EQ(path_level(""), "unnamed");
  EXPECT_EQ(path_level("\xff"), "unnamed");
  EXPECT_EQ(path_level(std::string(127, 'a') + "\xc3\xa4"), std::string(127, 'a'));
  const Levels many(14, "l");
  EXPECT_EQ(proposed_path(many), "l/l/l/l/l/l/l/l/l/l") << "two levels are left for the place";
}

TEST(Browse, IsRefusedForMachinesThatDoNotTell) {
  testing::Plant plant;
  BrowseRequest request;
  request.settings = testing::machine(502, 0).settings;
  const auto report = browse(plant, request);
  EXPECT_EQ(report.error().id, ErrorId::kUnsupported);
  EXPECT_NE(report.error().what.find("template"), std::string::npos);
  request = mqtt_request();
  request.depth = 0;
  EXPECT_EQ(browse(plant, request).error().id, ErrorId::kInvalidArgument);
  request = mqtt_request();
  request.listen_ms = kListenMsMax + 1;
  EXPECT_EQ(browse(plant, request).error().id, ErrorId::kInvalidArgument);
}

TEST(Browse, StopsWithTheManager) {
  testing::Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  bool called = false;
  plant.manager->browse(mqtt_request(), [&](const Result<BrowseReport>&) { called = true; });
  plant.loop.run_for(100ms);
  plant.manager.reset();
  plant.loop.run_for(10s);
  EXPECT_FALSE(called);
}

TEST(MqttBrowse, MakesSignalsOfWhatIsPublishedMeanwhile) {
  testing::Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  broker.say("hall/press/speed", "1.5", true);
  std::optional<Result<BrowseReport>> report;
  plant.manager->browse(mqtt_request(),
                        [&](Result<BrowseReport> found) { report = std::move(found); });
  plant.loop.run_for(500ms);
  broker.say("hall/oven", R"({"zone":[{"t":20.5},{"t":21}],"on":true,"name":"A","x":null})");
  broker.say("hall/door", "true");
  broker.say("hall/order", "A-17");
  broker.say("spBv1.0/g/NDATA/n", "binary");
  plant.loop.run_until([&] { return report.has_value(); }, 10s);
  ASSERT_TRUE(report->ok());
  EXPECT_FALSE((*report)->cut);
  EXPECT_EQ(paths(**report),
            (std::vector<std::string>{"hall/door", "hall/order", "hall/oven/zone/0/t",
                                      "hall/oven/zone/1/t", "hall/oven/on", "hall/oven/name",
                                      "hall/press/speed"}));
  const BrowseEntry& zone = (*report)->entries[3];
  EXPECT_EQ(zone.levels, (Levels{"hall", "oven", "zone", "1", "t"}));
  EXPECT_EQ(std::get<MqttPoint>(zone.signal->point).pointer, "/zone/1/t");
  EXPECT_EQ(std::get<MqttPoint>(zone.signal->point).type, ValueType::kFloat64);
  EXPECT_EQ(std::get<MqttPoint>((*report)->entries[0].signal->point).type, ValueType::kBool);
}

// What is proposed must read what it was made of.
TEST(MqttBrowse, ProposesSignalsThatReadTheMessage) {
  const std::string text = R"({"a/b":{"~":[1,{"c":"x"}]},"":2.5})";
  ConnectionConfig config;
  for (const BrowseEntry& entry : signals_in_message("t", as_bytes(text))) {
    config.signals.push_back(*entry.signal);
  }
  ASSERT_EQ(config.signals.size(), 3u);
  const auto readings = MqttMapping(config).read("t", as_bytes(text));
  ASSERT_EQ(readings.size(), 3u);
  EXPECT_EQ(readings[0].value, Value(1.0));
  EXPECT_EQ(readings[1].value, Value(std::string("x")));
  EXPECT_EQ(readings[2].value, Value(2.5));
}

TEST(MqttBrowse, BearsPayloadsOfEveryKind) {
  EXPECT_FALSE(signals_in_message("t", as_bytes("\xff\xfe")).front().signal.has_value());
  EXPECT_EQ(signals_in_message("t", as_bytes("\xff\xfe")).front().type, "bytes");
  EXPECT_EQ(signals_in_message("t", as_bytes("{\"a\":")).front().type, "string") << "broken JSON";
  EXPECT_TRUE(signals_in_message("t", as_bytes("{}")).empty());
  EXPECT_EQ(signals_in_message("t", as_bytes(std::string(70'000, 'x'))).front().type, "bytes");
  std::string many = "[0";
  for (int i = 0; i < 2'000; ++i) many += ",0";
  EXPECT_EQ(signals_in_message("t", as_bytes(many + "]")).size(), kMessageSignalsMax);
  const std::string deep = std::string(5'000, '[') + std::string(5'000, ']');
  EXPECT_EQ(signals_in_message("t", as_bytes(deep)).front().type, "string");
}

TEST(MqttBrowse, SaysWhyItHearsNothing) {
  testing::Plant plant;
  EXPECT_EQ(browse(plant, mqtt_request()).error().id, ErrorId::kConnectFailed);
  TestBroker broker(plant.loop, {"broker", 1});
  broker.refuse = {mqtt::Reason::kNotAuthorized};
  const auto report = browse(plant, mqtt_request());
  EXPECT_EQ(report.error().id, ErrorId::kDenied);
}

TEST(OpcUaBrowse, ShowsOneLevelOrAWholeSubtree) {
  opcua::testing::Plant plant;
  plant.serve();
  plant.set_all();
  const auto top = browse(plant, opcua_request("", 1));
  ASSERT_TRUE(top.ok()) << top.error().text();
  std::string acme;
  for (const BrowseEntry& entry : top->entries) {
    EXPECT_EQ(entry.levels.size(), 1u);
    if (entry.levels[0] == "acme") acme = entry.node;
  }
  ASSERT_FALSE(acme.empty());
  const auto below = browse(plant, opcua_request(acme, 5));
  ASSERT_TRUE(below.ok());
  ASSERT_EQ(paths(*below).size(), 6u);
  std::size_t folders = 0;
  for (const BrowseEntry& entry : below->entries) {
    if (!entry.signal) folders += 1;
    if (entry.levels.back() != "setpoint") continue;
    EXPECT_EQ(entry.levels, (Levels{"hall", "press", "setpoint"}));
    EXPECT_EQ(entry.type, "Double");
    EXPECT_TRUE(entry.signal->writable);
    EXPECT_EQ(entry.signal->path, "hall/press/setpoint");
    EXPECT_EQ(std::get<opcua::Point>(entry.signal->point).node,
              "nsu=urn:lineshaft:tags;s=acme/hall/press/setpoint");
  }
  EXPECT_EQ(folders, 2u);
}

TEST(OpcUaBrowse, LeavesTheServersOwnNodesAloneUnlessAskedForThem) {
  opcua::testing::Plant plant;
  plant.serve();
  const auto all = browse(plant, opcua_request("", kBrowseDepthMax));
  ASSERT_TRUE(all.ok());
  std::size_t inside = 0;
  for (const BrowseEntry& entry : all->entries) {
    if (entry.levels.size() > 1 && entry.levels[0] == "Server") inside += 1;
  }
  EXPECT_EQ(inside, 0u);
  EXPECT_GT(browse(plant, opcua_request("i=2253", 1))->entries.size(), 3u);
}

TEST(OpcUaBrowse, SaysWhyItShowsNothing) {
  opcua::testing::Plant plant;
  EXPECT_FALSE(browse(plant, opcua_request("", 1)).ok());
  plant.serve();
  EXPECT_EQ(browse(plant, opcua_request("nsu=urn:nobody;i=1", 1)).error().id, ErrorId::kNotFound);
}

// An edge node on the test's broker.
class Node : public sparkplug::EdgeNodeEvents {
 public:
  explicit Node(TestBroker& broker) : broker_(broker), node_(options(), *this) {
    const sparkplug::DeviceId press = node_.add_device("press");
    using enum sparkplug::DataType;
    uptime_ = node_.add_metric(sparkplug::kNodeItself, "uptime", kUInt32, false).value();
    const auto speed = node_.add_metric(press, "Axis 1/speed", kFloat, true).value();
    static_cast<void>(node_.next_will(1));
    node_.update(uptime_, {Value(std::int64_t{1}), quality::kGood, 1});
    node_.update(speed, {Value(1.5F), quality::kGood, 1});
    node_.on_connected(1, Nanoseconds(0));
  }
  void publish(sparkplug::Publication publication) override {
    broker_.route(message_of(std::move(publication)));
  }
  void on_command(sparkplug::EdgeMetricId, Value) override {}
  void on_host_offline() override {}
  void on_trouble(const Error&) override {}

  void say_something() {
    node_.update(uptime_, {Value(std::int64_t{2}), quality::kGood, 2});
    node_.flush(2);
  }
  void hear(const mqtt::Publish& message) {
    // Long after its first birth: it does not repeat it at once.
    node_.on_message(message.topic, message.payload, 3, 1h);
    node_.on_time(3, 1h);
    node_.flush(3);
  }

 private:
  static sparkplug::EdgeNodeOptions options() {
    sparkplug::EdgeNodeOptions options;
    options.node = {"g", "n"};
    return options;
  }
  TestBroker& broker_;
  sparkplug::EdgeNode node_;
  sparkplug::EdgeMetricId uptime_ = 0;
};

TEST(SparkplugBrowse, AsksNodesThatSpeakForTheirBirth) {
  testing::Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  Node node(broker);  // born before anybody listens
  BrowseRequest request;
  SparkplugSettings settings;
  settings.broker = broker_at(1);
  settings.host_id = "lineshaft";
  request.settings = settings;
  std::optional<Result<BrowseReport>> report;
  plant.manager->browse(request, [&](Result<BrowseReport> found) { report = std::move(found); });
  plant.loop.run_for(500ms);
  node.say_something();
  for (int i = 0; i < 20; ++i) {
    plant.loop.run_for(50ms);
    for (const mqtt::Publish& message : std::exchange(broker.published, {})) node.hear(message);
  }
  plant.loop.run_until([&] { return report.has_value(); }, 10s);
  ASSERT_TRUE(report->ok());
  EXPECT_EQ(paths(**report), (std::vector<std::string>{"g/n/uptime", "g/n/press/Axis 1/speed"}));
  ASSERT_FALSE((*report)->entries.empty());
  const BrowseEntry& speed = (*report)->entries.back();
  EXPECT_EQ(speed.type, "Float");
  const auto& point = std::get<SparkplugPoint>(speed.signal->point);
  EXPECT_EQ(point.metric, "Axis 1/speed");
  EXPECT_EQ(point.type, ValueType::kFloat32);
  EXPECT_FALSE(broker.connects[0].will.has_value()) << "it says nothing about itself";
}

}  // namespace
}  // namespace lineshaft::connect
