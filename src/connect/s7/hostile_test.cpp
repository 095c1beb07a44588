// CPUs that break, lie, drag and die: each is isolated, its signals go bad once, the others keep
// their rate, and all comes back by itself.
#include <gtest/gtest.h>

#include "connect/s7/testing.h"
#include "wire/s7/transport.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

const sys::Endpoint kBadAt{"plc", 666};

// A healthy CPU (connection 1, tags 1..3) beside the hostile one (connection 2, tags 11..).
struct Neighbours : Plant {
  NotingCpu healthy;
  std::vector<Nanoseconds> healthy_polls;
  std::unique_ptr<S7Server> healthy_server = serve_s7(*this, healthy, s7_at(102));
  NotingCpu device;
  std::unique_ptr<S7Server> server;

  explicit Neighbours(bool with_server = true) {
    healthy.reply = [this](const s7::Request&) {
      healthy_polls.push_back(loop.now());
      return S7Reply{};
    };
    put(1, cpu(102, 3), 1);
    if (with_server) server = serve_s7(*this, device, s7_at(666));
  }
  void fault(S7Fault fault, Nanoseconds delay = {}) {
    device.reply = [=](const s7::Request&) { return S7Reply{delay, fault}; };
  }
  void expect_healthy_rate() const {
    for (std::size_t i = 2; i < healthy_polls.size(); ++i) {
      ASSERT_EQ(healthy_polls[i] - healthy_polls[i - 1], 1s);
    }
    const Nanoseconds passed = const_cast<Neighbours*>(this)->loop.now();
    ASSERT_GE(static_cast<std::int64_t>(healthy_polls.size()), passed / 1s - 1);
  }
  std::size_t bad_samples(std::uint32_t tag) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        sink.of(tag), [](const Sample& sample) { return sample.quality.bad(); }));
  }
};

TEST(S7Hostile, ACpuThatGoesAwayLeavesOneBadSamplePerTagAndComesBack) {
  Neighbours n;
  n.device.db()[1] = 77;
  n.put(2, cpu(666, 3), 11);
  n.loop.run_for(5s);
  ASSERT_EQ(n.status(2).state, ConnectionState::kConnected);
  n.server.reset();
  n.loop.cut(kBadAt);
  n.loop.run_for(120s);
  EXPECT_EQ(n.status(2).state, ConnectionState::kRetrying);
  EXPECT_TRUE(n.status(2).retry_in_ms.has_value());
  for (std::uint32_t tag : {11u, 12u, 13u}) EXPECT_EQ(n.bad_samples(tag), 1u);
  EXPECT_EQ(n.last(11).quality, quality::kBadNotConnected);
  EXPECT_EQ(n.last(11).value, Value(std::int64_t{77})) << "never a zero";
  n.server = serve_s7(n, n.device, s7_at(666));
  n.loop.run_for(31s);
  EXPECT_EQ(n.status(2).reconnects, 1u);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
  n.expect_healthy_rate();
}

TEST(S7Hostile, ASilentCpuTimesOutAndIsConnectedAnew) {
  Neighbours n;
  n.put(2, cpu(666, 3), 11);
  n.loop.run_for(5s);
  n.fault(S7Fault::kSilence);
  n.loop.run_for(30s);
  EXPECT_EQ(n.status(2).tags_bad, 3u);
  EXPECT_GE(n.status(2).timeouts, 3u);
  EXPECT_EQ(n.last(11).quality, quality::kBadTimeout);
  EXPECT_EQ(n.bad_samples(11), 1u);
  EXPECT_GT(n.loop.connections_made(kBadAt), 1u) << "a dead connection looks like a silent CPU";
  n.fault(S7Fault::kAnswer);
  n.loop.run_for(31s);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
  n.expect_healthy_rate();
}

TEST(S7Hostile, AHalfOpenConnectionIsFoundOutAndReplaced) {
  Neighbours n;
  n.put(2, cpu(666, 3), 11);
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

TEST(S7Hostile, ALateAnswerIsDiscardedAndDoesNotPoisonTheNextJob) {
  Neighbours n;
  std::uint8_t polls = 0;
  n.device.reply = [&](const s7::Request&) {
    polls += 1;
    n.device.db()[1] = polls;  // the next answer differs
    return S7Reply{polls == 4 ? 700ms : 0ms};
  };
  n.put(2, cpu(666, 1), 11);
  n.loop.run_for(10s);
  EXPECT_EQ(n.status(2).timeouts, 1u);
  EXPECT_EQ(n.status(2).late_answers, 1u);
  EXPECT_EQ(n.bad_samples(11), 0u) << "the second try got its answer";
  std::int64_t before = -1;
  for (const Sample& sample : n.sink.of(11)) {
    EXPECT_GE(std::get<std::int64_t>(sample.value), before);
    before = std::get<std::int64_t>(sample.value);
  }
  EXPECT_EQ(n.status(2).reconnects, 0u);
}

TEST(S7Hostile, AnAnswerSentTwiceIsTakenOnce) {
  Neighbours n;
  n.fault(S7Fault::kTwice);
  n.put(2, cpu(666, 3), 11);
  n.loop.run_for(10s);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
  EXPECT_EQ(n.status(2).errors, 0u);
  EXPECT_EQ(n.status(2).late_answers, n.status(2).requests);
}

TEST(S7Hostile, AnswersToJobsOfOthersAreNobodys) {
  Neighbours n;
  n.fault(S7Fault::kWrongReference);
  n.put(2, cpu(666, 3), 11);
  n.loop.run_for(10s);
  EXPECT_EQ(n.status(2).tags_bad, 3u);
  EXPECT_GT(n.status(2).late_answers, 0u);
  EXPECT_GT(n.status(2).timeouts, 0u);
  EXPECT_EQ(n.bad_samples(11), 1u);
  n.expect_healthy_rate();
}

TEST(S7Hostile, GarbageEndsTheConnectionAtOnce) {
  Neighbours n;
  n.fault(S7Fault::kGarbage);
  n.put(2, cpu(666, 3), 11);
  n.loop.run_for(100ms);
  EXPECT_EQ(n.status(2).state, ConnectionState::kRetrying) << "no waiting for a timeout";
  EXPECT_EQ(n.last(11).quality, quality::kBadCommunicationError);
  n.loop.run_for(60s);
  EXPECT_EQ(n.bad_samples(11), 1u);
  n.expect_healthy_rate();
}

TEST(S7Hostile, CpusThatCloseAreLeftAloneLongerEachTime) {
  for (const S7Fault fault : {S7Fault::kClose, S7Fault::kCloseMidway}) {
    Neighbours n;
    n.fault(fault);
    n.put(2, cpu(666, 3), 11);
    n.loop.run_for(3600s);
    EXPECT_EQ(n.bad_samples(11), 1u);
    // Full jitter up to 30 s: 3600 s / 15 s on average.
    EXPECT_GT(n.loop.connections_made(kBadAt), 150u);
    EXPECT_LT(n.loop.connections_made(kBadAt), 400u);
    n.expect_healthy_rate();
  }
}

// A listener that answers every read with the same bytes.
class RawCpu {
 public:
  RawCpu(sys::SimLoop& loop, std::vector<Bytes> answers) : answers_(std::move(answers)) {
    listener_ = loop.listen(kBadAt,
                            [this](std::unique_ptr<sys::TcpStream> stream) {
                              peers_.push_back(std::make_unique<Peer>(answers_, std::move(stream)));
                              peers_.back()->read();
                            })
                    .value();
  }

 private:
  struct Peer {
    Peer(const std::vector<Bytes>& a, std::unique_ptr<sys::TcpStream> s)
        : answers(a), stream(std::move(s)) {}
    void read() {
      stream->read_some(in, [this](Result<std::size_t> count) {
        if (!count) return;
        const std::size_t step = std::min(next++, answers.size() - 1);
        stream->write_all(answers[step], [this](const Status& written) {
          if (written) read();
        });
      });
    }
    const std::vector<Bytes>& answers;
    std::unique_ptr<sys::TcpStream> stream;
    std::array<std::uint8_t, 4096> in{};
    std::size_t next = 0;
  };
  std::vector<Bytes> answers_;
  std::vector<std::unique_ptr<Peer>> peers_;
  std::unique_ptr<sys::TcpListener> listener_;
};

Bytes packet(const Bytes& pdu) {
  Bytes bytes;
  s7::append_data(pdu, 1024, bytes);
  return bytes;
}

Bytes confirm_packet() {
  Bytes bytes;
  s7::append_connect_confirm({1, 9, 10, {}, {}}, bytes);
  return bytes;
}

const Bytes kSetupAnswer = {0x32, 3, 0,    0, 0xFF, 0xFF, 0, 8, 0, 0,
                            0,    0, 0xF0, 0, 0,    1,    0, 1, 1, 0xE0};

TEST(S7Hostile, ConnectionsThatNegotiateWronglyAreRefusedWithTheReason) {
  const Bytes cc = confirm_packet();
  Bytes other = cc;
  other[7] = 9;  // the confirmation of somebody else's request
  Bytes huge = kSetupAnswer;
  huge[18] = 0x7F;
  Bytes tiny = kSetupAnswer;
  tiny[18] = 0;
  tiny[19] = 20;
  Bytes foreign = kSetupAnswer;
  foreign[4] = 0;
  const std::pair<std::vector<Bytes>, std::string_view> cases[] = {
      {{packet({0x32, 3})}, "bytes announces"},
      {{packet(kSetupAnswer)}, "before the connection was confirmed"},
      {{other}, "nobody asked for"},
      {{{3, 0, 0, 11, 6, 0x80, 0, 1, 0, 0, 3}}, "rack, slot"},
      {{{3, 0, 0xFF, 0xFF}}, "length 65535"},
      {{cc, cc}, "nobody asked for"},
      {{cc, packet(huge)}, "PDUs of"},
      {{cc, packet(tiny)}, "PDUs of 20"},
      {{cc, packet(foreign)}, "another reference"},
      {{cc, packet({0x32, 2, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0, 0x83, 4})}, "close other connections"},
      {{cc, packet({0x72, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0})}, "protocol id"},
      {{cc, {3, 0, 0, 11, 6, 0xE0, 0, 0, 0, 9, 0}}, "wants to connect"},
      {{cc, packet({0x32, 1, 0, 0, 0, 1, 0, 0, 0, 0})}, "asks instead of answering"},
  };
  for (const auto& [answers, words] : cases) {
    Neighbours n(false);
    RawCpu device(n.loop, answers);
    n.put(2, cpu(666, 3), 11);
    n.loop.run_for(10s);
    EXPECT_EQ(n.status(2).state, ConnectionState::kRetrying) << words;
    EXPECT_NE(n.status(2).last_error->find(words), std::string::npos) << *n.status(2).last_error;
    EXPECT_EQ(n.bad_samples(11), 1u);
    n.expect_healthy_rate();
  }
}

TEST(S7Hostile, ACpuThatNeverNegotiatesIsGivenUp) {
  for (const std::vector<Bytes>& answers : {std::vector<Bytes>{{}}, {confirm_packet(), {}}}) {
    Neighbours n(false);
    RawCpu device(n.loop, answers);
    n.put(2, cpu(666, 3), 11);
    n.loop.run_for(600ms);
    EXPECT_EQ(n.status(2).state, ConnectionState::kRetrying);
    EXPECT_EQ(n.last(11).quality, quality::kBadTimeout);
    n.expect_healthy_rate();
  }
}

TEST(S7Hostile, AnswersThatDoNotFitTheQuestionAreRefused) {
  const Bytes right = {0x32, 3, 0, 0, 0, 1, 0, 2, 0, 6, 0, 0, 4, 1, 0xFF, 4, 0, 16, 0, 7};
  for (const auto& [at, byte] : std::vector<std::pair<std::size_t, std::uint8_t>>{
           {12, 5}, {13, 2}, {15, 9}, {17, 8}, {17, 24}, {15, 1}}) {
    Bytes wrong = right;
    wrong[at] = byte;
    Neighbours n(false);
    RawCpu device(n.loop, {confirm_packet(), packet(kSetupAnswer), packet(wrong)});
    n.put(2, cpu(666, 1), 11);
    n.loop.run_for(900ms);
    EXPECT_EQ(n.last(11).quality, quality::kBadCommunicationError) << at;
    EXPECT_EQ(n.status(2).last_error->substr(0, 7), "LS-1301");
    EXPECT_EQ(n.bad_samples(11), 1u);
    n.expect_healthy_rate();
  }
  Neighbours n(false);
  RawCpu device(n.loop, {confirm_packet(), packet(kSetupAnswer), packet(right)});
  n.put(2, cpu(666, 1), 11);
  n.loop.run_for(500ms);
  EXPECT_EQ(n.last(11).value, Value(std::int64_t{7})) << "the same answer unchanged";
}

TEST(S7Hostile, AFloodOfUnaskedAnswersEndsTheConnection) {
  Neighbours n(false);
  Bytes flood;
  for (int i = 0; i < 2000; ++i)
    s7::append_data(Bytes{0x32, 3, 0, 0, 0x77, 7, 0, 0, 0, 0, 0, 0}, 64, flood);
  RawCpu device(n.loop, {confirm_packet(), packet(kSetupAnswer), flood});
  n.put(2, cpu(666, 3), 11);
  n.loop.run_for(60s);
  EXPECT_EQ(n.status(2).tags_bad, 3u);
  EXPECT_NE(n.status(2).last_error->find("nobody asked"), std::string::npos);
  n.expect_healthy_rate();
}

TEST(S7Hostile, AnAnswerThatStopsInTheMiddleEndsTheConnection) {
  Neighbours n(false);
  RawCpu device(n.loop,
                {confirm_packet(), packet(kSetupAnswer), {3, 0, 0, 27, 2, 0xF0, 0x80, 0x32}});
  n.put(2, cpu(666, 3), 11);
  n.loop.run_for(600ms);
  EXPECT_EQ(n.status(2).state, ConnectionState::kRetrying);
  EXPECT_NE(n.status(2).last_error->find("stopped in the middle"), std::string::npos);
}

// Goal: wherever the stream is cut, no value is invented and the connection comes back. Method:
// every offset of a negotiation and two answers.
TEST(S7Hostile, AConnectionCutAtAnyByteComesBack) {
  for (std::uint64_t offset = 0; offset <= 22 + 27 + 2 * 31; ++offset) {
    SCOPED_TRACE(offset);
    Plant plant;
    NotingCpu device;
    const auto server = serve_s7(plant, device, s7_at(666));
    for (std::size_t i = 0; i < 6; ++i) device.db()[i] = 0x11;
    plant.loop.cut_after(kBadAt, offset);
    plant.put(2, cpu(666, 3), 11);
    plant.loop.run_for(20s);
    EXPECT_GE(plant.loop.connections_made(kBadAt), 2u);
    plant.loop.cut_after(kBadAt, std::nullopt);
    plant.loop.run_for(31s);
    EXPECT_EQ(plant.status(2).tags_bad, 0u);
    for (std::uint32_t i = 0; i < 3; ++i) {
      for (const Sample& sample : plant.sink.of(11 + i)) {
        const auto value = std::get<std::int64_t>(sample.value);
        EXPECT_TRUE(value == 0x1111 || (sample.quality.bad() && value == 0)) << value;
      }
    }
  }
}

TEST(S7Hostile, TornAnswersAreReadAllTheSame) {
  Neighbours n;
  n.loop.set_read_max(1);
  n.put(2, cpu(666, 100), 11);
  n.loop.run_for(5s);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
  EXPECT_EQ(n.status(2).errors, 0u);
}

TEST(S7Hostile, OneAddressTheCpuDoesNotHaveSpoilsNoOther) {
  Neighbours n;
  n.device.db(199);  // DBW198 needs two bytes and has one
  n.put(2, cpu(666, 100), 11);
  n.loop.run_for(20s);
  EXPECT_EQ(n.status(2).tags_bad, 1u);
  EXPECT_EQ(n.last(11 + 99).quality, quality::kBadConfigurationError);
  EXPECT_NE(n.status(2).last_error->find("/s99 (DB1.DBW198:INT)"), std::string::npos)
      << *n.status(2).last_error;
  // Halved seven times (100, 50, 25, 13, 7, 4, 2, 1), then left alone for a minute.
  const std::size_t reads = n.device.reads;
  n.loop.run_for(30s);
  const std::size_t per_cycle = (n.device.reads - reads) / 30;
  EXPECT_LE(per_cycle, 7u);
  EXPECT_EQ((n.device.reads - reads) % 30, 0u);
  n.device.db(200);
  n.loop.run_for(61s);
  EXPECT_EQ(n.status(2).tags_bad, 0u) << "asked again once a minute";
  n.expect_healthy_rate();
}

TEST(S7Hostile, AMissingDataBlockIsAskedForOnceAMinute) {
  Neighbours n;
  std::vector<std::string> addresses = {"DB1.DBW0:INT"};
  for (int i = 0; i < 50; ++i) addresses.push_back("DB7.DBW" + std::to_string(2 * i));
  n.put(2, cpu(666, addresses), 11);
  n.loop.run_for(30s);
  EXPECT_EQ(n.status(2).tags_bad, 50u);
  EXPECT_NE(n.status(2).last_error->find("and 49 more"), std::string::npos);
  EXPECT_NE(n.status(2).last_error->find("optimized access"), std::string::npos);
  EXPECT_TRUE(n.last(11).quality.good());
  const std::size_t items = n.device.items;
  n.loop.run_for(600s);
  EXPECT_NEAR(static_cast<double>(n.device.items - items), 600 + 10, 2);
  n.device.make(s7::Area::kDataBlock, 7, 100);
  n.loop.run_for(61s);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
  n.expect_healthy_rate();
}

TEST(S7Hostile, CodesBecomeQualities) {
  const std::pair<std::uint8_t, Quality> cases[] = {
      {0x01, quality::kBadDeviceFailure},      {0x03, quality::kBadConfigurationError},
      {0x05, quality::kBadConfigurationError}, {0x06, quality::kBadConfigurationError},
      {0x07, quality::kBadConfigurationError}, {0x0A, quality::kBadConfigurationError},
      {0x42, quality::kBadCommunicationError}};
  for (const auto& [code, expected] : cases) {
    Neighbours n;
    n.device.refuse = [code = code](s7::Area, std::uint16_t, std::uint32_t, std::size_t) {
      return static_cast<s7::ReturnCode>(code);
    };
    n.put(2, cpu(666, 1), 11);
    n.loop.run_for(5s);
    EXPECT_EQ(n.last(11).quality, expected) << int{code};
    EXPECT_EQ(n.status(2).last_error->substr(0, 7), "LS-1302");
    EXPECT_EQ(n.status(2).state, ConnectionState::kConnected);
    n.expect_healthy_rate();
  }
}

TEST(S7Hostile, ATroubleOfTheMomentIsAskedAgainAtTheNextCycle) {
  Neighbours n;
  bool faulty = true;
  n.device.refuse = [&](s7::Area area, std::uint16_t, std::uint32_t, std::size_t) {
    return faulty && area == s7::Area::kMarker ? s7::ReturnCode::kHardwareFault
                                               : s7::ReturnCode::kOk;
  };
  n.put(2, cpu(666, {"DB1.DBW0:INT", "MW0:INT", "MW2:INT"}), 11);
  n.loop.run_for(5s);
  EXPECT_EQ(n.status(2).tags_bad, 2u);
  EXPECT_TRUE(n.last(11).quality.good());
  faulty = false;
  n.loop.run_for(1100ms);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
}

TEST(S7Hostile, ACpuThatRestartsWithOtherBlocksIsPlannedAfresh) {
  Neighbours n;
  n.device.db(100);
  n.put(2, cpu(666, 100), 11);
  n.loop.run_for(5s);
  EXPECT_EQ(n.status(2).tags_bad, 50u);
  n.device.db(1000);
  n.server->drop_connections();
  n.loop.run_for(5s);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
}

TEST(S7Hostile, ACpuWithOneConnectionIsSharedByWaiting) {
  Neighbours n(false);
  S7ServerOptions one = s7_at(666);
  one.connections_max = 1;
  n.server = serve_s7(n, n.device, one);
  n.put(2, cpu(666, 1), 11);
  n.loop.run_for(2s);
  n.put(3, cpu(666, 1), 21);
  n.loop.run_for(10s);
  EXPECT_EQ(n.status(2).state, ConnectionState::kConnected);
  EXPECT_EQ(n.status(3).state, ConnectionState::kRetrying);
  ASSERT_TRUE(n.manager->remove({2}).ok());
  n.loop.run_for(31s);
  EXPECT_EQ(n.status(3).state, ConnectionState::kConnected);
}

TEST(S7Hostile, ATestReadTakesTheOnlyConnectionForAMoment) {
  Neighbours n(false);
  S7ServerOptions one = s7_at(666);
  one.connections_max = 1;
  n.server = serve_s7(n, n.device, one);
  const ConnectionConfig config = cpu(666, 1);
  n.put(2, config, 11);
  n.loop.run_for(2s);
  std::optional<TestReport> report;
  n.manager->test({config.settings, config.signals, kTenant},
                  [&](TestReport found) { report = std::move(found); });
  n.loop.run_until([&] { return report.has_value(); }, 60s);
  ASSERT_TRUE(report.has_value());
  EXPECT_TRUE(report->values[0].value.has_value());
  n.loop.run_for(31s);
  EXPECT_EQ(n.status(2).state, ConnectionState::kConnected);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
  EXPECT_EQ(std::ranges::count(n.sink.of(11), quality::kBadNotConnected, &Sample::quality), 1);
}

TEST(S7Hostile, AHundredCpusKeepTheirRateBesideTenHostileOnes) {
  Plant plant;
  NotingCpu good;
  S7ServerOptions options = s7_at(102);
  options.connections_max = 100;
  const auto server = serve_s7(plant, good, options);
  std::vector<std::unique_ptr<NotingCpu>> devices;
  std::vector<std::unique_ptr<S7Server>> servers;
  for (std::uint32_t i = 0; i < 100; ++i) plant.put(i + 1, cpu(102, 5), 1000 + 10 * i);
  for (std::uint16_t i = 0; i < 10; ++i) {
    devices.push_back(std::make_unique<NotingCpu>());
    devices.back()->reply = [i](const s7::Request&) {
      return S7Reply{i * 50ms, static_cast<S7Fault>(i % 7)};
    };
    const auto port = static_cast<std::uint16_t>(600 + i);
    servers.push_back(serve_s7(plant, *devices.back(), s7_at(port)));
    plant.put(500 + i, cpu(port, 5), 5000 + 10u * i);
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
