// What OPC UA does where nothing may go without encryption: signing alone is not enough.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connect/opcua/testing.h"

namespace lineshaft::connect::opcua {
namespace {

using ::testing::HasSubstr;
using testing::Plant;
using ::testing::StartsWith;
using namespace std::chrono_literals;

sys::Destinations places(const std::vector<std::string>& entries) {
  return sys::Destinations::parse(entries).value();
}

// A server at 10.0.0.1 without endpoints of the policy None, and a client that is told the mode.
struct Secured : Plant {
  Secured() {
    trust_each_other();
    options.allow_none = false;
    options.listen = {"10.0.0.1", 4840};
    serve();
    set_all();
  }
  void put_client(Mode mode) {
    ConnectionConfig config = connection();
    settings(config).url = "opc.tcp://10.0.0.1:4840";
    settings(config).mode = mode;
    put(config);
  }
};

TEST(OpcUaPlain, EncryptsWhereNothingElseMayGo) {
  for (const Mode mode : {Mode::kBest, Mode::kSignAndEncrypt}) {
    Secured plant;
    plant.loop.set_plain(places({"none"}));
    plant.put_client(mode);
    EXPECT_TRUE(plant.all_good()) << mode_name(mode) << plant.last_error();
  }
}

TEST(OpcUaPlain, DoesNotEvenAskAServerWhereItIsToldNotToEncrypt) {
  for (const Mode mode : {Mode::kNone, Mode::kSign}) {
    Secured plant;
    plant.loop.set_plain(places({"none"}));
    plant.put_client(mode);
    ASSERT_TRUE(plant.run_until([&] { return !plant.last_error().empty(); })) << mode_name(mode);
    EXPECT_THAT(plant.last_error(), StartsWith("LS-1111"));
    EXPECT_THAT(plant.last_error(), HasSubstr("or OPC UA's sign-and-encrypt"));
    EXPECT_EQ(plant.loop.connections_made({"10.0.0.1", 4840}), 0U);
  }
}

// The client may send there, but the server may not talk to where the client is.
TEST(OpcUaPlain, AServerRefusesTheSessionOfAPeerThatOnlySigns) {
  Secured plant;
  plant.loop.set_plain(places({"10.0.0.0/24"}));
  plant.loop.set_own_host("203.0.113.9");
  plant.put_client(Mode::kSign);
  ASSERT_TRUE(plant.run_until([&] { return !plant.last_error().empty(); }));
  EXPECT_THAT(plant.last_error(), HasSubstr("BadSecurityModeInsufficient"));
  EXPECT_TRUE(plant.backing.users.empty());

  plant.put_client(Mode::kSignAndEncrypt);
  EXPECT_TRUE(plant.all_good()) << plant.last_error();
}

TEST(OpcUaPlain, AServerTakesTheSessionOfAPeerOnTheListThatOnlySigns) {
  Secured plant;
  plant.loop.set_plain(places({"10.0.0.0/24"}));
  plant.loop.set_own_host("10.0.0.2");
  plant.put_client(Mode::kSign);
  EXPECT_TRUE(plant.all_good()) << plant.last_error();
}

TEST(OpcUaPlain, AServerWithEndpointsWithoutSecurityDoesNotListenWhereTheListDoesNotLead) {
  Plant plant;
  plant.loop.set_plain(places({"private"}));
  const auto made =
      make_server(plant.loop, plant.clock, *plant.server_trust, plant.backing, plant.options);
  ASSERT_FALSE(made.ok());
  EXPECT_EQ(made.error().id, ErrorId::kPlainRefused) << made.error().text();
  EXPECT_THAT(made.error().what, HasSubstr("127.0.0.1:4840"));
}

}  // namespace
}  // namespace lineshaft::connect::opcua
