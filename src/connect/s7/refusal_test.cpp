// CPUs that refuse: addresses that they do not have, troubles of the moment, connections too many.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connect/s7/hostile_fixture.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

TEST(S7Hostile, OneAddressTheCpuDoesNotHaveSpoilsNoOther) {
  S7Neighbours n;
  n.device.db(199);  // DBW198 needs two bytes and has one
  n.put(2, cpu(666, 100), 11);
  n.loop.run_for(20s);
  EXPECT_EQ(n.status(2).tags_bad, 1u);
  EXPECT_EQ(n.last(11 + 99).quality, quality::kBadConfigurationError);
  EXPECT_NE(n.status(2).last_error->find("/s99 (DB1.DBW198:INT)"), std::string::npos)
      << *n.status(2).last_error;
  // Halved seven times (100, 50, 25, 13, 7, 4, 2, 1), then left alone for a minute.
  const std::size_t reads = n.device.reads;
  n.loop.run_for(30s);
  const std::size_t per_cycle = (n.device.reads - reads) / 30;
  EXPECT_LE(per_cycle, 7u);
  EXPECT_EQ((n.device.reads - reads) % 30, 0u);
  n.device.db(200);
  n.loop.run_for(61s);
  EXPECT_EQ(n.status(2).tags_bad, 0u) << "asked again once a minute";
  n.expect_healthy_rate();
}

TEST(S7Hostile, AMissingDataBlockIsAskedForOnceAMinute) {
  S7Neighbours n;
  std::vector<std::string> addresses = {"DB1.DBW0:INT"};
  for (int i = 0; i < 50; ++i) addresses.push_back("DB7.DBW" + std::to_string(2 * i));
  n.put(2, cpu(666, addresses), 11);
  n.loop.run_for(30s);
  EXPECT_EQ(n.status(2).tags_bad, 50u);
  EXPECT_NE(n.status(2).last_error->find("and 49 more"), std::string::npos);
  EXPECT_NE(n.status(2).last_error->find("optimized access"), std::string::npos);
  EXPECT_TRUE(n.last(11).quality.good());
  const std::size_t items = n.device.items;
  n.loop.run_for(600s);
  EXPECT_NEAR(static_cast<double>(n.device.items - items), 600 + 10, 2);
  n.device.make(s7::Area::kDataBlock, 7, 100);
  n.loop.run_for(61s);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
  n.expect_healthy_rate();
}

TEST(S7Hostile, CodesBecomeQualities) {
  const std::pair<std::uint8_t, Quality> cases[] = {
      {0x01, quality::kBadDeviceFailure},      {0x03, quality::kBadConfigurationError},
      {0x05, quality::kBadConfigurationError}, {0x06, quality::kBadConfigurationError},
      {0x07, quality::kBadConfigurationError}, {0x0A, quality::kBadConfigurationError},
      {0x42, quality::kBadCommunicationError}};
  for (const auto& [code, expected] : cases) {
    S7Neighbours n;
    n.device.refuse = [code = code](s7::Area, std::uint16_t, std::uint32_t, std::size_t) {
      return static_cast<s7::ReturnCode>(code);
    };
    n.put(2, cpu(666, 1), 11);
    n.loop.run_for(5s);
    EXPECT_EQ(n.last(11).quality, expected) << int{code};
    EXPECT_EQ(n.status(2).last_error->substr(0, 7), "LS-1302");
    EXPECT_EQ(n.status(2).state, ConnectionState::kConnected);
    n.expect_healthy_rate();
  }
}

TEST(S7Hostile, ATroubleOfTheMomentIsAskedAgainAtTheNextCycle) {
  S7Neighbours n;
  bool faulty = true;
  n.device.refuse = [&](s7::Area area, std::uint16_t, std::uint32_t, std::size_t) {
    return faulty && area == s7::Area::kMarker ? s7::ReturnCode::kHardwareFault
                                               : s7::ReturnCode::kOk;
  };
  n.put(2, cpu(666, {"DB1.DBW0:INT", "MW0:INT", "MW2:INT"}), 11);
  n.loop.run_for(5s);
  EXPECT_EQ(n.status(2).tags_bad, 2u);
  EXPECT_TRUE(n.last(11).quality.good());
  faulty = false;
  n.loop.run_for(1100ms);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
}

TEST(S7Hostile, ACpuThatRestartsWithOtherBlocksIsPlannedAfresh) {
  S7Neighbours n;
  n.device.db(100);
  n.put(2, cpu(666, 100), 11);
  n.loop.run_for(5s);
  EXPECT_EQ(n.status(2).tags_bad, 50u);
  n.device.db(1000);
  n.server->drop_connections();
  n.loop.run_for(5s);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
}

TEST(S7Hostile, ACpuWithOneConnectionIsSharedByWaiting) {
  S7Neighbours n(false);
  S7ServerOptions one = s7_at(666);
  one.connections_max = 1;
  n.server = serve_s7(n, n.device, one);
  n.put(2, cpu(666, 1), 11);
  n.loop.run_for(2s);
  n.put(3, cpu(666, 1), 21);
  n.loop.run_for(10s);
  EXPECT_EQ(n.status(2).state, ConnectionState::kConnected);
  EXPECT_EQ(n.status(3).state, ConnectionState::kRetrying);
  ASSERT_TRUE(n.manager->remove({2}).ok());
  n.loop.run_for(31s);
  EXPECT_EQ(n.status(3).state, ConnectionState::kConnected);
}

TEST(S7Hostile, ATestReadTakesTheOnlyConnectionForAMoment) {
  S7Neighbours n(false);
  S7ServerOptions one = s7_at(666);
  one.connections_max = 1;
  n.server = serve_s7(n, n.device, one);
  const ConnectionConfig config = cpu(666, 1);
  n.put(2, config, 11);
  n.loop.run_for(2s);
  std::optional<TestReport> report;
  n.manager->test({config.settings, config.signals, kTenant},
                  [&](TestReport found) { report = std::move(found); });
  n.loop.run_until([&] { return report.has_value(); }, 60s);
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->values[0].value.has_value());
  n.loop.run_for(31s);
  EXPECT_EQ(n.status(2).state, ConnectionState::kConnected);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
  EXPECT_EQ(std::ranges::count(n.sink.of(11), quality::kBadNotConnected, &Sample::quality), 1);
}

}  // namespace
}  // namespace lineshaft::connect
