// Tests and browsing beside a connection that runs, where the server lets one client in.
#include <gtest/gtest.h>

#include "connect/opcua/testing.h"
#include "connect/relay_fixture.h"

namespace lineshaft::connect::opcua {
namespace {

using connect::testing::Relay;
using testing::kTenant;
using testing::Plant;
using namespace std::chrono_literals;

const sys::Endpoint kDoor{"127.0.0.1", 4841};

// Connection 1 (tags 101 to 106) holds the only place.
struct OneClient : Plant {
  Relay relay{loop, kDoor, at};
  ConnectionConfig config = connection();
  std::optional<TestReport> report;
  std::optional<Result<connect::BrowseReport>> browsed;

  OneClient() {
    serve();
    set_all();
    relay.clients_max = 1;
    settings(config).url = "opc.tcp://" + kDoor.text();
    put(config);
    LS_ASSERT(all_good());
    loop.run_for(1s);
  }

  void test(const Settings& with, std::optional<TenantId> by = kTenant) {
    report.reset();
    manager->test({with, config.signals, by},
                  [this](TestReport found) { report = std::move(found); });
    ASSERT_FALSE(report.has_value()) << "never from inside the call";
  }
  bool tested(Nanoseconds limit = 60s) {
    return run_until([this] { return report.has_value(); }, limit);
  }
  void browse(std::uint32_t depth, std::optional<TenantId> by = kTenant) {
    connect::BrowseRequest request;
    request.settings = config.settings;
    request.node = "nsu=urn:lineshaft:tags;s=acme";
    request.depth = depth;
    request.tenant = by;
    browsed.reset();
    manager->browse(std::move(request), [this](auto found) { browsed = std::move(found); });
    ASSERT_FALSE(browsed.has_value()) << "never from inside the call";
  }
  bool looked(Nanoseconds limit = 60s) {
    return run_until([this] { return browsed.has_value(); }, limit);
  }
  std::size_t bad_samples(std::uint32_t tag) const {
    const auto samples = sink.of(tag);
    return static_cast<std::size_t>(
        std::ranges::count_if(samples, [](const Sample& one) { return one.quality.bad(); }));
  }
};

TEST(OpcUaLook, ATestReadGoesThroughTheSessionThatRuns) {
  OneClient p;
  const std::size_t accepted = p.relay.accepted;
  p.test(Plant::settings(p.config));
  ASSERT_TRUE(p.tested());
  EXPECT_TRUE(p.report->reachable);
  EXPECT_FALSE(p.report->error.has_value());
  ASSERT_EQ(p.report->values.size(), 6u);
  EXPECT_EQ(p.report->values[0].value, Value(12.5));
  EXPECT_EQ(p.report->values[3].value, Value(std::string("A-17")));
  EXPECT_TRUE(p.report->identification.has_value());

  p.set(1, 13.5);
  p.loop.run_for(1s);
  EXPECT_EQ(p.last(101)->value, Value(13.5)) << "it goes on";
  EXPECT_EQ(p.relay.accepted, accepted) << "nobody else came";
  EXPECT_EQ(p.server->counters().sessions_made, 1u);
  EXPECT_EQ(p.status().reconnects, 0u);
  EXPECT_EQ(p.bad_samples(101), 0u);
}

TEST(OpcUaLook, BrowsingGoesThroughTheSessionThatRuns) {
  OneClient p;
  const std::size_t accepted = p.relay.accepted;
  for (int i = 0; i < 3; ++i) {
    p.browse(4);
    ASSERT_TRUE(p.looked());
    ASSERT_TRUE(p.browsed->ok()) << p.browsed->error().text();
    const auto& entries = (*p.browsed)->entries;
    EXPECT_EQ(
        std::ranges::count_if(entries, [](const auto& one) { return one.signal.has_value(); }), 6);
  }
  EXPECT_EQ(p.relay.accepted, accepted);
  EXPECT_EQ(p.server->counters().sessions_made, 1u);
  EXPECT_EQ(p.bad_samples(101), 0u);
}

TEST(OpcUaLook, WhatIsUnderWayEndsWithTheSession) {
  OneClient p;
  p.loop.set_silent(p.at, true);
  p.test(Plant::settings(p.config));
  p.browse(4);
  ASSERT_TRUE(p.tested());
  ASSERT_TRUE(p.looked());
  p.loop.set_silent(p.at, false);
  ASSERT_TRUE(p.run_until([&] { return p.status().tags_bad == 0; }, 200s)) << p.last_error();

  // The connection is removed while they ask, at every step of what they do.
  for (int step = 0; step < 12; ++step) {
    OneClient q;
    q.test(Plant::settings(q.config));
    q.browse(4);
    q.loop.run_for(step * 250us);
    ASSERT_TRUE(q.manager->remove({1}).ok());
    ASSERT_TRUE(q.tested(1s)) << step;
    ASSERT_TRUE(q.looked(31s)) << step;
    if (step == 0) {
      EXPECT_EQ(q.report->error->id, ErrorId::kCancelled);
      EXPECT_EQ(q.browsed->error().id, ErrorId::kCancelled);
    }
  }
}

// What differs from the connection has to be tried, not believed.
TEST(OpcUaLook, OtherSettingsAreTriedInThePlaceOfTheConnection) {
  OneClient p;
  Settings other = Plant::settings(p.config);
  other.timeout_ms = 3'000;
  p.test(other);
  ASSERT_TRUE(p.tested());
  EXPECT_GE(p.relay.turned_away, 1u);
  EXPECT_FALSE(p.report->error.has_value()) << p.report->error->text();
  EXPECT_EQ(p.report->values[0].value, Value(12.5));
  EXPECT_TRUE(p.has_event("stood-back"));

  ASSERT_TRUE(p.all_good()) << p.last_error();
  p.set(1, 14.5);
  p.loop.run_for(1s);
  EXPECT_EQ(p.last(101)->value, Value(14.5));
  EXPECT_EQ(p.bad_samples(101), 1u) << "the time in between is marked";
}

TEST(OpcUaLook, NobodyLooksThroughASessionOfOthers) {
  OneClient p;
  p.test(Plant::settings(p.config), TenantId{8});
  p.browse(1, std::nullopt);
  ASSERT_TRUE(p.tested());
  ASSERT_TRUE(p.looked());
  EXPECT_TRUE(p.report->error.has_value());
  EXPECT_FALSE(p.browsed->ok());
  EXPECT_EQ(p.server->counters().sessions_made, 1u);
  EXPECT_EQ(p.bad_samples(101), 0u);
}

}  // namespace
}  // namespace lineshaft::connect::opcua
