// A flow as an edge node at a broker that has good and bad days: hosts understand every message,
// nothing that was acknowledged is missing, and what is not the present says so.
#include "connect/sparkplug/carrier.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "connect/sparkplug/flow_fixture.h"

namespace lineshaft::connect {
namespace {

using namespace std::chrono_literals;
using namespace testing;
using forward::OutletHouse;
using Words = std::vector<std::string>;

TEST(SparkplugFlow, IsBornWithItsTagsAndTellsTheirChanges) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  OutletHouse house(loop, {}, FlowNode{});
  house.open();
  loop.run_for(1s);
  ASSERT_TRUE(house.publish(2));
  loop.run_for(10ms);
  const Hearing heard(broker.published);
  EXPECT_EQ(heard.outline, (Words{"NBIRTH", "DBIRTH works", "DDATA works"}));
  ASSERT_EQ(heard.births.size(), 3u);
  EXPECT_TRUE(heard.births[0].is_null) << "it never had a value";
  ASSERT_EQ(heard.data.size(), 1u);
  EXPECT_EQ(heard.data[0].metric, "works/t2");
  EXPECT_EQ(heard.data[0].value, 1.0);
  // 1,795,000,000 s after 1970 the simulated clock starts.
  EXPECT_EQ(heard.data[0].time_ms, 1'795'000'001'000u);
  EXPECT_FALSE(heard.data[0].historical);
  ASSERT_EQ(broker.connects.size(), 1u);
  EXPECT_EQ(broker.connects[0].will->topic, "spBv1.0/g/NDEATH/n");
  const OutletStatus status = house.outlet->status();
  EXPECT_EQ(status.state, OutletState::kUp);
  EXPECT_EQ(status.at, "broker:1 as g/n");
  EXPECT_EQ(status.samples_out, 1u);
  EXPECT_EQ(status.queue->samples, 0u);
}

TEST(SparkplugFlow, CountsAsDeliveredOnlyWhatTheBrokerHasAnsweredFor) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  bool deaf = true;
  broker.intercept = [&](const mqtt::Packet& packet, const auto&, const auto&) {
    return deaf && std::holds_alternative<mqtt::PingReq>(packet);
  };
  OutletHouse house(loop, {}, FlowNode{});
  house.open();
  loop.run_for(500ms);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(house.publish(1));
  loop.run_for(500ms);
  EXPECT_EQ(Hearing(broker.published).data.size(), 5u);
  EXPECT_EQ(house.outlet->status().samples_out, 0u);
  EXPECT_EQ(house.outlet->status().queue->samples, 5u);
  loop.run_for(1s);  // the answer has a second
  EXPECT_TRUE(house.outlet->status().last_error.has_value());
  deaf = false;
  loop.run_for(1min);
  EXPECT_EQ(house.outlet->status().queue->samples, 0u);
  EXPECT_FALSE(house.outlet->status().last_error.has_value());
  const Hearing heard(broker.published);
  EXPECT_EQ(heard.values_without_doubles(), one_to(5));
  EXPECT_GE(heard.data.size(), 10u) << "all of it again";
}

TEST(SparkplugFlow, TellsWhatCameWhileTheBrokerWasAwayAsHistoryBehindThePresent) {
  sys::SimLoop loop;
  auto broker = std::make_unique<TestBroker>(loop, kBroker);
  OutletHouse house(loop, {}, FlowNode{});
  house.options.memory_bytes_max = 2'000;
  house.open();
  loop.run_for(1s);
  broker.reset();
  loop.cut(kBroker);
  for (int i = 0; i < 600; ++i) {
    ASSERT_TRUE(house.publish(1));
    loop.run_for(1s);
  }
  EXPECT_EQ(house.outlet->status().state, OutletState::kDown);
  EXPECT_EQ(house.outlet->status().queue->samples, 600u);
  broker = std::make_unique<TestBroker>(loop, kBroker);
  ASSERT_TRUE(loop.run_until([&] { return !broker->published.empty(); }, 5min));
  loop.run_for(1s);
  ASSERT_TRUE(house.publish(1));
  loop.run_for(1min);
  const Hearing heard(broker->published);
  EXPECT_EQ(heard.values_without_doubles(), one_to(601));
  EXPECT_EQ(heard.births[0].value, 600.0) << "the present, before all history";
  for (std::size_t i = 0; i < 600; ++i) EXPECT_TRUE(heard.data[i].historical) << i;
  EXPECT_FALSE(heard.data.back().historical);
  EXPECT_EQ(house.outlet->status().queue->samples, 0u);
}

TEST(SparkplugFlow, NewTagsAreBornBeforeTheirValues) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  OutletHouse house(loop, {}, FlowNode{});
  house.open(false);
  house.put({1});
  loop.run_for(1s);
  house.put({2});
  ASSERT_TRUE(house.publish(2));
  loop.run_for(10s);
  const Hearing heard(broker.published);
  EXPECT_EQ(heard.outline,
            (Words{"NBIRTH", "DBIRTH works", "NBIRTH", "DBIRTH works", "DDATA works"}));
  EXPECT_EQ(heard.values_without_doubles(), one_to(1));
  house.outlet->remove(std::vector<TagId>{{1}, {2}});
  loop.run_for(10s);
  EXPECT_EQ(Hearing(broker.published).outline.back(), "NBIRTH") << "without the device";
}

TEST(SparkplugFlow, ABirthThatTheBrokerCannotTakeIsTold) {
  sys::SimLoop loop;
  TestBroker broker(loop, kBroker);
  broker.answer.properties.maximum_packet_bytes = 150;
  OutletHouse house(loop, {}, FlowNode{});
  house.open();
  loop.run_for(1s);
  ASSERT_TRUE(house.publish(1));
  loop.run_for(1min);
  const OutletStatus status = house.outlet->status();
  EXPECT_EQ(status.state, OutletState::kDown);
  ASSERT_TRUE(status.last_error.has_value());
  EXPECT_NE(status.last_error->find("the server takes 150"), std::string::npos);
  EXPECT_EQ(status.queue->samples, 1u);
  broker.answer.properties.maximum_packet_bytes.reset();
  loop.run_for(1min);
  EXPECT_EQ(Hearing(broker.published).values_without_doubles(), one_to(1));
}

}  // namespace
}  // namespace lineshaft::connect
