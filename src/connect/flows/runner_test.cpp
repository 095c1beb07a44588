// One flow, seen by a Modbus client at its other end.
#include "connect/flows/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "connect/flows/testing.h"
#include "wire/modbus/frame.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

constexpr std::uint16_t kPort = 1502;

FlowConfig flow(FlowRule rule = {}) {
  FlowConfig config;
  config.name = "line PLC";
  ModbusServerFlowSettings settings;
  settings.port = kPort;
  config.settings = settings;
  config.rules = {std::move(rule)};
  return config;
}

// The PDU of the answer to one request, on a connection of its own; empty: none.
Bytes ask(sys::SimLoop& loop, const Bytes& pdu) {
  std::unique_ptr<sys::TcpStream> stream;
  std::array<std::uint8_t, 512> in{};
  std::size_t got = 0;
  Bytes frame;
  modbus::append_frame({1, 1}, pdu, frame);
  const auto connecting =
      loop.connect({"127.0.0.1", kPort}, 1s, [&](Result<std::unique_ptr<sys::TcpStream>> made) {
        if (!made) return;
        stream = std::move(*made);
        stream->write_all(frame, [](const Status&) {});
        stream->read_some(in, [&](Result<std::size_t> count) { got = count ? *count : 0; });
      });
  loop.run_for(2ms);
  if (got < modbus::kHeaderBytes) return {};
  return {in.begin() + modbus::kHeaderBytes, in.begin() + static_cast<std::ptrdiff_t>(got)};
}

Bytes read_pdu(std::uint8_t function, std::uint16_t address, std::uint8_t count) {
  return {function, static_cast<std::uint8_t>(address >> 8), static_cast<std::uint8_t>(address), 0,
          count};
}

// The float64 in four holding registers.
double number(FlowPlant& plant, std::uint16_t address = 0) {
  const Bytes answer = ask(plant.loop, read_pdu(3, address, 4));
  EXPECT_EQ(answer.size(), 10U);
  if (answer.size() != 10) return -1;
  std::uint64_t bits = 0;
  for (std::size_t i = 2; i < 10; ++i) bits = bits << 8 | answer[i];
  return std::bit_cast<double>(bits);
}

bool good(FlowPlant& plant, std::uint16_t address = 0) {
  const Bytes answer = ask(plant.loop, read_pdu(2, address, 1));
  return answer.size() == 3 && answer[2] == 1;
}

TEST(Flow, ServesTheNewestValueAtTheStartAndThenEveryChange) {
  FlowPlant plant;
  plant.house.add(1, "acme/press/force");
  plant.house.values[1] = {{1}, plant.clock.now(), quality::kGood, 12.5};
  plant.start(flow());
  EXPECT_EQ(plant.runner->status().outlet.state, OutletState::kUp);
  EXPECT_EQ(number(plant), 12.5);
  EXPECT_TRUE(good(plant));
  plant.sample(1, 13.0);
  EXPECT_EQ(number(plant), 13.0);
  EXPECT_EQ(plant.runner->status().samples_sent, 1U);
}

TEST(Flow, PassesOnThatAValueIsNotGoodAndKeepsTheLastOne) {
  FlowPlant plant;
  plant.house.add(1, "acme/press/force");
  plant.start(flow());
  EXPECT_FALSE(good(plant));  // no value yet
  plant.sample(1, 13.0);
  EXPECT_TRUE(good(plant));
  plant.sample(1, 13.0, quality::kBadNoCommunication);
  EXPECT_FALSE(good(plant));
  EXPECT_EQ(number(plant), 13.0);
}

TEST(Flow, ConvertsUnits) {
  FlowPlant plant;
  plant.house.add(1, "acme/oven/heat", ValueType::kFloat64, "CEL");
  FlowRule rule;
  rule.unit = "FAH";
  plant.start(flow(rule));
  plant.sample(1, 100.0);
  EXPECT_EQ(number(plant), 212.0);
}

TEST(Flow, LeavesOutChangesWithinTheDeadbandOfWhatWentOutLast) {
  FlowPlant plant;
  plant.house.add(1, "acme/press/force");
  FlowRule rule;
  rule.deadband = 1;
  plant.start(flow(rule));
  plant.sample(1, 10.0);
  for (double value : {10.5, 11.0, 9.0}) plant.sample(1, value);
  EXPECT_EQ(number(plant), 10.0);
  plant.sample(1, 11.25);  // from 10, not from 9
  EXPECT_EQ(number(plant), 11.25);
  plant.sample(1, 11.5, quality::kBadTimeout);  // a change of quality always goes out
  EXPECT_FALSE(good(plant));
  EXPECT_EQ(plant.runner->status().samples_sent, 3U);
}

// Between two that go out, only the newest is kept, and that one is never lost.
TEST(Flow, SendsTheNewestValueWhenTheIntervalEnds) {
  FlowPlant plant;
  plant.house.add(1, "acme/press/force");
  FlowRule rule;
  rule.min_interval_ms = 1'000;
  plant.start(flow(rule));
  plant.sample(1, 1.0);
  EXPECT_EQ(number(plant), 1.0);
  for (double value : {2.0, 3.0, 4.0}) plant.sample(1, value);
  EXPECT_EQ(number(plant), 1.0);
  plant.loop.run_for(1s);
  EXPECT_EQ(number(plant), 4.0);
  EXPECT_EQ(plant.runner->status().samples_sent, 2U);
  plant.sample(1, 5.0);  // the interval runs anew from 4
  EXPECT_EQ(number(plant), 4.0);
  plant.loop.run_for(3s);
  EXPECT_EQ(number(plant), 5.0);
  plant.sample(1, 6.0);  // long after: at once
  EXPECT_EQ(number(plant), 6.0);
}

// A peak inside the interval is over when it ends: what is shown must not stay at the peak.
TEST(Flow, DoesNotSendAPeakThatIsOverWhenTheIntervalEnds) {
  FlowPlant plant;
  plant.house.add(1, "acme/press/force");
  FlowRule rule;
  rule.min_interval_ms = 1'000;
  rule.deadband = 1;
  plant.start(flow(rule));
  plant.sample(1, 10.0);
  plant.sample(1, 90.0);
  plant.sample(1, 10.5);
  plant.loop.run_for(2s);
  EXPECT_EQ(number(plant), 10.0);
  EXPECT_EQ(plant.runner->status().samples_sent, 1U);
}

TEST(Flow, DoesNotTakeLateHistoryForThePresent) {
  FlowPlant plant;
  plant.loop.run_for(10s);
  plant.house.add(1, "acme/press/force");
  plant.start(flow());
  plant.sample(1, 10.0);
  const Sample late{{1}, plant.clock.now() + -5s, quality::kGood, 99.0};
  plant.runner->take(std::span(&late, 1), [](const Status&) {});
  EXPECT_EQ(number(plant), 10.0);
}

TEST(Flow, FollowsOtherRulesWithoutDroppingItsClients) {
  FlowPlant plant;
  plant.house.add(1, "acme/press/force");
  plant.house.add(2, "acme/press/speed");
  plant.house.values[2] = {{2}, plant.clock.now(), quality::kGood, 7.0};
  FlowRule force;
  force.select = "acme/press/force";
  plant.start(flow(force));
  plant.sample(1, 10.0);
  plant.runner->set_plan(plant.plan(flow()));
  plant.loop.run_for(1ms);
  EXPECT_EQ(number(plant, 0), 10.0);
  EXPECT_EQ(number(plant, 4), 7.0);
  FlowRule speed;
  speed.select = "acme/press/speed";
  plant.runner->set_plan(plant.plan(flow(speed)));
  plant.loop.run_for(1ms);
  EXPECT_EQ(ask(plant.loop, read_pdu(3, 0, 4)), (Bytes{0x83, 2}));
  EXPECT_EQ(number(plant, 4), 7.0);  // where it was
}

TEST(Flow, TriesAgainWhenItsPortIsTaken) {
  FlowPlant plant;
  plant.house.add(1, "acme/press/force");
  plant.house.values[1] = {{1}, plant.clock.now(), quality::kGood, 12.5};
  MapDevice other;
  ModbusServerOptions options;
  options.listen = {"127.0.0.1", kPort};
  auto taken = make_modbus_server(plant.loop, other, options).value();
  plant.start(flow());
  EXPECT_EQ(plant.runner->status().outlet.state, OutletState::kDown);
  EXPECT_THAT(plant.runner->status().outlet.last_error.value_or(""),
              ::testing::StartsWith("LS-1109"));
  plant.sample(1, 13.0);  // goes nowhere, and holds nobody up
  taken.reset();
  plant.loop.run_for(6s);
  EXPECT_EQ(plant.runner->status().outlet.state, OutletState::kUp);
  EXPECT_EQ(number(plant), 13.0);
  EXPECT_EQ(plant.runner->events().front().event, "started");
}

// --- writes ---

const Bytes kWrite = {16, 0, 0, 0, 4, 8, 0x40, 0x08, 0, 0, 0, 0, 0, 0};  // 3.0 to registers 0..3

TEST(Flow, RefusesWritesUnlessFlowAndTagAllowThem) {
  FlowPlant plant;
  plant.house.add(1, "acme/press/force").spec.writable = true;
  plant.start(flow());
  EXPECT_EQ(ask(plant.loop, kWrite), (Bytes{0x90, 2}));
  FlowConfig open = flow();
  open.writes_enabled = true;
  plant.runner->set_plan(plant.plan(open));
  plant.loop.run_for(1ms);
  EXPECT_EQ(ask(plant.loop, kWrite), (Bytes{16, 0, 0, 0, 4}));
  ASSERT_EQ(plant.house.writes.size(), 1U);
  EXPECT_EQ(plant.house.writes[0].user, "Modbus client");
  EXPECT_EQ(plant.house.writes[0].value, Value(3.0));
  plant.house.tags[1].spec.writable = false;
  plant.runner->set_plan(plant.plan(open));
  plant.loop.run_for(1ms);
  EXPECT_EQ(ask(plant.loop, kWrite), (Bytes{0x90, 2}));
  EXPECT_EQ(plant.house.writes.size(), 1U);
}

TEST(Flow, ConvertsWhatIsWrittenBackToTheTagsOwnUnit) {
  FlowPlant plant;
  plant.house.add(1, "acme/oven/target", ValueType::kInt64, "BAR").spec.writable = true;
  FlowRule rule;
  rule.unit = "MBR";
  FlowConfig config = flow(rule);
  config.writes_enabled = true;
  plant.start(config);
  // 3000.0 mbar: the bits of the float64.
  const Bytes write = {16, 0, 0, 0, 4, 8, 0x40, 0xA7, 0x70, 0, 0, 0, 0, 0};
  EXPECT_EQ(ask(plant.loop, write), (Bytes{16, 0, 0, 0, 4}));
  ASSERT_EQ(plant.house.writes.size(), 1U);
  EXPECT_EQ(plant.house.writes[0].value, Value(std::int64_t{3}));
}

// Half of a number never goes to a machine.
TEST(Flow, RefusesToWriteAPartOfANumber) {
  FlowPlant plant;
  plant.house.add(1, "acme/press/force").spec.writable = true;
  FlowConfig config = flow();
  config.writes_enabled = true;
  plant.start(config);
  EXPECT_EQ(ask(plant.loop, {6, 0, 0, 0, 3}), (Bytes{0x86, 2}));
  EXPECT_EQ(ask(plant.loop, {16, 0, 1, 0, 2, 4, 0, 0, 0, 0}), (Bytes{0x90, 2}));
  EXPECT_TRUE(plant.house.writes.empty());
}

}  // namespace
}  // namespace lineshaft::connect
