// Modbus RTU over TCP: frames without transaction ids, several units behind one socket.
#include <gtest/gtest.h>

#include "connect/testing.h"
#include "wire/modbus/rtu.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

const sys::Endpoint kLineAt{"plc", 666};

struct Line : Plant {
  MapDevice device;
  std::unique_ptr<ModbusServer> server;
  std::map<std::uint8_t, std::size_t> asked;  // requests, by unit

  Line() {
    ModbusServerOptions options;
    options.listen = kLineAt;
    options.rtu = true;
    server = make_modbus_server(loop, device, options).value();
    device.reply = [this](std::uint8_t unit, const modbus::Request&) {
      asked[unit] += 1;
      return ServerReply{};
    };
  }
  static ConnectionConfig connection(std::size_t signals) {
    ConnectionConfig config = machine(666, signals);
    modbus_of(config).transport = ModbusTransport::kRtuTcp;
    modbus_of(config).timeout_ms = 500;
    return config;
  }
};

TEST(ModbusRtu, PollsWritesAndTellsTheNamePlate) {
  Line line;
  line.device.holding[1] = {11, 22, 33};
  ConnectionConfig config = Line::connection(3);
  config.writes_enabled = true;
  config.signals[1].writable = true;
  line.put(1, config, 1);
  line.loop.run_for(3s);
  EXPECT_EQ(line.status(1).tags_bad, 0u);
  EXPECT_EQ(line.last(3).value, Value(std::int64_t{33}));
  std::optional<Result<WriteOutcome>> written;
  line.manager->write(kTenant, {2}, std::int64_t{4711}, [&](auto result) { written = result; });
  line.loop.run_for(1s);
  ASSERT_TRUE(written && written->ok());
  EXPECT_EQ(line.device.holding[1][1], 4711);
  std::optional<TestReport> report;
  line.manager->test({config.settings, config.signals}, [&](TestReport r) { report = r; });
  line.loop.run_for(3s);
  ASSERT_TRUE(report && report->identification);
  EXPECT_EQ(report->identification->vendor, "Maker");
  EXPECT_EQ(line.status(1).errors, 0u);
}

// Goal: an answer that comes after its timeout is never taken for that of the next request, though
// nothing in it tells the two apart. Method: two requests of one unit that differ in the address
// alone, and answers that are late now and then by less than a timeout.
TEST(ModbusRtu, ALateAnswerIsNotTakenForThatOfTheNextRequest) {
  for (const Nanoseconds late : {501ms, 600ms, 750ms, 950ms}) {
    Line line;
    line.device.holding[1].fill(1000);
    std::fill_n(line.device.holding[1].begin() + 500, 10, 2000);
    std::size_t count = 0;
    line.device.reply = [&](std::uint8_t, const modbus::Request&) {
      count += 1;
      return ServerReply{count % 5 == 0 ? late : 1ms};
    };
    ConnectionConfig config = Line::connection(2);
    config.store = Store::kAll;
    point_of(config.signals[1]).address = 500;
    modbus_of(config).retries = 3;
    line.put(1, config, 1);
    line.loop.run_for(60s);
    EXPECT_GT(line.status(1).timeouts, 5u);
    EXPECT_GT(line.status(1).late_answers, 5u);
    for (std::uint32_t tag : {1u, 2u}) {
      ASSERT_GT(line.sink.of(tag).size(), 20u);
      for (const Sample& sample : line.sink.of(tag)) {
        ASSERT_EQ(sample.value, Value(std::int64_t{1000} * tag)) << "late by " << late.count();
      }
    }
  }
}

TEST(ModbusRtu, AUnitThatKeepsSilentCostsTheOthersItsTimeoutAndNoMore) {
  Line line;
  line.device.units = {1, 3};
  ConnectionConfig config = Line::connection(30);
  modbus_of(config).one_signal_per_read = true;
  for (std::size_t i = 0; i < 30; ++i) {
    point_of(config.signals[i]).unit_id = static_cast<std::uint8_t>(1 + i / 10);
  }
  line.put(1, config, 1);
  line.loop.run_for(120s);
  EXPECT_EQ(line.status(1).state, ConnectionState::kConnected);
  EXPECT_EQ(line.status(1).tags_bad, 10u) << "unit 2 and none else";
  EXPECT_EQ(line.last(11).quality, quality::kBadTimeout);
  // Ten reads a second each. Unit 2 is tried twice at first, then after 1, 3, 7, 15, 30 s of rest,
  // half a second each time: nine tries in two minutes, less than five seconds.
  EXPECT_LE(line.status(1).timeouts, 9u);
  EXPECT_GT(line.asked[1], 1140u);
  EXPECT_GT(line.asked[3], 1140u);
  line.device.units = {1, 2, 3};
  line.loop.run_for(31s);
  EXPECT_EQ(line.status(1).tags_bad, 0u);
}

TEST(ModbusRtu, WhileAUnitMayStillAnswerLateOthersAreAskedAndItIsNot) {
  Line line;
  line.device.units = {1, 2};
  std::vector<std::pair<Nanoseconds, std::uint8_t>> asked;
  line.device.reply = [&](std::uint8_t unit, const modbus::Request&) {
    asked.emplace_back(line.loop.now(), unit);
    return ServerReply{{}, unit == 2 ? ServerFault::kSilence : ServerFault::kAnswer};
  };
  ConnectionConfig config = Line::connection(2);
  config.groups = {{"fast", 100}};
  point_of(config.signals[1]).unit_id = 2;
  line.put(1, config, 1);
  line.loop.run_for(1900ms);  // until after the first retry
  std::vector<Nanoseconds> of_2;
  std::size_t between = 0;
  for (const auto& [at, unit] : asked) {
    if (unit == 2) of_2.push_back(at);
    if (unit == 1 && of_2.size() == 1) between += 1;
  }
  ASSERT_EQ(of_2.size(), 2u);
  EXPECT_GE(of_2[1] - of_2[0], 1s) << "500 ms for an answer, and as long for a late one";
  EXPECT_GE(between, 4u);
}

TEST(ModbusRtu, AnAnswerOfAnotherUnitIsNobodys) {
  Line line;
  line.device.reply = [](std::uint8_t, const modbus::Request&) {
    return ServerReply{{}, ServerFault::kWrongUnit};
  };
  line.put(1, Line::connection(3), 1);
  line.loop.run_for(10s);
  EXPECT_EQ(line.status(1).tags_bad, 3u);
  EXPECT_GT(line.status(1).late_answers, 0u);
}

TEST(ModbusRtu, GarbageAndHalfAnswersAreTimeoutsAndTheNextAnswerIsGood) {
  for (ServerFault fault :
       {ServerFault::kGarbage, ServerFault::kCloseMidway, ServerFault::kTwice}) {
    Line line;
    std::size_t count = 0;
    line.device.holding[1].fill(7);
    line.device.reply = [&](std::uint8_t, const modbus::Request&) {
      count += 1;
      return ServerReply{{}, count % 4 == 0 ? fault : ServerFault::kAnswer};
    };
    line.put(1, Line::connection(3), 1);
    line.loop.run_for(60s);
    for (const Sample& sample : line.sink.of(2)) {
      EXPECT_TRUE(sample.quality.bad() || sample.value == Value(std::int64_t{7}));
    }
    line.device.reply = nullptr;
    line.loop.run_for(31s);
    EXPECT_EQ(line.status(1).tags_bad, 0u);
  }
}

// --- the server, with bytes as they are ---

struct RawMaster {
  explicit RawMaster(Line& l) : line(l) {
    connecting = line.loop.connect(kLineAt, 1s, [this](auto made) {
      stream = std::move(made).value();
      read();
    });
    line.loop.run_for(10ms);
  }
  void read() {
    stream->read_some(in, [this](Result<std::size_t> count) {
      if (!count) return;
      heard.insert(heard.end(), in.begin(), in.begin() + static_cast<std::ptrdiff_t>(*count));
      read();
    });
  }
  // What is heard within a second.
  Bytes say(const Bytes& bytes) {
    heard.clear();
    stream->write_all(bytes, [](const Status&) {});
    line.loop.run_for(1s);
    return heard;
  }
  static Bytes frame(std::uint8_t unit, const Bytes& pdu) {
    Bytes bytes;
    modbus::append_rtu_frame(unit, pdu, bytes);
    return bytes;
  }
  Line& line;
  std::unique_ptr<sys::Connecting> connecting;
  std::unique_ptr<sys::TcpStream> stream;
  std::array<std::uint8_t, 512> in{};
  Bytes heard;
};

TEST(ModbusRtuServer, LeavesUnitsThatItDoesNotHaveToOthers) {
  Line line;
  RawMaster master(line);
  EXPECT_EQ(master.say(RawMaster::frame(9, {3, 0, 0, 0, 1})), Bytes());
  EXPECT_EQ(master.say(RawMaster::frame(1, {3, 0, 0, 0, 1})), RawMaster::frame(1, {3, 2, 0, 0}));
}

TEST(ModbusRtuServer, CarriesOutABroadcastWithoutAnAnswer) {
  Line line;
  line.device.units = {1, 4};
  RawMaster master(line);
  EXPECT_EQ(master.say(RawMaster::frame(0, {6, 0, 5, 0, 77})), Bytes());
  EXPECT_EQ(line.device.holding[1][5], 77);
  EXPECT_EQ(line.device.holding[4][5], 77);
  EXPECT_EQ(master.say(RawMaster::frame(0, {3, 0, 0, 0, 1})), Bytes()) << "nobody reads for all";
}

TEST(ModbusRtuServer, AnswersARequestBehindNoiseAndOneThatSilenceEnds) {
  Line line;
  line.device.units = {1, 16};
  RawMaster master(line);
  Bytes noisy = {0xFF, 0x00};
  const Bytes request = RawMaster::frame(1, {3, 0, 0, 0, 1});
  noisy.insert(noisy.end(), request.begin(), request.end());
  EXPECT_EQ(master.say(noisy), RawMaster::frame(1, {3, 2, 0, 0}));
  // Reads as the beginning of a longer frame, until nothing more comes.
  Bytes glitch = {0x00};
  const Bytes to_16 = RawMaster::frame(16, {3, 0, 0, 0, 16});
  glitch.insert(glitch.end(), to_16.begin(), to_16.end());
  EXPECT_EQ(master.say(glitch).size(), 3u + 32 + 2);
}

TEST(ModbusRtuServer, RefusesAnUnknownFunctionWithAnException) {
  Line line;
  RawMaster master(line);
  EXPECT_EQ(master.say(RawMaster::frame(1, {17})), RawMaster::frame(1, {0x91, 1}));
}

TEST(ModbusRtu, SettingsThatMakeNoLineAreRefused) {
  const auto refused = [](auto change) {
    ConnectionConfig config = Line::connection(1);
    change(config);
    const Status status = check_connection(config);
    return status ? std::string() : status.error().what;
  };
  const auto serial = [](ConnectionConfig& config) {
    modbus_of(config).transport = ModbusTransport::kSerial;
    modbus_of(config).host.clear();
    modbus_of(config).serial.device = "/dev/ttyUSB0";
  };
  EXPECT_EQ(refused([&](auto& c) { serial(c); }), "");
  EXPECT_NE(refused([&](auto& c) { modbus_of(c).unit_id = 0; }).find("unit_id"), std::string::npos);
  EXPECT_NE(refused([&](auto& c) { point_of(c.signals[0]).unit_id = 248; }).find("unit_id"),
            std::string::npos);
  EXPECT_NE(refused([&](auto& c) {
              serial(c);
              modbus_of(c).serial.device = "ttyUSB0";
            }).find("settings.device"),
            std::string::npos);
  EXPECT_NE(refused([&](auto& c) {
              serial(c);
              modbus_of(c).serial.baud = 12345;
            }).find("settings.baud"),
            std::string::npos);
  EXPECT_NE(refused([&](auto& c) {
              serial(c);
              modbus_of(c).tls.enabled = true;
            }).find("settings.tls"),
            std::string::npos);
}

}  // namespace
}  // namespace lineshaft::connect
