#include "sys/sim/loop.h"

#include <gtest/gtest.h>

namespace lineshaft::sys {
namespace {

using namespace std::chrono_literals;

const Endpoint kAt{"server", 80};

// Both ends of one connection; what each received.
struct Pair {
  explicit Pair(SimLoop& l) : loop(l) {
    listener = loop.listen(kAt,
                           [this](std::unique_ptr<TcpStream> stream) {
                             server = std::move(stream);
                             read(*server, server_in, server_got, server_error);
                           })
                   .value();
    connecting = loop.connect(kAt, 1s, [this](Result<std::unique_ptr<TcpStream>> stream) {
      client = std::move(stream).value();
      read(*client, client_in, client_got, client_error);
    });
    loop.run_for(1ms);
  }
  void read(TcpStream& stream, std::array<std::uint8_t, 16>& in, Bytes& got,
            std::optional<Error>& error) {
    stream.read_some(in, [this, &stream, &in, &got, &error](Result<std::size_t> count) {
      reads += 1;
      if (!count) {
        error = count.error();
        return;
      }
      got.insert(got.end(), in.begin(), in.begin() + static_cast<std::ptrdiff_t>(*count));
      read(stream, in, got, error);
    });
  }
  SimLoop& loop;
  std::unique_ptr<TcpListener> listener;
  std::unique_ptr<Connecting> connecting;
  std::unique_ptr<TcpStream> client, server;
  std::array<std::uint8_t, 16> client_in{}, server_in{};
  Bytes client_got, server_got;
  std::optional<Error> client_error, server_error;
  int reads = 0;
};

TEST(SimLoop, RunsEventsInOrderOfTimeThenOfMaking) {
  SimLoop loop;
  std::string order;
  const auto a = loop.make_timer();
  const auto b = loop.make_timer();
  const auto c = loop.make_timer();
  b->start(2s, [&] { order += 'b'; });
  a->start(1s, [&] { order += 'a'; });
  c->start(2s, [&] { order += 'c'; });
  loop.post([&] { order += 'p'; });
  loop.run();
  EXPECT_EQ(order, "pabc");
  EXPECT_EQ(loop.now(), 2s);
}

TEST(SimLoop, ForgetsACancelledAndAReplacedTimer) {
  SimLoop loop;
  int fired = 0;
  auto timer = loop.make_timer();
  timer->start(1s, [&] { fired += 1; });
  timer->start(2s, [&] { fired += 10; });
  loop.run_for(3s);
  EXPECT_EQ(fired, 10);
  timer->start(1s, [&] { fired += 100; });
  timer->cancel();
  loop.run_for(3s);
  timer->start(1s, [&] { fired += 1000; });
  timer.reset();
  loop.run_for(3s);
  EXPECT_EQ(fired, 10);
  EXPECT_EQ(loop.now(), 9s);
}

TEST(SimLoop, CarriesBytesAfterTheLatency) {
  SimLoop loop;
  loop.set_latency(10ms);
  Pair pair(loop);
  loop.run_for(100ms);
  const Bytes hello{1, 2, 3};
  bool written = false;
  pair.client->write_all(hello, [&](const Status& status) { written = status.ok(); });
  loop.run_for(9ms);
  EXPECT_TRUE(pair.server_got.empty());
  loop.run_for(2ms);
  EXPECT_EQ(pair.server_got, hello);
  EXPECT_TRUE(written);
}

TEST(SimLoop, TearsReadsApartIfTold) {
  SimLoop loop;
  loop.set_read_max(1);
  Pair pair(loop);
  const Bytes data{1, 2, 3, 4, 5};
  pair.client->write_all(data, [](const Status&) {});
  loop.run_for(1s);
  EXPECT_EQ(pair.server_got, data);
  EXPECT_EQ(pair.reads, 5);
}

TEST(SimLoop, EndsTheStreamAfterWhatWasSentBefore) {
  SimLoop loop;
  Pair pair(loop);
  const Bytes data(40, 7);
  pair.server->write_all(data, [&](const Status&) { pair.server.reset(); });
  loop.run_for(1s);
  EXPECT_EQ(pair.client_got, data);
  EXPECT_EQ(pair.client_error->id, ErrorId::kPeerClosed);
}

TEST(SimLoop, RunsNoCallbackOfAClosedStream) {
  SimLoop loop;
  Pair pair(loop);
  const Bytes data{1};
  bool written = false;
  pair.client->write_all(data, [&](const Status&) { written = true; });
  pair.client->close();
  loop.run_for(1s);
  EXPECT_FALSE(written);
  EXPECT_FALSE(pair.client_error.has_value());
  EXPECT_EQ(pair.server_error->id, ErrorId::kPeerClosed);
}

TEST(SimLoop, MakesASenderWaitForAReaderThatDoesNotRead) {
  SimLoop loop;
  std::unique_ptr<TcpStream> server, client;
  const auto listener =
      loop.listen(kAt, [&](std::unique_ptr<TcpStream> stream) { server = std::move(stream); })
          .value();
  const auto connecting = loop.connect(
      kAt, 1s, [&](Result<std::unique_ptr<TcpStream>> s) { client = std::move(s).value(); });
  loop.run_for(1s);
  const Bytes data(100'000, 1);
  bool written = false;
  client->write_all(data, [&](const Status&) { written = true; });
  loop.run_for(1s);
  EXPECT_FALSE(written);
  std::vector<std::uint8_t> in(50'000);
  server->read_some(in, [](const Result<std::size_t>&) {});
  loop.run_for(1s);
  EXPECT_TRUE(written);
}

TEST(SimLoop, RefusesTimesOutAndCuts) {
  SimLoop loop;
  std::optional<ErrorId> error;
  const auto note = [&](const Result<std::unique_ptr<TcpStream>>& stream) {
    if (!stream) error = stream.error().id;
  };
  auto nobody = loop.connect({"server", 81}, 1s, note);
  loop.run_for(10ms);
  EXPECT_EQ(error, ErrorId::kConnectFailed);
  error.reset();
  loop.set_silent({"server", 82}, true);
  auto silent = loop.connect({"server", 82}, 1s, note);
  loop.run_for(999ms);
  EXPECT_FALSE(error.has_value());
  loop.run_for(2ms);
  EXPECT_EQ(error, ErrorId::kTimeout);

  Pair pair(loop);
  EXPECT_EQ(loop.open_connections(kAt), 1u);
  EXPECT_EQ(loop.listen(kAt, [](std::unique_ptr<TcpStream>) {}).error().id, ErrorId::kAddressInUse);
  loop.cut(kAt);
  loop.run_for(1ms);
  EXPECT_EQ(pair.client_error->id, ErrorId::kConnectFailed);
  EXPECT_EQ(pair.server_error->id, ErrorId::kConnectFailed);
}

TEST(SimLoop, CutsAfterAnExactNumberOfBytes) {
  for (std::uint64_t bytes : {0u, 1u, 7u, 10u}) {
    SimLoop loop;
    loop.cut_after(kAt, bytes);
    Pair pair(loop);
    const Bytes data{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    pair.server->write_all(data, [](const Status&) {});
    loop.run_for(1s);
    EXPECT_EQ(pair.client_got,
              Bytes(data.begin(), data.begin() + static_cast<std::ptrdiff_t>(bytes)));
    EXPECT_TRUE(pair.client_error.has_value());
    EXPECT_TRUE(pair.server_error.has_value());
  }
}

TEST(SimLoop, CutsOnceBehindAByteThatEitherSideHasSentOverAllConnections) {
  for (const SimSide side : {SimSide::kConnecting, SimSide::kListening}) {
    SimLoop loop;
    const Bytes data{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    const auto send = [&](Pair& pair) {
      TcpStream& from = side == SimSide::kConnecting ? *pair.client : *pair.server;
      from.write_all(data, [](const Status&) {});
      loop.run_for(1s);
      return (side == SimSide::kConnecting ? pair.server_got : pair.client_got).size();
    };
    loop.cut_once(kAt, side, 14);
    {
      Pair first(loop);
      EXPECT_EQ(send(first), 10u);
    }
    {
      Pair second(loop);
      EXPECT_EQ(send(second), 4u);
      EXPECT_TRUE(second.client_error.has_value());
      EXPECT_TRUE(second.server_error.has_value());
    }
    EXPECT_EQ(loop.bytes_sent(kAt, side), 14u);
    Pair third(loop);
    EXPECT_EQ(send(third), 10u) << "once";
  }
}

TEST(SimLoop, SwallowsWhatIsSentIntoABlackHole) {
  SimLoop loop;
  Pair pair(loop);
  loop.set_silent(kAt, true);
  const Bytes data{1};
  bool written = false;
  pair.client->write_all(data, [&](const Status& status) { written = status.ok(); });
  loop.run_for(1h);
  EXPECT_TRUE(written) << "as a kernel takes it";
  EXPECT_TRUE(pair.server_got.empty());
  EXPECT_FALSE(pair.client_error.has_value());
}

TEST(SimRandom, RepeatsFromItsSeed) {
  SimRandom a(1), b(1), c(2);
  EXPECT_EQ(a.next_u64(), b.next_u64());
  EXPECT_NE(a.next_u64(), c.next_u64());
}

TEST(SimClock, JumpsWithoutMovingTheSteadyClock) {
  SimLoop loop;
  SimClock clock(loop);
  const Timestamp before = clock.now();
  loop.run_for(1s);
  EXPECT_EQ(clock.now() - before, 1s);
  clock.jump(-1h);
  EXPECT_EQ(clock.now() - before, 1s - 1h);
  EXPECT_EQ(clock.monotonic(), 1s);
}

}  // namespace
}  // namespace lineshaft::sys
