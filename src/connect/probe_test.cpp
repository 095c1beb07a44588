#include <gtest/gtest.h>

#include "connect/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

struct Bench : Plant {
  MapDevice device;
  std::unique_ptr<ModbusServer> server = serve(device, 502);

  TestReport test(const ConnectionConfig& config, std::optional<TenantId> by = std::nullopt) {
    std::optional<TestReport> report;
    manager->test({config.settings, config.signals, by},
                  [&](TestReport found) { report = std::move(found); });
    EXPECT_FALSE(report.has_value()) << "never from inside the call";
    loop.run_until([&] { return report.has_value(); }, 120s);
    return *report;
  }
};

TEST(TestRead, ShowsTheMachineAndItsValuesAndKeepsNothing) {
  Bench bench;
  bench.device.holding[1][0] = 0x42F6;
  bench.device.holding[1][1] = 0xE979;
  ConnectionConfig config = machine(502, 0);
  config.signals = {holding_signal("org/site/t", 0, modbus::DataType::kFloat32),
                    holding_signal("org/site/missing", 2000), holding_signal("org/site/n", 5)};
  const TestReport report = bench.test(config);
  EXPECT_TRUE(report.reachable);
  EXPECT_FALSE(report.error.has_value());
  EXPECT_NEAR(report.latency_ms, 0.2, 0.001);
  ASSERT_TRUE(report.identification.has_value());
  EXPECT_EQ(report.identification->vendor, "Maker");
  EXPECT_EQ(report.identification->product, "M-1");
  EXPECT_EQ(report.identification->revision, "2.0");
  ASSERT_EQ(report.values.size(), 3u);
  EXPECT_EQ(report.values[0].value, Value(123.456f));
  EXPECT_EQ(report.values[0].raw, (std::vector<std::uint16_t>{0x42F6, 0xE979}));
  EXPECT_TRUE(report.values[0].quality.good());
  EXPECT_EQ(report.values[1].error->id, ErrorId::kDeviceRefused);
  EXPECT_EQ(report.values[1].quality, quality::kBadConfigurationError);
  EXPECT_EQ(report.values[2].value, Value(std::int64_t{0}));
  bench.loop.run_for(1s);
  EXPECT_TRUE(bench.sink.samples.empty());
  EXPECT_TRUE(bench.manager->list(kTenant).empty());
  EXPECT_EQ(bench.loop.open_connections({"plc", 502}), 0u);
}

TEST(TestRead, FindsTheOneAddressThatTheDeviceRefuses) {
  Bench bench;
  bench.device.refuse = [](std::uint8_t, const modbus::Request& request) -> ModbusDevice::Outcome {
    const auto& read = std::get<modbus::ReadRegisters>(request);
    if (read.address <= 4 && 4 < read.address + read.count) {
      return modbus::Exception::kIllegalDataAddress;
    }
    return std::nullopt;
  };
  const TestReport report = bench.test(machine(502, 8));
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_EQ(report.values[i].value.has_value(), i != 4) << i;
  }
}

TEST(TestRead, SaysWhyNothingWasReached) {
  Bench bench;
  const TestReport refused = bench.test(machine(503, 2));
  EXPECT_FALSE(refused.reachable);
  EXPECT_EQ(refused.error->id, ErrorId::kConnectFailed);
  EXPECT_EQ(refused.values[0].error->id, ErrorId::kConnectFailed);

  bench.device.reply = [](std::uint8_t, const modbus::Request&) {
    return ServerReply{{}, ServerFault::kSilence};
  };
  const TestReport silent = bench.test(machine(502, 2));
  EXPECT_FALSE(silent.reachable);
  EXPECT_EQ(silent.error->id, ErrorId::kTimeout);

  bench.device.reply = [](std::uint8_t, const modbus::Request&) {
    return ServerReply{{}, ServerFault::kGarbage};
  };
  const TestReport garbage = bench.test(machine(502, 2));
  EXPECT_EQ(garbage.error->id, ErrorId::kBadAnswer);

  ConnectionConfig wrong = machine(502, 1);
  point_of(wrong.signals[0]).format.scale = 0;
  EXPECT_EQ(bench.test(wrong).error->id, ErrorId::kInvalidArgument);
}

TEST(TestRead, WorksWithADeviceThatKeepsSilentAboutItsName) {
  Bench bench;
  bench.device.reply = [](std::uint8_t, const modbus::Request& request) {
    const bool asked_name = std::holds_alternative<modbus::ReadDeviceId>(request);
    return ServerReply{{}, asked_name ? ServerFault::kSilence : ServerFault::kAnswer};
  };
  const TestReport report = bench.test(machine(502, 2));
  EXPECT_TRUE(report.reachable);
  EXPECT_FALSE(report.identification.has_value());
  EXPECT_TRUE(report.values[0].value.has_value());
}

TEST(TestRead, UsesTheSocketOfALiveConnectionToASingleConnectionDevice) {
  Bench bench;
  bench.server.reset();
  ModbusServerOptions options;
  options.listen = {"plc", 502};
  options.connections_max = 1;
  bench.server = make_modbus_server(bench.loop, bench.device, options).value();
  ConnectionConfig config = machine(502, 2);
  modbus_of(config).single_connection = true;
  bench.put(1, config, 1);
  bench.loop.run_for(3s);
  const TestReport report = bench.test(config);
  EXPECT_TRUE(report.reachable);
  EXPECT_TRUE(report.values[1].value.has_value());
  bench.loop.run_for(3s);
  EXPECT_EQ(bench.status(1).reconnects, 0u);
  EXPECT_EQ(bench.status(1).errors, 0u);
}

// Whoever set the connection up did not know that the device serves one client.
TEST(TestRead, TakesTheSeatOfALiveConnectionOnlyWhereTheDeviceTurnsItAway) {
  Bench bench;
  bench.server.reset();
  ModbusServerOptions options;
  options.listen = {"plc", 502};
  options.connections_max = 1;
  bench.server = make_modbus_server(bench.loop, bench.device, options).value();
  const ConnectionConfig config = machine(502, 2);
  bench.put(1, config, 1);
  bench.loop.run_for(3s);
  EXPECT_TRUE(bench.test(config).error.has_value()) << "of nobody";
  EXPECT_EQ(bench.status(1).tags_bad, 0u);

  const TestReport report = bench.test(config, kTenant);
  EXPECT_TRUE(report.values[1].value.has_value());
  EXPECT_EQ(bench.status(1).tags_bad, 2u) << "until it is back";
  bench.loop.run_for(3s);
  EXPECT_EQ(bench.status(1).tags_bad, 0u);
  EXPECT_EQ(bench.status(1).state, ConnectionState::kConnected);
  const auto told = bench.sink.of(1);
  EXPECT_EQ(std::ranges::count(told, quality::kBadNotConnected, &Sample::quality), 1);

  // A unit that is not there keeps silent: no reason to disturb those that are.
  ConnectionConfig other = machine(502, 1);
  modbus_of(other).unit_id = 9;
  bench.server.reset();
  options.connections_max = 8;
  bench.server = make_modbus_server(bench.loop, bench.device, options).value();
  bench.loop.run_for(40s);
  ASSERT_EQ(bench.status(1).tags_bad, 0u);
  const auto before = bench.sink.of(1).size();
  EXPECT_FALSE(bench.test(other, kTenant).values[0].value.has_value());
  EXPECT_EQ(bench.status(1).tags_bad, 0u);
  const auto after = bench.sink.of(1);
  EXPECT_EQ(std::ranges::count(after.begin() + static_cast<std::ptrdiff_t>(before), after.end(),
                               quality::kBadNotConnected, &Sample::quality),
            0);
}

TEST(TestRead, DoesNotTakeASeatWhereAWriteIsUnderWay) {
  Bench bench;
  bench.server.reset();
  ModbusServerOptions options;
  options.listen = {"plc", 502};
  options.connections_max = 1;
  bench.server = make_modbus_server(bench.loop, bench.device, options).value();
  ConnectionConfig config = machine(502, 2);
  config.writes_enabled = true;
  config.signals[0].writable = true;
  bench.put(1, config, 1);
  bench.loop.run_for(3s);
  bench.device.reply = [](std::uint8_t, const modbus::Request& request) {
    const bool writes = std::holds_alternative<modbus::WriteRegister>(request);
    return ServerReply{writes ? 500ms : 0ms};
  };
  std::optional<Result<WriteOutcome>> outcome;
  bench.manager->write(kTenant, {1}, Value(std::int64_t{4}),
                       [&](Result<WriteOutcome> told) { outcome = std::move(told); });
  EXPECT_TRUE(bench.test(config, kTenant).error.has_value());
  EXPECT_FALSE(outcome.has_value());
  bench.loop.run_until([&] { return outcome.has_value(); }, 10s);
  EXPECT_TRUE(outcome->ok());
}

TEST(TestRead, ShowsANamePlateOfAnyBytesAsText) {
  Bench bench;
  bench.device.plate = {{0, std::string("Sch\xFC"
                                        "tz\n\x01",
                                        8)},
                        {1, std::string(240, 'x')}};
  const TestReport report = bench.test(machine(502, 0));
  EXPECT_EQ(report.identification->vendor, "Sch?tz  ");
  EXPECT_EQ(report.identification->product.size(), 128u);
}

}  // namespace
}  // namespace lineshaft::connect
