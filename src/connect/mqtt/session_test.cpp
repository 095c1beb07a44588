#include "connect/mqtt/session.h"

#include <gtest/gtest.h>

#include "connect/mqtt/testing.h"

namespace lineshaft::connect::testing {
namespace {

constexpr Timestamp kStart{1'795'000'000'000'000'000};

std::vector<SignalConfig> two_signals() {
  return {mqtt_signal("o/s/m/speed", "m/speed"), mqtt_signal("o/s/m/temp", "m/state", "/temp")};
}

SignalConfig writable(std::string topic, std::string write_topic) {
  SignalConfig signal = mqtt_signal("o/s/m/set", std::move(topic));
  std::get<MqttPoint>(signal.point).write_topic = std::move(write_topic);
  signal.writable = true;
  return signal;
}

struct Written {
  std::optional<Result<WriteOutcome>> result;
};

void write(Plant& plant, std::uint32_t tag, Value value, Written& into) {
  plant.manager->write(kTenant, {tag}, std::move(value),
                       [&into](Result<WriteOutcome> result) { into.result = std::move(result); });
}

TEST(MqttSession, TurnsMessagesIntoSamples) {
  Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  broker.say("m/speed", "1.5", true);
  plant.put(1, mqtt_connection(1, two_signals()), 1);
  plant.loop.run_for(1s);
  EXPECT_EQ(plant.status(1).state, ConnectionState::kConnected);
  EXPECT_EQ(plant.last(1).value, Value(1.5)) << "what was retained";
  EXPECT_EQ(plant.status(1).tags_bad, 1u);
  broker.say("m/state", R"({"temp":20.5,"x":1})");
  broker.say("m/speed", "2.5");
  plant.loop.run_for(1s);
  EXPECT_EQ(plant.last(1).value, Value(2.5));
  EXPECT_EQ(plant.last(2).value, Value(20.5));
  EXPECT_TRUE(plant.last(2).quality.good());
  EXPECT_EQ(plant.status(1).tags_bad, 0u);
}

TEST(MqttSession, GivesBadQualityWithTheLastValueAndTheReason) {
  Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  plant.put(1, mqtt_connection(1, two_signals()), 1);
  plant.loop.run_for(100ms);
  broker.say("m/speed", "1.5");
  plant.loop.run_for(100ms);
  broker.say("m/speed", "fast");
  plant.loop.run_for(100ms);
  EXPECT_EQ(plant.last(1).value, Value(1.5));
  EXPECT_EQ(plant.last(1).quality, quality::kBadTypeMismatch);
  EXPECT_TRUE(plant.status(1).last_error.has_value());
  broker.say("m/state", R"({"temp":null})");
  plant.loop.run_for(100ms);
  EXPECT_EQ(plant.last(2).quality, quality::kBadNoData);
}

// A message of QoS 1 as a broker sends it, to the connection that is subscribed.
mqtt::Publish of_qos_1(const std::string& topic, std::string_view text, std::uint16_t id) {
  const ByteSpan bytes = as_bytes(text);
  return {topic, Bytes(bytes.begin(), bytes.end()), mqtt::Qos::kAtLeastOnce, false, false, id, {}};
}

// What a broker has an acknowledgement for it forgets: the disk must have it by then.
TEST(MqttSession, AcknowledgesAMessageWhenItIsOnDisk) {
  Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  std::vector<std::uint16_t> acknowledged;
  std::function<void(Bytes)> send;
  broker.intercept = [&](const mqtt::Packet& packet, const auto& reply, const auto&) {
    send = reply;
    const auto* ack = std::get_if<mqtt::Ack>(&packet);
    if (ack != nullptr) acknowledged.push_back(ack->packet_id);
    return ack != nullptr;
  };
  plant.put(1, mqtt_connection(1, two_signals()), 1);
  plant.loop.run_for(100ms);
  plant.sink.silent = true;
  for (std::uint16_t id = 1; id <= 2; ++id) {
    Bytes bytes;
    mqtt::encode_packet(of_qos_1("m/speed", std::to_string(id), id), mqtt::Version::k5, bytes);
    send(bytes);
  }
  plant.loop.run_for(5ms);
  EXPECT_FALSE(plant.sink.open.empty()) << "it waits for no interval";
  plant.loop.run_for(5s);
  EXPECT_TRUE(acknowledged.empty());
  plant.sink.answer_open();
  plant.loop.run_for(5ms);
  EXPECT_EQ(acknowledged, (std::vector<std::uint16_t>{1, 2}));
}

// A message that is about none of our signals is nothing that could be kept.
TEST(MqttSession, AcknowledgesAMessageThatItCannotUse) {
  Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  std::size_t acknowledged = 0;
  std::function<void(Bytes)> send;
  broker.intercept = [&](const mqtt::Packet& packet, const auto& reply, const auto&) {
    send = reply;
    if (std::holds_alternative<mqtt::Ack>(packet)) acknowledged += 1;
    return std::holds_alternative<mqtt::Ack>(packet);
  };
  plant.put(1, mqtt_connection(1, two_signals()), 1);
  plant.loop.run_for(1s);
  Bytes bytes;
  mqtt::encode_packet(of_qos_1("m/other", "1", 1), mqtt::Version::k5, bytes);
  send(bytes);
  plant.loop.run_for(5ms);
  EXPECT_EQ(acknowledged, 1u);
}

TEST(MqttSession, LosesAndFindsTheBroker) {
  Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  plant.put(1, mqtt_connection(1, two_signals()), 1);
  plant.loop.run_for(100ms);
  broker.say("m/speed", "1.5", true);
  plant.loop.run_for(100ms);
  plant.loop.cut({"broker", 1});
  plant.loop.run_for(30ms);
  EXPECT_EQ(plant.last(1).quality, quality::kBadNotConnected);
  EXPECT_EQ(plant.last(1).value, Value(1.5));
  plant.loop.run_for(2s);
  EXPECT_EQ(plant.status(1).state, ConnectionState::kConnected);
  EXPECT_TRUE(plant.last(1).quality.good()) << "it was retained";
  EXPECT_EQ(plant.status(1).reconnects, 1u);
}

TEST(MqttSession, NoticesABrokerThatHangs) {
  Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  plant.put(1, mqtt_connection(1, two_signals()), 1);
  plant.loop.run_for(100ms);
  plant.loop.set_silent({"broker", 1}, true);
  plant.loop.run_for(31s + 1s);  // keep-alive and the answer to PINGREQ
  EXPECT_EQ(plant.status(1).state, ConnectionState::kRetrying);
  EXPECT_GE(plant.status(1).timeouts, 1u);  // and one for each attempt to connect since
  plant.loop.set_silent({"broker", 1}, false);
  plant.loop.run_for(60s);
  EXPECT_EQ(plant.status(1).state, ConnectionState::kConnected);
}

TEST(MqttSession, StaysConnectedOverQuietHours) {
  Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  plant.put(1, mqtt_connection(1, two_signals()), 1);
  plant.loop.run_for(std::chrono::hours(3));
  EXPECT_EQ(plant.status(1).reconnects, 0u);
  EXPECT_EQ(broker.connects.size(), 1u);
}

TEST(MqttSession, TellsWhyTheBrokerRefuses) {
  Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  broker.answer.reason = mqtt::Reason::kBadUserNameOrPassword;
  plant.put(1, mqtt_connection(1, two_signals()), 1);
  plant.loop.run_for(1s);
  EXPECT_EQ(plant.status(1).state, ConnectionState::kRetrying);
  EXPECT_NE(plant.status(1).last_error->find("bad user name or password (86)"), std::string::npos);
}

TEST(MqttSession, ARefusedFilterLeavesTheOthersAlone) {
  Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  broker.refuse = {mqtt::Reason::kNotAuthorized, mqtt::Reason::kGrantedQos1};
  plant.put(1, mqtt_connection(1, two_signals()), 1);
  plant.loop.run_for(100ms);
  broker.say("m/state", R"({"temp":1})");
  plant.loop.run_for(100ms);
  EXPECT_EQ(plant.last(1).quality, quality::kBadConfigurationError);
  EXPECT_EQ(plant.last(2).value, Value(1.0));
  EXPECT_EQ(plant.status(1).state, ConnectionState::kConnected);
}

TEST(MqttSession, KeepsTheTimeOfTheDeviceAndTheOrderOfTime) {
  Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  SignalConfig signal = mqtt_signal("o/s/m/v", "t", "/v");
  std::get<MqttPoint>(signal.point).time_pointer = "/t";
  plant.put(1, mqtt_connection(1, {signal}), 1);
  plant.loop.run_for(100ms);
  broker.say("t", R"({"v":1,"t":1795000000010})");
  broker.say("t", R"({"v":2,"t":1795000000020})");
  broker.say("t", R"({"v":3,"t":1795000000015})");  // late
  plant.loop.run_for(100ms);
  const auto samples = plant.sink.of(1);
  ASSERT_GE(samples.size(), 3u);
  std::map<std::int64_t, Value> by_time;
  for (const Sample& sample : samples) {
    if (sample.quality.good()) by_time[(sample.time - kStart) / 1ms] = sample.value;
  }
  EXPECT_EQ(by_time, (std::map<std::int64_t, Value>{{10, 1.0}, {15, 3.0}, {20, 2.0}}));
  broker.say("t", R"({"v":2,"t":1795000000030})");
  plant.loop.run_for(100ms);
  EXPECT_EQ(plant.status(1).tags_bad, 0u);
}

TEST(MqttSession, AWriteIsConfirmedByTheReportOfTheMachine) {
  Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  auto config = mqtt_connection(1, {writable("m/value", "m/set")});
  config.writes_enabled = true;
  plant.put(1, config, 1);
  plant.loop.run_for(100ms);
  broker.say("m/value", "1");
  plant.loop.run_for(100ms);
  Written written;
  write(plant, 1, 2.5, written);
  plant.loop.run_for(10ms);
  ASSERT_EQ(broker.published.size(), 1u);
  EXPECT_EQ(broker.published[0].topic, "m/set");
  EXPECT_EQ(as_text(broker.published[0].payload), "2.5");
  broker.say("m/value", "1");  // a report that was under way
  plant.loop.run_for(10ms);
  EXPECT_FALSE(written.result.has_value());
  broker.say("m/value", "2.5");
  plant.loop.run_for(10ms);
  ASSERT_TRUE(written.result && written.result->ok());
  EXPECT_EQ((*written.result)->old_value, Value(1.0));
  EXPECT_EQ((*written.result)->new_value, Value(2.5));
}

TEST(MqttSession, AWriteThatTheMachineDoesNotReportFails) {
  Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  auto config = mqtt_connection(1, {writable("m/value", "m/set")});
  config.writes_enabled = true;
  plant.put(1, config, 1);
  plant.loop.run_for(100ms);
  Written written;
  write(plant, 1, 2.5, written);
  plant.loop.run_for(500ms);
  broker.say("m/value", "7");
  plant.loop.run_for(501ms);
  ASSERT_TRUE(written.result && !written.result->ok());
  EXPECT_EQ(written.result->error().id, ErrorId::kWriteNotConfirmed);
  EXPECT_NE(written.result->error().what.find("reports 7"), std::string::npos);
}

TEST(MqttSession, AWriteEndsWithItsConnection) {
  Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  auto config = mqtt_connection(1, {writable("m/value", "m/set")});
  config.writes_enabled = true;
  plant.put(1, config, 1);
  plant.loop.run_for(100ms);
  Written written;
  write(plant, 1, 2.5, written);
  plant.loop.cut({"broker", 1});
  plant.loop.run_for(10ms);
  ASSERT_TRUE(written.result && !written.result->ok());
  Written away;
  write(plant, 1, 2.5, away);
  plant.loop.run_for(1ms);
  ASSERT_TRUE(away.result && !away.result->ok());
  EXPECT_EQ(away.result->error().id, ErrorId::kMachineNotConnected);
  broker.published.clear();
  plant.loop.run_for(5s);
  EXPECT_TRUE(broker.published.empty()) << "it is not sent later";
}

TEST(MqttSession, KeepsASessionAtTheBrokerOnlyWithANameOfItsOwn) {
  Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  auto named = mqtt_connection(1, two_signals());
  std::get<MqttSettings>(named.settings).broker.client_id = "plant-a";
  plant.put(1, named, 1);
  plant.put(2, mqtt_connection(1, {mqtt_signal("o/s/x", "x")}), 10);
  plant.loop.run_for(100ms);
  ASSERT_EQ(broker.connects.size(), 2u);
  EXPECT_EQ(broker.connects[0].client_id, "plant-a");
  EXPECT_FALSE(broker.connects[0].clean_start);
  EXPECT_EQ(broker.connects[0].properties.session_expiry_s, 3600u);
  EXPECT_TRUE(broker.connects[1].client_id.starts_with("lineshaft-"));
  EXPECT_TRUE(broker.connects[1].clean_start);
}

// --- hostile brokers ---

// Whatever comes instead of an answer: this connection is lost and tried again, its signals are
// bad, and the connection beside it does not notice.
TEST(MqttSession, SurvivesAnythingThatABrokerSays) {
  const std::pair<const char*, Bytes> answers[] = {
      {"garbage", {0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}},
      {"HTTP", {'H', 'T', 'T', 'P', '/', '1', '.', '1'}},
      {"the longest length", {0x30, 0xFF, 0xFF, 0xFF, 0x7F}},
      {"somebody else's answer", {0x40, 0x02, 0x00, 0x07}},
      {"PUBLISH before CONNACK", {0x30, 0x04, 0x00, 0x01, 'a', 0x00}},
      {"CONNACK twice", {0x20, 0x03, 0, 0, 0, 0x20, 0x03, 0, 0, 0}},
      {"CONNACK with a session that nobody asked for", {0x20, 0x03, 1, 0, 0}},
      {"CONNACK, then an alias that stands for nothing",
       {0x20, 0x03, 0, 0, 0, 0x30, 0x06, 0, 0, 3, 0x23, 0, 1}},
      {"half a CONNACK", {0x20, 0x03, 0}},
      {"nothing", {}},
  };
  for (const auto& [name, bytes] : answers) {
    Plant plant;
    TestBroker good(plant.loop, {"broker", 2});
    TestBroker bad(plant.loop, {"broker", 1});
    bad.intercept = [&, &answer = bytes](const mqtt::Packet& packet, const auto& send,
                                         const auto& /*close*/) {
      if (std::holds_alternative<mqtt::Connect>(packet)) send(answer);
      return true;
    };
    plant.put(1, mqtt_connection(1, two_signals()), 1);
    plant.put(2, mqtt_connection(2, {mqtt_signal("o/s/good", "g")}), 10);
    for (int i = 0; i < 100; ++i) {
      plant.loop.run_for(100ms);
      good.say("g", std::to_string(i));
    }
    plant.loop.run_for(100ms);
    EXPECT_GE(plant.loop.connections_made({"broker", 1}), 2u) << name;
    EXPECT_LE(plant.loop.connections_made({"broker", 1}), 30u) << name;
    EXPECT_TRUE(plant.status(1).last_error.has_value()) << name;
    EXPECT_TRUE(plant.last(1).quality.bad()) << name;
    EXPECT_EQ(plant.sink.of(10).size(), 100u) << name << ": the neighbour lost nothing";
    bad.intercept = nullptr;
    plant.loop.run_for(40s);
    bad.say("m/speed", "5");
    plant.loop.run_for(100ms);
    EXPECT_EQ(plant.last(1).value, Value(5.0)) << name << ": and comes back";
  }
}

TEST(MqttSession, ReadsTheSameHoweverTheStreamIsTorn) {
  for (const std::size_t piece : {1u, 2u, 3u, 7u}) {
    Plant plant;
    plant.loop.set_read_max(piece);
    TestBroker broker(plant.loop, {"broker", 1});
    plant.put(1, mqtt_connection(1, two_signals()), 1);
    plant.loop.run_for(1s);
    broker.say("m/state", R"({"temp":20.5})");
    plant.loop.run_for(1s);
    EXPECT_EQ(plant.last(2).value, Value(20.5)) << piece;
  }
}

// The connection is reset after each number of bytes that the broker has sent, up to a whole
// session: it always comes back, and the history says where it was away.
TEST(MqttSession, ComesBackWhereverTheStreamIsCut) {
  for (std::uint64_t bytes = 1; bytes < 60; ++bytes) {
    Plant plant;
    TestBroker broker(plant.loop, {"broker", 1});
    broker.say("m/speed", "1.5", true);
    broker.say("m/state", R"({"temp":20.5})", true);
    plant.loop.cut_after({"broker", 1}, bytes);
    plant.put(1, mqtt_connection(1, two_signals()), 1);
    plant.loop.run_for(5s);
    plant.loop.cut_after({"broker", 1}, std::nullopt);
    plant.loop.run_for(100s);
    EXPECT_EQ(plant.status(1).state, ConnectionState::kConnected) << bytes;
    EXPECT_EQ(plant.status(1).tags_bad, 0u) << bytes;
    EXPECT_EQ(plant.last(1).value, Value(1.5)) << bytes;
    EXPECT_EQ(plant.last(2).value, Value(20.5)) << bytes;
  }
}

// --- trying settings ---

TEST(MqttSession, ATestReadsWhatComesAndSaysWhatDoesNot) {
  Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  broker.say("m/speed", "1.5", true);
  std::optional<TestReport> report;
  const auto config = mqtt_connection(1, two_signals());
  plant.manager->test({config.settings, config.signals},
                      [&](TestReport done) { report = std::move(done); });
  plant.loop.run_for(2s);
  ASSERT_TRUE(report);
  EXPECT_TRUE(report->reachable);
  ASSERT_EQ(report->values.size(), 2u);
  EXPECT_EQ(report->values[0].value, Value(1.5));
  EXPECT_EQ(report->values[1].error->id, ErrorId::kTimeout);
  EXPECT_NE(report->values[1].error->what.find("m/state"), std::string::npos);
  plant.loop.run_for(1s);
  EXPECT_EQ(broker.clients(), 0u) << "nothing stays behind";
}

TEST(MqttSession, ATestOfAnAddressWithoutABrokerSaysSo) {
  Plant plant;
  std::optional<TestReport> report;
  const auto config = mqtt_connection(9, two_signals());
  plant.manager->test({config.settings, config.signals},
                      [&](TestReport done) { report = std::move(done); });
  plant.loop.run_for(2s);
  ASSERT_TRUE(report);
  EXPECT_FALSE(report->reachable);
  EXPECT_EQ(report->error->id, ErrorId::kConnectFailed);
}

TEST(MqttSession, AScanFindsBrokersEvenThoseThatRefuse) {
  Plant plant;
  TestBroker open(plant.loop, {"broker", 1});
  TestBroker closed(plant.loop, {"broker", 2});
  closed.answer.reason = mqtt::Reason::kNotAuthorized;
  ScanRequest request;
  request.host = "broker";
  request.port_from = 1;
  request.port_to = 3;
  request.protocol = Protocol::kMqtt;
  std::optional<std::vector<ScanHit>> hits;
  plant.manager->scan(request, [&](Result<std::vector<ScanHit>> done) { hits = done.value(); });
  plant.loop.run_for(5s);
  ASSERT_TRUE(hits);
  ASSERT_EQ(hits->size(), 2u);
  EXPECT_EQ((*hits)[0].port, 1);
  EXPECT_EQ((*hits)[1].port, 2);
}

}  // namespace
}  // namespace lineshaft::connect::testing
