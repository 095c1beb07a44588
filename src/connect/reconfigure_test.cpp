// One connection is changed, refused, taken out and put in again while the others run: they keep
// their sockets, their instants and their values.
#include <gtest/gtest.h>

#include "connect/iec104/testing.h"
#include "connect/mqtt/testing.h"
#include "connect/s7/testing.h"
#include "connect/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

struct Neighbourhood : Plant {
  MapDevice plc;
  NotingCpu controller;
  TestPlant station;
  MapDevice changing;
  std::unique_ptr<ModbusServer> plc_server = serve(plc, 502);
  std::unique_ptr<S7Server> controller_server = serve_s7(*this, controller, s7_at(102));
  std::unique_ptr<ModbusServer> changing_server = serve(changing, 503);
  TestBroker broker{loop, {"broker", 1}};
  std::unique_ptr<Iec104Server> station_server;
  std::vector<Nanoseconds> polls;

  Neighbourhood() {
    plc.reply = [this](std::uint8_t, const modbus::Request&) {
      polls.push_back(loop.now());
      return ServerReply{};
    };
    Iec104ServerOptions options;
    options.listen = kStationAt;
    station_server = make_iec104_server(loop, station, station_points(), options).value();
    put(1, machine(502, 3), 1);
    put(2, cpu(102, 3), 11);
    put(3, mqtt_connection(1, {mqtt_signal("o/m/a", "m/a")}), 21);
    put(4, station_config(), 31);
    put(5, machine(503, 3), 41);
    broker.say("m/a", "1", true);
    loop.run_for(5s);
  }

  void expect_undisturbed() {
    for (std::uint32_t id = 1; id <= 4; ++id) {
      const ConnectionStatus status = this->status(id);
      EXPECT_EQ(status.state, ConnectionState::kConnected) << id;
      EXPECT_EQ(status.reconnects, 0u) << id;
      EXPECT_EQ(status.tags_bad, 0u) << id;
      EXPECT_EQ(status.errors, 0u) << id;
      EXPECT_EQ(status.cycles_missed, 0u) << id;
    }
    for (const sys::Endpoint& at :
         {sys::Endpoint{"plc", 502}, {"plc", 102}, {"broker", 1}, kStationAt}) {
      EXPECT_EQ(loop.connections_made(at), 1u) << at.text();
    }
    for (std::size_t i = 2; i < polls.size(); ++i) EXPECT_EQ(polls[i] - polls[i - 1], 1s) << i;
  }
};

TEST(Reconfigure, ChangesOneConnectionWhileTheOthersGoOn) {
  Neighbourhood n;
  for (int round = 0; round < 10; ++round) {
    ConnectionConfig config = machine(503, 1 + static_cast<std::size_t>(round) % 5);
    config.groups[0].interval_ms = 100 + 50 * static_cast<std::uint32_t>(round);
    modbus_of(config).timeout_ms = 500;
    n.put(5, config, 41);
    n.loop.run_for(1700ms);
    EXPECT_EQ(n.status(5).tags_bad, 0u);
  }
  n.expect_undisturbed();
  EXPECT_GE(n.polls.size(), 20u);
}

TEST(Reconfigure, OfARefusedChangeNothingIsSeen) {
  Neighbourhood n;
  ConnectionConfig wrong = machine(503, 3);
  wrong.groups[0].interval_ms = 1;
  EXPECT_FALSE(n.manager->put({5}, kTenant, wrong, tags_from(41, 3)).ok());
  n.loop.run_for(5s);
  EXPECT_EQ(n.status(5).reconnects, 0u);
  EXPECT_EQ(n.status(5).tags_bad, 0u);
  n.expect_undisturbed();
}

TEST(Reconfigure, TakesOneOutToAnotherProtocolAndBack) {
  Neighbourhood n;
  for (int round = 0; round < 3; ++round) {
    ASSERT_TRUE(n.manager->set_enabled({5}, false).ok());
    n.loop.run_for(1s);
    n.put(5, cpu(666, 3), 41);  // nobody is there
    n.loop.run_for(5s);
    EXPECT_EQ(n.status(5).tags_bad, 3u);
    n.put(5, machine(503, 3), 41);
    n.loop.run_for(2s);
    EXPECT_EQ(n.status(5).tags_bad, 0u);
  }
  n.expect_undisturbed();
}

}  // namespace
}  // namespace lineshaft::connect
