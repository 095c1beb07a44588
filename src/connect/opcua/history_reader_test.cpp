// Past values by HistoryRead: from a server of ours, honest and otherwise, on the simulated loop.
#include <gtest/gtest.h>

#include "connect/opcua/testing.h"

namespace lineshaft::connect::opcua {
namespace {

using testing::Plant;
using namespace std::chrono_literals;

// What the historian would hold: of equal times the last one that was written.
std::map<std::int64_t, Sample> stored(Plant& plant, std::uint32_t tag) {
  std::map<std::int64_t, Sample> by_time;
  for (const Sample& sample : plant.sink.of(tag)) by_time[sample.time.ns] = sample;
  return by_time;
}

// The server records a value of tag 1, which nobody hears of now.
void record(Plant& plant, Timestamp time, double value, Quality quality = quality::kGood) {
  plant.backing.past[1].push_back({{1}, time, quality, Value(value)});
}

Timestamp in_ticks(Timestamp time) { return {time.ns / 100 * 100}; }

// Up, with a value of 12.5 that the server has recorded too; then away.
void lose(Plant& plant) {
  plant.serve();
  plant.set_all();
  record(plant, plant.backing.values[1].time, 12.5);
  plant.put(Plant::connection());
  ASSERT_TRUE(plant.all_good()) << plant.last_error();
  plant.loop.run_for(10s);
  plant.server.reset();
  ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 6; }));
}

void come_back(Plant& plant) {
  plant.serve();
  ASSERT_TRUE(plant.all_good()) << plant.last_error();
  ASSERT_TRUE(plant.run_until([&] { return plant.has_event("filled"); }, 30s));
}

std::size_t count_of(Plant& plant, std::string_view event) {
  std::size_t count = 0;
  for (const ConnectionEvent& one : plant.manager->events({1})) count += one.event == event;
  return count;
}

BackfillStatus wait_for_fill(Plant& plant) {
  const auto over = [&] {
    const auto status = plant.manager->backfill_status({1});
    return status && status->state != BackfillState::kRunning;
  };
  EXPECT_TRUE(plant.run_until(over, 120s));
  plant.loop.run_for(1s);
  return plant.manager->backfill_status({1}).value();
}

TEST(OpcUaHistory, FillsTheGapOfAnOutageWithTimesAndQualitiesOfTheServer) {
  Plant plant;
  lose(plant);
  const Timestamp lost = in_ticks(plant.clock.now());
  for (int i = 1; i <= 5; ++i) {
    record(plant, lost + i * Nanoseconds(1s), 100.0 + i,
           i == 3 ? quality::kUncertainDataSubNormal : quality::kGood);
  }
  plant.loop.run_for(10s);
  come_back(plant);
  plant.loop.run_for(1s);
  const auto samples = stored(plant, 101);
  for (int i = 1; i <= 5; ++i) {
    const auto found = samples.find((lost + i * Nanoseconds(1s)).ns);
    ASSERT_NE(found, samples.end()) << i;
    EXPECT_EQ(found->second.value, Value(100.0 + i));
    EXPECT_EQ(found->second.quality, i == 3 ? quality::kUncertainDataSubNormal : quality::kGood);
  }
  EXPECT_EQ(count_of(plant, "filled"), 1u);
}

TEST(OpcUaHistory, ReplacesTheMarkOfTheGapByWhatStoodThen) {
  Plant plant;
  lose(plant);
  plant.loop.run_for(10s);
  plant.serve();  // no value came meanwhile, so nothing is told of a fill
  ASSERT_TRUE(plant.all_good()) << plant.last_error();
  plant.loop.run_for(5s);
  plant.loop.run_for(1s);
  const auto bad = [&](std::uint32_t tag) {
    const auto samples = stored(plant, tag);
    return std::ranges::count_if(samples, [](const auto& s) { return s.second.quality.bad(); });
  };
  EXPECT_EQ(bad(101), 0) << "the server tells that 12.5 stood all the time";
  EXPECT_EQ(bad(102), 1) << "it has recorded nothing of this one: the gap stays";
}

TEST(OpcUaHistory, AsksNothingWhereThatIsSet) {
  Plant plant;
  plant.serve();
  plant.set_all();
  auto config = Plant::connection();
  Plant::settings(config).fill_gaps_h = 0;
  plant.put(config);
  ASSERT_TRUE(plant.all_good());
  plant.server.reset();
  ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 6; }));
  plant.serve();
  ASSERT_TRUE(plant.all_good());
  plant.loop.run_for(30s);
  EXPECT_EQ(plant.backing.histories, 0u);
}

TEST(OpcUaHistory, SaysOnceThatTheServerKeepsNone) {
  Plant plant;
  plant.serve();
  auto config = Plant::connection();
  config.signals.resize(1);
  config.signals[0].point = Point{"i=2261", ValueType::kString};  // the server's ProductName
  plant.put(config);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(plant.all_good()) << plant.last_error();
    plant.loop.run_for(10s);
    plant.server.reset();
    ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 1; }));
    plant.serve();
  }
  ASSERT_TRUE(plant.all_good()) << plant.last_error();
  plant.loop.run_for(30s);
  EXPECT_EQ(count_of(plant, "no-history"), 1u);
  EXPECT_EQ(plant.backing.histories, 0u) << "the access level has told already";
}

TEST(OpcUaHistory, FetchesARangeInPagesWhenAskedTo) {
  Plant plant;
  plant.serve();
  plant.set_all();
  const Timestamp begin = in_ticks(plant.clock.now() + -Nanoseconds(10h));
  for (int i = 0; i < 2'500; ++i) record(plant, begin + i * Nanoseconds(1s), i);
  plant.put(Plant::connection());
  ASSERT_TRUE(plant.all_good());
  plant.loop.run_for(1s);  // the values of now are on their way
  const TimeRange range{begin, begin + Nanoseconds(2'500s)};

  const std::size_t before = plant.sink.samples.size();
  ASSERT_TRUE(plant.manager->backfill({1}, {range, true}).ok());
  EXPECT_EQ(plant.manager->backfill({1}, {range, false}).error().id, ErrorId::kBusy);
  BackfillStatus status = wait_for_fill(plant);
  EXPECT_EQ(status.state, BackfillState::kDone) << status.error.value_or("");
  EXPECT_EQ(status.values, 2'500u);
  EXPECT_EQ(plant.sink.samples.size(), before) << "a dry run stores nothing";

  ASSERT_TRUE(plant.manager->backfill({1}, {range, false}).ok());
  status = wait_for_fill(plant);
  EXPECT_EQ(status.state, BackfillState::kDone) << status.error.value_or("");
  EXPECT_EQ(status.signals, 6u);
  EXPECT_EQ(status.signals_done, 6u);
  const auto samples = stored(plant, 101);
  for (int i = 0; i < 2'500; ++i) {
    const auto found = samples.find((begin + i * Nanoseconds(1s)).ns);
    ASSERT_NE(found, samples.end()) << i;
    EXPECT_EQ(found->second.value, Value(static_cast<double>(i)));
  }
}

TEST(OpcUaHistory, EndsWithPagesThatBringNothingNew) {
  Plant plant;
  plant.serve();
  plant.set_all();
  const Timestamp begin = in_ticks(plant.clock.now() + -Nanoseconds(1h));
  // Always a full page of the same moment, and always a point to go on.
  plant.backing.on_history = [&](TagId tag, TimeRange, bool, std::size_t max) {
    return std::vector<Sample>(max, Sample{tag, begin, quality::kGood, Value(1.0)});
  };
  auto config = Plant::connection();
  config.signals.resize(1);
  plant.put(config);
  ASSERT_TRUE(plant.all_good());
  ASSERT_TRUE(plant.manager->backfill({1}, {{begin, begin + Nanoseconds(60s)}, false}).ok());
  const BackfillStatus status = wait_for_fill(plant);
  EXPECT_EQ(status.state, BackfillState::kFailed);
  EXPECT_NE(status.error.value_or("").find("nothing new"), std::string::npos);
  EXPECT_LT(plant.backing.histories, 10u);
  EXPECT_TRUE(plant.has_event("fill-failed"));
}

TEST(OpcUaHistory, LeavesOutWhatWasNotAskedFor) {
  Plant plant;
  plant.serve();
  plant.set_all();
  const Timestamp begin = in_ticks(plant.clock.now() + -Nanoseconds(1h));
  plant.backing.on_history = [&](TagId tag, TimeRange, bool, std::size_t) {
    std::vector<Sample> samples;  // in no order, and from before and after
    for (int second : {30, 10, -40, 20, 100, 10}) {
      samples.push_back({tag, begin + second * Nanoseconds(1s), quality::kGood, Value(1.0)});
    }
    return samples;
  };
  auto config = Plant::connection();
  config.signals.resize(1);
  plant.put(config);
  ASSERT_TRUE(plant.all_good());
  ASSERT_TRUE(plant.manager->backfill({1}, {{begin, begin + Nanoseconds(60s)}, false}).ok());
  const BackfillStatus status = wait_for_fill(plant);
  EXPECT_EQ(status.state, BackfillState::kDone) << status.error.value_or("");
  const auto samples = stored(plant, 101);
  for (int second : {10, 20, 30}) {
    EXPECT_TRUE(samples.contains((begin + second * Nanoseconds(1s)).ns)) << second;
  }
  for (int second : {-40, 100}) {
    EXPECT_FALSE(samples.contains((begin + second * Nanoseconds(1s)).ns)) << second;
  }
}

TEST(OpcUaHistory, GoesOnAfterASecondOutageThatBrokeItOff) {
  Plant plant;
  lose(plant);
  const Timestamp lost = in_ticks(plant.clock.now());
  for (int i = 0; i < 50'000; ++i) record(plant, lost + i * Nanoseconds(1ms), i);
  plant.loop.run_for(60s);
  plant.serve();
  ASSERT_TRUE(plant.run_until([&] {
    const auto status = plant.manager->backfill_status({1});
    return status && status->values > 5'000;
  }));
  plant.server.reset();
  ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 6; }));
  EXPECT_FALSE(plant.has_event("filled"));
  come_back(plant);
  plant.loop.run_for(1s);
  const auto samples = stored(plant, 101);
  for (int i = 0; i < 50'000; ++i) {
    ASSERT_TRUE(samples.contains((lost + i * Nanoseconds(1ms)).ns)) << i;
  }
}

TEST(OpcUaHistory, FillsWhatARestartOfOursLeftOut) {
  Plant plant;
  plant.serve();
  plant.set_all();
  const Timestamp ended = in_ticks(plant.clock.now() + -Nanoseconds(1h));
  record(plant, ended + -Nanoseconds(10s), 41.0);
  record(plant, ended + Nanoseconds(600s), 42.0);
  plant.put(Plant::connection());
  plant.manager->stands({1}, {{0, ended, true}});
  ASSERT_TRUE(plant.run_until([&] { return plant.has_event("filled"); }, 30s));
  plant.loop.run_for(1s);
  const auto samples = stored(plant, 101);
  EXPECT_EQ(samples.at(ended.ns).value, Value(41.0)) << "instead of the mark";
  EXPECT_TRUE(samples.at(ended.ns).quality.good());
  EXPECT_EQ(samples.at((ended + Nanoseconds(600s)).ns).value, Value(42.0));
}

TEST(OpcUaHistory, WaitsForTheDiskBetweenTwoPages) {
  Plant plant;
  plant.serve();
  plant.set_all();
  const Timestamp begin = in_ticks(plant.clock.now() + -Nanoseconds(10h));
  for (int i = 0; i < 5'000; ++i) record(plant, begin + i * Nanoseconds(1s), i);
  plant.put(Plant::connection());
  ASSERT_TRUE(plant.all_good());
  plant.loop.run_for(1s);
  plant.sink.silent = true;
  ASSERT_TRUE(plant.manager->backfill({1}, {{begin, begin + Nanoseconds(5'000s)}, false}).ok());
  plant.loop.run_for(10s);
  EXPECT_EQ(plant.manager->backfill_status({1})->values, 1'000u);
  plant.sink.silent = false;
  plant.sink.answer_open();
  EXPECT_EQ(wait_for_fill(plant).values, 5'000u);
}

TEST(OpcUaHistory, CanBeGivenUp) {
  Plant plant;
  plant.serve();
  plant.set_all();
  plant.put(Plant::connection());
  ASSERT_TRUE(plant.all_good());
  EXPECT_EQ(plant.manager->cancel_backfill({1}).error().id, ErrorId::kNotFound);
  const Timestamp now = plant.clock.now();
  ASSERT_TRUE(plant.manager->backfill({1}, {{now + -Nanoseconds(1h), now}, false}).ok());
  ASSERT_TRUE(plant.manager->cancel_backfill({1}).ok());
  EXPECT_EQ(plant.manager->backfill_status({1})->state, BackfillState::kCancelled);
  EXPECT_EQ(plant.manager->backfill({1}, {{now, now}, false}).error().id,
            ErrorId::kInvalidArgument);
}

}  // namespace
}  // namespace lineshaft::connect::opcua
