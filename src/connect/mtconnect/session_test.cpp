// The client of MTConnect with an agent that keeps to the rules.
#include <gtest/gtest.h>

#include "connect/mtconnect/browse.h"
#include "connect/mtconnect/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;
using mtconnect::Level;
using mtconnect::testing::condition;
using mtconnect::testing::observation;

TEST(MtconnectClient, TakesWhatHoldsAndThenWhatHappens) {
  Mill m;
  m.serve();
  const Timestamp before = m.say("xpos", "10.5");
  m.say("exec", "READY");
  m.start();
  EXPECT_EQ(m.status(1).state, ConnectionState::kConnected);
  EXPECT_EQ(m.last(1).value, Value(10.5));
  EXPECT_EQ(m.last(1).time, before) << "the time of the device";
  EXPECT_EQ(m.last(2).value, Value(std::string("READY")));
  EXPECT_EQ(m.last(3).quality, quality::kBadNoData) << "UNAVAILABLE has no value";
  EXPECT_EQ(m.status(1).tags_bad, 4u);

  std::vector<Timestamp> times;
  for (int i = 0; i < 5; ++i) {
    times.push_back(m.say("xpos", std::to_string(i)));
    m.loop.run_for(1ms);
  }
  m.loop.run_for(1s);
  const auto samples = m.sink.of(1);
  ASSERT_EQ(samples.size(), 6u);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(samples[i + 1].value, Value(static_cast<double>(i)));
    EXPECT_EQ(samples[i + 1].time, times[i]);
  }
  EXPECT_EQ(m.status(1).clock_ahead_ms.value_or(99), 0);
  EXPECT_TRUE(m.status(1).latency.has_value());
}

TEST(MtconnectClient, UnavailableKeepsTheLastValueAndIsBad) {
  Mill m;
  m.start();
  m.say("xpos", "1.5");
  m.loop.run_for(1s);
  const Timestamp gone = m.say("xpos", "UNAVAILABLE");
  m.loop.run_for(1s);
  EXPECT_EQ(m.last(1).value, Value(1.5));
  EXPECT_EQ(m.last(1).quality, quality::kBadNoData);
  EXPECT_EQ(m.last(1).time, gone);
}

TEST(MtconnectClient, UnderstandsConditionsPartsSeriesAndSets) {
  Mill m;
  m.start();
  m.say(condition("xcond", 0, Level::kWarning, "A"));
  m.say(condition("xcond", 0, Level::kFault, "B", "Too hot"));
  m.say("ppos", "1 2.5 3");
  auto series = observation("series", mtconnect::Category::kSample, 0, "1 2 3");
  series.sample_rate = 4;
  const Timestamp at = m.say(series);
  auto set = observation("vars", mtconnect::Category::kEvent, 0, "");
  set.is_set = true;
  set.entries = {{"a", "1", false, {}}, {"b", "7", false, {}}};
  m.say(set);
  m.loop.run_for(1s);
  EXPECT_EQ(m.last(3).value, Value(std::int64_t{2}));
  EXPECT_EQ(m.last(4).value, Value(2.5));
  EXPECT_EQ(m.last(6).value, Value(std::int64_t{7}));
  // 4 Hz: a quarter of a second apart, the last one at the time of the observation.
  const auto values = m.sink.of(5);
  ASSERT_GE(values.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    const Sample& sample = values[values.size() - 3 + i];
    EXPECT_EQ(sample.value, Value(static_cast<double>(i + 1)));
    EXPECT_EQ(at - sample.time, 250ms * static_cast<int>(2 - i));
  }
  m.say(condition("xcond", 0, Level::kNormal, "B"));
  m.loop.run_for(1s);
  EXPECT_EQ(m.last(3).value, Value(std::int64_t{1})) << "the warning is still there";
  m.say(condition("xcond", 0, Level::kNormal));
  m.loop.run_for(1s);
  EXPECT_EQ(m.last(3).value, Value(std::int64_t{0}));
}

TEST(MtconnectClient, AValueOfAnotherTypeIsSaid) {
  Mill m;
  m.start();
  m.say("xpos", "1.5");
  m.say("xpos", "fast");
  m.loop.run_for(1s);
  EXPECT_EQ(m.last(1).quality, quality::kBadTypeMismatch);
  EXPECT_EQ(m.last(1).value, Value(1.5));
  EXPECT_NE(m.status(1).last_error->find("fast"), std::string::npos);
  m.say("xpos", "2");
  m.loop.run_for(1s);
  EXPECT_EQ(m.last(1).value, Value(2.0));
}

// Goal: the network may fail at any moment; what the agent has kept comes into its place, each
// value once, and the present is the present again.
TEST(MtconnectClient, NothingIsLostOverALostConnection) {
  Mill m;
  m.start();
  m.say("xpos", "1");
  m.say("exec", "READY");
  m.loop.run_for(1s);
  m.loop.set_silent(kAgentAt, true);
  m.loop.cut(kAgentAt);
  m.loop.run_for(500ms);
  EXPECT_EQ(m.last(1).quality, quality::kBadNotConnected);
  std::vector<Timestamp> times;
  for (int i = 2; i < 50; ++i) {
    times.push_back(m.say("xpos", std::to_string(i)));
    m.loop.run_for(1s);
  }
  m.loop.set_silent(kAgentAt, false);
  m.loop.run_for(60s);
  ASSERT_EQ(m.status(1).state, ConnectionState::kConnected);
  std::vector<Sample> good;
  for (const Sample& sample : m.sink.of(1)) {
    if (sample.quality.good()) good.push_back(sample);
  }
  ASSERT_EQ(good.size(), 49u);
  for (std::size_t i = 0; i < times.size(); ++i) {
    EXPECT_EQ(good[i + 1].value, Value(static_cast<double>(i + 2)));
    EXPECT_EQ(good[i + 1].time, times[i]);
  }
  EXPECT_EQ(m.last(2).value, Value(std::string("READY"))) << "unchanged, and good again";
  EXPECT_TRUE(m.last(2).quality.good());
  EXPECT_EQ(m.events("gap"), 0u);
  EXPECT_EQ(m.status(1).reconnects, 1u);
}

TEST(MtconnectClient, WhatTheAgentNoLongerHasIsAMarkedGap) {
  Mill m;
  m.options.responder.buffer_size = 20;
  m.start();
  m.say("xpos", "1");
  m.loop.run_for(1s);
  m.loop.set_silent(kAgentAt, true);
  m.loop.cut(kAgentAt);
  for (int i = 0; i < 100; ++i) m.say("xpos", std::to_string(i));
  m.loop.run_for(10s);
  m.loop.set_silent(kAgentAt, false);
  m.loop.run_for(60s);
  EXPECT_EQ(m.events("gap"), 1u);
  EXPECT_EQ(m.last(1).value, Value(99.0));
  EXPECT_TRUE(m.last(1).quality.good());
  bool marked = false;
  for (const Sample& sample : m.sink.of(1)) marked |= sample.quality == quality::kBadDataLost;
  EXPECT_TRUE(marked);
}

TEST(MtconnectClient, AnAgentThatStartsAnewIsAskedAgainWhatItHas) {
  Mill m;
  m.start();
  m.say("xpos", "1");
  m.loop.run_for(1s);
  m.agent.reset();
  m.options.responder.instance_id = 2;
  m.devices[0].components[0].components[0].data_items.erase(
      m.devices[0].components[0].components[0].data_items.begin() + 2);  // xcond
  m.serve();
  m.say("xpos", "7");
  m.loop.run_for(60s);
  EXPECT_EQ(m.status(1).state, ConnectionState::kConnected);
  EXPECT_EQ(m.last(1).value, Value(7.0));
  EXPECT_TRUE(m.last(1).quality.good());
  EXPECT_EQ(m.last(3).quality, quality::kBadConfigurationError) << "it has that no longer";
  EXPECT_EQ(m.events("gap"), 1u);
}

TEST(MtconnectClient, AClockFarAheadIsNotBelieved) {
  Mill m;
  m.start();
  auto seen = observation("xpos", mtconnect::Category::kSample, 0, "3");
  seen.time = m.clock.now() + Nanoseconds(3600s);
  ASSERT_TRUE(m.agent->observe(seen).ok());
  m.loop.run_for(1s);
  EXPECT_EQ(m.last(1).value, Value(3.0));
  EXPECT_LE(m.last(1).time, m.clock.now());
}

TEST(MtconnectClient, OneDeviceOfTheAgentCanBeMeant) {
  Mill m;
  mtconnect_of(m.config).device = "m1";
  m.start();
  EXPECT_EQ(m.status(1).state, ConnectionState::kConnected);
  Mill other;
  mtconnect_of(other.config).device = "m 2";
  other.start();
  EXPECT_EQ(other.status(1).state, ConnectionState::kRetrying);
  EXPECT_NE(other.status(1).last_error->find("NO_DEVICE"), std::string::npos);
}

TEST(MtconnectClient, HasNoWriting) {
  Mill m;
  m.config.signals[0].writable = true;
  EXPECT_FALSE(check_connection(m.config).ok());
}

TEST(MtconnectTest, ReadsSignalsAndThePlate) {
  Mill m;
  m.serve();
  m.say("xpos", "10.5");
  std::optional<TestReport> report;
  TestRequest request{m.config.settings, m.config.signals};
  request.signals.push_back(mtconnect_signal("org/mill/none", "none"));
  m.manager->test(request, [&](TestReport done) { report = std::move(done); });
  m.loop.run_until([&] { return report.has_value(); }, 30s);
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->reachable);
  EXPECT_EQ(report->values[0].value, Value(10.5));
  EXPECT_EQ(report->values[1].quality, quality::kBadNoData);
  EXPECT_EQ(report->values[6].quality, quality::kBadConfigurationError);
  EXPECT_NE(report->values[6].error->what.find("no data item 'none'"), std::string::npos);
  EXPECT_EQ(report->identification->vendor, "Maker");
  EXPECT_EQ(report->identification->product, "M-3");
}

TEST(MtconnectScan, FindsAgents) {
  Mill m;
  m.serve();
  ScanRequest request;
  request.host = kAgentAt.host;
  request.port_from = 4999;
  request.port_to = 5001;
  request.protocol = Protocol::kMtconnect;
  std::optional<std::vector<ScanHit>> hits;
  m.manager->scan(request, [&](Result<std::vector<ScanHit>> found) { hits = found.value(); });
  m.loop.run_until([&] { return hits.has_value(); }, 30s);
  ASSERT_TRUE(hits.has_value());
  ASSERT_EQ(hits->size(), 1u);
  EXPECT_EQ((*hits)[0].port, 5000);
  EXPECT_EQ((*hits)[0].identification->vendor, "Maker");
}

TEST(MtconnectBrowseTest, TellsWhatThereIsWithTypesAndUnits) {
  Mill m;
  m.serve();
  std::optional<Result<mtconnect::DevicesDocument>> found;
  MtconnectBrowse browse(m.loop, mtconnect_of(m.config), 5s,
                         [&](auto result) { found = std::move(result); });
  m.loop.run_until([&] { return found.has_value(); }, 30s);
  ASSERT_TRUE(found.has_value() && found->ok());
  const auto entries = mtconnect_entries((*found)->devices);
  const auto entry = [&](const std::string& path) -> const MtconnectEntry& {
    for (const MtconnectEntry& one : entries) {
      std::string joined;
      for (const std::string& level : one.levels) joined += "/" + level;
      if (joined == path) return one;
    }
    ADD_FAILURE() << path;
    return entries.front();
  };
  const MtconnectEntry& position = entry("/m1/base/X/xpos_name");
  EXPECT_EQ(position.category + position.type, "SAMPLEPOSITION");
  EXPECT_EQ(position.signal.unit, "MMT");
  EXPECT_EQ(position.signal.range_high, 500);
  EXPECT_EQ(std::get<MtconnectPoint>(entry("/m1/cont/path/ppos_name Y").signal.point).part, "1");
  EXPECT_EQ(value_type(entry("/m1/base/X/xcond_name").signal), ValueType::kInt64);
  EXPECT_EQ(value_type(entry("/m1/cont/path/exec_name").signal), ValueType::kString);
  EXPECT_EQ(entry("/m1").description, "A mill");
}

}  // namespace
}  // namespace lineshaft::connect
