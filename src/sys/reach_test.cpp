// Where anything may go without encryption, out of this machine and into it.
#include "sys/reach.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace lineshaft::sys {
namespace {

using std::chrono::seconds;
using enum Privacy;

// To everywhere, but without encryption only as the entries say.
Reach plain_to(const std::vector<std::string>& entries) {
  return {.outgoing = Destinations::anywhere(), .plain = Destinations::parse(entries).value()};
}

TEST(Reach, WithoutEncryptionThisMachineAndPrivateNetworksUnlessSomebodySaysOtherwise) {
  Reach reach = plain_to({"loopback", "private"});
  EXPECT_EQ(reach.plain, Reach().plain);
  for (const char* inside : {"127.0.0.1", "::1", "10.1.2.3", "192.168.0.7", "fd00:7::1"}) {
    EXPECT_TRUE(reach.check({inside, 502}, inside, kPlain).ok()) << inside;
  }
  for (const char* outside : {"203.0.113.7", "2001:db8::1", "169.254.169.254"}) {
    const Status refused = reach.check({outside, 502}, outside, kPlain);
    ASSERT_FALSE(refused.ok()) << outside;
    EXPECT_EQ(refused.error().id, ErrorId::kPlainRefused);
    EXPECT_TRUE(reach.check({outside, 502}, outside, kEncrypted).ok()) << outside;
  }
  // What may not be reached at all is told first: encryption would not help.
  reach.outgoing = Destinations();
  EXPECT_EQ(reach.check({"203.0.113.7", 502}, "203.0.113.7", kPlain).error().id,
            ErrorId::kDestinationRefused);
}

TEST(Reach, NoneRefusesEveryConnectionWithoutEncryption) {
  for (const std::vector<std::string>& entries : {std::vector<std::string>{"none"}, {}}) {
    const Reach reach = plain_to(entries);
    for (const char* address : {"127.0.0.1", "::1", "10.0.0.1", "203.0.113.7", "fe80::1"}) {
      EXPECT_FALSE(reach.check({address, 502}, address, kPlain).ok()) << address;
      EXPECT_FALSE(reach.check_listen({address, 502}, kPlain).ok()) << address;
      EXPECT_FALSE(reach.check_peer({"127.0.0.1", 502}, {address, 40'000}, kPlain).ok()) << address;
      EXPECT_TRUE(reach.check({address, 502}, address, kEncrypted).ok()) << address;
      EXPECT_TRUE(reach.check_listen({address, 502}, kEncrypted).ok()) << address;
      EXPECT_TRUE(reach.check_peer({"127.0.0.1", 502}, {address, 40'000}, kEncrypted).ok())
          << address;
    }
    EXPECT_FALSE(reach.check_listen({"0.0.0.0", 502}, kPlain).ok());
    EXPECT_FALSE(reach.check_listen({"::", 502}, kPlain).ok());
  }
}

TEST(Reach, ServesAtTheAddressesOfTheListAndThosePeersThatAreOnIt) {
  const Reach reach = plain_to({"10.20.0.0/16:502", "gateway.example"});
  EXPECT_TRUE(reach.check_listen({"10.20.0.5", 502}, kPlain).ok());
  EXPECT_TRUE(reach.check_listen({"10.20.0.5", 0}, kPlain).ok()) << "some port";
  EXPECT_FALSE(reach.check_listen({"10.20.0.5", 503}, kPlain).ok());
  EXPECT_FALSE(reach.check_listen({"203.0.113.7", 502}, kPlain).ok());
  EXPECT_TRUE(reach.check_listen({"0.0.0.0", 502}, kPlain).ok()) << "each peer is judged";
  const auto serves = [&](const char* peer, std::uint16_t port) {
    return reach.check_peer({"10.20.0.5", port}, {peer, 40'000}, kPlain).ok();
  };
  EXPECT_TRUE(serves("10.20.7.7", 502));
  EXPECT_TRUE(serves("::ffff:10.20.7.7", 502)) << "as a socket of both kinds tells it";
  EXPECT_FALSE(serves("10.20.7.7", 503)) << "the port is that of the server";
  EXPECT_FALSE(serves("10.21.0.1", 502));
  EXPECT_FALSE(serves("127.0.0.1", 502));
}

TEST(Reach, ARefusalSaysWhatWhyAndWhatToDo) {
  const Reach reach = plain_to({"private"});
  EXPECT_EQ(reach.check({"broker.example", 1883}, "203.0.113.7", kPlain).error().what,
            "broker.example:1883 (203.0.113.7), a public address, is not in plain.allow, and this "
            "connection is not encrypted: turn on its TLS, or OPC UA's sign-and-encrypt, or name "
            "the address there");
  EXPECT_EQ(reach.check_listen({"127.0.0.1", 502}, kPlain).error().what,
            "127.0.0.1:502, this machine itself, is not in plain.allow, and what would be served "
            "is not encrypted: turn on its TLS, listen at another address, or name this one there");
  EXPECT_EQ(reach.check_peer({"10.0.0.5", 502}, {"203.0.113.9", 40'000}, kPlain).error().what,
            "203.0.113.9:502, a public address, is not in plain.allow, and what is served at "
            "10.0.0.5:502 is not encrypted: turn on its TLS, or name the peer there");
  const std::string_view remedy = error_entry(ErrorId::kPlainRefused).remedy;
  EXPECT_NE(remedy.find("TLS"), remedy.npos);
  EXPECT_NE(remedy.find("plain.allow"), remedy.npos);
}

TEST(Reach, ANameIsJudgedOnlyWhenItIsResolved) {
  const Reach reach = plain_to({"private"});
  EXPECT_FALSE(reach.check_numeric({"203.0.113.7", 502}, kPlain).ok());
  EXPECT_TRUE(reach.check_numeric({"203.0.113.7", 502}, kEncrypted).ok());
  EXPECT_TRUE(reach.check_numeric({"plc.example", 502}, kPlain).ok());
}

// --- on sockets of the system

struct Sockets {
  std::unique_ptr<EventLoop> loop;
  std::vector<std::unique_ptr<TcpStream>> taken;
  std::unique_ptr<TcpListener> listener;
  std::unique_ptr<Connecting> connecting;
  std::unique_ptr<TcpStream> stream;
  std::array<std::uint8_t, 16> in{};

  explicit Sockets(Reach reach) : loop(make_event_loop(std::move(reach))) {}

  Status listen(const std::string& host, Privacy privacy) {
    auto made = loop->listen({host, 0}, privacy, [this](auto accepted) {
      taken.push_back(std::move(accepted));
      taken.back()->write_all(as_bytes("x"), [](const Status&) {});
    });
    if (!made) return made.error();
    listener = *std::move(made);
    return {};
  }
  Status connect(const std::string& host, Privacy privacy) {
    Status outcome;
    connecting =
        loop->connect({host, listener->local().port}, privacy, seconds(30), [&](auto made) {
          outcome = made ? Status() : Status(made.error());
          if (made) stream = *std::move(made);
          loop->stop();
        });
    loop->run();
    return outcome;
  }
  // Who is taken hears a byte.
  Result<std::size_t> read() {
    std::optional<Result<std::size_t>> got;
    const auto limit = loop->make_timer();
    limit->start(seconds(10), [&] {
      got = Error{ErrorId::kTimeout, "neither a byte nor the end"};
      loop->stop();
    });
    stream->read_some(in, [&](Result<std::size_t> count) {
      got = std::move(count);
      loop->stop();
    });
    loop->run();
    return *std::move(got);
  }
};

TEST(ReachOfALoop, IsAskedOfTheAddressThatANameIsResolvedTo) {
  Sockets sockets(plain_to({"private"}));
  ASSERT_TRUE(sockets.listen("127.0.0.1", kEncrypted).ok());
  for (const char* host : {"127.0.0.1", "localhost", "127.1"}) {
    const Status refused = sockets.connect(host, kPlain);
    ASSERT_FALSE(refused.ok()) << host;
    EXPECT_EQ(refused.error().id, ErrorId::kPlainRefused) << refused.error().text();
    EXPECT_TRUE(sockets.connect(host, kEncrypted).ok()) << host;
  }
}

TEST(ReachOfALoop, ListensForNothingPlainWhereItMayNot) {
  Sockets sockets(plain_to({"none"}));
  for (const char* at : {"127.0.0.1", "0.0.0.0", "::1"}) {
    const Status refused = sockets.listen(at, kPlain);
    ASSERT_FALSE(refused.ok()) << at;
    EXPECT_EQ(refused.error().id, ErrorId::kPlainRefused) << refused.error().text();
  }
  EXPECT_TRUE(sockets.listen("127.0.0.1", kEncrypted).ok());
}

TEST(ReachOfALoop, CutsAPeerThatMayNotBeServedBeforeAnybodyHearsOfIt) {
  Sockets sockets(plain_to({"10.20.0.0/16"}));
  ASSERT_TRUE(sockets.listen("0.0.0.0", kPlain).ok());
  ASSERT_TRUE(sockets.connect("127.0.0.1", kEncrypted).ok());
  const auto cut = sockets.read();
  ASSERT_FALSE(cut.ok());
  EXPECT_NE(cut.error().id, ErrorId::kTimeout);
  EXPECT_TRUE(sockets.taken.empty());

  Sockets served(plain_to({"loopback"}));
  ASSERT_TRUE(served.listen("0.0.0.0", kPlain).ok());
  ASSERT_TRUE(served.connect("127.0.0.1", kPlain).ok());
  EXPECT_TRUE(served.read().ok());
}

}  // namespace
}  // namespace lineshaft::sys
