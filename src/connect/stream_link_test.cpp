#include "connect/stream_link.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "connect/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

const sys::Endpoint kAt{"plc", 4000};

Bytes bytes_of(std::string_view text) { return {text.begin(), text.end()}; }

struct User : StreamUser {
  void on_up() override { ups += 1; }
  Status on_bytes(ByteSpan bytes) override {
    text.append(bytes.begin(), bytes.end());
    if (text.ends_with("nonsense")) return Error{ErrorId::kInvalidArgument, "that is nonsense"};
    return {};
  }
  void on_down(const Error& why, Nanoseconds retry_in) override {
    downs.push_back(why);
    retries.push_back(retry_in);
  }
  int ups = 0;
  std::string text;
  std::vector<Error> downs;
  std::vector<Nanoseconds> retries;
};

// Keeps the streams that come in.
struct Machine {
  explicit Machine(sys::SimLoop& loop) {
    listener = loop.listen(kAt,
                           [this](std::unique_ptr<sys::TcpStream> stream) {
                             streams.push_back(std::move(stream));
                           })
                   .value();
  }
  void say(std::string_view text) {
    out = bytes_of(text);
    streams.back()->write_all(out, [](const Status&) {});
  }
  void listen_once() {
    streams.back()->read_some(in, [this](Result<std::size_t> count) {
      if (count) heard.append(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(*count));
    });
  }
  std::unique_ptr<sys::TcpListener> listener;
  std::vector<std::unique_ptr<sys::TcpStream>> streams;
  Bytes out;
  std::array<std::uint8_t, 4096> in{};
  std::string heard;
};

struct StreamLinkTest : ::testing::Test {
  sys::SimLoop loop;
  sys::SimRandom random{7};
  User user;
};

TEST_F(StreamLinkTest, ReadsAndSendsInOrder) {
  Machine machine(loop);
  StreamLink link(loop, random, {kAt}, user);
  loop.run_for(10ms);
  ASSERT_TRUE(link.up());
  ASSERT_TRUE(link.send(bytes_of("one ")));
  ASSERT_TRUE(link.send(bytes_of("two")));
  machine.listen_once();
  loop.run_for(10ms);
  machine.listen_once();
  loop.run_for(10ms);
  machine.say("hello");
  loop.run_for(10ms);
  EXPECT_EQ(machine.heard, "one two");
  EXPECT_EQ(user.text, "hello");
  EXPECT_EQ(link.bytes_out(), 7U);
  EXPECT_EQ(link.bytes_in(), 5U);
}

TEST_F(StreamLinkTest, ComesBackAfterALossAndWaitsLongerForAMachineThatStaysAway) {
  auto machine = std::make_unique<Machine>(loop);
  StreamLink link(loop, random, {kAt}, user);
  loop.run_for(10ms);
  machine->streams.back()->close();
  loop.run_for(2s);
  EXPECT_EQ(user.ups, 2);
  ASSERT_EQ(user.downs.size(), 1U);
  EXPECT_LE(user.retries[0], 1s);

  machine.reset();
  loop.run_for(300s);
  EXPECT_FALSE(link.up());
  // A mean of 15 s between attempts: 300 s hold about 20, and never as many as one a second.
  EXPECT_GT(user.downs.size(), 10U);
  EXPECT_LT(user.downs.size(), 45U);
  for (const Nanoseconds retry : user.retries) EXPECT_LE(retry, 30s);
}

TEST_F(StreamLinkTest, EndsAConnectionThatTalksNonsenseWithTheReason) {
  Machine machine(loop);
  StreamLink link(loop, random, {kAt}, user);
  loop.run_for(10ms);
  machine.say("nonsense");
  loop.run_for(10ms);
  EXPECT_FALSE(link.up());
  ASSERT_EQ(user.downs.size(), 1U);
  EXPECT_EQ(user.downs[0].what, "that is nonsense");
}

TEST_F(StreamLinkTest, RefusesWhatAPeerThatDoesNotReadWouldPileUp) {
  Machine machine(loop);
  StreamLinkOptions options{kAt};
  options.unsent_bytes_max = 100;
  StreamLink link(loop, random, options, user);
  loop.run_for(10ms);
  Status sent;
  int pieces = 0;
  for (; pieces < 1'000'000 && sent; ++pieces) sent = link.send(Bytes(60));
  ASSERT_FALSE(sent);
  EXPECT_EQ(sent.error().id, ErrorId::kQueueFull);
  EXPECT_TRUE(link.up());
}

TEST_F(StreamLinkTest, SpeaksThroughTlsAndSaysWhyItCannot) {
  const sys::Certificate own =
      sys::make_self_signed_certificate({"plc"}, sys::real_clock().now()).value();
  const auto server =
      sys::make_tls_context(sys::TlsSide::kServer, {own.certificate_pem, own.key_pem, "", ""})
          .value();
  Machine machine(loop);
  StreamLinkOptions options{kAt};
  options.tls =
      sys::make_tls_context(sys::TlsSide::kClient, {"", "", own.certificate_pem, ""}).value();
  StreamLink link(loop, random, options, user);
  loop.run_for(10ms);
  EXPECT_FALSE(link.up());  // connected, but not secured
  auto securing = sys::start_tls(loop, std::move(machine.streams.back()), server, "", 5s,
                                 [&](Result<std::unique_ptr<sys::TcpStream>> stream) {
                                   machine.streams.back() = std::move(stream).value();
                                 });
  loop.run_for(100ms);
  ASSERT_TRUE(link.up());
  machine.say("hello");
  loop.run_for(100ms);
  EXPECT_EQ(user.text, "hello");

  // Nobody answers the handshake of the next connection.
  machine.streams.back()->close();
  loop.run_for(10s);
  ASSERT_GE(user.downs.size(), 2U);
  EXPECT_EQ(user.downs[1].id, ErrorId::kTimeout);
}

TEST_F(StreamLinkTest, AUserMayEndTheConnection) {
  Machine machine(loop);
  StreamLink link(loop, random, {kAt}, user);
  loop.run_for(10ms);
  link.lose(Error{ErrorId::kTimeout, "no answer"});
  loop.run_for(10ms);
  ASSERT_EQ(user.downs.size(), 1U);
  EXPECT_EQ(user.downs[0].what, "no answer");
  loop.run_for(2s);
  EXPECT_TRUE(link.up());
}

}  // namespace
}  // namespace lineshaft::connect
