#include <gtest/gtest.h>

#include <algorithm>

#include "connect/opcua/testing.h"

namespace lineshaft::connect::opcua {
namespace {

using testing::Plant;
using namespace std::chrono_literals;

TEST(OpcUaSession, BringsEveryTypeOfValueAsTheServerHasIt) {
  Plant plant;
  plant.serve();
  plant.set_all();
  plant.put(Plant::connection());
  ASSERT_TRUE(plant.all_good()) << plant.last_error();
  plant.loop.run_for(100ms);
  EXPECT_EQ(plant.last(101)->value, Value(12.5));
  EXPECT_EQ(plant.last(102)->value, Value(std::int64_t{7}));
  EXPECT_EQ(plant.last(103)->value, Value(true));
  EXPECT_EQ(plant.last(104)->value, Value(std::string("A-17")));
  EXPECT_EQ(plant.last(105)->value, Value(20.25f));
  EXPECT_EQ(plant.last(106)->value, Value(3.0));
}

TEST(OpcUaSession, KeepsSourceTimeAndStatusCodeOfEveryValue) {
  Plant plant;
  plant.serve();
  plant.set_all();
  plant.put(Plant::connection());
  ASSERT_TRUE(plant.all_good()) << plant.last_error();
  // A time with all the digits that OPC UA has, and a status with a sub-code.
  const Timestamp time{plant.clock.now().ns / 100 * 100 - 3'000'000'700};
  plant.set(1, 13.0, quality::kUncertainDataSubNormal, time);
  ASSERT_TRUE(plant.run_until([&] { return plant.last(101)->value == Value(13.0); }, 5s));
  EXPECT_EQ(plant.last(101)->time, time);
  EXPECT_EQ(plant.last(101)->quality, quality::kUncertainDataSubNormal);

  plant.set(1, 13.0, quality::kBadSensorFailure);
  ASSERT_TRUE(plant.run_until([&] { return plant.last(101)->quality.bad(); }, 5s));
  EXPECT_EQ(plant.last(101)->quality, quality::kBadSensorFailure);
  EXPECT_EQ(plant.last(101)->value, Value(13.0)) << "the last usable value stands";
}

TEST(OpcUaSession, DeliversEveryChangeBetweenTwoPublishes) {
  Plant plant;
  plant.serve();
  plant.set_all();
  auto config = Plant::connection();
  config.store = Store::kAll;
  plant.put(config);
  ASSERT_TRUE(plant.all_good()) << plant.last_error();
  plant.loop.run_for(1s);
  const std::size_t before = plant.sink.of(102).size();
  for (std::int64_t i = 1; i <= 8; ++i) {
    plant.set(2, i * 100);
    plant.loop.run_for(5ms);
  }
  plant.loop.run_for(1s);
  const auto samples = plant.sink.of(102);
  ASSERT_EQ(samples.size(), before + 8);
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(samples[before + i].value, Value(static_cast<std::int64_t>(i + 1) * 100));
  }
}

// Its source time is from before the loss: without care its newest sample would be the loss.
TEST(OpcUaSession, AValueThatStoodStillDuringALossIsGoodAfterIt) {
  for (const bool server_restarts : {false, true}) {
    Plant plant;
    plant.serve();
    plant.set_all();
    plant.put(Plant::connection());
    ASSERT_TRUE(plant.all_good()) << plant.last_error();
    plant.loop.run_for(10s);
    if (server_restarts) plant.server.reset();
    plant.loop.cut(plant.at);
    ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad > 0; }));
    plant.loop.run_for(1s);
    if (server_restarts) plant.serve();
    ASSERT_TRUE(plant.all_good()) << plant.last_error();
    plant.loop.run_for(100ms);
    const auto samples = plant.sink.of(103);
    const auto newest = std::ranges::max_element(samples, {}, &Sample::time);
    ASSERT_NE(newest, samples.end());
    EXPECT_EQ(newest->quality, quality::kGood) << "server restarts: " << server_restarts;
    EXPECT_EQ(newest->value, Value(true));
  }
}

TEST(OpcUaSession, GoesOnWithTheRestWhenOneNodeIsUnknown) {
  Plant plant;
  plant.serve();
  plant.set_all();
  auto config = Plant::connection();
  std::get<Point>(config.signals[0].point).node = "nsu=urn:lineshaft:tags;s=no/such/node";
  std::get<Point>(config.signals[1].point).node = "nsu=urn:somebody:else;i=7";
  plant.put(config);
  ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 2; })) << plant.last_error();
  plant.loop.run_for(100ms);
  EXPECT_EQ(plant.last(101)->quality, Quality{0x80340000})
      << "BadNodeIdUnknown, as the server said";
  EXPECT_EQ(plant.last(102)->quality, quality::kBadConfigurationError);
  EXPECT_EQ(plant.last(103)->value, Value(true));
  EXPECT_TRUE(plant.has_event("refused"));
}

TEST(OpcUaSession, TakesANodeThatAppearsLater) {
  Plant plant;
  plant.serve();
  plant.set_all();
  plant.server->remove({1});
  plant.put(Plant::connection());
  ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 1; }));
  ASSERT_TRUE(plant.server->put(std::vector{Plant::tags()[0]}).ok());
  EXPECT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 0; }, 90s));
}

// Points that lie where a path leads from the folder of all objects.
ConnectionConfig with_paths() {
  ConnectionConfig config = Plant::connection();
  for (SignalConfig& signal : config.signals) {
    auto& point = std::get<Point>(signal.point);
    const std::string name = signal.path.substr(signal.path.rfind('/') + 1);
    point.node = "i=85";
    point.browse_path =
        "{urn:lineshaft:tags}acme/{urn:lineshaft:tags}hall/{urn:lineshaft:tags}press/"
        "{urn:lineshaft:tags}" +
        name;
  }
  return config;
}

TEST(OpcUaSession, FollowsPathsToTheNodes) {
  for (const bool poll : {false, true}) {
    Plant plant;
    plant.serve();
    plant.set_all();
    ConnectionConfig config = with_paths();
    Plant::settings(config).poll = poll;
    plant.put(config);
    ASSERT_TRUE(plant.all_good()) << plant.last_error();
    plant.loop.run_for(100ms);
    EXPECT_EQ(plant.last(101)->value, Value(12.5));
    EXPECT_EQ(plant.last(104)->value, Value(std::string("A-17")));
    std::optional<Result<WriteOutcome>> written;
    plant.manager->write(testing::kTenant, {106}, Value(4.5),
                         [&](Result<WriteOutcome> result) { written = std::move(result); });
    ASSERT_TRUE(plant.run_until([&] { return written.has_value(); }, 5s));
    EXPECT_TRUE(written->ok()) << written->error().text();
    EXPECT_EQ(plant.backing.values[6].value, Value(4.5));
  }
}

TEST(OpcUaSession, APathThatLeadsNowhereIsNamedAndLookedForAgain) {
  Plant plant;
  plant.serve();
  plant.set_all();
  plant.server->remove({1});
  ConnectionConfig config = with_paths();
  std::get<Point>(config.signals[1].point).browse_path = "{urn:somebody:else}acme";
  plant.put(config);
  ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 2; })) << plant.last_error();
  plant.loop.run_for(100ms);
  EXPECT_EQ(plant.last(101)->quality, quality::kBadConfigurationError);
  EXPECT_EQ(plant.last(102)->quality, quality::kBadConfigurationError);
  EXPECT_EQ(plant.last(103)->value, Value(true));
  EXPECT_TRUE(plant.has_event("refused"));
  ASSERT_TRUE(plant.server->put(std::vector{Plant::tags()[0]}).ok());
  EXPECT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 1; }, 90s));
  plant.loop.run_for(100ms);
  EXPECT_EQ(plant.last(101)->value, Value(12.5));
}

TEST(OpcUaSession, RefusesAValueOfAnotherTypeAndNamesBoth) {
  Plant plant;
  plant.serve();
  plant.set_all();
  auto config = Plant::connection();
  std::get<Point>(config.signals[3].point).type = ValueType::kFloat64;  // a string there
  plant.put(config);
  ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 1; }));
  plant.loop.run_for(100ms);
  EXPECT_EQ(plant.last(104)->quality, quality::kBadTypeMismatch);
  EXPECT_NE(plant.last_error().find("String"), std::string::npos) << plant.last_error();
}

TEST(OpcUaSession, WritesAndReadsBack) {
  Plant plant;
  plant.serve();
  plant.set_all();
  plant.put(Plant::connection());
  ASSERT_TRUE(plant.all_good());
  std::optional<Result<WriteOutcome>> outcome;
  plant.manager->write(testing::kTenant, {106}, Value(4.5),
                       [&](Result<WriteOutcome> result) { outcome = std::move(result); });
  ASSERT_TRUE(plant.run_until([&] { return outcome.has_value(); }, 5s));
  ASSERT_TRUE(outcome->ok()) << outcome->error().text();
  EXPECT_EQ((*outcome)->old_value, Value(3.0));
  EXPECT_EQ((*outcome)->new_value, Value(4.5));
  EXPECT_EQ(plant.backing.values[6].value, Value(4.5));
}

TEST(OpcUaSession, TellsWhenTheMachineDoesNotHoldWhatWasWritten) {
  Plant plant;
  plant.serve();
  plant.set_all();
  plant.backing.on_write = [](TagId, const Value&) { return Status(); };  // and forgets it
  plant.put(Plant::connection());
  ASSERT_TRUE(plant.all_good());
  std::optional<Result<WriteOutcome>> outcome;
  plant.manager->write(testing::kTenant, {106}, Value(4.5),
                       [&](Result<WriteOutcome> result) { outcome = std::move(result); });
  ASSERT_TRUE(plant.run_until([&] { return outcome.has_value(); }, 5s));
  ASSERT_FALSE(outcome->ok());
  EXPECT_EQ(outcome->error().id, ErrorId::kWriteNotConfirmed);
}

TEST(OpcUaSession, TellsWhyTheServerRefusesAWrite) {
  Plant plant;
  plant.serve();
  plant.set_all();
  plant.backing.on_write = [](TagId, const Value&) {
    return Status(Error{ErrorId::kInvalidArgument, "too much"});
  };
  plant.put(Plant::connection());
  ASSERT_TRUE(plant.all_good());
  std::optional<Result<WriteOutcome>> outcome;
  plant.manager->write(testing::kTenant, {106}, Value(4.5),
                       [&](Result<WriteOutcome> result) { outcome = std::move(result); });
  ASSERT_TRUE(plant.run_until([&] { return outcome.has_value(); }, 5s));
  ASSERT_FALSE(outcome->ok());
  EXPECT_NE(outcome->error().what.find("BadOutOfRange"), std::string::npos)
      << outcome->error().what;
}

TEST(OpcUaSession, PollsWhereThatIsSet) {
  Plant plant;
  plant.serve();
  plant.set_all();
  auto config = Plant::connection();
  Plant::settings(config).poll = true;
  Plant::settings(config).nodes_per_request_max = 2;
  plant.put(config);
  ASSERT_TRUE(plant.all_good()) << plant.last_error();
  plant.set(1, 99.0);
  EXPECT_TRUE(plant.run_until([&] { return plant.last(101)->value == Value(99.0); }, 1s));
}

TEST(OpcUaSession, BringsTheFirstValuesOfASlowGroupWithoutItsInterval) {
  Plant plant;
  plant.serve();
  plant.set_all();
  auto config = Plant::connection();
  config.groups = {{"slow", 60'000}};
  plant.put(config);
  EXPECT_TRUE(plant.run_until([&] { return plant.last(101) && plant.status().tags_bad == 0; }, 5s))
      << plant.last_error();
  // A publish is answered when there is news, after seconds: that is no latency of the machine.
  plant.loop.run_for(20s);
  ASSERT_TRUE(plant.status().latency.has_value());
  EXPECT_LT(plant.status().latency->last, 100);
}

TEST(OpcUaSession, SplitsWhatIsTooMuchForOneRequest) {
  Plant plant;
  plant.serve();
  plant.set_all();
  auto config = Plant::connection();
  Plant::settings(config).nodes_per_request_max = 1;
  plant.put(config);
  EXPECT_TRUE(plant.all_good()) << plant.last_error();
}

}  // namespace
}  // namespace lineshaft::connect::opcua
