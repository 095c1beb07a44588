#include "connect/sparkplug/session.h"

#include <gtest/gtest.h>

#include "connect/mqtt/testing.h"
#include "wire/sparkplug/edge_node.h"

namespace lineshaft::connect::testing {
namespace {

constexpr std::int64_t kStartMs = 1'795'000'000'000;

SignalConfig metric_signal(std::string path, std::string device, std::string metric, ValueType type,
                           bool writable = false) {
  SignalConfig signal;
  signal.path = std::move(path);
  signal.point = SparkplugPoint{"g", "n", std::move(device), std::move(metric), type};
  signal.writable = writable;
  return signal;
}

ConnectionConfig host_connection() {
  ConnectionConfig config;
  config.name = "sparkplug";
  SparkplugSettings settings;
  settings.broker = broker_at(1);
  settings.host_id = "lineshaft";
  config.settings = settings;
  config.groups = {{"normal", 1000}};
  config.writes_enabled = true;
  config.signals = {
      metric_signal("o/s/n/uptime", "", "uptime", ValueType::kInt64),
      metric_signal("o/s/n/press/speed", "press", "speed", ValueType::kFloat32, true),
  };
  return config;
}

// An edge node on the test's broker, whose messages go in as if a client had published them.
class SparkplugSessionTest : public ::testing::Test, public sparkplug::EdgeNodeEvents {
 protected:
  Plant plant;
  TestBroker broker{plant.loop, {"broker", 1}};
  std::unique_ptr<sparkplug::EdgeNode> node;
  sparkplug::DeviceId press = 0;
  sparkplug::EdgeMetricId uptime = 0;
  sparkplug::EdgeMetricId speed = 0;
  bool obey = true;

  void publish(sparkplug::Publication publication) override {
    broker.route(message_of(std::move(publication)));
  }
  void on_command(sparkplug::EdgeMetricId metric, Value value) override {
    if (obey) pending.emplace_back(metric, std::move(value));
  }
  void on_host_offline() override {}
  void on_trouble(const Error& /*what*/) override {}
  std::vector<std::pair<sparkplug::EdgeMetricId, Value>> pending;

  std::uint64_t now_ms() { return static_cast<std::uint64_t>(plant.clock.now().ns / 1'000'000); }

  void make_node(std::string primary = "") {
    sparkplug::EdgeNodeOptions options;
    options.node = {"g", "n"};
    options.primary_host = std::move(primary);
    node = std::make_unique<sparkplug::EdgeNode>(options, *this);
    press = node->add_device("press");
    using enum sparkplug::DataType;
    uptime = node->add_metric(sparkplug::kNodeItself, "uptime", kUInt32, false).value();
    speed = node->add_metric(press, "speed", kFloat, true).value();
    will = node->next_will(now_ms());
    node->update(uptime, {Value(std::int64_t{1}), quality::kGood, now_ms()});
    node->update(speed, {Value(1.5F), quality::kGood, now_ms()});
    node->on_connected(now_ms(), plant.loop.now());
  }
  sparkplug::Publication will;

  // Gives the node what clients published for it, and lets it publish.
  void turn(Nanoseconds duration = 50ms) {
    plant.loop.run_for(duration);
    for (const mqtt::Publish& message : std::exchange(broker.published, {})) {
      seen.push_back(message);
      if (node) node->on_message(message.topic, message.payload, now_ms(), plant.loop.now());
    }
    for (auto& [metric, value] : std::exchange(pending, {})) {
      node->update(metric, {std::move(value), quality::kGood, now_ms()});
    }
    if (node) node->on_time(now_ms(), plant.loop.now());
    if (node) node->flush(now_ms());
    plant.loop.run_for(duration);
  }
  std::vector<mqtt::Publish> seen;
};

TEST_F(SparkplugSessionTest, SaysThatItIsOnlineAndLeavesAWill) {
  plant.put(1, host_connection(), 1);
  turn();
  ASSERT_EQ(broker.connects.size(), 1u);
  EXPECT_TRUE(broker.connects[0].clean_start);
  EXPECT_EQ(broker.connects[0].properties.session_expiry_s, std::nullopt);
  const mqtt::Will& left = broker.connects[0].will.value();
  EXPECT_EQ(left.topic, "spBv1.0/STATE/lineshaft");
  EXPECT_TRUE(left.retain);
  EXPECT_EQ(left.qos, mqtt::Qos::kAtLeastOnce);
  ASSERT_EQ(broker.retained.count("spBv1.0/STATE/lineshaft"), 1u);
  const auto online = sparkplug::decode_state(broker.retained["spBv1.0/STATE/lineshaft"].payload);
  EXPECT_TRUE(online->online);
  EXPECT_EQ(online->timestamp_ms, sparkplug::decode_state(left.payload)->timestamp_ms);
  plant.manager->stop();
  plant.loop.run_for(100ms);
  EXPECT_FALSE(sparkplug::decode_state(broker.retained["spBv1.0/STATE/lineshaft"].payload)->online);
}

TEST_F(SparkplugSessionTest, StoresWhatANodeTells) {
  plant.put(1, host_connection(), 1);
  turn();
  make_node();
  turn();
  EXPECT_EQ(plant.last(1).value, Value(std::int64_t{1}));
  EXPECT_EQ(plant.last(2).value, Value(1.5F));
  EXPECT_TRUE(plant.last(2).quality.good());
  const std::uint64_t time = now_ms() + 7;
  node->update(speed, {Value(2.5F), quality::kGood, time});
  turn();
  EXPECT_EQ(plant.last(2).value, Value(2.5F));
  EXPECT_EQ(plant.last(2).time.ns, static_cast<std::int64_t>(time) * 1'000'000)
      << "the time is the node's";
  EXPECT_EQ(plant.status(1).tags_bad, 0u);
}

TEST_F(SparkplugSessionTest, AsksARunningNodeForItsBirth) {
  make_node();
  turn();
  plant.put(1, host_connection(), 1);
  turn(2500ms);  // the host asks after 3 s, and the node hears it at the next turn
  EXPECT_EQ(plant.status(1).tags_bad, 2u);
  node->update(speed, {Value(2.5F), quality::kGood, now_ms()});
  turn();
  turn();
  EXPECT_EQ(plant.last(1).value, Value(std::int64_t{1})) << "the birth tells all";
  EXPECT_EQ(plant.status(1).tags_bad, 0u);
}

TEST_F(SparkplugSessionTest, ANodeThatWaitsForItsHostHearsIt) {
  make_node("lineshaft");
  EXPECT_FALSE(node->born());
  plant.put(1, host_connection(), 1);
  turn();
  EXPECT_TRUE(node->born());
  EXPECT_EQ(plant.status(1).tags_bad, 0u);
}

TEST_F(SparkplugSessionTest, GivesBadQualityWhenANodeDies) {
  plant.put(1, host_connection(), 1);
  turn();
  make_node();
  turn();
  broker.route(message_of(will));
  turn();
  EXPECT_EQ(plant.last(2).quality, quality::kBadNoCommunication);
  EXPECT_EQ(plant.last(2).value, Value(1.5F));
  EXPECT_EQ(plant.status(1).state, ConnectionState::kConnected);
  EXPECT_EQ(plant.status(1).tags_bad, 2u);
}

TEST_F(SparkplugSessionTest, PutsBackfillIntoTheHistoryOnly) {
  plant.put(1, host_connection(), 1);
  turn();
  make_node();
  turn();
  node->on_lost();
  broker.route(message_of(will));
  for (int i = 0; i < 10; ++i) {
    node->update(speed, {Value(static_cast<float>(100 + i)), quality::kGood,
                         static_cast<std::uint64_t>(kStartMs + 10'000 + i)});
  }
  turn();
  will = node->next_will(now_ms());
  node->on_connected(now_ms(), plant.loop.now());
  turn();
  std::map<std::int64_t, Value> by_time;
  for (const Sample& sample : plant.sink.of(2)) {
    if (sample.quality.good()) by_time[sample.time.ns / 1'000'000 - kStartMs] = sample.value;
  }
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(by_time[10'000 + i], Value(static_cast<float>(100 + i)));
  }
  EXPECT_EQ(plant.status(1).tags_bad, 0u);
}

TEST_F(SparkplugSessionTest, AWriteIsConfirmedByTheNode) {
  plant.put(1, host_connection(), 1);
  turn();
  make_node();
  turn();
  std::optional<Result<WriteOutcome>> written;
  plant.manager->write(kTenant, {2}, Value(9.5F), [&](Result<WriteOutcome> r) { written = r; });
  turn();
  ASSERT_TRUE(written && written->ok());
  EXPECT_EQ((*written)->old_value, Value(1.5F));
  EXPECT_EQ((*written)->new_value, Value(9.5F));
  EXPECT_EQ(seen.back().topic, "spBv1.0/g/DCMD/n/press");
  obey = false;
  written.reset();
  plant.manager->write(kTenant, {2}, Value(3.0F), [&](Result<WriteOutcome> r) { written = r; });
  turn(1s);
  ASSERT_TRUE(written && !written->ok());
  EXPECT_EQ(written->error().id, ErrorId::kWriteNotConfirmed);
}

TEST_F(SparkplugSessionTest, RefusesAWriteToANodeThatIsAway) {
  plant.put(1, host_connection(), 1);
  turn();
  std::optional<Result<WriteOutcome>> written;
  plant.manager->write(kTenant, {2}, Value(9.5F), [&](Result<WriteOutcome> r) { written = r; });
  turn();
  ASSERT_TRUE(written && !written->ok());
  EXPECT_EQ(written->error().id, ErrorId::kNotFound);
}

TEST_F(SparkplugSessionTest, SaysWhenAMetricHasAnotherTypeThanItsSignal) {
  auto config = host_connection();
  std::get<SparkplugPoint>(config.signals[0].point).type = ValueType::kBool;
  plant.put(1, config, 1);
  turn();
  make_node();
  turn();
  EXPECT_EQ(plant.last(1).quality, quality::kBadTypeMismatch);
  EXPECT_NE(plant.status(1).last_error->find("uptime is UInt32"), std::string::npos);
  EXPECT_EQ(plant.last(2).value, Value(1.5F));
}

TEST_F(SparkplugSessionTest, MarksAllWhenTheBrokerGoesAndLearnsAllAgain) {
  plant.put(1, host_connection(), 1);
  turn();
  make_node();
  turn();
  plant.loop.cut({"broker", 1});
  plant.loop.run_for(30ms);
  EXPECT_EQ(plant.last(2).quality, quality::kBadNoCommunication);
  turn(3s);
  node->update(speed, {Value(4.5F), quality::kGood, now_ms()});
  turn();
  turn(6s);
  EXPECT_EQ(plant.status(1).tags_bad, 0u);
  EXPECT_EQ(plant.last(2).value, Value(4.5F));
}

// Whatever stands where a payload belongs: the node is named, the connection stays.
TEST_F(SparkplugSessionTest, SurvivesAnyPayload) {
  plant.put(1, host_connection(), 1);
  turn();
  make_node();
  turn();
  for (const char* topic :
       {"spBv1.0/g/NBIRTH/x", "spBv1.0/g/NDATA/n", "spBv1.0/g/DBIRTH/n/press", "spBv1.0/g/NDEATH/n",
        "spBv1.0/STATE/lineshaft", "spBv1.0/g/WHAT/n", "spBv1.0/a/b/c/d/e/f"}) {
    broker.say(topic, "\x12\xFF\xFF\xFF\xFF\x0F");
    broker.say(topic, "");
  }
  turn();
  EXPECT_EQ(plant.status(1).state, ConnectionState::kConnected);
  EXPECT_EQ(plant.status(1).reconnects, 0u);
  turn(40s);
  node->update(speed, {Value(8.5F), quality::kGood, now_ms()});
  turn();
  turn();
  EXPECT_EQ(plant.last(2).value, Value(8.5F));
}

TEST_F(SparkplugSessionTest, ATestListensWithoutSayingThatAHostIsThere) {
  make_node();
  std::optional<TestReport> report;
  const auto config = host_connection();
  plant.manager->test({config.settings, config.signals},
                      [&](TestReport done) { report = std::move(done); });
  turn();
  node->update(speed, {Value(2.5F), quality::kGood, now_ms()});
  turn(3s);
  turn(3s);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->reachable);
  EXPECT_EQ(broker.retained.count("spBv1.0/STATE/lineshaft"), 0u);
}

}  // namespace
}  // namespace lineshaft::connect::testing
