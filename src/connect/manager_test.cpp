#include "connect/manager.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "connect/connection_json.h"
#include "connect/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

TEST(Manager, PollsAndStoresWhatChanges) {
  Plant plant;
  MapDevice device;
  const auto server = plant.serve(device, 502);
  device.holding[1][0] = 10;
  device.holding[1][1] = 20;
  plant.put(1, machine(502, 2), 100);
  plant.loop.run_for(5s);
  device.holding[1][1] = 21;
  plant.loop.run_for(5s);

  EXPECT_EQ(plant.sink.of(100).size(), 1u);
  EXPECT_EQ(plant.last(100).value, Value(std::int64_t{10}));
  EXPECT_TRUE(plant.last(100).quality.good());
  // A linear signal: the last 20, then the 21.
  const auto changed = plant.sink.of(101);
  ASSERT_EQ(changed.size(), 3u);
  EXPECT_EQ(changed[1].value, Value(std::int64_t{20}));
  EXPECT_EQ(changed[2].value, Value(std::int64_t{21}));
  EXPECT_EQ(changed[2].time - changed[1].time, 1s) << "one poll apart";

  const ConnectionStatus status = plant.status(1);
  EXPECT_EQ(status.state, ConnectionState::kConnected);
  EXPECT_EQ(status.errors, 0u);
  EXPECT_EQ(status.reconnects, 0u);
  EXPECT_EQ(status.tags, 2u);
  EXPECT_EQ(status.tags_bad, 0u);
  EXPECT_NEAR(status.values_per_second, 2.0, 0.21) << "the poll on connecting comes on top";
  EXPECT_EQ(status.bytes_out, 12 * status.requests);
  EXPECT_EQ(status.bytes_in, 13 * status.requests);
  EXPECT_NEAR(status.latency->mean, 0.2, 0.001) << "two ways of 100 us";
  EXPECT_EQ(plant.manager->events({1}).back().event, "connected");
}

TEST(Manager, ReadsADozenSignalsWithOneRequest) {
  Plant plant;
  MapDevice device;
  const auto server = plant.serve(device, 502);
  plant.put(1, machine(502, 12), 1);
  plant.loop.run_for(10s);
  // At once on connecting, then on a steady grid: 10 or 11 polls in 10 s.
  EXPECT_GE(device.requests.size(), 10u);
  EXPECT_LE(device.requests.size(), 11u);
  for (const modbus::Request& request : device.requests) {
    EXPECT_EQ(request, modbus::Request(modbus::ReadRegisters{modbus::Area::kHolding, 0, 12}));
  }
}

TEST(Manager, KeepsToItsGridWithoutDrift) {
  Plant plant;
  MapDevice device;
  const auto server = plant.serve(device, 502);
  std::vector<Nanoseconds> asked;
  device.reply = [&](std::uint8_t, const modbus::Request&) {
    asked.push_back(plant.loop.now());
    return ServerReply{37ms};
  };
  plant.put(1, machine(502, 1), 1);
  plant.loop.run_for(1000s);
  ASSERT_GE(asked.size(), 1000u);
  for (std::size_t i = 2; i < asked.size(); ++i) {
    ASSERT_EQ(asked[i] - asked[1], (i - 1) * 1s) << i;
  }
}

TEST(Manager, LeavesOutPollsThatASlowDeviceCannotFollow) {
  Plant plant;
  MapDevice device;
  const auto server = plant.serve(device, 502);
  device.reply = [&](std::uint8_t, const modbus::Request&) { return ServerReply{2500ms}; };
  ConnectionConfig config = machine(502, 1);
  modbus_of(config).timeout_ms = 5000;
  plant.put(1, config, 1);
  plant.loop.run_for(60s);
  EXPECT_NEAR(static_cast<double>(device.requests.size()), 20, 1) << "one each 3 s: no bursts";
  EXPECT_NEAR(static_cast<double>(plant.status(1).cycles_missed), 40, 2);
  EXPECT_EQ(plant.status(1).errors, 0u);
}

TEST(Manager, DoesNotLetASlowGroupHoldUpAFastOne) {
  Plant plant;
  MapDevice device;
  const auto server = plant.serve(device, 502);
  std::vector<Nanoseconds> fast;
  device.reply = [&](std::uint8_t, const modbus::Request& request) {
    if (std::get<modbus::ReadRegisters>(request).address == 999) fast.push_back(plant.loop.now());
    return ServerReply{30ms};
  };
  ConnectionConfig config = machine(502, 0);
  config.groups = {{"slow", 10'000}, {"fast", 100}};
  modbus_of(config).one_signal_per_read = true;
  for (std::uint16_t i = 0; i < 60; ++i) {  // 1.8 s of requests each 10 s
    config.signals.push_back(holding_signal("org/site/slow" + std::to_string(i), i));
  }
  config.signals.push_back(holding_signal("org/site/fast", 999));
  config.signals.back().group = "fast";
  plant.put(1, config, 1);
  plant.loop.run_for(30s);
  ASSERT_GE(fast.size(), 290u);
  for (std::size_t i = 2; i < fast.size(); ++i) {
    ASSERT_LE(fast[i] - fast[i - 1], 100ms + 62ms) << "a poll and at most one request later";
  }
}

TEST(Manager, SpreadsTheFirstInstantsOfManyMachines) {
  Plant plant;
  MapDevice device;
  const auto server = plant.serve(device, 502);
  std::map<std::int64_t, int> per_slot;
  device.reply = [&](std::uint8_t, const modbus::Request&) {
    if (plant.loop.now() > 2s) per_slot[plant.loop.now() / 100ms % 10] += 1;
    return ServerReply{};
  };
  for (std::uint32_t i = 0; i < 60; ++i) plant.put(i + 1, machine(502, 1), i + 1);
  plant.loop.run_for(12s);
  EXPECT_EQ(per_slot.size(), 10u);
  for (const auto& [slot, count] : per_slot) EXPECT_LT(count, 180) << "of 600 in all";
}

TEST(Manager, HeartbeatsAnUnchangedSignalOncePerMinute) {
  Plant plant;
  MapDevice device;
  const auto server = plant.serve(device, 502);
  plant.put(1, machine(502, 1), 1);
  plant.loop.run_for(10min);
  EXPECT_GE(plant.sink.of(1).size(), 10u);
  EXPECT_LE(plant.sink.of(1).size(), 11u);
}

TEST(Manager, StoresEveryPollIfTold) {
  Plant plant;
  MapDevice device;
  const auto server = plant.serve(device, 502);
  ConnectionConfig config = machine(502, 1);
  config.store = Store::kAll;
  plant.put(1, config, 1);
  plant.loop.run_for(60s);
  EXPECT_GE(plant.sink.of(1).size(), 60u);
}

TEST(Manager, RefusesAWrongSignalWithItsIndexAndChangesNothing) {
  Plant plant;
  ConnectionConfig config = machine(502, 3);
  point_of(config.signals[2]).format.scale = 0;
  const Status status = plant.manager->put({1}, kTenant, config, tags_from(1, 3));
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().id, ErrorId::kInvalidArgument);
  EXPECT_EQ(status.error().what.rfind("signals[2].scale", 0), 0u) << status.error().what;
  EXPECT_FALSE(plant.manager->status({1}).has_value());
}

TEST(Manager, NamesTheFieldThatIsWrong) {
  const auto refused = [](auto change) {
    ConnectionConfig config = machine(502, 2);
    change(config);
    const Status status = check_connection(config);
    return status.ok() ? std::string()
                       : status.error().what.substr(0, status.error().what.find(':'));
  };
  using C = ConnectionConfig;
  EXPECT_EQ(refused([](C&) {}), "");
  EXPECT_EQ(refused([](C& c) { c.name.clear(); }), "name");
  EXPECT_EQ(refused([](C& c) { modbus_of(c).host.clear(); }), "settings.host");
  EXPECT_EQ(refused([](C& c) { modbus_of(c).port = 0; }), "settings.port");
  EXPECT_EQ(refused([](C& c) { modbus_of(c).timeout_ms = 10; }), "settings.timeout_ms");
  EXPECT_EQ(refused([](C& c) { modbus_of(c).registers_per_read_max = 126; }),
            "settings.registers_per_read_max");
  EXPECT_EQ(refused([](C& c) { c.groups.clear(); }), "groups");
  EXPECT_EQ(refused([](C& c) { c.groups[0].interval_ms = 5; }), "groups[0].interval_ms");
  EXPECT_EQ(refused([](C& c) { c.groups.push_back(c.groups[0]); }), "groups[1].name");
  EXPECT_EQ(refused([](C& c) { c.signals[1].group = "x"; }), "signals[1].group");
  EXPECT_EQ(refused([](C& c) { c.signals[1].path = c.signals[0].path; }), "signals[1].path");
  EXPECT_EQ(refused([](C& c) { c.signals[0].path = "a"; }).substr(0, 11), "signals[0].");
  EXPECT_EQ(refused([](C& c) { c.signals[0].deadband = -1; }), "signals[0].deadband");
  EXPECT_EQ(refused([](C& c) {
              point_of(c.signals[0]).format.area = modbus::Area::kInput;
              c.signals[0].writable = true;
            }),
            "signals[0].writable");
  EXPECT_EQ(refused([](C& c) {
              point_of(c.signals[0]).address = 65535;
              point_of(c.signals[0]).format.type = modbus::DataType::kFloat32;
            }),
            "signals[0].address");
  EXPECT_EQ(refused([](C& c) {
              modbus_of(c).registers_per_read_max = 2;
              point_of(c.signals[0]).format.type = modbus::DataType::kFloat64;
            }),
            "signals[0].type");
}

TEST(Manager, TellsWhichTagsItsSignalsNeed) {
  ConnectionConfig config = machine(502, 1);
  config.name = "EAF 1";
  config.signals[0].unit = "CEL";
  point_of(config.signals[0]).format.scale = 0.1;
  point_of(config.signals[0]).unit_id = 9;
  const std::vector<TagSpec> specs = tag_specs(config);
  ASSERT_EQ(specs.size(), 1u);
  EXPECT_EQ(specs[0].type, ValueType::kFloat64);
  EXPECT_EQ(specs[0].unit, "CEL");
  EXPECT_EQ(specs[0].source, "modbus:EAF 1/9/holding/0");
}

TEST(Manager, MarksSignalsThatGoOutOfService) {
  Plant plant;
  MapDevice device;
  const auto server = plant.serve(device, 502);
  device.holding[1][0] = 5;
  plant.put(1, machine(502, 2), 1);
  plant.put(2, machine(502, 1), 11);
  plant.loop.run_for(3s);
  ASSERT_TRUE(plant.manager->set_enabled({1}, false).ok());
  ASSERT_TRUE(plant.manager->remove({2}).ok());
  plant.loop.run_for(3s);
  for (std::uint32_t tag : {1u, 2u, 11u}) {
    EXPECT_EQ(plant.last(tag).quality, quality::kBadOutOfService);
  }
  EXPECT_EQ(plant.last(1).value, Value(std::int64_t{5})) << "the last usable value, no zero";
  EXPECT_EQ(plant.status(1).state, ConnectionState::kDisabled);
  EXPECT_EQ(plant.status(1).tags_bad, 2u);
  EXPECT_FALSE(plant.manager->status({2}).has_value());
  EXPECT_EQ(plant.loop.open_connections({"plc", 502}), 0u);

  ASSERT_TRUE(plant.manager->set_enabled({1}, true).ok());
  plant.loop.run_for(3s);
  EXPECT_TRUE(plant.last(1).quality.good());
  EXPECT_EQ(plant.manager->remove({9}).error().id, ErrorId::kNotFound);
}

TEST(Manager, CarriesSignalsOverWhenAConnectionIsReplaced) {
  Plant plant;
  MapDevice device;
  const auto server = plant.serve(device, 502);
  plant.put(1, machine(502, 3), 1);
  plant.loop.run_for(3s);
  ConnectionConfig smaller = machine(502, 2);
  smaller.groups[0].interval_ms = 500;
  plant.put(1, smaller, 1);
  plant.loop.run_for(3s);
  EXPECT_EQ(plant.sink.of(1).size(), 1u) << "nothing changed for it, so nothing is stored";
  EXPECT_EQ(plant.last(3).quality, quality::kBadOutOfService);
  EXPECT_EQ(plant.status(1).tags_bad, 0u);
}

TEST(Manager, EndsWithEverySignalMarked) {
  Plant plant;
  MapDevice device;
  const auto server = plant.serve(device, 502);
  plant.put(1, machine(502, 2), 1);
  plant.loop.run_for(3s);
  plant.manager->stop();
  EXPECT_EQ(plant.last(1).quality, quality::kBadNotConnected);
  EXPECT_EQ(plant.last(2).quality, quality::kBadNotConnected);
  plant.loop.run_for(3s);
  EXPECT_EQ(plant.loop.open_connections({"plc", 502}), 0u);
}

TEST(Manager, DeliversASampleWithTheTimeOfTheWallClockThoughItJumps) {
  Plant plant;
  MapDevice device;
  const auto server = plant.serve(device, 502);
  device.reply = [&, n = 0](std::uint8_t, const modbus::Request&) mutable {
    device.holding[1][0] = static_cast<std::uint16_t>(++n);
    return ServerReply{};
  };
  plant.put(1, machine(502, 1), 1);
  plant.loop.run_for(10s);
  const std::size_t before = plant.sink.of(1).size();
  plant.clock.jump(-1h);
  plant.loop.run_for(10s);
  EXPECT_EQ(plant.sink.of(1).size(), before + 10) << "polling follows the steady clock";
  EXPECT_LT(plant.last(1).time, plant.sink.of(1)[before - 1].time);
}

TEST(Manager, SharesOneSocketAmongConnectionsToASingleConnectionDevice) {
  Plant plant;
  MapDevice device;
  ModbusServerOptions options;
  options.listen = {"plc", 502};
  options.connections_max = 1;
  const auto server = make_modbus_server(plant.loop, device, options).value();
  for (std::uint32_t i = 0; i < 3; ++i) {
    ConnectionConfig config = machine(502, 2);
    for (SignalConfig& signal : config.signals) signal.path += "_" + std::to_string(i);
    modbus_of(config).single_connection = true;
    plant.put(i + 1, config, 10 * (i + 1));
  }
  plant.loop.run_for(10s);
  for (std::uint32_t i = 1; i <= 3; ++i) {
    EXPECT_EQ(plant.status(i).state, ConnectionState::kConnected);
    EXPECT_EQ(plant.status(i).tags_bad, 0u);
  }
  EXPECT_EQ(plant.loop.connections_made({"plc", 502}), 1u);
  // One of them goes, the socket stays; a late one hears that it is connected.
  ASSERT_TRUE(plant.manager->remove({1}).ok());
  plant.loop.run_for(2s);
  EXPECT_EQ(plant.loop.open_connections({"plc", 502}), 1u);
}

TEST(Manager, PausesBetweenRequestsIfTheDeviceNeedsIt) {
  Plant plant;
  MapDevice device;
  const auto server = plant.serve(device, 502);
  std::vector<Nanoseconds> asked;
  device.reply = [&](std::uint8_t, const modbus::Request&) {
    asked.push_back(plant.loop.now());
    return ServerReply{};
  };
  ConnectionConfig config = machine(502, 10);
  modbus_of(config).one_signal_per_read = true;
  modbus_of(config).request_delay_ms = 20;
  plant.put(1, config, 1);
  plant.loop.run_for(5s);
  ASSERT_GT(asked.size(), 40u);
  for (std::size_t i = 1; i < asked.size(); ++i) EXPECT_GE(asked[i] - asked[i - 1], 20ms);
}

TEST(Manager, KeepsSeveralRequestsUnderWayIfAllowed) {
  const auto cycle_time = [](std::uint8_t in_flight) {
    Plant plant;
    plant.loop.set_latency(50ms);
    MapDevice device;
    const auto server = plant.serve(device, 502);
    ConnectionConfig config = machine(502, 8);
    modbus_of(config).one_signal_per_read = true;
    modbus_of(config).requests_in_flight_max = in_flight;
    plant.put(1, config, 1);
    plant.loop.run_until([&] { return plant.sink.samples.size() == 8; }, 10s);
    return plant.loop.now();
  };
  EXPECT_GE(cycle_time(1), 800ms);
  EXPECT_LT(cycle_time(8), 600ms);
}

TEST(Manager, ReadsAndWritesThroughTlsAndRefusesAnUnknownCertificate) {
  Plant plant;
  MapDevice device;
  device.holding[1][0] = 41;
  const auto own = sys::make_self_signed_certificate({"plc"}, sys::real_clock().now()).value();
  ModbusServerOptions options;
  options.listen = {"plc", 802};
  options.tls =
      sys::make_tls_context(sys::TlsSide::kServer, {own.certificate_pem, own.key_pem, "", ""})
          .value();
  const auto server = make_modbus_server(plant.loop, device, options).value();
  ConnectionConfig config = machine(802, 1);
  modbus_of(config).tls.enabled = true;
  modbus_of(config).tls.trusted = own.certificate_pem;
  config.writes_enabled = true;
  config.signals[0].writable = true;
  plant.put(1, config, 1);
  plant.loop.run_for(3s);
  EXPECT_EQ(plant.last(1).value, Value(std::int64_t{41}));
  std::optional<Result<WriteOutcome>> written;
  plant.manager->write(kTenant, {1}, std::int64_t{7},
                       [&](Result<WriteOutcome> outcome) { written = std::move(outcome); });
  plant.loop.run_for(1s);
  ASSERT_TRUE(written && written->ok());
  EXPECT_EQ(device.holding[1][0], 7);

  // Another machine took its address.
  const auto other = sys::make_self_signed_certificate({"plc"}, sys::real_clock().now()).value();
  modbus_of(config).tls.trusted = other.certificate_pem;
  plant.put(1, config, 1);
  plant.loop.run_for(3s);
  EXPECT_EQ(plant.status(1).state, ConnectionState::kRetrying);
  EXPECT_NE(plant.status(1).last_error->find("certificate is refused"), std::string::npos);
  EXPECT_TRUE(plant.last(1).quality.bad());
  EXPECT_EQ(plant.last(1).value, Value(std::int64_t{7}));
}

TEST(ConnectionJson, TakesASecretAndDoesNotGiveItBack) {
  const auto own = sys::make_self_signed_certificate({"x"}, sys::real_clock().now()).value();
  Json json = {{"name", "press"},
               {"protocol", "modbus-tcp"},
               {"settings",
                {{"host", "plc"},
                 {"tls", true},
                 {"tls_certificate", own.certificate_pem},
                 {"tls_key", own.key_pem}}}};
  const ConnectionConfig config = config_from_json(json).value();
  EXPECT_EQ(std::get<ModbusSettings>(config.settings).tls.key, own.key_pem);
  EXPECT_FALSE(config_json(config, Secrets::kHidden)["settings"].contains("tls_key"));
  EXPECT_EQ(config_from_json(config_json(config, Secrets::kShown)).value(), config);

  // As a form sends it back that never had the secret.
  json["settings"].erase("tls_key");
  EXPECT_EQ(config_from_json(json).error().what,
            "settings.tls: key_pem: is not the private key of the certificate in PEM");
  Json elsewhere = json;
  elsewhere["settings"]["host"] = "attacker";
  keep_secrets(elsewhere, config);
  EXPECT_FALSE(elsewhere["settings"].contains("tls_key"));
  keep_secrets(json, config);
  EXPECT_EQ(config_from_json(json).value(), config);
}

}  // namespace
}  // namespace lineshaft::connect
