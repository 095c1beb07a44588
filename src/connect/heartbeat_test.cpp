// A machine whose program stands still, or that watches whether we do.
#include "connect/heartbeat.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "connect/connection_json.h"
#include "connect/mqtt/testing.h"
#include "connect/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

// A machine with a beat in register 0 and a value in register 1.
struct Beating : Plant {
  MapDevice device;
  std::unique_ptr<ModbusServer> server = serve(device, 502);
  ConnectionConfig config = machine(502, 2);
  Beating() { config.heartbeat = Heartbeat{"org/site/m502/s0", 3'000, Beat::kExpect}; }
  void start() {
    device.holding[1][1] = 7;
    put(1, config, 1);
  }
  // The machine's program runs for so long.
  void beat_for(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      device.holding[1][0] += 1;
      loop.run_for(1s);
    }
  }
  bool has_event(std::string_view name) {
    return std::ranges::any_of(manager->events({1}),
                               [&](const auto& event) { return event.event == name; });
  }
};

TEST(Heartbeat, AValueOfAMachineWithoutABeatIsUncertain) {
  Beating m;
  m.start();
  m.beat_for(10);
  EXPECT_EQ(m.last(2).quality, quality::kGood);
  m.loop.run_for(5s);  // the program stands still; the controller answers on
  EXPECT_EQ(m.last(2).quality, quality::kUncertainLastUsableValue);
  EXPECT_EQ(m.last(2).value, Value(std::int64_t{7}));
  EXPECT_EQ(m.status(1).state, ConnectionState::kConnected);
  ASSERT_TRUE(m.status(1).last_error.has_value());
  EXPECT_NE(m.status(1).last_error->find("'org/site/m502/s0' has not changed for 3000 ms"),
            std::string::npos);
  EXPECT_FALSE(m.status(1).last_error_until.has_value());
  EXPECT_TRUE(m.has_event("heartbeat-missing"));
  m.device.holding[1][1] = 8;
  m.loop.run_for(2s);
  EXPECT_EQ(m.last(2).value, Value(std::int64_t{8}));
  EXPECT_EQ(m.last(2).quality, quality::kUncertainLastUsableValue) << "still without a beat";
  m.beat_for(2);
  EXPECT_EQ(m.last(2).quality, quality::kGood);
  EXPECT_TRUE(m.has_event("heartbeat-back"));
  EXPECT_TRUE(m.status(1).last_error_until.has_value()) << "it beats again";

  // The second time is told like the first.
  m.loop.run_for(5s);
  EXPECT_FALSE(m.status(1).last_error_until.has_value());
  EXPECT_EQ(
      std::ranges::count(m.manager->events({1}), "heartbeat-missing", &ConnectionEvent::event), 2);
}

TEST(Heartbeat, AMachineThatNeverBeatsIsFoundOut) {
  Beating m;
  m.start();
  m.loop.run_for(2s);
  EXPECT_EQ(m.last(2).quality, quality::kGood);
  m.loop.run_for(3s);
  EXPECT_EQ(m.last(2).quality, quality::kUncertainLastUsableValue);
}

TEST(Heartbeat, ALostMachineIsLostAndNotWithoutABeat) {
  Beating m;
  m.start();
  m.beat_for(5);
  m.server.reset();
  m.loop.run_for(30s);
  EXPECT_TRUE(m.last(2).quality.bad());
  EXPECT_FALSE(m.has_event("heartbeat-missing"));
}

// Nothing is polled there: values that do not change have to turn uncertain by themselves.
TEST(Heartbeat, CountsForMachinesThatTellChangesOnly) {
  Plant plant;
  TestBroker broker(plant.loop, {"broker", 1});
  ConnectionConfig config =
      mqtt_connection(1, {mqtt_signal("o/s/m/beat", "m/beat"), mqtt_signal("o/s/m/x", "m/x")});
  config.heartbeat = Heartbeat{"o/s/m/beat", 3'000, Beat::kExpect};
  plant.put(1, config, 1);
  plant.loop.run_for(1s);
  broker.say("m/x", "5");
  for (int i = 0; i < 6; ++i) {
    broker.say("m/beat", std::to_string(i));
    plant.loop.run_for(1s);
  }
  EXPECT_EQ(plant.last(2).quality, quality::kGood);
  plant.loop.run_for(4s);
  EXPECT_EQ(plant.last(2).quality, quality::kUncertainLastUsableValue);
  broker.say("m/beat", "100");
  plant.loop.run_for(1s);
  EXPECT_EQ(plant.last(2).quality, quality::kGood);
  EXPECT_EQ(plant.last(2).value, Value(5.0));
}

TEST(Heartbeat, OursIsCountedUpInTheMachine) {
  Beating m;
  m.config.heartbeat = Heartbeat{"org/site/m502/s0", 1'000, Beat::kWrite};
  m.config.writes_enabled = true;
  m.config.signals[0].writable = true;
  m.config.signals[0].write.high = 3;
  m.start();
  m.loop.run_for(500ms);
  std::vector<int> seen;
  for (int i = 0; i < 6; ++i) {
    m.loop.run_for(1s);
    seen.push_back(m.device.holding[1][0]);
  }
  EXPECT_EQ(seen, (std::vector<int>{0, 1, 2, 3, 0, 1}));
  EXPECT_EQ(m.last(2).quality, quality::kGood);
  EXPECT_FALSE(m.status(1).last_error.has_value());
}

TEST(Heartbeat, ThatItCannotBeWrittenIsTold) {
  Beating m;
  m.config.heartbeat = Heartbeat{"org/site/m502/s0", 1'000, Beat::kWrite};
  m.config.writes_enabled = true;
  m.config.signals[0].writable = true;
  m.device.refuse = [](std::uint8_t, const modbus::Request& request) -> ModbusDevice::Outcome {
    if (std::holds_alternative<modbus::WriteRegisters>(request)) {
      return modbus::Exception::kIllegalDataAddress;
    }
    return std::nullopt;
  };
  m.start();
  m.loop.run_for(3s);
  EXPECT_TRUE(m.has_event("heartbeat-failed"));
}

TEST(Heartbeat, IsCheckedAgainstItsSignal) {
  Beating m;
  EXPECT_TRUE(check_connection(m.config).ok());
  m.config.heartbeat->direction = Beat::kWrite;
  EXPECT_NE(check_connection(m.config).error().what.find("writes be allowed"), std::string::npos);
  m.config.writes_enabled = true;
  m.config.signals[0].writable = true;
  EXPECT_TRUE(check_connection(m.config).ok());
  m.config.signals[0].write.confirm = Confirm::kAgain;
  EXPECT_FALSE(check_connection(m.config).ok());
  m.config.signals[0].write.confirm = Confirm::kNone;
  m.config.heartbeat->interval_ms = 99;
  EXPECT_FALSE(check_connection(m.config).ok());
  m.config.heartbeat = Heartbeat{"org/site/other", 1'000, Beat::kExpect};
  EXPECT_TRUE(check_connection(m.config).ok()) << "signals may come later";
  m.start();
  m.loop.run_for(1s);
  EXPECT_TRUE(m.has_event("heartbeat-missing"));
}

TEST(Heartbeat, SurvivesItsForm) {
  Beating m;
  Json json = config_json(m.config, Secrets::kShown);
  EXPECT_EQ(json["heartbeat"].dump(),
            R"({"signal":"org/site/m502/s0","interval_ms":3000,"direction":"expect"})");
  json["signals"] = signals_json(m.config.signals);
  EXPECT_EQ(config_from_json(json).value().heartbeat, m.config.heartbeat);
  json["heartbeat"] = nullptr;
  EXPECT_EQ(config_from_json(json).value().heartbeat, std::nullopt);
  json["heartbeat"] = {{"signal", "a/b"}, {"direction", "sing"}};
  EXPECT_EQ(config_from_json(json).error().what, "heartbeat: direction: must be expect or write");
}

}  // namespace
}  // namespace lineshaft::connect
