// The client of SHDR with adapters, good and strange.
#include <gtest/gtest.h>

#include "connect/shdr/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

// 2026-11-18T11:06:40Z is the start of the simulated clock (1795000000 s).
TEST(ShdrClient, TakesWhatTheAdapterSays) {
  Plant p;
  Adapter adapter(p.loop,
                  "* manufacturer: Maker\n2026-11-18T11:06:40Z|x|1.5|exec|READY|other|7\n"
                  "2026-11-18T11:06:40Z|heat|NORMAL||||\n");
  p.put(1, adapter_config(), 1);
  p.loop.run_for(1s);
  EXPECT_EQ(p.status(1).state, ConnectionState::kConnected);
  EXPECT_EQ(p.last(1).value, Value(1.5));
  EXPECT_EQ(p.last(1).time, Timestamp{1'795'000'000'000'000'000});
  EXPECT_EQ(p.last(2).value, Value(std::string("READY")));
  EXPECT_EQ(p.last(3).value, Value(std::int64_t{0}));
  EXPECT_EQ(p.status(1).tags_bad, 0u);
  adapter.say("2026-11-18T11:06:41.5Z|heat|FAULT|404|9|HIGH|Too hot\n|x|UNAVAILABLE\n");
  p.loop.run_for(1s);
  EXPECT_EQ(p.last(3).value, Value(std::int64_t{2}));
  EXPECT_EQ(p.last(1).quality, quality::kBadNoData);
  EXPECT_EQ(p.last(1).value, Value(1.5));
}

TEST(ShdrClient, PingsAsOftenAsTheAdapterSays) {
  Plant p;
  Adapter adapter(p.loop, "", "* PONG 1000\n");
  p.put(1, adapter_config(), 1);
  p.loop.run_for(60s);
  EXPECT_EQ(p.status(1).state, ConnectionState::kConnected);
  EXPECT_GE(adapter.pings, 55u);
  EXPECT_LE(adapter.pings, 61u);
  EXPECT_TRUE(p.status(1).latency.has_value());
}

TEST(ShdrClient, AnAdapterThatBreaksItsPromiseIsLostAndComesBack) {
  Plant p;
  Adapter adapter(p.loop, "|x|1.5\n");
  p.put(1, adapter_config(), 1);
  p.loop.run_for(10s);
  p.loop.set_silent(kAdapterAt, true);
  p.loop.run_for(5s);
  EXPECT_EQ(p.status(1).state, ConnectionState::kRetrying);
  EXPECT_EQ(p.last(1).quality, quality::kBadTimeout);
  EXPECT_EQ(p.last(1).value, Value(1.5));
  p.loop.set_silent(kAdapterAt, false);
  p.loop.run_for(60s);
  EXPECT_EQ(p.status(1).state, ConnectionState::kConnected);
  EXPECT_TRUE(p.last(1).quality.good());
}

// An old time in what an adapter repeats after connecting does not hide that it holds now.
TEST(ShdrClient, WhatIsRepeatedAfterALossHoldsAgain) {
  Plant p;
  Adapter adapter(p.loop, "2026-11-18T11:06:40Z|x|1.5\n");
  p.put(1, adapter_config(), 1);
  p.loop.run_for(10s);
  p.loop.cut(kAdapterAt);
  p.loop.run_for(60s);
  EXPECT_TRUE(p.last(1).quality.good());
  EXPECT_EQ(p.status(1).tags_bad, 2u) << "only what it said";
}

TEST(ShdrClient, AnAdapterWithoutPongMayBeSilentForAWhile) {
  Plant p;
  Adapter adapter(p.loop, "|x|1.5\n", "");
  p.put(1, adapter_config(), 1);
  p.loop.run_for(55s);
  EXPECT_EQ(p.status(1).state, ConnectionState::kConnected);
  p.loop.run_for(20s);
  EXPECT_GE(p.status(1).timeouts, 1u);
}

TEST(ShdrClient, GarbageIsSaidAndTheRestGoesOn) {
  Plant p;
  Adapter adapter(p.loop, "hello\nyesterday|x|1\n|x|fast\n|heat|SO SO||||\n|x|2\n* what\n");
  p.put(1, adapter_config(), 1);
  p.loop.run_for(1s);
  EXPECT_EQ(p.status(1).state, ConnectionState::kConnected);
  EXPECT_EQ(p.status(1).errors, 4u);
  EXPECT_EQ(p.last(1).value, Value(2.0));
}

TEST(ShdrClient, ALineThatDoesNotEndEndsTheConnection) {
  Plant p;
  Adapter adapter(p.loop, std::string(shdr::kLineBytesMax + 1, 'x'));
  p.put(1, adapter_config(), 1);
  p.loop.run_for(1s);
  EXPECT_EQ(p.status(1).state, ConnectionState::kRetrying);
  EXPECT_NE(p.status(1).last_error->find("does not end"), std::string::npos);
}

TEST(ShdrTest, ReadsSignalsAndThePlate) {
  Plant p;
  Adapter adapter(p.loop, "* manufacturer: Maker\n|x|1.5|exec|READY\n|heat|WARNING|1|2|LOW|x\n");
  std::optional<TestReport> report;
  const ConnectionConfig config = adapter_config();
  p.manager->test({config.settings, config.signals}, [&](TestReport r) { report = std::move(r); });
  p.loop.run_until([&] { return report.has_value(); }, 30s);
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->reachable);
  EXPECT_EQ(report->values[0].value, Value(1.5));
  EXPECT_EQ(report->values[2].value, Value(std::int64_t{1}));
  EXPECT_EQ(report->identification->vendor, "Maker");
}

TEST(ShdrScan, FindsAdapters) {
  Plant p;
  Adapter adapter(p.loop, "");
  std::optional<std::vector<ScanHit>> hits;
  p.manager->scan(testing::scan_ports(kAdapterAt.host, 7877, 7879, Protocol::kShdr),
                  [&](auto found) { hits = found.value().hits; });
  p.loop.run_until([&] { return hits.has_value(); }, 30s);
  ASSERT_TRUE(hits.has_value());
  ASSERT_EQ(hits->size(), 1u);
  EXPECT_EQ((*hits)[0].port, 7878);
  EXPECT_EQ(std::get<ShdrSettings>(hits->front().settings.value()).host, kAdapterAt.host);
}

}  // namespace
}  // namespace lineshaft::connect
