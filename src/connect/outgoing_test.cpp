// No protocol gets around the list of allowed destinations (sys/destinations.h): every one of this
// program is tried at an address that is not on it, and at the same address when it is.
#include <gtest/gtest.h>

#include "connect/outgoing_fixture.h"

namespace lineshaft::connect {
namespace {

using namespace std::chrono_literals;

using testing::kOutside;
using testing::one_of_each;
using testing::OutgoingBench;

TEST(Outgoing, NoProtocolConnectsWhereTheListDoesNotLead) {
  ASSERT_EQ(one_of_each(opcua::Mode::kBest).size(), kProtocols);
  for (const ProtocolSettings& settings : one_of_each(opcua::Mode::kBest)) {
    const std::string_view name = protocol_name(static_cast<Protocol>(settings.index()));
    OutgoingBench bench;
    bench.loop.set_destinations(sys::Destinations());
    const TestReport refused = bench.test(settings);
    ASSERT_TRUE(refused.error.has_value()) << name;
    EXPECT_EQ(refused.error->id, ErrorId::kDestinationRefused) << name << refused.error->text();
    EXPECT_NE(refused.error->what.find("8.8.8.8:7000, a public address"), std::string::npos)
        << name << refused.error->what;
    EXPECT_FALSE(refused.reachable) << name;
    EXPECT_EQ(bench.connections(), 0U) << name;

    bench.loop.set_destinations(sys::Destinations::parse({"8.8.8.8:7000"}).value());
    static_cast<void>(bench.test(settings));
    EXPECT_GT(bench.connections(), 0U) << name;
  }
}

TEST(Outgoing, AConnectionSaysThatItIsRefusedAndComesUpWhenTheListIsLonger) {
  testing::MapDevice device;
  testing::Plant plant;
  ModbusServerOptions options;
  options.listen = {kOutside, 502};
  const auto server = make_modbus_server(plant.loop, device, options).value();
  plant.loop.set_destinations(sys::Destinations());
  ConnectionConfig config = testing::machine(502, 1);
  testing::modbus_of(config).host = kOutside;
  plant.put(1, config, 1);
  plant.loop.run_for(5s);
  EXPECT_EQ(plant.status(1).state, ConnectionState::kRetrying);
  EXPECT_EQ(plant.status(1).last_error->substr(0, 7), "LS-1110");
  plant.loop.set_destinations(sys::Destinations::parse({"public:502"}).value());
  plant.loop.run_for(60s);
  EXPECT_EQ(plant.status(1).state, ConnectionState::kConnected);
}

TEST(Outgoing, AScanThatWouldLeaveTheListIsRefusedBeforeItKnocks) {
  OutgoingBench bench;
  bench.loop.set_destinations(sys::Destinations::parse({"10.0.0.0/24:502"}).value());
  ScanRequest inside = testing::scan_ports("10.0.0.7", 502, 502);
  EXPECT_TRUE(bench.scan(inside).ok());
  ScanRequest outside = inside;
  outside.hosts.emplace_back("10.0.1.7");
  const auto refused = bench.scan(outside);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().id, ErrorId::kDestinationRefused);
  EXPECT_NE(refused.error().what.find("10.0.1.7:502"), std::string::npos) << refused.error().what;
  EXPECT_FALSE(bench.scan(testing::scan_ports("10.0.0.7", 502, 503)).ok()) << "another port";
}

}  // namespace
}  // namespace lineshaft::connect
