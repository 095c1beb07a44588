// A flow as an edge node whose hosts come and go, ask and command; and the servers where they are.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "connect/sparkplug/flow_fixture.h"
#include "connect/sparkplug/flow_settings.h"

namespace lineshaft::connect {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using forward::OutletHouse;
using Words = std::vector<std::string>;

void say_state(TestBroker& broker, bool online, std::uint64_t time) {
  broker.say(sparkplug::state_topic("boss"), sparkplug::encode_state({online, time}), true);
}

void command(TestBroker& broker, const std::string& topic, sparkplug::Metric metric) {
  sparkplug::Payload payload;
  payload.timestamp_ms = 1;
  payload.metrics.push_back(std::move(metric));
  Bytes bytes;
  sparkplug::encode_payload(payload, bytes);
  broker.route({topic, bytes, mqtt::Qos::kAtMostOnce, false, false, 0, {}});
}

TEST(SparkplugFlow, WaitsForItsPrimaryHostAndDiesWithIt) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  OutletHouse house(loop, {}, FlowNode{"boss"});
  house.open();
  loop.run_for(1s);
  ASSERT_TRUE(house.publish(1));
  loop.run_for(10s);
  EXPECT_TRUE(broker.published.empty());
  EXPECT_EQ(house.outlet->status().last_error, "waits for the primary host 'boss'");
  say_state(broker, true, 5);
  loop.run_for(1s);
  EXPECT_EQ(Hearing(broker.published).outline, (Words{"NBIRTH", "DBIRTH works", "DDATA works"}));
  EXPECT_EQ(house.outlet->status().queue->samples, 0u);
  say_state(broker, false, 6);
  loop.run_for(1s);
  ASSERT_TRUE(house.publish(1));
  loop.run_for(1min);
  EXPECT_EQ(Hearing(broker.published).outline.back(), "NDEATH");
  EXPECT_EQ(house.outlet->status().queue->samples, 1u);
  say_state(broker, true, 7);
  loop.run_for(1min);
  EXPECT_EQ(Hearing(broker.published).values_without_doubles(), one_to(2));
}

// Two servers, and a host that is at one of them, at the other, at none, and back.
TEST(SparkplugFlow, WalksToTheServerWhereItsHostIs) {
  sys::SimLoop loop;
  TestBroker one(loop, kBroker);
  TestBroker two(loop, {"other", 2});
  OutletHouse house(loop, {}, FlowNode{"boss", "other:2"});
  std::size_t clients = 0;
  const auto run = [&](Nanoseconds time) {
    const Nanoseconds end = loop.now() + time;
    while (loop.now() < end) {
      loop.run_for(1ms);
      clients = std::max(clients, one.clients() + two.clients());
    }
  };
  say_state(one, true, 5);
  house.open();
  run(1s);
  ASSERT_TRUE(house.publish(1));
  run(1s);
  EXPECT_EQ(house.outlet->status().at, "broker:1 as g/n");
  EXPECT_TRUE(two.connects.empty());

  say_state(two, true, 6);
  say_state(one, false, 7);
  run(5s);
  EXPECT_EQ(Hearing(one.published).outline.back(), "NDEATH");
  EXPECT_EQ(house.outlet->status().at, "other:2 as g/n");
  ASSERT_TRUE(house.publish(1));
  run(1s);
  EXPECT_EQ(Hearing(two.published).outline, (Words{"NBIRTH", "DBIRTH works", "DDATA works"}));

  say_state(two, false, 8);
  run(1min);
  EXPECT_EQ(house.outlet->status().state, OutletState::kDown);
  EXPECT_GE(one.connects.size(), 5u) << "it looks at each in turn";
  EXPECT_LE(one.connects.size(), 8u) << "and gives the host five seconds";
  ASSERT_TRUE(house.publish(1));
  say_state(one, true, 9);
  run(20s);
  EXPECT_EQ(house.outlet->status().at, "broker:1 as g/n");
  EXPECT_EQ(Hearing(one.published).values_without_doubles(), (std::vector<int>{1, 3}));
  EXPECT_EQ(Hearing(two.published).values_without_doubles(), std::vector<int>{2});
  EXPECT_EQ(house.outlet->status().queue->samples, 0u);
  EXPECT_EQ(clients, 1u) << "never two at a time";
}

TEST(SparkplugFlow, GoesToTheNextServerWhenOneIsLost) {
  sys::SimLoop loop;
  TestBroker two(loop, {"other", 2});  // nobody is at the first
  OutletHouse house(loop, {}, FlowNode{"", "gone:1, other:2"});
  house.open();
  ASSERT_TRUE(house.publish(1));
  loop.run_for(1min);
  EXPECT_EQ(house.outlet->status().at, "other:2 as g/n");
  EXPECT_EQ(Hearing(two.published).values_without_doubles(), one_to(1));
}

TEST(SparkplugFlow, OtherBrokersAreAddresses) {
  const auto read = [](std::string text) {
    SparkplugFlowSettings settings;
    settings.other_brokers = std::move(text);
    std::string list;
    const auto brokers = other_brokers(settings);
    if (!brokers) return std::string("refused");
    for (const sys::Endpoint& one : *brokers) list += one.text() + ";";
    return list;
  };
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read(" a.example:1883 ,[fe80::1]:8883"), "a.example:1883;[fe80::1]:8883;");
  for (const char* wrong : {"a", "a:", "a:0", "a:65536", ":1883", "a:1,", "a:1;b:2", "a:1x",
                            "a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1,a:1"}) {
    EXPECT_EQ(read(wrong), "refused") << wrong;
  }
}

TEST(SparkplugFlow, SaysThatAnotherNodeHasItsName) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  OutletHouse house(loop, {}, FlowNode{});
  house.open();
  loop.run_for(1min);
  EXPECT_FALSE(house.host.has("name-taken")) << "the broker repeats its own births";
  sparkplug::Metric metric;
  metric.name = sparkplug::kBdSeq;
  metric.value = sparkplug::LongBits{9};
  command(broker, "spBv1.0/g/NBIRTH/n", metric);
  loop.run_for(1s);
  EXPECT_TRUE(house.host.has("name-taken"));
  EXPECT_EQ(house.outlet->status().state, OutletState::kUp) << "which cannot be helped from here";
}

TEST(SparkplugFlow, IsBornAgainWithThePresentWhenAHostAsks) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  OutletHouse house(loop, {}, FlowNode{});
  house.open();
  loop.run_for(10s);
  ASSERT_TRUE(house.publish(3));
  loop.run_for(1s);
  broker.published.clear();
  sparkplug::Metric rebirth;
  rebirth.name = sparkplug::kRebirth;
  rebirth.value = true;
  command(broker, "spBv1.0/g/NCMD/n", rebirth);
  loop.run_for(1s);
  const Hearing heard(broker.published);
  ASSERT_EQ(heard.outline, (Words{"NBIRTH", "DBIRTH works"}));
  EXPECT_EQ(heard.births[2].value, 1.0);
}

TEST(SparkplugFlow, CommandsBecomeWrites) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  OutletHouse house(loop, {}, FlowNode{});
  house.writable = true;
  house.open();
  loop.run_for(1s);
  sparkplug::Metric speed;
  speed.name = "t2";
  speed.value = 42.5;
  command(broker, "spBv1.0/g/DCMD/n/works", speed);
  loop.run_for(1s);
  EXPECT_EQ(house.host.writes, Words{"2=42.5 by Sparkplug host"});
  EXPECT_FALSE(house.host.has("write-refused"));
  house.host.write_answer = Error{ErrorId::kWritesDisabled, "not now"};
  command(broker, "spBv1.0/g/DCMD/n/works", speed);
  loop.run_for(1s);
  EXPECT_TRUE(house.host.has("write-refused"));
}

TEST(SparkplugFlow, WhatIsNotWritableTakesNoCommand) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  OutletHouse house(loop, {}, FlowNode{});
  house.open();
  loop.run_for(1s);
  sparkplug::Metric speed;
  speed.name = "t2";
  speed.value = 42.5;
  command(broker, "spBv1.0/g/DCMD/n/works", speed);
  loop.run_for(1s);
  EXPECT_TRUE(house.host.writes.empty());
}

}  // namespace
}  // namespace lineshaft::connect
