// connect/outgoing_fixture.h: one connection of each protocol to an address outside, and a listener
// there that says nothing, for the tests of where the server goes.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connect/opcua/testing.h"
#include "connect/protocol.h"
#include "connect/testing.h"
#include "sys/destinations.h"

namespace lineshaft::connect::testing {

using namespace std::chrono_literals;

inline constexpr const char* kOutside = "8.8.8.8";
inline constexpr std::uint16_t kOutsidePort = 7000;

template <typename Settings>
ProtocolSettings at_host() {
  Settings settings;
  settings.host = kOutside;
  settings.port = kOutsidePort;
  return settings;
}
template <typename Settings>
ProtocolSettings at_broker() {
  Settings settings;
  settings.broker.host = kOutside;
  settings.broker.port = kOutsidePort;
  return settings;
}

// In the order of Protocol; without encryption, but for OPC UA in that mode.
inline std::vector<ProtocolSettings> one_of_each(opcua::Mode mode) {
  opcua::Settings opcua;
  opcua.url = std::string("opc.tcp://") + kOutside + ":" + std::to_string(kOutsidePort);
  opcua.mode = mode;
  return {at_host<ModbusSettings>(),    at_host<S7Settings>(),          opcua,
          at_broker<MqttSettings>(),    at_broker<SparkplugSettings>(), at_host<Iec104Settings>(),
          at_host<MtconnectSettings>(), at_host<ShdrSettings>()};
}

struct OutgoingBench {
  sys::SimLoop loop;
  sys::SimClock clock{loop, sys::real_clock().now() + 1h};
  sys::SimRandom random{42};
  sys::SimDisk disk;
  std::unique_ptr<opcua::TrustStore> trust = opcua::testing::make_store(disk, clock, "gateway");
  MemorySink sink;
  std::unique_ptr<ConnectionManager> manager;
  std::unique_ptr<sys::TcpListener> listener;

  OutgoingBench() {
    ManagerOptions options;
    options.opcua_trust = trust.get();
    manager = std::make_unique<ConnectionManager>(loop, clock, random, sink, options);
    listener =
        loop.listen({kOutside, kOutsidePort}, [](std::unique_ptr<sys::TcpStream>) {}).value();
  }
  std::uint64_t connections() const { return loop.connections_made({kOutside, kOutsidePort}); }
  TestReport test(const ProtocolSettings& settings) {
    std::optional<TestReport> report;
    manager->test({settings, {}}, [&](TestReport found) { report = std::move(found); });
    loop.run_until([&] { return report.has_value(); }, 120s);
    return report.value();
  }
  Result<ScanReport> scan(ScanRequest request) {
    std::optional<Result<ScanReport>> report;
    manager->scan(std::move(request), [&](Result<ScanReport> found) { report = std::move(found); });
    EXPECT_FALSE(report.has_value()) << "never from inside the call";
    loop.run_until([&] { return report.has_value(); }, 600s);
    return report.value();
  }
};

}  // namespace lineshaft::connect::testing
