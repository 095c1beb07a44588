// Answers that fit no question: a relay in front of a real server, on channels without security,
// where it can write what it likes.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <vector>

#include "connect/opcua/rewriter_fixture.h"
#include "connect/opcua/testing.h"
#include "connect/relay_fixture.h"

namespace lineshaft::connect::opcua {
namespace {

using connect::testing::Relay;
using testing::kRequestAt;
using testing::kTypeAt;
using testing::number_at;
using testing::Plant;
using testing::put_number;
using testing::Rewriter;
using namespace std::chrono_literals;

bool has_type(const Bytes& chunk, std::uint16_t type) {
  return chunk.size() > kTypeAt + 3 && chunk[kTypeAt] == 1 && chunk[kTypeAt + 1] == 0 &&
         chunk[kTypeAt + 2] == (type & 0xff) && chunk[kTypeAt + 3] == type >> 8;
}

// The same message as the answer to request `id`, with 99.5 wherever it says 12.5 (IEEE 754, least
// byte first).
Bytes lie(Bytes chunk, std::uint32_t id) {
  constexpr std::array<std::uint8_t, 8> kTrue = {0, 0, 0, 0, 0, 0, 0x29, 0x40};
  constexpr std::array<std::uint8_t, 8> kLie = {0, 0, 0, 0, 0, 0xe0, 0x58, 0x40};
  put_number(chunk, kRequestAt, id);
  auto from = chunk.begin() + kTypeAt;
  while ((from = std::search(from, chunk.end(), kTrue.begin(), kTrue.end())) != chunk.end()) {
    from = std::copy(kLie.begin(), kLie.end(), from);
  }
  return chunk;
}

struct Stray : Plant {
  const sys::Endpoint door{"127.0.0.1", 4841};
  Relay relay{loop, door, at};

  void start(Rewriter::Rewrite rewrite, bool poll) {
    relay.make_change = [rewrite = std::move(rewrite)] { return Rewriter(rewrite); };
    serve();
    set_all();
    ConnectionConfig config = connection();
    settings(config).url = "opc.tcp://" + door.text();
    settings(config).poll = poll;
    put(config);
  }
};

TEST(OpcUaHostile, AnswersToNobodysQuestionAreLeftOut) {
  for (const bool poll : {false, true}) {
    Stray p;
    std::size_t strays = 0;
    std::size_t lies = 0;
    const auto before_each = [&](const Bytes& chunk) {
      Bytes stray = lie(chunk, number_at(chunk, kRequestAt) + 1'000'000);
      strays += 1;
      lies += std::equal(stray.begin() + kTypeAt, stray.end(), chunk.begin() + kTypeAt) ? 0u : 1u;
      // One that was never asked for, and one to a question that has its answer already.
      return std::vector<Bytes>{std::move(stray), chunk, lie(chunk, number_at(chunk, kRequestAt))};
    };
    p.start(before_each, poll);
    ASSERT_TRUE(p.all_good()) << p.last_error();
    p.loop.run_for(2s);
    p.set(1, 13.5);
    ASSERT_TRUE(p.run_until([&] { return p.last(101)->value == Value(13.5); }, 5s));
    EXPECT_GT(strays, 6u);
    EXPECT_GT(lies, 0u);
    for (const Sample& sample : p.sink.of(101)) {
      EXPECT_NE(sample.value, Value(99.5));
      EXPECT_TRUE(sample.quality.good());
    }
    EXPECT_EQ(p.status().reconnects, 0u);
    EXPECT_EQ(p.status().errors, 0u);
  }
}

// Part 4, 5.3: who gets an answer of another service than he asked knows nothing. The channel of a
// peer that gives one is closed (so does open62541), and opened anew.
TEST(OpcUaHostile, AfterAnAnswerOfAnotherKindTheChannelIsOpenedAnew) {
  constexpr std::uint16_t kRead = 634;    // ReadResponse_Encoding_DefaultBinary
  constexpr std::uint16_t kBrowse = 530;  // BrowseResponse_Encoding_DefaultBinary
  Stray p;
  bool armed = false;
  const auto bend = [&](Bytes chunk) {
    if (armed && has_type(chunk, kRead)) {
      armed = false;
      chunk[kTypeAt + 2] = kBrowse & 0xff;
      chunk[kTypeAt + 3] = kBrowse >> 8;
    }
    return std::vector<Bytes>{std::move(chunk)};
  };
  p.start(bend, true);
  ASSERT_TRUE(p.all_good()) << p.last_error();
  p.loop.run_for(1s);
  armed = true;
  ASSERT_TRUE(p.run_until([&] { return p.status().tags_bad == 6; }, 5s));
  EXPECT_FALSE(armed);
  ASSERT_TRUE(p.run_until([&] { return p.status().tags_bad == 0; }, 5s)) << p.last_error();
  p.loop.run_for(1s);
  const auto told = p.sink.of(101);
  EXPECT_EQ(std::ranges::count(told, quality::kBadCommunicationError, &Sample::quality), 1);
  for (const Sample& sample : told) {
    EXPECT_TRUE(sample.quality.bad() || sample.value == Value(12.5));
  }
  EXPECT_EQ(p.status().reconnects, 1u);
  EXPECT_EQ(p.status().state, ConnectionState::kConnected);
}

}  // namespace
}  // namespace lineshaft::connect::opcua
