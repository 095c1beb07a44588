// A flow to an MQTT broker that has good and bad days: nothing that was acknowledged is missing at
// the broker, nothing is out of order, and what comes twice has the same id.
#include "connect/mqtt/carrier.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "connect/forward/outlet_fixture.h"
#include "connect/mqtt/testing.h"

namespace lineshaft::connect {
namespace {

using namespace std::chrono_literals;
using forward::OutletHouse;
using testing::TestBroker;

const sys::Endpoint kBroker{"broker", 1};

std::unique_ptr<forward::Carrier> carrier(const OutletMeans& means, forward::CarrierUser& user) {
  MqttFlowSettings settings;
  settings.broker = testing::broker_at(1);
  return std::make_unique<MqttCarrier>(means.loop, means.random, settings, user);
}

struct Received {
  std::string topic;
  double value = 0;
  std::string quality;
  std::string id;
};

std::vector<Received> received(const TestBroker& broker) {
  std::vector<Received> all;
  for (const mqtt::Publish& message : broker.published) {
    const Json json = parse_json(as_text(message.payload)).value();
    all.push_back({message.topic, json["value"].get<double>(), json["quality"].get<std::string>(),
                   json["id"].get<std::string>()});
  }
  return all;
}

// The values in the order in which they came for the first time; an id that comes again must bring
// the same value.
std::vector<int> values_without_doubles(const std::vector<Received>& all) {
  std::map<std::string, double> seen;
  std::vector<int> values;
  for (const Received& one : all) {
    const auto [place, is_new] = seen.emplace(one.id, one.value);
    if (is_new && one.quality == "Good") values.push_back(static_cast<int>(one.value));
    EXPECT_EQ(place->second, one.value) << one.id;
  }
  return values;
}

std::vector<int> one_to(int n) {
  std::vector<int> values;
  for (int i = 1; i <= n; ++i) values.push_back(i);
  return values;
}

TEST(MqttFlow, PublishesEachSampleOnTheTopicOfItsTag) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  OutletHouse house(loop, {}, carrier);
  house.open();
  loop.run_for(100ms);
  EXPECT_TRUE(house.publish(2)) << "durable";
  loop.run_for(5ms);
  ASSERT_EQ(broker.published.size(), 1u);
  EXPECT_EQ(broker.published[0].topic, "works/t2");
  EXPECT_EQ(broker.published[0].qos, mqtt::Qos::kAtLeastOnce);
  const Json json = parse_json(as_text(broker.published[0].payload)).value();
  // 1,795,000,000 s after 1970 is 2026-11-18 11:06:40.
  EXPECT_EQ(json["time"], "2026-11-18T11:06:40.100Z");
  EXPECT_EQ(json["value"], 1.0);
  EXPECT_EQ(json["quality"], "Good");
  EXPECT_EQ(json["unit"], "CEL");
  EXPECT_TRUE(json["id"].get<std::string>().ends_with("-65536"));
  loop.run_for(100ms);
  const OutletStatus status = house.outlet->status();
  EXPECT_EQ(status.state, OutletState::kUp);
  EXPECT_EQ(status.samples_out, 1u);
  EXPECT_EQ(status.queue->samples, 0u);
}

TEST(MqttFlow, SendsNothingOfWhatIsNotDurable) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  OutletHouse house(loop, {}, carrier);
  house.open();
  loop.run_for(100ms);
  house.disk.inject({.call = sys::DiskCall::kSync});
  EXPECT_FALSE(house.publish(1));
  loop.run_for(10s);
  EXPECT_TRUE(broker.published.empty());
  EXPECT_TRUE(house.outlet->status().last_error.has_value());
}

TEST(MqttFlow, BringsEverythingInOrderAfterTheBrokerWasGoneForAnHour) {
  sys::SimLoop loop;
  auto broker = std::make_unique<TestBroker>(loop, kBroker);
  OutletHouse house(loop, {}, carrier);
  house.options.memory_bytes_max = 2'000;
  house.open();
  loop.run_for(1s);
  ASSERT_TRUE(house.publish(1));
  loop.run_for(1s);
  const std::vector<Received> before = received(*broker);
  broker.reset();
  loop.cut(kBroker);
  for (int second = 0; second < 3'600; ++second) {
    ASSERT_TRUE(house.publish(1 + static_cast<std::uint32_t>(second % 3)));
    loop.run_for(1s);
  }
  EXPECT_EQ(house.outlet->status().state, OutletState::kDown);
  EXPECT_EQ(house.outlet->status().queue->samples, 3'600u);
  broker = std::make_unique<TestBroker>(loop, kBroker);
  EXPECT_TRUE(loop.run_until([&] { return !broker->published.empty(); }, 5min));
  ASSERT_TRUE(house.publish(1)) << "while the others are on their way";
  loop.run_for(1min);
  std::vector<Received> all = before;
  for (Received& one : received(*broker)) all.push_back(std::move(one));
  EXPECT_EQ(values_without_doubles(all), one_to(3'602));
  EXPECT_EQ(all.size(), 3'602u) << "without a restart nothing comes twice";
  EXPECT_EQ(house.outlet->status().queue->samples, 0u);
}

TEST(MqttFlow, LeavesABrokerThatNeverAcknowledges) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  bool deaf = true;
  broker.intercept = [&](const mqtt::Packet& packet, const auto&, const auto&) {
    return deaf && std::holds_alternative<mqtt::Publish>(packet);
  };
  OutletHouse house(loop, {}, carrier);
  house.open();
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(house.publish(1));
  loop.run_for(65s);
  EXPECT_EQ(broker.connects.size(), 2u);
  EXPECT_TRUE(house.outlet->status().last_error.has_value());
  EXPECT_EQ(house.outlet->status().samples_out, 0u);
  deaf = false;
  loop.run_for(65s);
  EXPECT_EQ(values_without_doubles(received(broker)), one_to(50));
  EXPECT_FALSE(house.outlet->status().last_error.has_value());
}

TEST(MqttFlow, WaitsForABrokerThatAcknowledgesLate) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  std::vector<std::function<void()>> late;
  broker.intercept = [&](const mqtt::Packet& packet, const auto& send, const auto&) {
    const auto* message = std::get_if<mqtt::Publish>(&packet);
    if (message == nullptr) return false;
    broker.published.push_back(*message);
    late.push_back([send, id = message->packet_id] {
      Bytes bytes;
      mqtt::encode_packet(mqtt::Ack{mqtt::PacketType::kPubAck, id, {}, {}}, mqtt::Version::k5,
                          bytes);
      send(bytes);
    });
    return true;
  };
  OutletHouse house(loop, {}, carrier);
  house.open();
  loop.run_for(1s);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(house.publish(1));
  loop.run_for(50s);
  for (auto one = late.rbegin(); one != late.rend(); ++one) (*one)();  // and in no order
  loop.run_for(1s);
  EXPECT_EQ(received(broker).size(), 20u) << "none came twice";
  EXPECT_EQ(house.outlet->status().samples_out, 20u);
  EXPECT_EQ(broker.connects.size(), 1u);
}

TEST(MqttFlow, SendsAgainWhatABrokerRefusesForNow) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  bool refuse = true;
  broker.intercept = [&](const mqtt::Packet& packet, const auto& send, const auto&) {
    const auto* message = std::get_if<mqtt::Publish>(&packet);
    if (message == nullptr || !refuse) return false;
    Bytes bytes;
    mqtt::encode_packet(
        mqtt::Ack{mqtt::PacketType::kPubAck, message->packet_id, mqtt::Reason::kNotAuthorized, {}},
        mqtt::Version::k5, bytes);
    send(bytes);
    return true;
  };
  OutletHouse house(loop, {}, carrier);
  house.open();
  loop.run_for(1s);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(house.publish(1));
  loop.run_for(40s);
  ASSERT_TRUE(house.outlet->status().last_error.has_value());
  EXPECT_NE(house.outlet->status().last_error->find("not authorized"), std::string::npos);
  EXPECT_EQ(house.outlet->status().queue->samples, 3u);
  refuse = false;
  loop.run_for(40s);
  EXPECT_EQ(values_without_doubles(received(broker)), one_to(3));
}

// The broker dies after every number of bytes that it may have sent; and then the power fails.
TEST(MqttFlow, LosesNothingHoweverOftenTheConnectionIsCut) {
  for (std::uint64_t bytes = 1; bytes <= 60; ++bytes) {
    sys::SimLoop loop;
    TestBroker broker(loop, kBroker);
    OutletHouse house(loop, {}, carrier);
    house.open();
    loop.cut_after(kBroker, bytes);
    for (int i = 0; i < 30; ++i) {
      ASSERT_TRUE(house.publish(1));
      loop.run_for(100ms);
    }
    loop.cut_after(kBroker, std::nullopt);
    loop.run_for(3min);
    EXPECT_EQ(values_without_doubles(received(broker)), one_to(30)) << "cut after " << bytes;
  }
}

TEST(MqttFlow, GoesOnAfterAPowerCutInTheMiddleOfTheDelivery) {
  for (int moment = 0; moment < 40; ++moment) {
    sys::SimLoop loop;
    TestBroker broker(loop, kBroker);
    OutletHouse first(loop, {}, carrier);
    first.open();
    loop.run_for(1s);
    for (int i = 0; i < 20; ++i) ASSERT_TRUE(first.publish(1));
    loop.run_for(moment * 50us);  // the latency is 100 us
    OutletHouse second(loop, first.disk.durable_image(), carrier, 2);
    first.outlet.reset();
    second.published = 20;
    second.open();
    ASSERT_TRUE(second.publish(1));
    loop.run_for(5s);
    EXPECT_EQ(values_without_doubles(received(broker)), one_to(21)) << "moment " << moment;
  }
}

TEST(MqttFlow, TellsEachTagWhereItsGapBegins) {
  sys::SimLoop loop;
  auto broker = std::make_unique<TestBroker>(loop, kBroker);
  OutletHouse house(loop, {}, carrier);
  house.options.bytes_max = 40'000;
  house.open();
  loop.run_for(1s);
  ASSERT_TRUE(house.publish(1));
  const Timestamp last = house.clock().now();
  loop.run_for(1s);
  ASSERT_EQ(broker->published.size(), 1u);
  broker.reset();
  loop.cut(kBroker);
  loop.run_for(10ms);
  for (int i = 0; i < 2'000; ++i) {
    ASSERT_TRUE(house.publish(1));
    if (i % 100 == 0) loop.run_for(2s);
  }
  EXPECT_TRUE(house.host.has("queue-half"));
  EXPECT_TRUE(house.host.has("queue-full"));
  broker = std::make_unique<TestBroker>(loop, kBroker);
  loop.run_for(2min);
  EXPECT_TRUE(house.host.has("queue-eased"));
  const std::vector<Received> all = received(*broker);
  ASSERT_GT(all.size(), 300u);
  std::set<std::string> topics, ids;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(all[i].quality, "BadDataLost");
    topics.insert(all[i].topic);
    const Json json = parse_json(as_text(broker->published[i].payload)).value();
    EXPECT_EQ(json["time"], format_rfc3339(last + Nanoseconds(1))) << "after what it has";
  }
  EXPECT_EQ(topics.size(), 3u);
  for (const Received& one : all) ids.insert(one.id);
  EXPECT_EQ(ids.size(), all.size()) << "the ids of the marks are of nothing else";
  const OutletStatus status = house.outlet->status();
  EXPECT_EQ(status.queue->dropped, 2'001 - 1 - (all.size() - 3));
  for (std::size_t i = 3; i < all.size(); ++i) {
    EXPECT_EQ(all[i].value, static_cast<double>(2'001 - all.size() + 1 + i)) << i;
  }
}

// An hour is what may wait here: after half of it somebody is told, before anything is dropped.
TEST(MqttFlow, GivesAlarmWhenHalfOfTheTimeIsUsed) {
  sys::SimLoop loop;
  OutletHouse house(loop, {}, carrier);
  house.options.age_max = 1h;
  house.open();
  loop.run_for(1s);
  ASSERT_TRUE(house.publish(1));
  loop.run_for(29min);
  EXPECT_FALSE(house.host.has("queue-half"));
  EXPECT_EQ(house.outlet->status().queue->level, QueueLevel::kCalm);
  loop.run_for(2min);
  EXPECT_EQ(std::ranges::count(house.host.events, "queue-half"), 1);
  EXPECT_EQ(house.outlet->status().queue->level, QueueLevel::kHalf);
  EXPECT_EQ(house.outlet->status().queue->dropped, 0u);
  EXPECT_FALSE(house.host.has("queue-full"));
  loop.run_for(31min);
  EXPECT_TRUE(house.host.has("queue-full"));
  TestBroker broker(loop, kBroker);
  loop.run_for(2min);
  EXPECT_TRUE(house.host.has("queue-eased"));
  EXPECT_EQ(house.outlet->status().queue->level, QueueLevel::kCalm);
}

TEST(MqttFlow, WaitsForTheTagsOfWhatTheQueueHolds) {
  sys::SimLoop loop;
  OutletHouse first(loop, {}, carrier);
  first.open();
  for (std::uint32_t tag = 1; tag <= 3; ++tag) ASSERT_TRUE(first.publish(tag));
  OutletHouse second(loop, first.disk.durable_image(), carrier, 2);
  first.outlet.reset();
  TestBroker broker(loop, kBroker);
  second.open(false);
  loop.run_for(1min);
  EXPECT_TRUE(broker.published.empty());
  second.put({1});
  loop.run_for(2s);
  second.put({2});
  loop.run_for(1s);
  EXPECT_EQ(broker.published.size(), 2u);
  loop.run_for(10s);  // tag 3 does not come: the flow sends it no more
  EXPECT_EQ(values_without_doubles(received(broker)), one_to(2));
  EXPECT_EQ(second.outlet->status().queue->samples, 0u);
}

TEST(MqttFlow, GivesUpAMessageThatTheBrokerCanNeverTake) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  broker.answer.properties.maximum_packet_bytes = 60;
  OutletHouse house(loop, {}, carrier);
  house.open();
  loop.run_for(1s);
  ASSERT_TRUE(house.publish(1));
  loop.run_for(5s);
  EXPECT_TRUE(house.host.has("refused"));
  EXPECT_EQ(house.outlet->status().queue->samples, 0u);
}

}  // namespace
}  // namespace lineshaft::connect
