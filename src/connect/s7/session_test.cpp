// A CPU that behaves: polling, writing, test reads, scans.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connect/s7/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

struct Shop : Plant {
  NotingCpu device;
  std::unique_ptr<S7Server> server;
  explicit Shop(S7ServerOptions options = s7_at(102)) : server(serve_s7(*this, device, options)) {}

  Result<WriteOutcome> write(std::uint32_t tag, Value value) {
    std::optional<Result<WriteOutcome>> outcome;
    manager->write(kTenant, {tag}, std::move(value),
                   [&](Result<WriteOutcome> result) { outcome = std::move(result); });
    loop.run_until([&] { return outcome.has_value(); }, 60s);
    return *outcome;
  }
  TestReport test(const ConnectionConfig& config) {
    std::optional<TestReport> report;
    manager->test({config.settings, config.signals},
                  [&](TestReport found) { report = std::move(found); });
    EXPECT_FALSE(report.has_value()) << "never from inside the call";
    loop.run_until([&] { return report.has_value(); }, 120s);
    return *report;
  }
};

ConnectionConfig writable(ConnectionConfig config) {
  config.writes_enabled = true;
  for (SignalConfig& signal : config.signals) signal.writable = true;
  return config;
}

TEST(S7Session, PollsValuesOfEveryAreaInOneRequest) {
  Shop shop;
  Bytes& db = shop.device.db();
  const Bytes real = {0x42, 0xF6, 0xE9, 0x79};
  std::ranges::copy(real, db.begin() + 4);
  db[0] = 0x08;
  db[20] = 10;
  db[21] = 2;
  db[22] = 'O';
  db[23] = 'K';
  shop.device.make(s7::Area::kMarker, 0, 100)[11] = 7;
  shop.device.make(s7::Area::kInput, 0, 1)[0] = 0x80;
  shop.device.make(s7::Area::kTimer, 0, 20)[11] = 0x27;  // T5: 27 * 10 ms
  shop.device.make(s7::Area::kCounter, 0, 20)[7] = 0x42;
  shop.put(1,
           cpu(102, {"DB1.DBD4:REAL", "DB1.DBX0.3", "MW10:INT", "DB1.DBB20:STRING[10]", "E0.7",
                     "T5", "C3", "DB1.DBX0.2"}),
           11);
  shop.loop.run_for(500ms);
  EXPECT_EQ(shop.status(1).state, ConnectionState::kConnected);
  EXPECT_EQ(shop.status(1).tags_bad, 0u);
  EXPECT_EQ(shop.last(11).value, Value(123.456f));
  EXPECT_EQ(shop.last(12).value, Value(true));
  EXPECT_EQ(shop.last(13).value, Value(std::int64_t{7}));
  EXPECT_EQ(shop.last(14).value, Value("OK"));
  EXPECT_EQ(shop.last(15).value, Value(true));
  EXPECT_EQ(shop.last(16).value, Value(std::int64_t{270}));
  EXPECT_EQ(shop.last(17).value, Value(std::int64_t{42}));
  EXPECT_EQ(shop.last(18).value, Value(false));
  EXPECT_EQ(shop.device.reads, 1u);
}

TEST(S7Session, KeepsItsGridAndCounts) {
  Shop shop;
  shop.put(1, cpu(102, 3), 11);
  shop.loop.run_for(60s);
  const ConnectionStatus status = shop.status(1);
  EXPECT_GE(status.requests, 59u);
  EXPECT_LE(status.requests, 61u);
  EXPECT_EQ(status.errors, 0u);
  EXPECT_EQ(status.cycles_missed, 0u);
  EXPECT_EQ(status.reconnects, 0u);
  ASSERT_TRUE(status.latency);
  EXPECT_NEAR(status.latency->mean, 0.2, 0.001);  // 100 us each way
  // Per poll: request 7 + 24 bytes, answer 7 + 12 + 2 + 4 + 6; before that CR 22, setup 7 + 18, CC
  // as long as the CR, setup answer 7 + 20.
  EXPECT_EQ(status.bytes_out, 22u + 25 + status.requests * 31);
  EXPECT_EQ(status.bytes_in, 22u + 27 + status.requests * 31);
}

TEST(S7Session, KeepsToWhatTheCpuAllows) {
  S7ServerOptions small = s7_at(102);
  small.pdu_bytes_max = 240;
  small.jobs_max = 2;
  small.tpdu_exponent_max = 7;  // answers of 240 bytes come in two TPDUs
  Shop shop(small);
  for (std::size_t i = 0; i < 1000; ++i) shop.device.db()[i] = static_cast<std::uint8_t>(i / 2);
  shop.device.reply = [](const s7::Request&) { return S7Reply{10ms}; };
  ConnectionConfig config = cpu(102, 500);
  s7_of(config).jobs_in_flight_max = 16;
  shop.put(1, config, 11);
  shop.loop.run_for(500ms);
  EXPECT_EQ(shop.device.reads, 5u);  // 222 / 2 = 111 INT in a request; 500 / 111 = 4.5
  EXPECT_EQ(shop.status(1).tags_bad, 0u);
  EXPECT_EQ(shop.last(11 + 499).value, Value(std::int64_t{0xF3F3 - 0x10000}));  // 499 & 255
}

TEST(S7Session, ReadsAStringThatIsLongerThanAPdu) {
  S7ServerOptions small = s7_at(102);
  small.pdu_bytes_max = 240;
  Shop shop(small);
  Bytes& db = shop.device.db();
  db[0] = 254;
  db[1] = 250;
  std::fill_n(db.begin() + 2, 250, 'x');
  db[251] = 'y';
  shop.put(1, cpu(102, {"DB1.DBB0:STRING[254]", "DB1.DBW300:INT"}), 11);
  shop.loop.run_for(2500ms);
  for (const Sample& sample : shop.sink.of(11)) {
    EXPECT_EQ(sample.value, Value(std::string(249, 'x') + "y")) << "never a part of it";
  }
  EXPECT_EQ(shop.status(1).tags_bad, 0u);
}

TEST(S7Session, ReportsBytesThatAreNoValue) {
  Shop shop;
  shop.put(1, cpu(102, {"DB1.DBB0:DT", "DB1.DBW100:INT"}), 11);
  shop.loop.run_for(1500ms);
  EXPECT_EQ(shop.last(11).quality, quality::kBadOutOfRange);
  EXPECT_TRUE(shop.last(12).quality.good());
}

TEST(S7Session, WritesReadsBackAndTellsTheOldValue) {
  Shop shop;
  shop.put(1, writable(cpu(102, {"DB1.DBW0:INT", "DB1.DBX2.3", "MB0:STRING[10]", "DB1.DBB8:DT"})),
           11);
  shop.loop.run_for(1500ms);
  shop.device.db()[2] = 0xF0;
  const auto number = shop.write(11, std::int64_t{-2});
  ASSERT_TRUE(number.ok()) << number.error().text();
  EXPECT_EQ(number->old_value, Value(std::int64_t{0}));
  EXPECT_EQ(number->new_value, Value(std::int64_t{-2}));
  ASSERT_TRUE(shop.write(12, true).ok());
  EXPECT_EQ(shop.device.db()[2], 0xF8) << "the bit alone";
  ASSERT_TRUE(shop.write(13, "Ofen").ok());
  EXPECT_EQ(shop.write(14, "2026-11-23T18:50:07.250")->new_value, Value("2026-11-23T18:50:07.250"));
  shop.loop.run_for(30ms);
  EXPECT_EQ(shop.last(13).value, Value("Ofen")) << "stored without waiting for a poll";
  EXPECT_EQ(shop.write(11, std::int64_t{40'000}).error().id, ErrorId::kInvalidArgument);
  EXPECT_EQ(shop.write(12, std::int64_t{1}).error().id, ErrorId::kTypeMismatch);
}

TEST(S7Session, CarriesAHundredWritesInAFewRounds) {
  Shop shop;
  shop.put(1, writable(cpu(102, 100)), 11);
  shop.loop.run_for(1500ms);
  const std::size_t reads = shop.device.reads;
  std::size_t done = 0;
  for (std::uint32_t i = 0; i < 100; ++i) {
    shop.manager->write(kTenant, {11 + i}, std::int64_t{i},
                        [&](const Result<WriteOutcome>& result) {
                          EXPECT_TRUE(result.ok());
                          done += 1;
                        });
  }
  ASSERT_TRUE(shop.loop.run_until([&] { return done == 100; }, 10s));
  // The first goes alone; 20 items in each of the others: 99 / 20 = 4.95.
  EXPECT_EQ(shop.device.writes, 6u);
  EXPECT_LE(shop.device.reads, reads + 12 + 1);
  EXPECT_EQ(shop.device.db()[199], 99);
}

TEST(S7Session, WritesTheSameBytesOneAfterTheOther) {
  Shop shop;
  shop.put(1, writable(cpu(102, {"DB1.DBW0:INT", "DB1.DBB1:USINT", "DB1.DBX8.0", "DB1.DBX8.1"})),
           11);
  shop.loop.run_for(1500ms);
  std::vector<std::string> results;
  for (const auto& [tag, value] :
       std::vector<std::pair<std::uint32_t, Value>>{{13, true},
                                                    {11, std::int64_t{258}},
                                                    {12, std::int64_t{7}},
                                                    {11, std::int64_t{3}},
                                                    {13, false},
                                                    {14, true}}) {
    shop.manager->write(kTenant, {tag}, value, [&](const Result<WriteOutcome>& result) {
      results.push_back(result ? to_text(*result->old_value) + ">" + to_text(result->new_value)
                               : result.error().text());
    });
  }
  shop.loop.run_for(1s);
  EXPECT_EQ(results, (std::vector<std::string>{"false>true", "0>258", "2>7", "263>3", "true>false",
                                               "false>true"}));
}

TEST(S7Session, SaysWhenTheCpuKeepsAnotherValue) {
  Shop shop;
  shop.put(1, writable(cpu(102, 2)), 11);
  shop.loop.run_for(1500ms);
  shop.device.reply = [&](const s7::Request& request) {
    if (std::holds_alternative<s7::WriteVar>(request)) shop.device.db()[1] = 99;
    return S7Reply{};
  };
  const auto outcome = shop.write(11, std::int64_t{5});
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().id, ErrorId::kWriteNotConfirmed);
  EXPECT_NE(outcome.error().what.find("holds 99 after writing 5"), std::string::npos);
}

TEST(S7Session, SaysThatAWriteWithoutAnswerMayHaveArrived) {
  Shop shop;
  ConnectionConfig config = writable(cpu(102, 2));
  config.groups = {{"slow", 60'000}};
  shop.put(1, config, 11);
  shop.loop.run_for(1500ms);
  shop.device.reply = [](const s7::Request& request) {
    return S7Reply{
        {}, std::holds_alternative<s7::WriteVar>(request) ? S7Fault::kSilence : S7Fault::kAnswer};
  };
  const auto outcome = shop.write(11, std::int64_t{5});
  EXPECT_EQ(outcome.error().id, ErrorId::kTimeout);
  EXPECT_NE(outcome.error().what.find("may or may not have arrived"), std::string::npos);
  shop.device.reply = [](const s7::Request& request) {
    return S7Reply{
        {}, std::holds_alternative<s7::WriteVar>(request) ? S7Fault::kClose : S7Fault::kAnswer};
  };
  const auto lost = shop.write(11, std::int64_t{6});
  EXPECT_EQ(lost.error().id, ErrorId::kMachineNotConnected);
  EXPECT_NE(lost.error().what.find("may or may not have arrived"), std::string::npos);
}

TEST(S7Session, RefusesAWriteOfAnotherOneWithoutHarmToTheRest) {
  Shop shop;
  shop.put(1, writable(cpu(102, {"DB1.DBW0:INT", "DB2.DBW0:INT", "DB1.DBW4:INT"})), 11);
  shop.loop.run_for(1500ms);
  std::vector<bool> ok;
  for (std::uint32_t tag : {13u, 11u, 12u, 13u}) {
    shop.manager->write(kTenant, {tag}, std::int64_t{5},
                        [&](const Result<WriteOutcome>& result) { ok.push_back(result.ok()); });
  }
  shop.loop.run_for(1s);
  EXPECT_THAT(ok, ::testing::UnorderedElementsAre(true, true, false, true));
}

TEST(S7Session, TellsInATestWhoAnswersAndWhatTheSignalsRead) {
  Shop shop;
  shop.device.db(300)[1] = 5;
  const TestReport report = shop.test(cpu(
      102, {"DB1.DBW0:INT", "DB1.DBW298:INT", "DB1.DBW300:INT", "DB9.DBW0:INT", "DB1.DBB8:DT"}));
  EXPECT_TRUE(report.reachable);
  EXPECT_FALSE(report.error.has_value());
  ASSERT_TRUE(report.identification.has_value());
  EXPECT_EQ(report.identification->vendor, "Siemens");
  EXPECT_EQ(report.identification->product, "CPU 315-2 PN/DP, 6ES7 315-2EH14-0AB0, Furnace");
  EXPECT_EQ(report.identification->revision, "V3.2.6");
  ASSERT_EQ(report.values.size(), 5u);
  EXPECT_EQ(report.values[0].value, Value(std::int64_t{5}));
  EXPECT_EQ(report.values[0].raw, (std::vector<std::uint16_t>{0, 5}));
  EXPECT_TRUE(report.values[1].quality.good());
  EXPECT_NE(report.values[2].error->what.find("lies outside"), std::string::npos);
  EXPECT_NE(report.values[3].error->what.find("optimized access"), std::string::npos);
  EXPECT_EQ(report.values[4].quality, quality::kBadOutOfRange);
  shop.loop.run_for(1s);
  EXPECT_TRUE(shop.sink.samples.empty());
  EXPECT_EQ(shop.loop.open_connections({"plc", 102}), 0u);
}

TEST(S7Session, TellsInATestThatRackAndSlotAreWrong) {
  S7ServerOptions options = s7_at(102);
  options.tsap = 0x0202;
  Shop shop(options);
  const TestReport report = shop.test(cpu(102, 1));
  EXPECT_FALSE(report.reachable);
  ASSERT_TRUE(report.error);
  EXPECT_NE(report.error->what.find("rack and slot 02.01: check them"), std::string::npos)
      << report.error->what;
}

TEST(S7Session, FindsTheSlotOfACpuInAScan) {
  S7ServerOptions options = s7_at(102);
  options.tsap = 0x0202;  // an S7-300: slot 2
  Shop shop(options);
  MapDevice modbus;
  const auto other = shop.serve(modbus, 103);
  std::optional<std::vector<ScanHit>> hits;
  shop.manager->scan(testing::scan_ports("plc", 101, 104, Protocol::kS7),
                     [&](const Result<ScanReport>& found) { hits = found.value().hits; });
  shop.loop.run_until([&] { return hits.has_value(); }, 120s);
  ASSERT_TRUE(hits);
  ASSERT_EQ(hits->size(), 1u);
  EXPECT_EQ((*hits)[0].port, 102);
  EXPECT_EQ((*hits)[0].unit_id, 2) << "the slot";
  EXPECT_EQ((*hits)[0].identification->revision, "V3.2.6");
  EXPECT_EQ(std::get<S7Settings>(*(*hits)[0].settings).slot, 2);
}

}  // namespace
}  // namespace lineshaft::connect
