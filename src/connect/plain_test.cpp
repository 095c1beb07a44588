// Without encryption every protocol goes, and is served, only where `plain.allow` leads
// (sys/reach.h); with encryption wherever the connection may lead at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "connect/connection_json.h"
#include "connect/flows/testing.h"
#include "connect/forward/outlet_fixture.h"
#include "connect/mqtt/carrier.h"
#include "connect/outgoing_fixture.h"
#include "connect/sparkplug/carrier.h"
#include "sys/tls.h"

namespace lineshaft::connect {
namespace {

using namespace std::chrono_literals;
using forward::OutletHouse;
using testing::FlowPlant;
using ::testing::HasSubstr;
using testing::kOutside;
using testing::kOutsidePort;
using testing::one_of_each;
using testing::OutgoingBench;
using ::testing::StartsWith;

constexpr std::uint16_t kPort = 1502;

sys::Destinations places(const std::vector<std::string>& entries) {
  return sys::Destinations::parse(entries).value();
}

// --- out

TEST(Plain, NoProtocolConnectsWithoutEncryptionWhereTheListDoesNotLead) {
  for (const ProtocolSettings& settings : one_of_each(opcua::Mode::kNone)) {
    const std::string_view name = protocol_name(static_cast<Protocol>(settings.index()));
    for (const sys::Destinations& list : {sys::Destinations(), places({"none"})}) {
      OutgoingBench bench;
      bench.loop.set_plain(list);
      const TestReport refused = bench.test(settings);
      ASSERT_TRUE(refused.error.has_value()) << name;
      EXPECT_EQ(refused.error->id, ErrorId::kPlainRefused) << name << refused.error->text();
      EXPECT_THAT(refused.error->what,
                  HasSubstr("8.8.8.8:7000, a public address, is not in plain.allow, and this "
                            "connection is not encrypted: turn on its TLS"))
          << name;
      EXPECT_FALSE(refused.reachable) << name;
      EXPECT_EQ(bench.connections(), 0U) << name;

      bench.loop.set_plain(places({"8.8.8.8:7000"}));
      static_cast<void>(bench.test(settings));
      EXPECT_GT(bench.connections(), 0U) << name;
    }
  }
}

// The settings of TLS, of those that have some.
TlsSettings* tls_of(ProtocolSettings& settings) {
  if (auto* modbus = std::get_if<ModbusSettings>(&settings)) return &modbus->tls;
  if (auto* mqtt = std::get_if<MqttSettings>(&settings)) return &mqtt->broker.tls;
  if (auto* sparkplug = std::get_if<SparkplugSettings>(&settings)) return &sparkplug->broker.tls;
  if (auto* iec104 = std::get_if<Iec104Settings>(&settings)) return &iec104->tls;
  if (auto* mtconnect = std::get_if<MtconnectSettings>(&settings)) return &mtconnect->tls;
  if (auto* shdr = std::get_if<ShdrSettings>(&settings)) return &shdr->tls;
  return nullptr;
}

TEST(Plain, WhatIsEncryptedGoesWhereNothingElseMay) {
  std::size_t tried = 0;
  for (const opcua::Mode mode : {opcua::Mode::kBest, opcua::Mode::kSignAndEncrypt}) {
    for (ProtocolSettings& settings : one_of_each(mode)) {
      const std::string_view name = protocol_name(static_cast<Protocol>(settings.index()));
      TlsSettings* tls = tls_of(settings);
      if (tls == nullptr && !std::holds_alternative<opcua::Settings>(settings)) continue;
      if (tls != nullptr) tls->enabled = true;
      tried += 1;
      OutgoingBench bench;
      bench.loop.set_plain(places({"none"}));
      const TestReport report = bench.test(settings);
      EXPECT_GT(bench.connections(), 0U) << name;
      EXPECT_TRUE(!report.error || report.error->id != ErrorId::kPlainRefused) << name;
    }
  }
  EXPECT_EQ(tried, 2 * (kProtocols - 1)) << "all but S7, which has no encryption";
}

TEST(Plain, AConnectionOfBeforeSaysThatItIsRefusedAndComesUpWhenTheListIsLonger) {
  testing::MapDevice device;
  testing::Plant plant;
  ModbusServerOptions options;
  options.listen = {kOutside, 502};
  const auto server = make_modbus_server(plant.loop, device, options).value();
  plant.loop.set_plain(sys::Destinations());
  ConnectionConfig config = testing::machine(502, 1);
  testing::modbus_of(config).host = kOutside;
  plant.put(1, config, 1);
  plant.loop.run_for(5s);
  EXPECT_EQ(plant.status(1).state, ConnectionState::kRetrying);
  EXPECT_THAT(plant.status(1).last_error.value_or(""), StartsWith("LS-1111"));
  // Whoever serves there judges its peers by the same list of this test.
  plant.loop.set_own_host(kOutside);
  plant.loop.set_plain(places({"public:502"}));
  plant.loop.run_for(60s);
  EXPECT_EQ(plant.status(1).state, ConnectionState::kConnected);
}

// What a scan leaves out: "502 of 10.0.1.7 10.0.1.8; 503 of ...".
std::string left_out(const Result<ScanReport>& report) {
  if (!report) return report.error().text();
  std::string text;
  for (const ScanLeftOut& out : report->left_out) {
    text += (text.empty() ? "" : "; ") + std::to_string(out.door.door.port) + " of";
    for (const std::string& host : out.hosts) text += " " + host;
  }
  return text;
}

// A listener that says nothing, and is not judged by the list of the test.
std::unique_ptr<sys::TcpListener> door_at(sys::SimLoop& loop, const sys::Endpoint& at) {
  return loop.listen(at, sys::Privacy::kEncrypted, [](auto) {}).value();
}

// It was refused whole where one address was not on the list.
TEST(Plain, AScanKnocksWithoutEncryptionOnlyWhereTheListLeadsAndNamesWhatItLeavesOut) {
  OutgoingBench bench;
  bench.loop.set_plain(places({"10.0.0.0/24:502"}));
  ScanRequest request = testing::scan_ports("10.0.0.7", 502, 503);
  request.hosts.emplace_back("10.0.1.7");
  const sys::Endpoint allowed{"10.0.0.7", 502};
  const std::vector<sys::Endpoint> others = {
      {"10.0.0.7", 503}, {"10.0.1.7", 502}, {"10.0.1.7", 503}};
  const auto first = door_at(bench.loop, allowed);
  std::vector<std::unique_ptr<sys::TcpListener>> doors;
  for (const auto& at : others) doors.push_back(door_at(bench.loop, at));
  const auto report = bench.scan(request);
  EXPECT_EQ(left_out(report), "502 of 10.0.1.7; 503 of 10.0.0.7 10.0.1.7");
  EXPECT_GT(bench.loop.connections_made(allowed), 0U);
  for (const auto& at : others) EXPECT_EQ(bench.loop.connections_made(at), 0U) << at.text();
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->total, 4U);
  EXPECT_FALSE(report->next.has_value());
  const Json json = scan_json(*report);
  EXPECT_EQ(json["left_out"][0],
            (Json{{"protocol", "modbus-tcp"}, {"port", 502}, {"hosts", {"10.0.1.7"}}}));
}

TEST(Plain, AScanIsRefusedIfNothingIsLeftOfIt) {
  OutgoingBench bench;
  ScanRequest request = testing::scan_ports("10.0.1.7", 502, 503);
  for (const auto& list :
       {places({"10.0.0.0/24:502"}), places({"10.0.1.0/24:504"}), places({"none"})}) {
    bench.loop.set_plain(list);
    const auto refused = bench.scan(request);
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().id, ErrorId::kPlainRefused);
    EXPECT_THAT(refused.error().what, HasSubstr("10.0.1.7:502"));
  }
}

TEST(Plain, AScanAsksAtDoorsOfTlsAndWhatEveryOpcUaServerIsAskedWhereNothingElseMayGo) {
  OutgoingBench bench;
  bench.loop.set_plain(places({"none"}));
  ScanRequest request = testing::scan_ports("10.0.1.7", 502, 502);
  request.doors.push_back({Protocol::kModbusTcp, {802, true}});
  request.doors.push_back({Protocol::kOpcUa, {4840, false}});
  const std::vector<sys::Endpoint> asked = {{"10.0.1.7", 802}, {"10.0.1.7", 4840}};
  std::vector<std::unique_ptr<sys::TcpListener>> doors;
  for (const auto& at : asked) doors.push_back(door_at(bench.loop, at));
  EXPECT_EQ(left_out(bench.scan(request)), "502 of 10.0.1.7");
  for (const auto& at : asked) EXPECT_GT(bench.loop.connections_made(at), 0U) << at.text();
}

// A range is asked in parts of 256 knocks: one of which nothing is left does not end it.
TEST(Plain, AScanGoesOnBehindAPartOfWhichNothingIsLeft) {
  OutgoingBench bench;
  bench.loop.set_plain(places({"10.0.0.7"}));
  ScanRequest request = testing::scan_ports("10.0.0.7", 502, 502);
  request.hosts = parse_addresses("10.1.0.1-10.1.1.44, 10.0.0.7", false).value();
  ASSERT_EQ(request.hosts.size(), 301U);
  const auto first = bench.scan(request);
  ASSERT_TRUE(first.ok()) << first.error().text();
  EXPECT_EQ(first->left_out.at(0).hosts.size(), 256U);
  ASSERT_EQ(first->next, 256U);
  request.from = *first->next;
  const auto second = bench.scan(request);
  ASSERT_TRUE(second.ok()) << second.error().text();
  EXPECT_EQ(second->left_out.at(0).hosts.size(), 44U);
  EXPECT_FALSE(second->next.has_value());
}

// A flow to a broker outside says at its state why nothing goes out; with TLS it goes there.
TEST(Plain, AFlowToABrokerSaysThatItIsRefusedAndGoesThereWithTls) {
  const auto mqtt = [](const TlsSettings& tls) {
    return [tls](const OutletMeans& means,
                 forward::CarrierUser& user) -> std::unique_ptr<forward::Carrier> {
      MqttFlowSettings settings;
      settings.broker.host = kOutside;
      settings.broker.port = kOutsidePort;
      settings.broker.tls = tls;
      return std::make_unique<MqttCarrier>(means.loop, means.random, settings, user);
    };
  };
  const auto sparkplug = [](const TlsSettings& tls) {
    return [tls](const OutletMeans& means,
                 forward::CarrierUser& user) -> std::unique_ptr<forward::Carrier> {
      SparkplugFlowSettings settings;
      settings.broker.host = kOutside;
      settings.broker.port = kOutsidePort;
      settings.broker.tls = tls;
      return std::make_unique<SparkplugCarrier>(means, settings, user);
    };
  };
  TlsSettings with;
  with.enabled = true;
  const auto look = [](OutletHouse::Make make, bool encrypted) {
    OutgoingBench bench;
    bench.loop.set_plain(sys::Destinations());
    OutletHouse house(bench.loop, {}, std::move(make));
    house.open();
    bench.loop.run_for(5s);
    EXPECT_EQ(bench.connections() > 0, encrypted);
    const OutletStatus status = house.outlet->status();
    EXPECT_EQ(status.state, OutletState::kDown);
    const bool refused = status.last_error.value_or("").starts_with("LS-1111");
    EXPECT_EQ(refused, !encrypted) << status.last_error.value_or("");
  };
  look(mqtt({}), false);
  look(mqtt(with), true);
  look(sparkplug({}), false);
  look(sparkplug(with), true);
}

// --- in

// A flow of this kind, and what it says of itself.
struct Served : FlowPlant {
  // Certificates are made at the time of this computer.
  sys::SimClock today{loop, sys::real_clock().now() + 1h};
  std::unique_ptr<opcua::TrustStore> trust = opcua::testing::make_store(disk, today, "gateway");
  FlowMeans with_trust{loop, today, random, disk, "flows", trust.get(), house};

  OutletStatus serve(FlowSettings settings) {
    FlowConfig config;
    config.name = "served";
    config.settings = std::move(settings);
    config.rules = {FlowRule{}};
    runner = std::make_unique<FlowRunner>(with_trust, testing::kTenant, 1, plan(config));
    loop.run_for(1s);
    return runner->status().outlet;
  }
  // Is a client from there, who says nothing, still connected after a while?
  bool keeps(const std::string& host, const sys::Endpoint& at) {
    std::unique_ptr<sys::TcpStream> stream;
    std::array<std::uint8_t, 16> in{};
    bool ended = false;
    loop.set_own_host(host);
    const auto connecting = loop.connect(at, sys::Privacy::kEncrypted, 1s, [&](auto made) {
      if (!made) return;
      stream = std::move(*made);
      stream->read_some(in, [&](Result<std::size_t> count) { ended = !count; });
    });
    loop.run_for(1s);
    return stream != nullptr && !ended;
  }
};

template <typename Settings>
Settings at(const std::string& listen) {
  Settings settings;
  settings.listen = listen;
  settings.port = kPort;
  return settings;
}

std::vector<FlowSettings> all_served(const std::string& listen) {
  auto opcua = at<opcua::ServerFlowSettings>(listen);
  opcua.allow_none = true;
  return {opcua, at<ModbusServerFlowSettings>(listen), at<S7ServerFlowSettings>(listen),
          at<Iec104ServerFlowSettings>(listen), at<MtconnectAgentFlowSettings>(listen)};
}

TEST(Plain, NothingIsServedWithoutEncryptionAtAnAddressThatIsNotOnTheList) {
  for (const auto& [list, listen] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"none"}, "127.0.0.1"},
           {{"none"}, "0.0.0.0"},
           {{"loopback", "private"}, "203.0.113.7"},
           {{"10.20.0.0/16"}, "10.21.0.1"}}) {
    for (const FlowSettings& settings : all_served(listen)) {
      const std::string_view name = kind_of(settings).name();
      Served served;
      served.loop.set_plain(places(list));
      const OutletStatus status = served.serve(settings);
      EXPECT_EQ(status.state, OutletState::kDown) << name;
      EXPECT_THAT(status.last_error.value_or(""), StartsWith("LS-1111")) << name;
      EXPECT_THAT(status.last_error.value_or(""), HasSubstr(listen + ":1502, ")) << name;
      EXPECT_THAT(status.last_error.value_or(""), HasSubstr("name this one there")) << name;
    }
  }
}

TEST(Plain, AListenerForAllNetworksCutsThePeersThatAreNotOnTheList) {
  for (const FlowSettings& settings : all_served("0.0.0.0")) {
    const std::string_view name = kind_of(settings).name();
    if (std::holds_alternative<opcua::ServerFlowSettings>(settings)) continue;  // on a real loop
    Served served;
    served.loop.set_plain(sys::Destinations());
    ASSERT_EQ(served.serve(settings).state, OutletState::kUp) << name;
    const sys::Endpoint here{"0.0.0.0", kPort};
    EXPECT_TRUE(served.keeps("10.1.2.3", here)) << name;
    EXPECT_TRUE(served.keeps("127.0.0.1", here)) << name;
    EXPECT_FALSE(served.keeps("203.0.113.9", here)) << name;
    EXPECT_FALSE(served.keeps("2001:db8::9", here)) << name;
  }
}

TEST(Plain, WhatIsServedWithTlsIsServedToEverybody) {
  const sys::Certificate own =
      sys::make_self_signed_certificate({"plc"}, sys::real_clock().now()).value();
  auto modbus = at<ModbusServerFlowSettings>("203.0.113.7");
  modbus.tls.enabled = true;
  modbus.tls.certificate = own.certificate_pem;
  modbus.tls.key = own.key_pem;
  auto iec104 = at<Iec104ServerFlowSettings>("203.0.113.7");
  iec104.tls = modbus.tls;
  for (const FlowSettings& settings : {FlowSettings(modbus), FlowSettings(iec104)}) {
    Served served;
    served.loop.set_plain(places({"none"}));
    ASSERT_EQ(served.serve(settings).state, OutletState::kUp) << kind_of(settings).name();
    EXPECT_TRUE(served.keeps("203.0.113.9", {"203.0.113.7", kPort}));
  }
  // An OPC UA server without such endpoints too; it has a loop and a port of the system.
  Served served;
  served.loop.set_plain(places({"none"}));
  auto opcua = at<opcua::ServerFlowSettings>("127.0.0.1");
  opcua.port = 0;
  forward::NotingHost host;
  const OutletMeans means{served.loop, served.today,       served.random, served.disk,
                          "flows",     served.trust.get(), {1},           1,
                          host};
  const auto opened = kind_of(FlowSettings(opcua)).open(opcua, means);
  EXPECT_TRUE(opened.ok()) << opened.error().text();
}

}  // namespace
}  // namespace lineshaft::connect
