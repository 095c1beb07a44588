// Where the server may connect out to, entry by entry, address by address.
#include "sys/destinations.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>

#include "sys/permitted.h"
#include "sys/sim/loop.h"

namespace lineshaft::sys {
namespace {

using std::chrono::seconds;
using Entries = std::vector<std::string>;

bool allows(const Entries& entries, const std::string& address, std::uint16_t port = 502) {
  const auto made = Destinations::parse(entries);
  EXPECT_TRUE(made.ok()) << (made ? "" : made.error().what);
  return made && made->check({address, port}, address).ok();
}
bool allows_name(const Entries& entries, const std::string& name, const std::string& address,
                 std::uint16_t port = 443) {
  return Destinations::parse(entries).value().check({name, port}, address).ok();
}

TEST(Destinations, AreThisMachineAndPrivateNetworksUnlessSomebodySaysOtherwise) {
  const Destinations usual;
  EXPECT_EQ(usual, Destinations::parse({"loopback", "private"}).value());
  const auto may = [&](const char* address) { return usual.check({address, 502}, address).ok(); };
  // First and last addresses of RFC 1918, 6598, 4193 and of loopback.
  for (const char* inside :
       {"127.0.0.1", "127.255.255.255", "::1", "0.0.0.0", "::", "10.0.0.0", "10.255.255.255",
        "172.16.0.0", "172.31.255.255", "192.168.0.0", "192.168.255.255", "100.64.0.0",
        "100.127.255.255", "fc00::", "fdff:ffff::1", "::ffff:10.1.2.3"}) {
    EXPECT_TRUE(may(inside)) << inside;
  }
  for (const char* outside :
       {"9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255",
        "192.169.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.1", "8.8.8.8",
        "0.0.0.1", "fbff::1", "fe00::1", "2001:db8::1", "::2", "::ffff:8.8.8.8", "224.0.0.1"}) {
    EXPECT_FALSE(may(outside)) << outside;
  }
}

// What hands a cloud machine its credentials, in every spelling of it.
TEST(Destinations, AreNeverTheServicesOfACloudUnlessThoseAreNamed) {
  for (const char* address : {"169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0",
                              "febf::1", "::ffff:169.254.169.254", "100.100.100.200",
                              "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"}) {
    EXPECT_FALSE(allows({"loopback", "private", "public"}, address, 80)) << address;
    EXPECT_TRUE(allows({"link-local"}, address, 80)) << address;
  }
  EXPECT_TRUE(allows({"169.254.7.0/24"}, "169.254.7.9"));
  EXPECT_FALSE(allows({"169.254.7.0/24"}, "169.254.169.254"));
}

TEST(Destinations, AreNetworksAndPortsAsTheEntriesSay) {
  EXPECT_TRUE(allows({"10.20.0.0/16"}, "10.20.255.255", 65535));
  EXPECT_FALSE(allows({"10.20.0.0/16"}, "10.21.0.0"));
  EXPECT_TRUE(allows({"10.20.0.7"}, "10.20.0.7"));
  EXPECT_FALSE(allows({"10.20.0.7"}, "10.20.0.6"));
  EXPECT_TRUE(allows({"10.20.0.0/16:502"}, "10.20.1.1", 502));
  EXPECT_FALSE(allows({"10.20.0.0/16:502"}, "10.20.1.1", 503));
  EXPECT_TRUE(allows({"10.20.0.0/16:502-510"}, "10.20.1.1", 510));
  EXPECT_FALSE(allows({"10.20.0.0/16:502-510"}, "10.20.1.1", 511));
  EXPECT_TRUE(allows({"10.20.0.9", "203.0.113.0/29:8883"}, "203.0.113.7", 8883));
  EXPECT_TRUE(allows({"private:4840"}, "192.168.1.1", 4840));
  EXPECT_FALSE(allows({"private:4840"}, "192.168.1.1", 22));
  EXPECT_TRUE(allows({"public"}, "8.8.8.8"));
  EXPECT_FALSE(allows({"public"}, "10.0.0.1"));
  EXPECT_TRUE(allows({"localhost:1883"}, "127.0.0.1", 1883));
  EXPECT_TRUE(allows({"fd00:7::/32"}, "fd00:7:1::1"));
  EXPECT_FALSE(allows({"fd00:7::/32"}, "fd00:8::1"));
  EXPECT_TRUE(allows({"[fd00:7::/32]:4840"}, "fd00:7::1", 4840));
  EXPECT_FALSE(allows({"[fd00:7::/32]:4840"}, "fd00:7::1", 4841));
  EXPECT_TRUE(allows({"[::1]:80"}, "::1", 80));
  EXPECT_FALSE(allows({"::/0"}, "8.8.8.8")) << "all of IPv6 is nothing of IPv4";
  EXPECT_TRUE(allows({"::/0"}, "2001:db8::1"));
  EXPECT_TRUE(allows({"0.0.0.0/0"}, "8.8.8.8"));
  EXPECT_FALSE(allows({"0.0.0.0/0"}, "2001:db8::1"));
  EXPECT_FALSE(allows({}, "127.0.0.1")) << "an empty list allows nothing";
  for (const char* address : {"127.0.0.1", "::1", "10.0.0.1", "8.8.8.8", "fe80::1"}) {
    EXPECT_FALSE(allows({"none"}, address)) << address;
  }
  EXPECT_FALSE(allows_name({"none"}, "none", "10.0.0.1")) << "a word, not the name of a host";
  EXPECT_EQ(Destinations::parse({"none"}).value().entries(), Entries{"none"});
}

TEST(Destinations, ANameIsAllowedWhereverItLeadsInsideAndOutside) {
  const Entries entries{"Broker.Example.com:8883"};
  EXPECT_TRUE(allows_name(entries, "broker.example.com", "203.0.113.7", 8883));
  EXPECT_TRUE(allows_name(entries, "BROKER.example.com.", "10.0.0.9", 8883));
  EXPECT_FALSE(allows_name(entries, "broker.example.com", "203.0.113.7", 443));
  EXPECT_FALSE(allows_name(entries, "203.0.113.7", "203.0.113.7", 8883)) << "the name was named";
  EXPECT_FALSE(allows_name(entries, "evil.example.com", "203.0.113.7", 8883));
  EXPECT_FALSE(allows_name(entries, "example.com", "203.0.113.7", 8883));
}

// DNS rebinding: whoever answers for a name points it at this machine or at a cloud's secrets.
TEST(Destinations, ANameDoesNotLeadToThisMachineOrToTheSecretsOfACloud) {
  for (const char* address : {"127.0.0.1", "::1", "0.0.0.0", "::ffff:127.0.0.1", "169.254.169.254",
                              "fe80::1", "fd00:ec2::254", "100.100.100.200"}) {
    EXPECT_FALSE(allows_name({"broker.example.com"}, "broker.example.com", address)) << address;
    EXPECT_TRUE(allows_name({"broker.example.com", "loopback", "link-local"}, "broker.example.com",
                            address))
        << address;
  }
  EXPECT_FALSE(allows_name({"private"}, "plc.example.com", "127.0.0.1"));
}

TEST(Destinations, AnEntryThatIsNoneIsNamed) {
  for (const char* entry : {"",
                            "10.20.0.0/33",
                            "10.20.0.1/16",
                            "10.20.0.0/",
                            "10.20.0/16",
                            "10.20.0.0/16:",
                            "10.20.0.0/16:0",
                            "10.20.0.0/16:65536",
                            "10.20.0.0/16:510-502",
                            "10.20.0.0/16:a",
                            "[::1",
                            "[::1]x",
                            "[::1]:",
                            "fd00:7::1/32",
                            "fe80::1%eth0",
                            "host name",
                            "https://example.com",
                            "*.example.com",
                            "1.2.3",
                            "999.1.1.1",
                            ":502",
                            "example.com:80:81x",
                            "none",
                            "none:502"}) {
    const auto made = Destinations::parse({"private", entry});
    ASSERT_FALSE(made.ok()) << entry;
    EXPECT_EQ(made.error().id, ErrorId::kInvalidArgument);
    EXPECT_NE(made.error().what.find("'" + std::string(entry) + "'"), std::string::npos) << entry;
  }
}

TEST(Destinations, ARefusalSaysWhatWhyAndWhichSetting) {
  const auto why = [](const Entries& entries, const Endpoint& to, const std::string& address) {
    const Status checked = Destinations::parse(entries).value().check(to, address);
    EXPECT_EQ(checked.error().id, ErrorId::kDestinationRefused);
    return checked.error().what;
  };
  EXPECT_EQ(why({"private"}, {"8.8.8.8", 53}, "8.8.8.8"),
            "8.8.8.8:53, a public address, is not in outgoing.allow");
  EXPECT_EQ(why({"private"}, {"plc.example", 502}, "127.0.0.1"),
            "plc.example:502 (127.0.0.1), this machine itself, is not in outgoing.allow");
  EXPECT_EQ(why({"plc.example"}, {"plc.example", 502}, "127.0.0.1"),
            "plc.example:502 (127.0.0.1), this machine itself, is in outgoing.allow by its name "
            "only, which does not open such an address");
  EXPECT_NE(error_entry(ErrorId::kDestinationRefused).remedy.find("outgoing.allow"),
            std::string_view::npos);
}

TEST(Destinations, JudgeANameOnlyWhenItIsResolved) {
  const Destinations usual;
  EXPECT_TRUE(usual.check_numeric({"10.0.0.1", 502}).ok());
  EXPECT_FALSE(usual.check_numeric({"8.8.8.8", 502}).ok());
  EXPECT_TRUE(usual.check_numeric({"plc.example", 502}).ok());
}

TEST(Destinations, SayWhatTheyIncludeAsAWhole) {
  const auto includes = [](const Entries& entries, AddressKind kind) {
    return Destinations::parse(entries).value().includes(kind);
  };
  EXPECT_TRUE(includes({"public"}, AddressKind::kPublic));
  EXPECT_FALSE(includes({"public:443"}, AddressKind::kPublic));
  EXPECT_FALSE(includes({"203.0.113.0/24"}, AddressKind::kPublic));
  EXPECT_TRUE(includes({"0.0.0.0/0"}, AddressKind::kPublic));
  EXPECT_TRUE(includes({"0.0.0.0/0"}, AddressKind::kLinkLocal));
  EXPECT_FALSE(includes({"private"}, AddressKind::kLoopback));
  EXPECT_TRUE(Destinations::anywhere().includes(AddressKind::kLinkLocal));
  EXPECT_TRUE(Destinations::anywhere().check({"169.254.169.254", 80}, "169.254.169.254").ok());
}

// Of a name with several addresses only those that may be are tried.
TEST(Permitted, LeavesOutTheAddressesThatMayNotBe) {
  using boost::asio::ip::make_address;
  using boost::asio::ip::tcp;
  const std::array found{tcp::endpoint(make_address("8.8.8.8"), 502),
                         tcp::endpoint(make_address("10.0.0.1"), 502),
                         tcp::endpoint(make_address("169.254.169.254"), 502)};
  const auto may = permitted(Reach(), Privacy::kPlain, {"plc.example", 502}, found);
  ASSERT_TRUE(may.ok());
  ASSERT_EQ(may->size(), 1U);
  EXPECT_EQ(may->front(), found[1]);
  const auto none = permitted({.outgoing = Destinations::parse({"loopback"}).value()},
                              Privacy::kEncrypted, {"plc.example", 502}, found);
  ASSERT_FALSE(none.ok());
  EXPECT_NE(none.error().what.find("(8.8.8.8)"), std::string::npos) << none.error().what;
}

// What comes of an attempt on a real loop; the test fails if nothing comes.
Result<std::unique_ptr<TcpStream>> attempt(EventLoop& loop, const Endpoint& to) {
  std::optional<Result<std::unique_ptr<TcpStream>>> outcome;
  bool inside_the_call = true;
  const auto connecting = loop.connect(to, seconds(30), [&](auto stream) {
    EXPECT_FALSE(inside_the_call);
    outcome = std::move(stream);
    loop.stop();
  });
  inside_the_call = false;
  loop.run();
  return *std::move(outcome);
}

TEST(DestinationsOfALoop, AreAskedOfTheAddressThatANameIsResolvedTo) {
  const auto open = make_event_loop();
  const auto listener = open->listen({"127.0.0.1", 0}, [](auto) {});
  ASSERT_TRUE(listener.ok());
  const std::uint16_t port = (*listener)->local().port;
  EXPECT_TRUE(attempt(*open, {"127.0.0.1", port}).ok());
  EXPECT_TRUE(attempt(*open, {"localhost", port}).ok());
  const auto closed = make_event_loop({.outgoing = Destinations::parse({"private"}).value()});
  for (const char* host : {"127.0.0.1", "localhost", "0.0.0.0", "127.1", "0x7f.0.0.1"}) {
    const auto refused = attempt(*closed, {host, port});
    ASSERT_FALSE(refused.ok()) << host;
    EXPECT_EQ(refused.error().id, ErrorId::kDestinationRefused) << refused.error().text();
  }
  const std::string next_port = std::to_string(port == 65535 ? 1 : port + 1);
  const auto other =
      make_event_loop({.outgoing = Destinations::parse({"127.0.0.1:" + next_port}).value()});
  EXPECT_EQ(attempt(*other, {"127.0.0.1", port}).error().id, ErrorId::kDestinationRefused);
}

TEST(DestinationsOfALoop, HoldOnTheSimulatedOneToo) {
  SimLoop loop;
  loop.set_destinations(Destinations());
  std::optional<ErrorId> outcome;
  const auto connecting =
      loop.connect({"8.8.8.8", 502}, seconds(1), [&](auto stream) { outcome = stream.error().id; });
  EXPECT_FALSE(outcome.has_value());
  loop.run_for(seconds(2));
  EXPECT_EQ(outcome, ErrorId::kDestinationRefused);
}

}  // namespace
}  // namespace lineshaft::sys
