// Machines that restart with another structure: what is gone is named, what is there goes on, and
// what comes back is taken again. S7 and MTConnect have theirs in their own folders.
#include <gtest/gtest.h>

#include "connect/iec104/testing.h"
#include "connect/opcua/testing.h"
#include "connect/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

// Another program in the controller: it has five registers instead of sixty.
TEST(Restart, AModbusDeviceWithFewerRegistersKeepsTheRest) {
  const sys::Endpoint at{"plc", 666};
  Plant plant;
  MapDevice device;
  for (std::size_t i = 0; i < 60; ++i) device.holding[1][i] = static_cast<std::uint16_t>(100 + i);
  auto server = plant.serve(device, at.port);
  plant.put(1, machine(at.port, 60), 1);
  plant.loop.run_for(5s);
  ASSERT_EQ(plant.status(1).tags_bad, 0u);

  server.reset();
  plant.loop.cut(at);
  plant.loop.run_for(1s);
  EXPECT_EQ(plant.status(1).tags_bad, 60u);
  MapDevice other;
  for (std::size_t i = 0; i < 5; ++i) other.holding[1][i] = static_cast<std::uint16_t>(200 + i);
  other.refuse = [](std::uint8_t, const modbus::Request& request) -> ModbusDevice::Outcome {
    const auto& read = std::get<modbus::ReadRegisters>(request);
    if (read.address + read.count > 5) return modbus::Exception::kIllegalDataAddress;
    return std::nullopt;
  };
  server = plant.serve(other, at.port);
  plant.loop.run_for(60s);
  EXPECT_EQ(plant.status(1).state, ConnectionState::kConnected);
  EXPECT_EQ(plant.status(1).tags_bad, 55u);
  for (std::uint32_t tag = 1; tag <= 5; ++tag) {
    EXPECT_EQ(plant.last(tag).value, Value(std::int64_t{199 + tag})) << tag;
  }
  EXPECT_EQ(plant.last(6).quality, quality::kBadConfigurationError);
  EXPECT_EQ(plant.last(6).value, Value(std::int64_t{105})) << "what it was";

  // The old program again. Addresses that were refused are tried once a minute.
  server.reset();
  plant.loop.cut(at);
  plant.loop.run_for(1s);
  server = plant.serve(device, at.port);
  plant.loop.run_for(150s);
  EXPECT_EQ(plant.status(1).tags_bad, 0u);
  EXPECT_EQ(plant.last(60).value, Value(std::int64_t{159}));
}

TEST(Restart, AnOpcUaServerWithOtherNodesIsTakenAsItIs) {
  opcua::testing::Plant plant;
  plant.serve();
  plant.set_all();
  plant.put(opcua::testing::Plant::connection());
  ASSERT_TRUE(plant.all_good()) << plant.last_error();

  // The first has become a text, the second is gone.
  plant.server.reset();
  ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 6; }));
  std::vector<Tag> tags = opcua::testing::Plant::tags();
  tags[0].spec.type = ValueType::kString;
  tags.erase(tags.begin() + 1);
  plant.backing.values.erase(2);
  plant.set(1, std::string("running"));
  auto made = opcua::make_server(plant.loop, plant.clock, *plant.server_trust, plant.backing,
                                 plant.options);
  ASSERT_TRUE(made.ok());
  plant.server = *std::move(made);
  ASSERT_TRUE(plant.server->put(tags).ok());
  ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 2; })) << plant.last_error();
  plant.loop.run_for(1s);
  EXPECT_EQ(plant.last(101)->quality, quality::kBadTypeMismatch);
  EXPECT_EQ(plant.last(101)->value, Value(12.5)) << "what it was";
  EXPECT_EQ(plant.last(102)->quality, Quality{0x80340000})
      << "BadNodeIdUnknown, as the server said";
  EXPECT_TRUE(plant.last(103)->quality.good());
  EXPECT_TRUE(plant.has_event("refused"));

  plant.server.reset();
  ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 6; }));
  plant.serve();
  plant.set_all();
  EXPECT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 0; }, 120s))
      << plant.last_error();
}

TEST(Restart, AStationWithOtherPointsIsTakenAsItIs) {
  Plant plant;
  TestPlant station;
  Iec104ServerOptions options;
  options.listen = kStationAt;
  auto server = make_iec104_server(plant.loop, station, station_points(), options).value();
  plant.put(1, station_config(), 1);
  plant.loop.run_for(2s);
  ASSERT_EQ(plant.status(1).tags_bad, 0u);

  // The float is gone, and what was a single point is a measured value.
  server.reset();
  plant.loop.run_for(1s);
  std::vector<Iec104ServedPoint> points = station_points();
  points[1].format.kind = iec104::PointKind::kScaled;
  points[1].reading.value = std::int64_t{5};
  points.erase(points.begin());
  server = make_iec104_server(plant.loop, station, points, options).value();
  plant.loop.run_for(60s);
  EXPECT_EQ(plant.status(1).state, ConnectionState::kConnected);
  EXPECT_EQ(plant.status(1).tags_bad, 2u);
  EXPECT_EQ(plant.last(1).quality, quality::kBadNoData);
  EXPECT_EQ(plant.last(1).value, Value(12.5f)) << "what it was";
  EXPECT_EQ(plant.last(2).quality, quality::kBadTypeMismatch);
  EXPECT_EQ(plant.last(3).value, Value(std::int64_t{-7}));
  EXPECT_TRUE(plant.last(3).quality.good());

  server.reset();
  plant.loop.run_for(1s);
  server = make_iec104_server(plant.loop, station, station_points(), options).value();
  plant.loop.run_for(60s);
  EXPECT_EQ(plant.status(1).tags_bad, 0u);
}

}  // namespace
}  // namespace lineshaft::connect
