// What an edge node tells by itself: its birth, its death, and the values between.
#include "wire/sparkplug/edge_node.h"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "wire/sparkplug/edge_node_fixture.h"

namespace lineshaft::sparkplug {
namespace {

using namespace std::chrono_literals;

TEST_F(SparkplugEdge, LeavesADeathWithOnlyBdSeqAsItsWill) {
  make();
  const Publication will = node->next_will(kNow);
  EXPECT_EQ(will.topic, "spBv1.0/g/NDEATH/n");
  EXPECT_EQ(will.qos, 1);
  EXPECT_FALSE(will.retain);
  const Payload said = payload(will);
  EXPECT_EQ(said.seq, std::nullopt);
  ASSERT_EQ(said.metrics.size(), 1u);
  EXPECT_EQ(said.metrics[0].name, "bdSeq");
  EXPECT_EQ(said.metrics[0].datatype, DataType::kInt64);
  EXPECT_EQ(said.metrics[0].value, WireValue(LongBits{0}));
  EXPECT_EQ(said.metrics[0].alias, std::nullopt);
}

TEST_F(SparkplugEdge, CountsBdSeqAtEachConnectionOverItsEnd) {
  options.first_bd_seq = 254;
  make();
  for (const std::uint64_t expected : {254u, 255u, 0u, 1u}) {
    const Publication will = node->next_will(kNow);
    EXPECT_EQ(payload(will).metrics.at(0).value, WireValue(LongBits{expected}));
    node->on_connected(kNow, now);
    EXPECT_EQ(find(payload(take().at(0)), kBdSeq)->value, WireValue(LongBits{expected}));
    node->on_lost();
  }
}

TEST_F(SparkplugEdge, SubscribesToItsCommandsAndItsHost) {
  options.primary_host = "h";
  make();
  EXPECT_EQ(node->subscriptions(),
            (std::vector<SubscriptionWish>{{"spBv1.0/g/NCMD/n", 1},
                                           {"spBv1.0/g/DCMD/n/#", 1},
                                           {"spBv1.0/STATE/h", 1},
                                           {"spBv1.0/g/NBIRTH/n", 0, true}}));
}

TEST_F(SparkplugEdge, IsBornWithEverythingThatItHas) {
  make();
  node->update(speed, value(2.5F, kNow - 9));
  connect();
  const auto births = take();
  // The value came while nobody could see it, so it follows as history.
  ASSERT_EQ(outline(births), (Words{"NBIRTH 0", "DBIRTHpress 1", "DDATApress 2"}));
  for (const Publication& one : births) {
    EXPECT_EQ(one.qos, 0);
    EXPECT_FALSE(one.retain);
    EXPECT_EQ(payload(one).timestamp_ms, kNow);
  }
  const Payload birth = payload(births[0]);
  EXPECT_EQ(birth.metrics.size(), 3u);
  const Metric* control = find(birth, kRebirth);
  ASSERT_NE(control, nullptr);
  EXPECT_EQ(control->datatype, DataType::kBoolean);
  EXPECT_EQ(control->value, WireValue(false));
  EXPECT_EQ(control->alias, std::nullopt);
  EXPECT_EQ(find(birth, kBdSeq)->datatype, DataType::kInt64);
  const Metric* uptime = find(birth, "uptime");
  EXPECT_TRUE(uptime->is_null) << "it never had a value";
  EXPECT_EQ(uptime->timestamp_ms, kNow);
  EXPECT_EQ(quality_property(*uptime), 0);
  const Payload device = payload(births[1]);
  ASSERT_EQ(device.metrics.size(), 1u);
  const Metric& born = device.metrics[0];
  EXPECT_EQ(born.name, "speed");
  EXPECT_EQ(born.alias, speed);
  EXPECT_EQ(born.datatype, DataType::kFloat);
  EXPECT_EQ(born.timestamp_ms, kNow - 9);
  EXPECT_EQ(born.value, WireValue(2.5F));
  EXPECT_EQ(quality_property(born), std::nullopt) << "good is the default";
  EXPECT_NE(uptime->alias, born.alias) << "aliases are unique in the node";
}

TEST_F(SparkplugEdge, PublishesChangesByAliasInTheirOrder) {
  connect();
  take();
  node->update(speed, value(1.0F, kNow + 1));
  node->update(speed, value(2.0F, kNow + 2));
  node->update(mine, value(std::int64_t{3}, kNow + 3));
  node->flush(kNow + 4);
  const auto data = take();
  ASSERT_EQ(outline(data), (Words{"DDATApress 2", "NDATA 3"}));
  const Payload first = payload(data[0]);
  ASSERT_EQ(first.metrics.size(), 2u);
  EXPECT_EQ(first.timestamp_ms, kNow + 4);
  EXPECT_EQ(first.metrics[0].timestamp_ms, kNow + 1);
  EXPECT_EQ(first.metrics[0].alias, speed);
  EXPECT_EQ(first.metrics[0].name, std::nullopt);
  EXPECT_EQ(first.metrics[0].datatype, std::nullopt);
  EXPECT_FALSE(first.metrics[0].is_historical);
  EXPECT_EQ(data[0].qos, 0);
  EXPECT_FALSE(data[0].retain);
  node->flush(kNow + 5);
  EXPECT_TRUE(take().empty()) << "nothing changed";
}

TEST_F(SparkplugEdge, CountsTheSequenceOverItsEnd) {
  connect();
  take();
  for (std::uint64_t i = 2; i < 520; ++i) {
    node->update(speed, value(1.0F));
    node->flush(kNow);
    EXPECT_EQ(payload(take().at(0)).seq, i % 256);
  }
}

TEST_F(SparkplugEdge, SplitsWhatIsMoreThanOneMessage) {
  options.metrics_per_message = 2;
  connect();
  take();
  for (int i = 0; i < 5; ++i) node->update(speed, value(1.0F));
  node->flush(kNow);
  EXPECT_EQ(outline(take()), (Words{"DDATApress 2", "DDATApress 3", "DDATApress 4"}));
}

TEST_F(SparkplugEdge, KeepsValuesWhileNobodyCanTakeThemAndMarksThem) {
  connect();
  take();
  node->on_lost();
  node->update(speed, value(1.0F, kNow + 1));
  node->update(speed, value(2.0F, kNow + 2));
  node->flush(kNow);
  EXPECT_TRUE(take().empty());
  EXPECT_EQ(node->backlog(), 2u);
  connect();
  const auto all = take();
  ASSERT_EQ(outline(all), (Words{"NBIRTH 0", "DBIRTHpress 1", "DDATApress 2"}));
  EXPECT_EQ(payload(all[1]).metrics[0].value, WireValue(2.0F)) << "births tell the present";
  EXPECT_FALSE(payload(all[1]).metrics[0].is_historical);
  const Payload history = payload(all[2]);
  ASSERT_EQ(history.metrics.size(), 2u);
  EXPECT_TRUE(history.metrics[0].is_historical);
  EXPECT_EQ(history.metrics[0].timestamp_ms, kNow + 1);
  EXPECT_TRUE(history.metrics[1].is_historical);
  EXPECT_EQ(node->backlog(), 0u);
}

TEST_F(SparkplugEdge, MarksWhatComesFromAStoreAndKeepsThePresent) {
  connect();
  take();
  node->update(speed, value(2.0F, kNow + 2));
  EdgeValue old = value(1.0F, kNow + 1);
  old.is_historical = true;
  node->update(speed, old);
  node->flush(kNow);
  const Payload said = payload(take().at(0));
  ASSERT_EQ(said.metrics.size(), 2u);
  EXPECT_FALSE(said.metrics[0].is_historical);
  EXPECT_TRUE(said.metrics[1].is_historical);
  now = 10s;
  ask_rebirth();
  EXPECT_EQ(payload(take().at(1)).metrics.at(0).value, WireValue(2.0F));
}

TEST_F(SparkplugEdge, ABirthAsksTheOwnerForThePresent) {
  connect();
  take();
  known = value(9.0F, kNow + 9);
  now = 10s;
  ask_rebirth();
  EXPECT_EQ(births_told, 2);
  const Payload said = payload(take().at(1));
  EXPECT_EQ(said.metrics.at(0).value, WireValue(9.0F));
  EXPECT_EQ(said.metrics.at(0).timestamp_ms, kNow + 9);
}

TEST_F(SparkplugEdge, AMetricThatIsRemovedIsNeitherBornNorCommanded) {
  connect();
  take();
  node->update(speed, value(2.0F));
  node->remove_metric(speed);
  now = 10s;
  node->rebirth(kNow, now);
  EXPECT_EQ(outline(take()), Words{"NBIRTH 0"}) << "its device has nothing else";
  Metric wish;
  wish.alias = speed;
  wish.value = 3.0F;
  command("spBv1.0/g/DCMD/n/press", wish);
  EXPECT_TRUE(commands.empty());
  ASSERT_EQ(trouble.size(), 1u);
  const EdgeMetricId again = node->add_metric(press, "speed", DataType::kFloat, true).value();
  EXPECT_NE(again, speed) << "an alias never means something else";
}

TEST_F(SparkplugEdge, SplitsLongTextsOverMessages) {
  options.bytes_per_message = 1'000;
  make();
  const EdgeMetricId text = node->add_metric(press, "text", DataType::kString, false).value();
  connect();
  take();
  for (int i = 0; i < 3; ++i) node->update(text, value(std::string(600, 'x')));
  node->flush(kNow);
  EXPECT_EQ(take().size(), 3u);
}

TEST_F(SparkplugEdge, BoundsTheBacklogAndCountsWhatItDrops) {
  options.backlog_max = 3;
  make();
  for (int i = 0; i < 5; ++i) node->update(speed, value(static_cast<float>(i), kNow + 1));
  EXPECT_EQ(node->backlog(), 3u);
  EXPECT_EQ(node->dropped(), 2u);
  connect();
  EXPECT_EQ(payload(take().at(2)).metrics.at(0).value, WireValue(2.0F)) << "the oldest went";
}

TEST_F(SparkplugEdge, TellsBadQualityWithTheLastValue) {
  connect();
  take();
  node->update(speed, value(2.0F, kNow, quality::kBadNotConnected));
  node->update(speed, value(2.0F, kNow, quality::kBadDeviceFailure));
  node->flush(kNow);
  const Payload said = payload(take().at(0));
  EXPECT_EQ(quality_property(said.metrics.at(0)), 500);
  EXPECT_EQ(said.metrics.at(0).value, WireValue(2.0F));
  EXPECT_EQ(quality_property(said.metrics.at(1)), 0);
}

TEST_F(SparkplugEdge, TellsWhenADeviceGoesAndComesBack) {
  connect();
  take();
  node->set_device_online(press, false, kNow);
  node->update(speed, value(1.0F));
  node->flush(kNow);
  EXPECT_EQ(outline(take()), Words{"DDEATHpress 2"});
  node->set_device_online(press, true, kNow);
  const auto back = take();
  EXPECT_EQ(outline(back), (Words{"DBIRTHpress 3", "DDATApress 4"}));
  EXPECT_TRUE(payload(back[1]).metrics[0].is_historical);
}

TEST_F(SparkplugEdge, DiesBeforeAnOrderlyEnd) {
  connect();
  take();
  node->say_goodbye(kNow);
  const auto bye = take();
  ASSERT_EQ(outline(bye), Words{"NDEATH -"});
  EXPECT_EQ(payload(bye[0]).metrics.at(0).value, WireValue(LongBits{0}));
  node->say_goodbye(kNow);
  EXPECT_TRUE(take().empty());
}

TEST_F(SparkplugEdge, HasADeviceOfOneNameOnce) {
  make();
  EXPECT_EQ(node->add_device("press"), press);
  const DeviceId saw = node->add_device("saw");
  EXPECT_NE(saw, press);
  EXPECT_EQ(node->add_device("saw"), saw);
  EXPECT_TRUE(node->add_metric(saw, "speed", DataType::kFloat, false).ok());
  connect();
  EXPECT_EQ(outline(take()), (Words{"NBIRTH 0", "DBIRTHpress 1", "DBIRTHsaw 2"}));
}

TEST_F(SparkplugEdge, RefusesNamesThatDifferInCaseOnly) {
  make();
  const auto twin = node->add_metric(press, "Speed", DataType::kFloat, false);
  ASSERT_FALSE(twin.ok());
  EXPECT_EQ(twin.error().id, ErrorId::kConflict);
  EXPECT_EQ(twin.error().what,
            "the metric speed exists already; Speed differs in the case of letters only");
  EXPECT_TRUE(node->add_metric(kNodeItself, "SPEED", DataType::kFloat, false).ok())
      << "of the node, not of the device";
  node->remove_metric(speed);
  EXPECT_TRUE(node->add_metric(press, "Speed", DataType::kFloat, false).ok());
}

// A summer time that begins, and a zone of this computer, change nothing: what goes out counts from
// 1970-01-01T00:00Z. 2026-03-29T01:00Z is 1,774,746,000 s after it: 20,541 days (56 years, 14 leap
// days, 31 + 28 + 28 days of the year) of 86,400 s, and an hour.
TEST_F(SparkplugEdge, TellsTimesInMillisecondsOfUtc) {
  constexpr std::uint64_t kSpring = (20'541ull * 86'400 + 3'600) * 1'000;
  static_assert(kSpring == 1'774'746'000'000);
  make();
  known = value(1.5F, kSpring - 1);
  node->next_will(kSpring);
  node->on_connected(kSpring, now);
  const auto births = take();
  ASSERT_EQ(births.size(), 2u);
  EXPECT_EQ(payload(births[0]).timestamp_ms, kSpring);
  EXPECT_EQ(payload(births[1]).metrics.at(0).timestamp_ms, kSpring - 1);
}

TEST_F(SparkplugEdge, RefusesMetricsThatItCouldNotTell) {
  make();
  EXPECT_FALSE(node->add_metric(press, "speed", DataType::kFloat, false).ok());
  EXPECT_FALSE(node->add_metric(press, "x", DataType::kDataSet, false).ok());
  EXPECT_FALSE(node->add_metric(kNodeItself, "bdSeq", DataType::kInt64, false).ok());
  EXPECT_FALSE(node->add_metric(kNodeItself, std::string(kRebirth), DataType::kBoolean, true).ok());
  EXPECT_TRUE(node->add_metric(press, "bdSeq", DataType::kInt64, false).ok());
}

}  // namespace
}  // namespace lineshaft::sparkplug
