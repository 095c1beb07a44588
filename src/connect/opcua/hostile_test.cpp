// What goes wrong between an OPC UA client and its server: on the simulated loop, so that every run
// is the same.
#include <gtest/gtest.h>

#include "connect/opcua/testing.h"

namespace lineshaft::connect::opcua {
namespace {

using testing::Plant;
using namespace std::chrono_literals;

TEST(OpcUaHostile, MarksEverySignalBadWhenTheServerIsKilledAndComesBackByItself) {
  Plant plant;
  plant.serve();
  plant.set_all();
  plant.put(Plant::connection());
  ASSERT_TRUE(plant.all_good()) << plant.last_error();
  plant.server.reset();
  ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 6; }));
  EXPECT_EQ(plant.status().state, ConnectionState::kRetrying);
  plant.loop.run_for(100ms);
  EXPECT_EQ(plant.last(101)->value, Value(12.5)) << "the last value is kept";
  EXPECT_TRUE(plant.last(101)->quality.bad());

  plant.serve();  // another process: it knows no session and no subscription
  ASSERT_TRUE(plant.all_good()) << plant.last_error();
  plant.set(1, 77.0);
  EXPECT_TRUE(plant.run_until([&] { return plant.last(101)->value == Value(77.0); }, 5s));
  EXPECT_EQ(plant.status().reconnects, 1u);
}

TEST(OpcUaHostile, TakesItsSessionUpAgainAfterACut) {
  Plant plant;
  plant.serve();
  plant.set_all();
  plant.put(Plant::connection());
  ASSERT_TRUE(plant.all_good()) << plant.last_error();
  plant.loop.cut(plant.at);
  ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 6; }));
  ASSERT_TRUE(plant.all_good()) << plant.last_error();
  EXPECT_EQ(plant.server->counters().sessions_made, 1u) << "no second session was made";
  plant.set(1, 78.0);
  EXPECT_TRUE(plant.run_until([&] { return plant.last(101)->value == Value(78.0); }, 5s));
}

TEST(OpcUaHostile, BringsTheValuesThatChangedWhileTheLineWasCut) {
  Plant plant;
  plant.serve();
  plant.set_all();
  plant.put(Plant::connection());
  ASSERT_TRUE(plant.all_good()) << plant.last_error();
  plant.loop.run_for(500ms);
  plant.loop.cut(plant.at);
  for (int i = 1; i <= 5; ++i) {  // fewer than values_kept_per_item
    plant.set(2, std::int64_t{100 + i});
    plant.loop.run_for(1ms);
  }
  ASSERT_TRUE(plant.all_good()) << plant.last_error();
  plant.loop.run_for(2s);
  std::set<std::int64_t> seen;
  for (const Sample& sample : plant.sink.of(102)) {
    if (sample.quality.good()) seen.insert(std::get<std::int64_t>(sample.value));
  }
  for (int i = 1; i <= 5; ++i) EXPECT_TRUE(seen.contains(100 + i)) << 100 + i;
}

TEST(OpcUaHostile, NoticesAServerThatHangs) {
  Plant plant;
  plant.serve();
  plant.set_all();
  plant.put(Plant::connection());
  ASSERT_TRUE(plant.all_good()) << plant.last_error();
  plant.loop.set_silent(plant.at, true);
  ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 6; }, 60s));
  EXPECT_NE(plant.last_error().find("LS-1106"), std::string::npos) << plant.last_error();
  plant.loop.set_silent(plant.at, false);
  EXPECT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 0; }, 200s))
      << plant.last_error();
}

TEST(OpcUaHostile, TellsThatNobodyListens) {
  Plant plant;
  plant.put(Plant::connection());
  ASSERT_TRUE(plant.run_until([&] { return plant.status().state == ConnectionState::kRetrying; }));
  EXPECT_NE(plant.last_error().find("LS-1105"), std::string::npos) << plant.last_error();
  ASSERT_TRUE(plant.status().retry_in_ms.has_value());
  EXPECT_LE(*plant.status().retry_in_ms, 30'000);
}

TEST(OpcUaHostile, AnswersAWriteThatWasUnderWayWhenTheLineWasCut) {
  Plant plant;
  plant.serve();
  plant.set_all();
  plant.put(Plant::connection());
  ASSERT_TRUE(plant.all_good());
  std::optional<Result<WriteOutcome>> outcome;
  plant.backing.on_write = [&](TagId, const Value&) {
    plant.loop.set_silent(plant.at, true);
    return Status();
  };
  plant.manager->write(testing::kTenant, {106}, Value(4.5),
                       [&](Result<WriteOutcome> result) { outcome = std::move(result); });
  ASSERT_TRUE(plant.run_until([&] { return outcome.has_value(); }, 60s));
  ASSERT_FALSE(outcome->ok());
  EXPECT_NE(outcome->error().what.find("may or may not have arrived"), std::string::npos)
      << outcome->error().what;
}

// The line is cut after every number of bytes that the server sends in the first second, and each
// time the connection has to come back to life with every value.
TEST(OpcUaHostile, RecoversFromACutAtEveryByte) {
  std::uint64_t step = 97;  // all residues of what lengths are multiples of
  std::uint64_t cuts = 0;
  for (std::uint64_t bytes = 1; bytes < 9'000; bytes += step) {
    Plant plant;
    plant.serve();
    plant.set_all();
    plant.loop.cut_after(plant.at, bytes);
    plant.put(Plant::connection());
    plant.loop.run_for(1s);
    plant.loop.cut_after(plant.at, std::nullopt);
    ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 0; }, 120s))
        << "cut after " << bytes << " bytes: " << plant.last_error();
    plant.set(1, 55.0);
    ASSERT_TRUE(plant.run_until([&] { return plant.last(101)->value == Value(55.0); }, 60s))
        << "cut after " << bytes << " bytes";
    cuts += 1;
  }
  EXPECT_GT(cuts, 90u);
}

TEST(OpcUaHostile, SurvivesAnswersInSmallPieces) {
  Plant plant;
  plant.loop.set_read_max(7);
  plant.serve();
  plant.set_all();
  plant.put(Plant::connection());
  EXPECT_TRUE(plant.all_good()) << plant.last_error();
}

// Somebody who is no OPC UA server: sends what a test says to whoever connects.
class Stranger {
 public:
  Stranger(sys::SimLoop& loop, const sys::Endpoint& at, Bytes says) : says_(std::move(says)) {
    listener_ = loop.listen(at,
                            [this](std::unique_ptr<sys::TcpStream> stream) {
                              streams_.push_back(std::move(stream));
                              streams_.back()->write_all(says_, [](const Status&) {});
                            })
                    .value();
  }

 private:
  Bytes says_;
  std::vector<std::unique_ptr<sys::TcpStream>> streams_;
  std::unique_ptr<sys::TcpListener> listener_;
};

TEST(OpcUaHostile, EndsWithAStrangerThatTalksGarbage) {
  const std::vector<Bytes> sayings = {
      {'S', 'S', 'H', '-', '2', '.', '0', '\r', '\n'},
      // An acknowledgement with the largest length that there is.
      {'A', 'C', 'K', 'F', 0xff, 0xff, 0xff, 0xff},
      // One of 28 bytes whose buffers are smaller than the standard allows.
      {'A', 'C', 'K', 'F', 28, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0},
      // An error with a reason that is longer than the message.
      {'E', 'R', 'R', 'F', 16, 0, 0, 0, 0, 0, 0x13, 0x80, 0xff, 0xff, 0xff, 0x7f},
      {'M', 'S', 'G', 'F', 8, 0, 0, 0},
      {},  // says nothing
  };
  for (const Bytes& says : sayings) {
    Plant plant;
    const Stranger stranger(plant.loop, plant.at, says);
    plant.put(Plant::connection());
    plant.loop.run_for(30s);
    EXPECT_EQ(plant.status().state, ConnectionState::kRetrying);
    EXPECT_FALSE(plant.last_error().empty());
  }
}

TEST(OpcUaHostile, AServerDropsWhoConnectsAndSaysNothing) {
  Plant plant;
  plant.serve();
  std::unique_ptr<sys::TcpStream> stream;
  const auto connecting =
      plant.loop.connect(plant.at, 1s, [&](auto made) { stream = std::move(*made); });
  ASSERT_TRUE(plant.run_until([&] { return stream != nullptr; }, 1s));
  std::array<std::uint8_t, 16> in{};
  bool closed = false;
  stream->read_some(in, [&](const Result<std::size_t>& count) { closed = !count.ok(); });
  EXPECT_TRUE(plant.run_until([&] { return closed; }, 15s));
}

TEST(OpcUaHostile, AServerOutlivesGarbageOfItsClients) {
  Plant plant;
  plant.serve();
  plant.set_all();
  plant.put(Plant::connection());
  ASSERT_TRUE(plant.all_good());
  const std::vector<Bytes> sayings = {
      {'G', 'E', 'T', ' ', '/', '\r', '\n', '\r', '\n'},
      {'H', 'E', 'L', 'F', 0xff, 0xff, 0xff, 0xff},
      {'H', 'E', 'L', 'F', 8, 0, 0, 0},
      {'O', 'P', 'N', 'F', 12, 0, 0, 0, 0, 0, 0, 0},
      {'M', 'S', 'G', 'C', 24, 0, 0, 0, 9, 9, 9, 9, 9, 9, 9, 9, 1, 0, 0, 0, 1, 0, 0, 0},
  };
  for (const Bytes& says : sayings) {
    std::unique_ptr<sys::TcpStream> stream;
    const auto connecting =
        plant.loop.connect(plant.at, 1s, [&](auto made) { stream = std::move(*made); });
    ASSERT_TRUE(plant.run_until([&] { return stream != nullptr; }, 1s));
    stream->write_all(says, [](const Status&) {});
    plant.loop.run_for(100ms);
  }
  plant.set(1, 31.0);
  EXPECT_TRUE(plant.run_until([&] { return plant.last(101)->value == Value(31.0); }, 5s));
  EXPECT_EQ(plant.status().reconnects, 0u);
}

}  // namespace
}  // namespace lineshaft::connect::opcua
