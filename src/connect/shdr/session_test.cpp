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

// A connection (tags 1 and 2) to an adapter that lets one client in, for five seconds; then a test
// by the organisation of `tenant`, and five seconds more.
struct OneClient : Plant {
  Adapter adapter{loop, "|x|1.5|exec|READY|new|7\n"};
  std::optional<TestReport> report;

  explicit OneClient(std::optional<TenantId> tenant, bool accepts_and_is_silent = false) {
    adapter.one_client = true;
    adapter.leaves_open = accepts_and_is_silent;
    ConnectionConfig config = adapter_config();
    config.signals.resize(2);
    put(1, config, 1);
    loop.run_for(5s);
    TestRequest request{adapter_config().settings, {shdr_signal("new", ValueType::kInt64)}};
    request.tenant = tenant;
    manager->test(std::move(request), [this](TestReport told) { report = std::move(told); });
    loop.run_until([this] { return report.has_value(); }, 60s);
    LS_ASSERT(report.has_value());
    loop.run_for(5s);
  }
};

TEST(ShdrTest, ReadsInThePlaceOfTheConnectionThatHoldsTheOnlySeat) {
  for (const bool silent : {false, true}) {
    OneClient p(kTenant, silent);
    EXPECT_EQ(p.adapter.turned_away, 1u);
    EXPECT_FALSE(p.report->error.has_value()) << p.report->error->text();
    EXPECT_EQ(p.report->values[0].value, Value(std::int64_t{7}));
    // The connection is back; the time in between is marked, once.
    EXPECT_EQ(p.status(1).state, ConnectionState::kConnected);
    EXPECT_EQ(p.status(1).tags_bad, 0u);
    const auto told = p.sink.of(1);
    ASSERT_EQ(told.size(), 3u);
    EXPECT_EQ(told[0].value, Value(1.5));
    EXPECT_EQ(told[1].quality, quality::kBadNotConnected);
    EXPECT_EQ(told[2].quality, quality::kGood);
    const Nanoseconds gap = told[2].time - told[1].time;
    EXPECT_GE(gap, 500ms) << "the adapter is given time to notice";
    EXPECT_LE(gap, 1s);
    const auto events = p.manager->events({1});
    EXPECT_EQ(std::ranges::count(events, "stood-back", &ConnectionEvent::event), 1);
  }
}

TEST(ShdrTest, NobodyElsesConnectionStandsBack) {
  const std::optional<TenantId> others[] = {std::nullopt, TenantId{8}};
  for (const std::optional<TenantId>& tenant : others) {
    OneClient p(tenant);
    EXPECT_TRUE(p.report->error.has_value());
    EXPECT_FALSE(p.report->values[0].value.has_value());
    EXPECT_EQ(p.adapter.turned_away, 1u);
    EXPECT_EQ(p.sink.of(1).size(), 1u) << "not disturbed";
  }
}

TEST(ShdrTest, AKeyThatTheAdapterLacksIsNoReasonToStandBack) {
  Plant p;
  Adapter adapter(p.loop, "|x|1.5\n");
  p.put(1, adapter_config(), 1);
  p.loop.run_for(1s);
  std::optional<TestReport> report;
  TestRequest request{adapter_config().settings, {shdr_signal("none", ValueType::kInt64)}};
  request.tenant = kTenant;
  p.manager->test(std::move(request), [&](TestReport told) { report = std::move(told); });
  p.loop.run_until([&] { return report.has_value(); }, 60s);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->error->id, ErrorId::kTimeout);
  EXPECT_EQ(p.status(1).reconnects, 0u);
  EXPECT_EQ(p.sink.of(1).size(), 1u);
}

// Whoever removes, stops or changes the connection meanwhile has the last word.
TEST(ShdrTest, AConnectionThatIsStoppedWhileItStandsBackStaysSo) {
  Plant p;
  Adapter adapter(p.loop, "|x|1.5\n");
  adapter.one_client = true;
  for (const bool removed : {false, true}) {
    p.put(1, adapter_config(), 1);
    p.loop.run_for(2s);
    std::optional<TestReport> report;
    TestRequest request{adapter_config().settings, {shdr_signal("x", ValueType::kFloat64)}};
    request.tenant = kTenant;
    p.manager->test(std::move(request), [&](TestReport told) { report = std::move(told); });
    const auto stands_back = [&] { return p.manager->events({1}).front().event == "stood-back"; };
    ASSERT_TRUE(p.loop.run_until(stands_back, 5s));
    EXPECT_TRUE((removed ? p.manager->remove({1}) : p.manager->set_enabled({1}, false)).ok());
    p.loop.run_until([&] { return report.has_value(); }, 60s);
    ASSERT_TRUE(report.has_value());
    EXPECT_EQ(report->values[0].value, Value(1.5));
    p.loop.run_for(2s);
    if (!removed) {
      EXPECT_EQ(p.status(1).state, ConnectionState::kDisabled);
    }
    EXPECT_FALSE(adapter.has_client());
  }
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
