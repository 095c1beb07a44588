// CPUs that break, lie, drag and die: each is isolated, its signals go bad once, the others keep
// their rate, and all comes back by itself.
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "connect/s7/hostile_fixture.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

TEST(S7Hostile, ACpuThatGoesAwayLeavesOneBadSamplePerTagAndComesBack) {
  S7Neighbours n;
  n.device.db()[1] = 77;
  n.put(2, cpu(666, 3), 11);
  n.loop.run_for(5s);
  ASSERT_EQ(n.status(2).state, ConnectionState::kConnected);
  n.server.reset();
  n.loop.cut(kBadCpuAt);
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
  S7Neighbours n;
  n.put(2, cpu(666, 3), 11);
  n.loop.run_for(5s);
  n.fault(S7Fault::kSilence);
  n.loop.run_for(30s);
  EXPECT_EQ(n.status(2).tags_bad, 3u);
  EXPECT_GE(n.status(2).timeouts, 3u);
  EXPECT_EQ(n.last(11).quality, quality::kBadTimeout);
  EXPECT_EQ(n.bad_samples(11), 1u);
  EXPECT_GT(n.loop.connections_made(kBadCpuAt), 1u) << "a dead connection looks like a silent CPU";
  n.fault(S7Fault::kAnswer);
  n.loop.run_for(31s);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
  n.expect_healthy_rate();
}

TEST(S7Hostile, AHalfOpenConnectionIsFoundOutAndReplaced) {
  S7Neighbours n;
  n.put(2, cpu(666, 3), 11);
  n.loop.run_for(5s);
  n.loop.set_silent(kBadCpuAt, true);  // the cable: no reset, no end of stream
  n.loop.run_for(60s);
  EXPECT_EQ(n.status(2).state, ConnectionState::kRetrying);
  EXPECT_EQ(n.status(2).tags_bad, 3u);
  n.loop.set_silent(kBadCpuAt, false);
  n.loop.run_for(31s);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
  n.expect_healthy_rate();
}

TEST(S7Hostile, ALateAnswerIsDiscardedAndDoesNotPoisonTheNextJob) {
  S7Neighbours n;
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
  S7Neighbours n;
  n.fault(S7Fault::kTwice);
  n.put(2, cpu(666, 3), 11);
  n.loop.run_for(10s);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
  EXPECT_EQ(n.status(2).errors, 0u);
  EXPECT_EQ(n.status(2).late_answers, n.status(2).requests);
}

TEST(S7Hostile, AnswersToJobsOfOthersAreNobodys) {
  S7Neighbours n;
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
  S7Neighbours n;
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
    S7Neighbours n;
    n.fault(fault);
    n.put(2, cpu(666, 3), 11);
    n.loop.run_for(3600s);
    EXPECT_EQ(n.bad_samples(11), 1u);
    // Full jitter up to 30 s: 3600 s / 15 s on average.
    EXPECT_GT(n.loop.connections_made(kBadCpuAt), 150u);
    EXPECT_LT(n.loop.connections_made(kBadCpuAt), 400u);
    n.expect_healthy_rate();
  }
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
    plant.loop.cut_after(kBadCpuAt, offset);
    plant.put(2, cpu(666, 3), 11);
    plant.loop.run_for(20s);
    EXPECT_GE(plant.loop.connections_made(kBadCpuAt), 2u);
    plant.loop.cut_after(kBadCpuAt, std::nullopt);
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
  S7Neighbours n;
  n.loop.set_read_max(1);
  n.put(2, cpu(666, 100), 11);
  n.loop.run_for(5s);
  EXPECT_EQ(n.status(2).tags_bad, 0u);
  EXPECT_EQ(n.status(2).errors, 0u);
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
