// A flow that is an MTConnect agent, read by our own client; that one is tested against others.
#include "connect/mtconnect/outlet.h"

#include <gtest/gtest.h>

#include "connect/flows/testing.h"
#include "connect/mtconnect/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

struct Served : FlowPlant {
  MemorySink sink;
  std::unique_ptr<ConnectionManager> manager =
      std::make_unique<ConnectionManager>(loop, clock, random, sink, ManagerOptions{});

  Served() {
    house.add(1, "acme/shop/mill/heat", ValueType::kFloat64, "CEL");
    house.add(2, "acme/shop/mill/on", ValueType::kBool);
    house.add(3, "acme/hall/mill/order", ValueType::kString);
  }
  FlowConfig config() {
    FlowConfig config;
    config.name = "agent";
    MtconnectAgentFlowSettings settings;
    settings.listen = "127.0.0.1";
    config.settings = settings;
    config.rules = {FlowRule{}};
    return config;
  }
  void serve() {
    ASSERT_TRUE(check_flow(config()).ok());
    runner = std::make_unique<FlowRunner>(means, kTenant, 1, plan(config()));
    loop.run_for(1s);
  }
  // Tags 101, 102, 103 are what the agent says of 1, 2, 3.
  void listen() {
    ConnectionConfig config = mill_config();
    mtconnect_of(config).host = "127.0.0.1";
    config.signals = {mtconnect_signal("org/a", "t1"),
                      mtconnect_signal("org/b", "t2", ValueType::kBool),
                      mtconnect_signal("org/c", "t3", ValueType::kString)};
    ASSERT_TRUE(manager->put({1}, kTenant, config, tags_from(101, 3)).ok());
    loop.run_for(1s);
  }
};

TEST(MtconnectAgentFlow, TellsWhatTagsHoldAndWhatHappens) {
  Served s;
  s.house.values[1] = {{1}, s.clock.now(), quality::kGood, Value(20.25)};
  s.serve();
  s.listen();
  EXPECT_EQ(s.manager->status({1})->state, ConnectionState::kConnected);
  EXPECT_EQ(s.sink.of(101).back().value, Value(20.25));
  EXPECT_EQ(s.sink.of(102).back().quality, quality::kBadNoData);
  s.sample(1, 21.5);
  s.sample(2, true);
  s.sample(3, std::string("A-17 <x>"));
  s.loop.run_for(1s);
  EXPECT_EQ(s.sink.of(101).back().value, Value(21.5));
  EXPECT_EQ(s.sink.of(102).back().value, Value(true));
  EXPECT_EQ(s.sink.of(103).back().value, Value(std::string("A-17 <x>")));
  s.sample(1, 21.5, quality::kBadNotConnected);
  s.loop.run_for(1s);
  EXPECT_EQ(s.sink.of(101).back().quality, quality::kBadNoData) << "UNAVAILABLE";
}

TEST(MtconnectAgentFlow, AMachineIsADeviceAndAUnitTellsTheType) {
  std::vector<FlowTag> tags(4);
  const char* paths[] = {"acme/shop/mill/heat", "acme/shop/mill/on", "acme/hall/mill/order", "x"};
  for (std::uint32_t i = 0; i < 4; ++i) {
    tags[i].id = {i + 1};
    tags[i].spec.path = paths[i];
  }
  tags[0].spec.unit = "CEL";
  tags[1].spec.type = ValueType::kBool;
  std::vector<const FlowTag*> all;
  for (const FlowTag& tag : tags) all.push_back(&tag);
  const auto devices = devices_of_tags(all);
  ASSERT_EQ(devices.size(), 3u);
  EXPECT_EQ(devices[0].name, "mill");
  EXPECT_EQ(devices[1].name, "acme/shop/mill") << "the name is taken";
  EXPECT_EQ(devices[1].data_items.at(0).type, "AVAILABILITY");
  EXPECT_EQ(devices[1].data_items.at(1).type, "TEMPERATURE");
  EXPECT_EQ(devices[1].data_items.at(1).units, "CELSIUS");
  EXPECT_EQ(devices[1].data_items.at(2).type, "VARIABLE");
  EXPECT_TRUE(MtconnectResponder::make(devices, {}, Timestamp{1}).ok());
  EXPECT_TRUE(MtconnectResponder::make(devices_of_tags({}), {}, Timestamp{1}).ok());
}

// Other tags: another instance, so that nobody takes its numbers for the old ones.
TEST(MtconnectAgentFlow, StartsAnewWithOtherTags) {
  Served s;
  s.house.values[1] = {{1}, s.clock.now(), quality::kGood, Value(20.25)};
  s.serve();
  s.listen();
  s.house.add(4, "acme/hall/mill/more");
  s.runner->set_plan(s.plan(s.config()));
  s.loop.run_for(60s);
  EXPECT_EQ(s.manager->status({1})->state, ConnectionState::kConnected);
  EXPECT_EQ(s.sink.of(101).back().value, Value(20.25));
  EXPECT_TRUE(s.sink.of(101).back().quality.good());
}

TEST(MtconnectAgentFlow, KnowsItsOwnClient) {
  Served s;
  ConnectionConfig client = mill_config();
  mtconnect_of(client).host = "localhost";
  const FlowConfig flow = s.config();
  EXPECT_TRUE(kind_of(flow.settings).reads_from(flow.settings, client));
  mtconnect_of(client).port = 5001;
  EXPECT_FALSE(kind_of(flow.settings).reads_from(flow.settings, client));
}

}  // namespace
}  // namespace lineshaft::connect
