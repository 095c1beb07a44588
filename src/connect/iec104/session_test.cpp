// The client of IEC 60870-5-104 with a station that keeps to the rules.
#include <gtest/gtest.h>

#include "connect/iec104/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;
using iec104::Cause;
using iec104::CommandKind;
using iec104::PointKind;

struct Station : Plant {
  TestPlant machine;
  std::vector<Iec104ServedPoint> points = station_points();
  ConnectionConfig config = station_config();
  std::unique_ptr<Iec104Server> server;
  Iec104ServerOptions options;

  Station() {
    options.listen = kStationAt;
    options.link.t1 = 3s;
    options.link.t2 = 1s;
    options.link.t3 = 5s;
    iec104_of(config).t1_s = 3;
    iec104_of(config).t2_s = 1;  // else the station would wait for acknowledgements in vain
    iec104_of(config).t3_s = 5;
  }
  void start() {
    if (server == nullptr) serve();
    put(1, config, 1);
    loop.run_for(1s);
  }
  void serve() { server = make_iec104_server(loop, machine, points, options).value(); }

  // A signal takes commands, which the machine carries out at once.
  void make_writable(std::size_t signal, CommandKind command) {
    config.signals[signal].writable = true;
    iec104_point(config.signals[signal]).command = command;
    points[signal].command = command;
    machine.carry_out = [this](std::uint32_t address, const Value& value) {
      server->set(address, {value, quality::kGood}, clock.now(), Cause::kReturnRemote);
      return true;
    };
  }
  Result<WriteOutcome> write(std::uint32_t signal, Value value, Nanoseconds wait = 10s) {
    std::optional<Result<WriteOutcome>> outcome;
    manager->write(kTenant, {1 + signal}, std::move(value),
                   [&](Result<WriteOutcome> result) { outcome = std::move(result); });
    loop.run_until([&] { return outcome.has_value(); }, wait);
    LS_ASSERT(outcome.has_value());
    loop.run_for(1s);  // for the sink
    return *outcome;
  }
};

TEST(Iec104Client, AsksForEverythingOnceItIsConnected) {
  Station s;
  s.start();
  EXPECT_EQ(s.status(1).state, ConnectionState::kConnected);
  EXPECT_EQ(s.last(1).value, Value(12.5f));
  EXPECT_EQ(s.last(2).value, Value(true));
  EXPECT_EQ(s.last(3).value, Value(std::int64_t{-7}));
  EXPECT_EQ(s.last(4).value, Value(std::int64_t{4711})) << "counters are asked for by themselves";
  EXPECT_EQ(s.status(1).tags_bad, 0u);
  EXPECT_TRUE(s.status(1).latency.has_value());
  EXPECT_EQ(s.status(1).late_answers, 0u);
}

TEST(Iec104Client, TakesWhatComesByItselfWithTheStationsTime) {
  Station s;
  s.start();
  const Timestamp then = s.clock.now() + Nanoseconds(-1'500'000'000);
  const Timestamp whole{then.ns / 1'000'000 * 1'000'000};
  s.loop.run_for(5s);
  s.server->set(100, {13.5f, quality::kUncertainLastUsableValue}, whole + Nanoseconds(4s));
  s.loop.run_for(1s);
  EXPECT_EQ(s.last(1).value, Value(13.5f));
  EXPECT_EQ(s.last(1).time, whole + Nanoseconds(4s));
  EXPECT_EQ(s.last(1).quality, quality::kUncertainLastUsableValue);
  ASSERT_TRUE(s.status(1).clock_ahead_ms.has_value());
  EXPECT_NEAR(static_cast<double>(*s.status(1).clock_ahead_ms), -2500, 2);
}

TEST(Iec104Client, ReadsTheClockOfAStationThatShowsLocalTime) {
  Station s;
  s.options.utc_offset_minutes = 480;
  iec104_of(s.config).utc_offset_minutes = 480;
  s.start();
  const Timestamp now{s.clock.now().ns / 1'000'000 * 1'000'000};
  s.server->set(100, {1.0f, quality::kGood}, now);
  s.loop.run_for(1s);
  EXPECT_EQ(s.last(1).time, now);
}

TEST(Iec104Client, AClockFarAheadIsNotBelieved) {
  Station s;
  s.start();
  s.server->set(100, {1.0f, quality::kGood}, s.clock.now() + Nanoseconds(3600s));
  s.loop.run_for(1s);
  EXPECT_EQ(s.last(1).value, Value(1.0f));
  EXPECT_LE(s.last(1).time, s.clock.now());
  EXPECT_NEAR(static_cast<double>(*s.status(1).clock_ahead_ms), 3'600'000, 5) << "but shown";
}

// Goal: what happened while the connection was down is kept in its place, and does not replace what
// is now.
TEST(Iec104Client, BufferedEventsGoIntoThePast) {
  Station s;
  s.start();
  s.loop.run_for(10s);
  const auto at_ms = [&] { return Timestamp{s.clock.now().ns / 1'000'000 * 1'000'000}; };
  s.loop.set_silent(kStationAt, true);
  s.loop.run_for(60s);
  ASSERT_EQ(s.status(1).state, ConnectionState::kRetrying);
  const Timestamp first = at_ms();
  s.server->set(100, {1.0f, quality::kGood}, first);
  s.loop.run_for(5s);
  const Timestamp second = at_ms();
  s.server->set(100, {2.0f, quality::kGood}, second);
  s.loop.run_for(5s);
  s.loop.set_silent(kStationAt, false);
  s.loop.run_for(60s);
  ASSERT_EQ(s.status(1).state, ConnectionState::kConnected);
  std::vector<std::pair<Timestamp, Value>> seen;
  for (const Sample& sample : s.sink.of(1)) {
    if (sample.quality.good()) seen.emplace_back(sample.time, sample.value);
  }
  const auto has = [&](Timestamp time, float value) {
    return std::ranges::count(seen, std::pair(time, Value(value))) > 0;
  };
  EXPECT_TRUE(has(first, 1.0f));
  EXPECT_TRUE(has(second, 2.0f));
  EXPECT_EQ(s.status(1).tags_bad, 0u);
  EXPECT_EQ(s.server->counters().events_dropped, 0u);
}

TEST(Iec104Client, AnInvalidValueKeepsTheLastUsableOne) {
  Station s;
  s.start();
  s.server->set(100, {99.0f, quality::kBad}, s.clock.now());
  s.loop.run_for(1s);
  EXPECT_EQ(s.last(1).quality, quality::kBad);
  EXPECT_EQ(s.last(1).value, Value(12.5f));
  EXPECT_EQ(s.status(1).tags_bad, 1u);
}

TEST(Iec104Client, AnAddressTheStationDoesNotHaveIsNoData) {
  Station s;
  s.config.signals.push_back(iec104_signal("org/rtu/none", 999));
  s.start();
  EXPECT_EQ(s.last(5).quality, quality::kBadNoData);
  EXPECT_EQ(s.status(1).tags_bad, 1u);
}

TEST(Iec104Client, AnotherTypeThanSetUpIsSaid) {
  Station s;
  iec104_point(s.config.signals[0]).format.kind = PointKind::kScaled;
  s.start();
  EXPECT_EQ(s.last(1).quality, quality::kBadTypeMismatch);
  EXPECT_NE(s.status(1).last_error->find("M_ME_NC_1"), std::string::npos);
  EXPECT_EQ(s.status(1).tags_bad, 1u) << "and spoils no other";
}

TEST(Iec104Client, AsksAgainBySchedule) {
  Station s;
  iec104_of(s.config).interrogation_interval_s = 60;
  iec104_of(s.config).counter_interval_s = 0;
  s.start();
  const std::size_t before = s.sink.of(2).size();
  s.loop.run_for(300s);
  EXPECT_EQ(s.sink.of(2).size(), before + 5);
  EXPECT_EQ(s.sink.of(4).size(), 1u) << "0: after connecting only";
}

TEST(Iec104Client, AStationThatRefusesTheClockSaysSoAndTheRestGoesOn) {
  Station s;
  iec104_of(s.config).clock_sync_interval_s = 3600;
  s.start();
  EXPECT_NE(s.status(1).last_error->find("C_CS_NA_1"), std::string::npos);
  EXPECT_EQ(s.status(1).tags_bad, 0u);
}

TEST(Iec104Client, CommandsAreCarriedOutAndReadBack) {
  Station s;
  s.make_writable(1, CommandKind::kSingle);
  s.start();
  const auto outcome = s.write(1, false);
  ASSERT_TRUE(outcome.ok()) << outcome.error().text();
  EXPECT_EQ(outcome->new_value, Value(false));
  EXPECT_EQ(s.machine.commands, (decltype(s.machine.commands){{101, Value(false)}}));
  EXPECT_EQ(s.last(2).value, Value(false));
}

TEST(Iec104Client, SetPointsToo) {
  Station s;
  s.make_writable(0, CommandKind::kFloat);
  s.make_writable(2, CommandKind::kScaled);
  iec104_point(s.config.signals[2]).command_time = true;
  s.start();
  EXPECT_TRUE(s.write(0, 42.25f).ok());
  EXPECT_TRUE(s.write(2, std::int64_t{1234}).ok());
  EXPECT_EQ(s.last(1).value, Value(42.25f));
  EXPECT_EQ(s.last(3).value, Value(std::int64_t{1234}));
}

TEST(Iec104Client, SelectsBeforeItExecutesWhereTheStationWantsIt) {
  Station s;
  s.make_writable(1, CommandKind::kSingle);
  s.points[1].select_required = true;
  s.start();
  const auto direct = s.write(1, false);
  ASSERT_FALSE(direct.ok());
  EXPECT_NE(direct.error().what.find("negative confirmation"), std::string::npos);
  EXPECT_TRUE(s.machine.commands.empty());

  Station with;
  with.make_writable(1, CommandKind::kSingle);
  with.points[1].select_required = true;
  iec104_point(with.config.signals[1]).select = true;
  with.start();
  EXPECT_TRUE(with.write(1, false).ok());
  EXPECT_EQ(with.machine.commands.size(), 1u);
}

TEST(Iec104Client, ARefusalCarriesItsReason) {
  Station s;
  s.config.signals[1].writable = true;  // the station takes no command there
  s.start();
  const auto outcome = s.write(1, false);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().id, ErrorId::kDeviceRefused);
  EXPECT_NE(outcome.error().what.find("unknown information object address (47)"),
            std::string::npos);
}

TEST(Iec104Client, AMachineThatDoesNotFollowIsFoundOut) {
  Station s;
  s.make_writable(1, CommandKind::kSingle);
  s.machine.carry_out = [](std::uint32_t, const Value&) { return true; };  // says so, does nothing
  s.start();
  const auto outcome = s.write(1, false);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().id, ErrorId::kWriteNotConfirmed);
  EXPECT_NE(outcome.error().what.find("holds true after writing false"), std::string::npos);
}

TEST(Iec104Client, TheValueThatIsThereAlreadyIsWrittenAllTheSame) {
  Station s;
  s.make_writable(1, CommandKind::kSingle);
  s.machine.carry_out = [](std::uint32_t, const Value&) { return true; };
  s.start();
  EXPECT_TRUE(s.write(1, true).ok());
}

TEST(Iec104Client, ATestReadTellsValuesAndReasons) {
  Station s;
  s.serve();
  TestRequest request;
  request.settings = s.config.settings;
  request.signals = s.config.signals;
  request.signals.push_back(iec104_signal("org/rtu/none", 999));
  std::optional<TestReport> report;
  s.manager->test(std::move(request), [&](TestReport told) { report = std::move(told); });
  s.loop.run_for(25s);
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->reachable);
  EXPECT_EQ(report->values[0].value, Value(12.5f));
  EXPECT_EQ(report->values[3].value, Value(std::int64_t{4711}));
  EXPECT_EQ(report->values[4].quality, quality::kBadNoData);
  EXPECT_EQ(s.loop.open_connections(kStationAt), 0u);
}

// A station that lets one client in, with a connection (tags 1..4) that holds it.
struct OneClient : Station {
  std::optional<TestReport> report;

  OneClient() { options.connections_max = 1; }
  // Begins a test by that organisation of the signals of the connection and of `more`.
  void test(std::vector<SignalConfig> more = {}, std::optional<TenantId> by = kTenant) {
    TestRequest request{config.settings, config.signals, by};
    for (SignalConfig& signal : more) request.signals.push_back(std::move(signal));
    manager->test(std::move(request), [this](TestReport told) { report = std::move(told); });
    ASSERT_FALSE(report.has_value()) << "never from inside the call";
  }
  bool done(Nanoseconds limit = 30s) {
    return loop.run_until([this] { return report.has_value(); }, limit);
  }
  bool has_bad_samples() const {
    return std::ranges::any_of(sink.samples, [](const Sample& one) { return one.quality.bad(); });
  }
};

TEST(Iec104Client, ATestReadGoesThroughTheConnectionThatRuns) {
  OneClient s;
  s.start();
  s.loop.run_for(10s);
  SignalConfig elsewhere = iec104_signal("org/rtu/elsewhere", 100);
  iec104_point(elsewhere).common_address = 9;
  s.test({iec104_signal("org/rtu/none", 999), iec104_signal("org/rtu/other", 101), elsewhere});
  s.server->set(102, {std::int64_t{8}, quality::kGood}, s.clock.now());
  ASSERT_TRUE(s.done(5s)) << "what the station lacks is not waited for";
  EXPECT_TRUE(s.report->reachable);
  EXPECT_FALSE(s.report->error.has_value());
  EXPECT_NEAR(s.report->latency_ms, 0.2, 0.1) << "two ways of 0.1 ms";
  EXPECT_EQ(s.report->values[0].value, Value(12.5f));
  EXPECT_EQ(s.report->values[1].value, Value(true));
  EXPECT_EQ(s.report->values[3].value, Value(std::int64_t{4711}));
  EXPECT_EQ(s.report->values[4].quality, quality::kBadNoData);
  EXPECT_EQ(s.report->values[4].error->id, ErrorId::kNotFound);
  EXPECT_EQ(s.report->values[5].quality, quality::kBadTypeMismatch) << "a single, not a float";
  EXPECT_EQ(s.report->values[6].error->id, ErrorId::kDeviceRefused) << "no such station";

  s.loop.run_for(5s);
  EXPECT_EQ(s.server->counters().accepted, 1u);
  EXPECT_EQ(s.server->counters().refused, 0u);
  EXPECT_EQ(s.status(1).reconnects, 0u);
  EXPECT_EQ(s.last(3).value, Value(std::int64_t{8})) << "the event was not taken away";
  EXPECT_FALSE(s.has_bad_samples());
  EXPECT_FALSE(s.status(1).last_error.has_value()) << "what only the test asked is its trouble";
}

TEST(Iec104Client, ATestReadMissesNothingThatWasToldBeforeItBegan) {
  OneClient s;
  s.serve();
  s.put(1, s.config, 1);
  const auto connected = [&] { return s.status(1).state == ConnectionState::kConnected; };
  ASSERT_TRUE(s.loop.run_until(connected, 5s));
  s.loop.run_for(150us);  // the first interrogation is being answered
  s.test();
  ASSERT_TRUE(s.done(5s));
  for (const TestValue& value : s.report->values) EXPECT_TRUE(value.value.has_value());
  EXPECT_FALSE(s.has_bad_samples());
}

TEST(Iec104Client, ATestReadEndsWithTheConnectionItGoesThrough) {
  OneClient cut;
  cut.start();
  cut.test();
  cut.loop.cut(kStationAt);
  ASSERT_TRUE(cut.done(1s));
  EXPECT_TRUE(cut.report->error.has_value());
  cut.loop.run_for(35s);
  EXPECT_EQ(cut.status(1).state, ConnectionState::kConnected);
  EXPECT_EQ(cut.status(1).tags_bad, 0u);

  OneClient removed;
  removed.start();
  removed.test();
  ASSERT_TRUE(removed.manager->remove({1}).ok());
  ASSERT_TRUE(removed.done(1s));
  EXPECT_EQ(removed.report->error->id, ErrorId::kCancelled);
}

TEST(Iec104Client, ATestReadDoesNotGoThroughAConnectionOfOthers) {
  OneClient s;
  s.start();
  s.test({}, TenantId{8});
  ASSERT_TRUE(s.done());
  EXPECT_TRUE(s.report->error.has_value());
  EXPECT_EQ(s.server->counters().refused, 1u);
  EXPECT_FALSE(s.has_bad_samples());
}

}  // namespace
}  // namespace lineshaft::connect
