#include "connect/scan.h"

#include <gtest/gtest.h>

#include "connect/mqtt/testing.h"
#include "connect/protocol.h"
#include "connect/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;
using Hosts = std::vector<std::string>;

struct Search : Plant {
  MapDevice device;
  std::unique_ptr<ModbusServer> server = serve(device, 502);

  Result<ScanReport> scan(ScanRequest request) {
    std::optional<Result<ScanReport>> report;
    manager->scan(std::move(request), [&](Result<ScanReport> found) { report = std::move(found); });
    EXPECT_FALSE(report.has_value()) << "never from inside the call";
    loop.run_until([&] { return report.has_value(); }, 600s);
    return *report;
  }
};

Hosts addresses(std::string_view text, bool allow_public = false) {
  const auto found = parse_addresses(text, allow_public);
  return found ? *found : Hosts{"error: " + found.error().what};
}
bool refused(std::string_view text) { return !parse_addresses(text, false).ok(); }

TEST(ScanAddresses, AreNetworksRangesAndNames) {
  EXPECT_EQ(addresses("192.168.1.0/30"), (Hosts{"192.168.1.1", "192.168.1.2"}));
  EXPECT_EQ(addresses("192.168.1.77/24").size(), 254u);
  EXPECT_EQ(addresses("192.168.1.77/24").front(), "192.168.1.1");
  EXPECT_EQ(addresses("192.168.1.77/24").back(), "192.168.1.254");
  EXPECT_EQ(addresses("10.1.2.3/31"), (Hosts{"10.1.2.2", "10.1.2.3"})) << "RFC 3021";
  EXPECT_EQ(addresses("10.1.2.3/32"), (Hosts{"10.1.2.3"}));
  EXPECT_EQ(addresses("10.0.0.254 - 10.0.1.1"),
            (Hosts{"10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1"}));
  EXPECT_EQ(addresses("10.0.0.5-7, plc-4.local,fd00::1"),
            (Hosts{"10.0.0.5", "10.0.0.6", "10.0.0.7", "plc-4.local", "fd00::1"}));
  EXPECT_EQ(addresses("172.16.0.0/16").size(), 65'534u);
}

TEST(ScanAddresses, OfTheInternetNeedAWord) {
  for (const char* text : {"8.8.8.8", "8.8.8.0/24", "172.32.0.1", "192.167.255.255-192.168.0.1",
                           "11.0.0.0/28", "2001:db8::1", "100.128.0.1"}) {
    EXPECT_TRUE(refused(text)) << text;
    EXPECT_TRUE(parse_addresses(text, true).ok()) << text;
  }
  for (const char* text : {"10.255.255.255", "172.31.0.1", "127.0.0.1", "169.254.3.4", "100.64.0.1",
                           "::1", "fe80::1"}) {
    EXPECT_FALSE(refused(text)) << text;
  }
}

TEST(ScanAddresses, ThatMakeNoSenseAreNamed) {
  for (const char* text : {"", ",", "10.0.0.0/8", "10.0.0.1/33", "10.0.0.1/", "10.0.0.9-10.0.0.8",
                           "10.0.0.1-x", "10.0.0.1-256", "10.0.0.0-10.1.0.0", "300.1.1.1/24",
                           "10.0.0.1,172.16.0.0/16,10.0.0.0/16"}) {
    EXPECT_TRUE(refused(text)) << text;
  }
  EXPECT_EQ(addresses("10.0.0.1/33").front(),
            "error: addresses: '10.0.0.1/33' is not a network as 192.168.1.0/24 (16 to 32 bits)");
}

TEST(ScanPorts, AreNumbersAndRanges) {
  EXPECT_EQ(parse_ports("502, 5020-5022").value(),
            (std::vector<std::uint16_t>{502, 5020, 5021, 5022}));
  for (const char* text : {"", "0", "65536", "9-8", "a", "1-5000", "1-"}) {
    EXPECT_FALSE(parse_ports(text).ok()) << text;
  }
}

TEST(ScanDoors, AreTheUsualOnesOfEachProtocol) {
  std::vector<std::uint16_t> ports;
  for (std::size_t i = 0; i < kProtocols; ++i) {
    for (const Door& door : kind_of(static_cast<Protocol>(i)).doors()) ports.push_back(door.port);
  }
  for (const int port : {502, 802, 102, 4840, 1883, 8883, 2404, 19998, 5000, 7878}) {
    EXPECT_EQ(std::ranges::count(ports, port), 1) << port;
  }
}

TEST(Scan, FindsDevicesByPortAndUnit) {
  Search search;
  search.device.units = {1, 3};
  MapDevice nameless;
  nameless.plate.clear();
  const auto other = search.serve(nameless, 505);
  ScanRequest request = scan_ports("plc", 500, 510);
  request.unit_ids = {1, 2, 3};
  request.timeout_ms = 200;
  const auto report = search.scan(request);
  ASSERT_TRUE(report.ok());
  const std::vector<ScanHit>& hits = report->hits;
  ASSERT_EQ(hits.size(), 3u);
  EXPECT_EQ(hits[0].port, 502);
  EXPECT_EQ(hits[0].unit_id, 1);
  EXPECT_EQ(hits[0].identification->vendor, "Maker");
  EXPECT_EQ(hits[1].unit_id, 3);
  EXPECT_EQ(std::get<ModbusSettings>(*hits[1].settings).unit_id, 3);
  EXPECT_EQ(std::get<ModbusSettings>(*hits[1].settings).host, "plc");
  EXPECT_EQ(hits[2].port, 505);
  EXPECT_FALSE(hits[2].identification.has_value()) << "refused the question: still a device";
  EXPECT_EQ(report->total, 11u);
  EXPECT_FALSE(report->next.has_value());
  EXPECT_EQ(search.loop.open_connections({"plc", 502}), 0u);
}

TEST(Scan, AsksEveryProtocolAtItsOwnDoor) {
  Search search;
  TestBroker broker(search.loop, {"plc", 1883});
  ScanRequest request;
  request.hosts = {"nobody", "plc"};
  request.doors = scan_doors({Protocol::kModbusTcp, Protocol::kS7, Protocol::kMqtt}, {});
  const auto report = search.scan(request);
  ASSERT_TRUE(report.ok());
  ASSERT_EQ(report->hits.size(), 2u);
  EXPECT_EQ(report->hits[0].protocol, Protocol::kModbusTcp);
  EXPECT_EQ(report->hits[0].host, "plc");
  EXPECT_EQ(report->hits[1].protocol, Protocol::kMqtt);
  EXPECT_EQ(std::get<MqttSettings>(*report->hits[1].settings).broker.port, 1883);
}

TEST(Scan, GoesThroughALongRangeInParts) {
  Search search;
  ScanRequest request = scan_ports("plc", 1, 600);
  std::size_t hits = 0;
  std::vector<std::uint64_t> begun;
  for (std::optional<std::uint64_t> from = 0; from;) {
    request.from = *from;
    begun.push_back(*from);
    const auto report = search.scan(request);
    ASSERT_TRUE(report.ok());
    hits += report->hits.size();
    from = report->next;
  }
  EXPECT_EQ(begun, (std::vector<std::uint64_t>{0, 256, 512}));
  EXPECT_EQ(hits, 1u);
}

TEST(Scan, KnocksAtAHundredDoorsASecondAtMost) {
  Search search;
  const Nanoseconds before = search.loop.now();
  ASSERT_TRUE(search.scan(scan_ports("plc", 1000, 1255)).ok());
  EXPECT_GE(search.loop.now() - before, 2500ms) << "256 doors, refused at once";
}

TEST(Scan, EndsThoughNobodyAnswers) {
  Search search;
  for (std::uint16_t port = 600; port < 640; ++port) {
    search.loop.set_silent({"plc", port}, true);
  }
  ScanRequest request = scan_ports("plc", 600, 639);
  request.unit_ids = {1, 2, 3, 4, 5, 6};
  const Nanoseconds before = search.loop.now();
  const auto report = search.scan(request);
  EXPECT_TRUE(report.ok() && report->hits.empty());
  EXPECT_LE(search.loop.now() - before, 3s);
}

TEST(Scan, IsBounded) {
  Search search;
  ScanRequest none = scan_ports("plc", 1, 1);
  none.doors.clear();
  EXPECT_EQ(search.scan(none).error().id, ErrorId::kInvalidArgument);
  ScanRequest nobody = scan_ports("plc", 1, 1);
  nobody.hosts.clear();
  EXPECT_EQ(search.scan(nobody).error().id, ErrorId::kInvalidArgument);
  ScanRequest unit = scan_ports("plc", 1, 1);
  unit.unit_ids.clear();
  EXPECT_EQ(search.scan(unit).error().id, ErrorId::kInvalidArgument);
  ScanRequest late = scan_ports("plc", 1, 2);
  late.from = 2;
  EXPECT_EQ(search.scan(late).error().id, ErrorId::kInvalidArgument);
  EXPECT_EQ(search.scan(scan_ports("", 1, 1)).error().id, ErrorId::kInvalidArgument);
}

TEST(Scan, IsOneAtATime) {
  Search search;
  search.loop.set_silent({"plc", 502}, true);
  std::vector<bool> done;
  for (int i = 0; i < 2; ++i) {
    search.manager->scan(scan_ports("plc", 502, 502),
                         [&](const Result<ScanReport>& report) { done.push_back(report.ok()); });
  }
  search.loop.run_for(30s);
  EXPECT_EQ(done, (std::vector<bool>{false, true})) << "the second one is refused at once";
  EXPECT_TRUE(search.scan(scan_ports("plc", 502, 502)).ok());
}

TEST(Scan, StopsWithTheManager) {
  Search search;
  search.loop.set_silent({"plc", 502}, true);
  bool called = false;
  search.manager->scan(scan_ports("plc", 502, 502),
                       [&](const Result<ScanReport>&) { called = true; });
  search.loop.run_for(10ms);
  search.manager.reset();
  search.loop.run_for(10s);
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace lineshaft::connect
