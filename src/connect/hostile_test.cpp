// Devices that break, lie, drag and die: each is isolated, its signals go bad once, the others keep
// their rate, and all comes back by itself.
#include <gtest/gtest.h>

#include "connect/neighbours_fixture.h"
#include "connect/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

const sys::Endpoint kBadAt{"plc", 666};

// A healthy machine (connection 1, tags 1..3) beside the hostile one (connection 2, tags 11..13).
struct Neighbours : WatchedPlant {
  MapDevice healthy;
  std::unique_ptr<ModbusServer> healthy_server = serve(healthy, 502);
  Neighbours() {
    healthy.reply = [this](std::uint8_t, const modbus::Request&) {
      healthy_polls.push_back(loop.now());
      return ServerReply{};
    };
    put(1, machine(502, 3), 1);
  }
  ConnectionConfig hostile(std::size_t signals = 3) {
    ConnectionConfig config = machine(666, signals);
    modbus_of(config).timeout_ms = 500;
    return config;
  }
};

TEST(Hostile, ADeviceThatGoesAwayLeavesOneBadSamplePerTagAndComesBack) {
  Neighbours n;
  MapDevice device;
  auto server = n.serve(device, 666);
  device.holding[1][0] = 77;
  n.put(2, n.hostile(), 11);
  n.loop.run_for(5s);
  ASSERT_EQ(n.status(2).state, ConnectionState::kConnected);

  server.reset();
  n.loop.cut(kBadAt);
  n.loop.run_for(120s);
  EXPECT_EQ(n.status(2).state, ConnectionState::kRetrying);
  EXPECT_TRUE(n.status(2).retry_in_ms.has_value());
  EXPECT_EQ(n.status(2).tags_bad, 3u);
  for (std::uint32_t tag : {11u, 12u, 13u}) EXPECT_EQ(n.bad_samples(tag), 1u);
  EXPECT_EQ(n.last(11).quality, quality::kBadNotConnected);
  EXPECT_EQ(n.last(11).value, Value(std::int64_t{77})) << "never a zero";

  server = n.serve(device, 666);
  n.loop.run_for(31s);
  EXPECT_EQ(n.status(2).state, ConnectionState::kConnected);
  EXPECT_EQ(n.status(2).reconnects, 1u);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
  EXPECT_TRUE(n.last(11).quality.good());
  n.expect_healthy_rate();
  const auto events = n.manager->events({2});
  EXPECT_EQ(events.front().event, "connected");
  EXPECT_LT(events.size(), 10u) << "a night of attempts is no thousand events";
}

TEST(Hostile, ADeviceThatWasNeverThereHasBadSignalsFromTheStart) {
  Neighbours n;
  n.put(2, n.hostile(), 11);
  n.loop.run_for(10s);
  EXPECT_EQ(n.status(2).state, ConnectionState::kRetrying);
  EXPECT_EQ(n.status(2).last_error->substr(0, 7), "LS-1105");
  ASSERT_EQ(n.sink.of(11).size(), 1u);
  EXPECT_EQ(n.last(11).quality, quality::kBadNotConnected);
}

TEST(Hostile, AttemptsBackOffWithFullJitterUpToThirtySeconds) {
  Neighbours n;
  std::vector<Nanoseconds> attempts;
  auto refuse = n.loop
                    .listen(kBadAt,
                            [&](std::unique_ptr<sys::TcpStream>) {
                              attempts.push_back(n.loop.now());  // the stream closes
                            })
                    .value();
  n.put(2, n.hostile(), 11);
  n.loop.run_for(3600s);
  ASSERT_GT(attempts.size(), 150u);  // 3600 s / 15 s on average
  ASSERT_LT(attempts.size(), 400u);
  std::size_t under_ten = 0;
  for (std::size_t i = 1; i < attempts.size(); ++i) {
    EXPECT_LE(attempts[i] - attempts[i - 1], 30s + 10ms);
    if (i > 5 && attempts[i] - attempts[i - 1] < 10s) under_ten += 1;
  }
  // Uniform over 0..30 s: about a third is below 10 s.
  EXPECT_NEAR(static_cast<double>(under_ten) / static_cast<double>(attempts.size()), 1.0 / 3, 0.12);
}

TEST(Hostile, ASilentDeviceTimesOutAndIsConnectedAnew) {
  Neighbours n;
  MapDevice device;
  auto server = n.serve(device, 666);
  n.put(2, n.hostile(), 11);
  n.loop.run_for(5s);
  bool silent = true;
  device.reply = [&](std::uint8_t, const modbus::Request&) {
    return ServerReply{{}, silent ? ServerFault::kSilence : ServerFault::kAnswer};
  };
  n.loop.run_for(30s);
  EXPECT_EQ(n.status(2).tags_bad, 3u);
  EXPECT_GE(n.status(2).timeouts, 3u);
  EXPECT_EQ(n.last(11).quality, quality::kBadTimeout);
  EXPECT_EQ(n.bad_samples(11), 1u);
  EXPECT_GT(n.loop.connections_made(kBadAt), 1u) << "a dead connection looks like a silent device";
  silent = false;
  n.loop.run_for(31s);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
  n.expect_healthy_rate();
}

TEST(Hostile, AHalfOpenConnectionIsFoundOutAndReplaced) {
  Neighbours n;
  MapDevice device;
  auto server = n.serve(device, 666);
  n.put(2, n.hostile(), 11);
  n.loop.run_for(5s);
  n.loop.set_silent(kBadAt, true);  // the cable: no reset, no end of stream
  n.loop.run_for(60s);
  EXPECT_EQ(n.status(2).state, ConnectionState::kRetrying);
  EXPECT_EQ(n.status(2).tags_bad, 3u);
  n.loop.set_silent(kBadAt, false);
  n.loop.run_for(31s);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
  n.expect_healthy_rate();
}

TEST(Hostile, ALateAnswerIsDiscardedAndDoesNotPoisonTheNextRequest) {
  Neighbours n;
  MapDevice device;
  auto server = n.serve(device, 666);
  std::uint16_t polls = 0;
  device.reply = [&](std::uint8_t, const modbus::Request&) {
    polls += 1;
    device.holding[1][0] = polls;  // each answer differs from the one before
    return ServerReply{polls == 4 ? 700ms : 0ms};
  };
  n.put(2, n.hostile(1), 11);
  n.loop.run_for(10s);
  EXPECT_EQ(n.status(2).timeouts, 1u);
  EXPECT_EQ(n.status(2).late_answers, 1u);
  EXPECT_EQ(n.bad_samples(11), 0u) << "the second try got its answer";
  // What was stored runs up without a step back: no answer was taken for another's.
  std::int64_t before = -1;
  for (const Sample& sample : n.sink.of(11)) {
    const auto value = std::get<std::int64_t>(sample.value);
    EXPECT_GE(value, before);
    before = value;
  }
  EXPECT_EQ(n.status(2).reconnects, 0u);
}

TEST(Hostile, AnAnswerSentTwiceIsTakenOnce) {
  Neighbours n;
  MapDevice device;
  auto server = n.serve(device, 666);
  device.reply = [&](std::uint8_t, const modbus::Request&) {
    return ServerReply{{}, ServerFault::kTwice};
  };
  n.put(2, n.hostile(), 11);
  n.loop.run_for(10s);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
  EXPECT_EQ(n.status(2).errors, 0u);
  EXPECT_EQ(n.status(2).late_answers, n.status(2).requests);
}

TEST(Hostile, AnswersOfAnotherTransactionAreNobodys) {
  Neighbours n;
  MapDevice device;
  auto server = n.serve(device, 666);
  device.reply = [&](std::uint8_t, const modbus::Request&) {
    return ServerReply{{}, ServerFault::kWrongTransaction};
  };
  n.put(2, n.hostile(), 11);
  n.loop.run_for(10s);
  EXPECT_EQ(n.status(2).tags_bad, 3u);
  EXPECT_GT(n.status(2).late_answers, 0u);
  EXPECT_GT(n.status(2).timeouts, 0u);
  n.expect_healthy_rate();
}

TEST(Hostile, AnswersOfAnotherUnitAreRefused) {
  Neighbours n;
  MapDevice device;
  auto server = n.serve(device, 666);
  device.reply = [&](std::uint8_t, const modbus::Request&) {
    return ServerReply{{}, ServerFault::kWrongUnit};
  };
  n.put(2, n.hostile(), 11);
  n.loop.run_for(10s);
  EXPECT_EQ(n.last(11).quality, quality::kBadCommunicationError);
  EXPECT_EQ(n.status(2).last_error->substr(0, 7), "LS-1301");
  EXPECT_EQ(n.bad_samples(11), 1u);
  n.expect_healthy_rate();
}

TEST(Hostile, GarbageEndsTheConnectionAtOnce) {
  Neighbours n;
  MapDevice device;
  auto server = n.serve(device, 666);
  device.reply = [&](std::uint8_t, const modbus::Request&) {
    return ServerReply{{}, ServerFault::kGarbage};
  };
  n.put(2, n.hostile(), 11);
  n.loop.run_for(100ms);
  EXPECT_EQ(n.status(2).state, ConnectionState::kRetrying) << "no waiting for a timeout";
  EXPECT_EQ(n.last(11).quality, quality::kBadCommunicationError);
  n.loop.run_for(60s);
  EXPECT_EQ(n.bad_samples(11), 1u);
  n.expect_healthy_rate();
}

TEST(Hostile, AFloodOfUnaskedAnswersEndsTheConnection) {
  Neighbours n;
  RawDevice device(n.loop, kBadAt, [](const modbus::Frame&) {
    Bytes flood;
    for (std::uint16_t i = 0; i < 2000; ++i) {
      modbus::append_frame({static_cast<std::uint16_t>(i + 1), 9}, Bytes{3, 2, 0, 0}, flood);
    }
    return std::vector<RawDevice::Action>{{flood}};
  });
  n.put(2, n.hostile(), 11);
  n.loop.run_for(60s);
  EXPECT_EQ(n.status(2).tags_bad, 3u);
  EXPECT_NE(n.status(2).last_error->find("nobody asked"), std::string::npos);
  n.expect_healthy_rate();
}

TEST(Hostile, ShortAndHugeAnswersAreRefused) {
  for (const Bytes& pdu : {Bytes{3}, Bytes{3, 6, 0, 1}, Bytes{3, 0}, Bytes{0x83}, Bytes{0x83, 2, 2},
                           Bytes(253, 3), Bytes{4, 6, 0, 1, 0, 2, 0, 3}}) {
    Neighbours n;
    RawDevice device(n.loop, kBadAt, [&](const modbus::Frame& frame) {
      Bytes answer;
      modbus::append_frame(frame.head, pdu, answer);
      return std::vector<RawDevice::Action>{{answer}};
    });
    n.put(2, n.hostile(), 11);
    n.loop.run_for(10s);
    EXPECT_EQ(n.status(2).tags_bad, 3u);
    EXPECT_EQ(n.last(11).quality, quality::kBadCommunicationError);
    EXPECT_EQ(n.bad_samples(11), 1u);
    n.expect_healthy_rate();
  }
}

// Goal: wherever the stream is cut, no value is invented and the connection comes back. Method:
// every offset of three answers.
TEST(Hostile, AConnectionCutAtAnyByteComesBack) {
  for (std::uint64_t offset = 0; offset <= 3 * 15; ++offset) {
    SCOPED_TRACE(offset);
    Plant plant;
    MapDevice device;
    const auto server = plant.serve(device, 666);
    device.holding[1] = {1111, 2222, 3333};
    plant.loop.cut_after(kBadAt, offset);
    plant.put(2, machine(666, 3), 11);
    plant.loop.run_for(20s);
    EXPECT_GE(plant.loop.connections_made(kBadAt), 2u);
    plant.loop.cut_after(kBadAt, std::nullopt);
    plant.loop.run_for(31s);
    EXPECT_EQ(plant.status(2).tags_bad, 0u);
    for (std::uint32_t i = 0; i < 3; ++i) {
      for (const Sample& sample : plant.sink.of(11 + i)) {
        const auto value = std::get<std::int64_t>(sample.value);
        EXPECT_TRUE(value == 1111 * (i + 1) || (sample.quality.bad() && value == 0)) << value;
      }
    }
  }
}

TEST(Hostile, AnAnswerThatStopsInTheMiddleEndsTheConnection) {
  Neighbours n;
  RawDevice device(n.loop, kBadAt, [](const modbus::Frame& frame) {
    Bytes answer;
    modbus::append_frame(frame.head, Bytes{3, 6, 0, 1, 0, 2, 0, 3}, answer);
    answer.resize(9);
    return std::vector<RawDevice::Action>{{answer}};
  });
  n.put(2, n.hostile(), 11);
  n.loop.run_for(600ms);
  EXPECT_EQ(n.status(2).state, ConnectionState::kRetrying);
  EXPECT_NE(n.status(2).last_error->find("stopped in the middle"), std::string::npos);
}

TEST(Hostile, ADeadUnitBehindAGatewayDoesNotStallTheOthers) {
  Neighbours n;
  MapDevice gateway;
  gateway.units = {1, 2, 3};
  auto server = n.serve(gateway, 666);
  bool dead = true;
  std::vector<Nanoseconds> of_unit_3;
  gateway.reply = [&](std::uint8_t unit, const modbus::Request&) {
    if (unit == 3) of_unit_3.push_back(n.loop.now());
    return ServerReply{{}, unit == 2 && dead ? ServerFault::kSilence : ServerFault::kAnswer};
  };
  ConnectionConfig config = n.hostile(30);
  modbus_of(config).one_signal_per_read = true;  // ten requests per unit: ten timeouts if asked all
  for (std::size_t i = 0; i < 30; ++i) {
    point_of(config.signals[i]).unit_id = static_cast<std::uint8_t>(1 + i / 10);
  }
  n.put(2, config, 11);
  n.loop.run_for(120s);
  EXPECT_EQ(n.status(2).state, ConnectionState::kConnected);
  EXPECT_EQ(n.status(2).reconnects, 0u);
  EXPECT_EQ(n.status(2).tags_bad, 10u) << "all of unit 2, none else";
  EXPECT_EQ(n.last(21).quality, quality::kBadTimeout);
  EXPECT_TRUE(n.last(11).quality.good());
  EXPECT_TRUE(n.last(31).quality.good());
  // Ten reads a second, less the few seconds in which unit 2 was tried.
  EXPECT_GT(of_unit_3.size(), 1100u);
  dead = false;
  n.loop.run_for(31s);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
  const auto events = n.manager->events({2});
  EXPECT_EQ(events[0].event, "unit-back");
  EXPECT_EQ(events[1].event, "unit-lost");
  n.expect_healthy_rate();
}

TEST(Hostile, AGatewayThatMissesAUnitSaysSoAndTheUnitRests) {
  Neighbours n;
  MapDevice gateway;
  gateway.units = {1};
  auto server = n.serve(gateway, 666);
  ConnectionConfig config = n.hostile(2);
  point_of(config.signals[1]).unit_id = 5;
  n.put(2, config, 11);
  n.loop.run_for(120s);
  EXPECT_EQ(n.last(12).quality, quality::kBadNoCommunication);
  EXPECT_TRUE(n.last(11).quality.good());
  EXPECT_LT(n.status(2).errors, 12u) << "asked once per rest, not once per second";
}

TEST(Hostile, ExceptionsBecomeQualities) {
  const std::pair<std::uint8_t, Quality> cases[] = {
      {0x01, quality::kBadNotSupported},       {0x02, quality::kBadConfigurationError},
      {0x03, quality::kBadConfigurationError}, {0x04, quality::kBadDeviceFailure},
      {0x06, quality::kBadCommunicationError}, {0x08, quality::kBadDeviceFailure},
      {0x0A, quality::kBadNoCommunication},    {0x0B, quality::kBadNoCommunication},
      {0x5F, quality::kBadCommunicationError}};
  for (const auto& [code, expected] : cases) {
    Neighbours n;
    MapDevice device;
    auto server = n.serve(device, 666);
    device.refuse = [code = code](std::uint8_t, const modbus::Request&) {
      return ModbusDevice::Outcome(static_cast<modbus::Exception>(code));
    };
    n.put(2, n.hostile(1), 11);
    n.loop.run_for(5s);
    EXPECT_EQ(n.last(11).quality, expected) << int{code};
    EXPECT_EQ(n.status(2).state, ConnectionState::kConnected);
    n.expect_healthy_rate();
  }
}

TEST(Hostile, OneAddressTheDeviceDoesNotHaveSpoilsNoOther) {
  Neighbours n;
  MapDevice device;
  auto server = n.serve(device, 666);
  device.refuse = [](std::uint8_t, const modbus::Request& request) -> ModbusDevice::Outcome {
    const auto& read = std::get<modbus::ReadRegisters>(request);
    if (read.address <= 37 && 37 < read.address + read.count) {
      return modbus::Exception::kIllegalDataAddress;
    }
    return std::nullopt;
  };
  n.put(2, n.hostile(60), 11);
  n.loop.run_for(20s);
  EXPECT_EQ(n.status(2).tags_bad, 1u);
  EXPECT_EQ(n.last(11 + 37).quality, quality::kBadConfigurationError);
  EXPECT_NE(n.status(2).last_error->find("/s37"), std::string::npos) << "the culprit by name";
  const std::uint64_t errors = n.status(2).errors;
  EXPECT_LT(errors, 10u) << "halved six times, then left alone";
  n.loop.run_for(61s);
  EXPECT_EQ(n.status(2).errors, errors + 1) << "asked again once a minute";
  n.expect_healthy_rate();
}

TEST(Hostile, ABusyDeviceIsAskedAgainSoon) {
  Neighbours n;
  MapDevice device;
  auto server = n.serve(device, 666);
  int asked = 0;
  device.refuse = [&](std::uint8_t, const modbus::Request&) -> ModbusDevice::Outcome {
    asked += 1;
    if (asked % 3 != 0) return modbus::Exception::kServerDeviceBusy;
    return std::nullopt;
  };
  n.put(2, n.hostile(1), 11);
  n.loop.run_for(10s);
  EXPECT_EQ(n.bad_samples(11), 0u);
  EXPECT_LE(n.status(2).cycles_missed, 1u) << "the first poll may meet the first instant";
  EXPECT_GE(asked, 30);
}

TEST(Hostile, AHundredMachinesKeepTheirRateBesideTenHostileOnes) {
  Plant plant;
  MapDevice good;
  ModbusServerOptions options;
  options.listen = {"plc", 502};
  options.connections_max = 100;
  auto server = make_modbus_server(plant.loop, good, options).value();
  std::vector<std::unique_ptr<MapDevice>> devices;
  std::vector<std::unique_ptr<ModbusServer>> servers;
  for (std::uint32_t i = 0; i < 100; ++i) plant.put(i + 1, machine(502, 5), 1000 + 10 * i);
  for (std::uint16_t i = 0; i < 10; ++i) {
    devices.push_back(std::make_unique<MapDevice>());
    devices.back()->reply = [i](std::uint8_t, const modbus::Request&) {
      return ServerReply{i * 50ms, static_cast<ServerFault>(i % 8)};
    };
    const auto port = static_cast<std::uint16_t>(600 + i);
    servers.push_back(plant.serve(*devices.back(), port));
    plant.put(500 + i, machine(port, 5), 5000 + 10u * i);
  }
  plant.loop.run_for(60s);
  for (std::uint32_t i = 1; i <= 100; ++i) {
    const ConnectionStatus status = plant.status(i);
    ASSERT_EQ(status.errors, 0u);
    ASSERT_EQ(status.cycles_missed, 0u);
    ASSERT_GE(status.requests, 60u);
  }
}

}  // namespace
}  // namespace lineshaft::connect
