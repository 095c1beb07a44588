// Who may connect to whom: every policy, mode and kind of user.
#include <gtest/gtest.h>

#include "connect/opcua/testing.h"

namespace lineshaft::connect::opcua {
namespace {

using testing::Plant;
using namespace std::chrono_literals;

struct Cell {
  Mode mode;
  std::string policy;
};

const std::vector<Cell>& secure_cells() {
  static const std::vector<Cell> cells = [] {
    std::vector<Cell> made;
    for (const char* policy : {"Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"}) {
      made.push_back({Mode::kSign, policy});
      made.push_back({Mode::kSignAndEncrypt, policy});
    }
    return made;
  }();
  return cells;
}

ConnectionConfig with(Mode mode, const std::string& policy, UserKind user = UserKind::kAnonymous) {
  ConnectionConfig config = Plant::connection();
  Settings& settings = Plant::settings(config);
  settings.mode = mode;
  settings.policy = policy;
  settings.user = user;
  settings.user_name = "otto";
  settings.password = "geheim";
  return config;
}

TEST(OpcUaSecurity, EveryCurrentPolicyAndModeConnectsAnonymousAndByName) {
  for (const Cell& cell : secure_cells()) {
    for (const UserKind user : {UserKind::kAnonymous, UserKind::kUserName}) {
      Plant plant;
      plant.trust_each_other();
      plant.backing.passwords["otto"] = "geheim";
      plant.serve();
      plant.set_all();
      plant.put(with(cell.mode, cell.policy, user));
      ASSERT_TRUE(plant.all_good()) << cell.policy << ": " << plant.last_error();
      EXPECT_EQ(plant.backing.users.back().kind, user);
    }
  }
}

TEST(OpcUaSecurity, TheBestIsWhatIsTakenWhenNothingIsSet) {
  Plant plant;
  plant.trust_each_other();
  plant.serve();
  plant.set_all();
  plant.put(with(Mode::kBest, ""));
  ASSERT_TRUE(plant.all_good()) << plant.last_error();
  bool found = false;
  for (const ConnectionEvent& event : plant.manager->events({1})) {
    found = found || event.detail == "Aes256_Sha256_RsaPss, sign and encrypt";
  }
  EXPECT_TRUE(found);
}

TEST(OpcUaSecurity, AServerThatIsNotTrustedIsRefusedAndWaitsForApproval) {
  Plant plant;
  ASSERT_TRUE(plant.server_trust->trust(plant.client_trust->own().certificate).ok());
  plant.serve();
  plant.set_all();
  plant.put(with(Mode::kBest, ""));
  ASSERT_TRUE(plant.run_until([&] { return plant.status().state == ConnectionState::kRetrying; }));
  EXPECT_NE(plant.last_error().find("approve it"), std::string::npos) << plant.last_error();
  const auto waiting = plant.client_trust->rejected();
  ASSERT_EQ(waiting.size(), 1u);
  EXPECT_EQ(waiting[0].info.sha1, plant.server_trust->own_info()->sha1);

  ASSERT_TRUE(plant.client_trust->approve(waiting[0].info.sha1).ok());
  EXPECT_TRUE(plant.all_good()) << plant.last_error();
}

TEST(OpcUaSecurity, AClientThatTheServerDoesNotTrustIsToldWhichThumbprintToApproveThere) {
  Plant plant;
  ASSERT_TRUE(plant.client_trust->trust(plant.server_trust->own().certificate).ok());
  plant.serve();
  plant.set_all();
  plant.put(with(Mode::kBest, ""));
  ASSERT_TRUE(plant.run_until([&] { return plant.status().state == ConnectionState::kRetrying; }));
  EXPECT_NE(plant.last_error().find(plant.client_trust->own_info()->sha1), std::string::npos)
      << plant.last_error();
  const auto waiting = plant.server_trust->rejected();
  ASSERT_EQ(waiting.size(), 1u);
  ASSERT_TRUE(plant.server_trust->approve(waiting[0].info.sha1).ok());
  EXPECT_TRUE(plant.all_good()) << plant.last_error();
}

TEST(OpcUaSecurity, AWrongPasswordIsRefusedWithTheReason) {
  Plant plant;
  plant.trust_each_other();
  plant.backing.passwords["otto"] = "anders";
  plant.serve();
  plant.put(with(Mode::kBest, "", UserKind::kUserName));
  ASSERT_TRUE(plant.run_until([&] { return plant.status().state == ConnectionState::kRetrying; }));
  EXPECT_NE(plant.last_error().find("refuses the user"), std::string::npos) << plant.last_error();
  EXPECT_TRUE(plant.backing.users.empty());
}

TEST(OpcUaSecurity, NothingFallsBackToAnOpenChannel) {
  Plant plant;
  plant.trust_each_other();
  plant.serve();
  plant.set_all();
  auto config = with(Mode::kBest, "");
  Plant::settings(config).policy = "Basic256Sha256";
  plant.put(config);
  ASSERT_TRUE(plant.all_good()) << plant.last_error();
}

TEST(OpcUaSecurity, AServerWithoutOpenEndpointsRefusesAnOpenSession) {
  Plant plant;
  plant.options.allow_none = false;
  plant.serve();
  plant.put(with(Mode::kNone, ""));
  ASSERT_TRUE(plant.run_until([&] { return plant.status().state == ConnectionState::kRetrying; }));
  EXPECT_NE(plant.last_error().find("mode none is set"), std::string::npos) << plant.last_error();
}

TEST(OpcUaSecurity, AServerWithoutAnonymousUsersSaysSo) {
  Plant plant;
  plant.trust_each_other();
  plant.options.allow_anonymous = false;
  plant.serve();
  plant.put(with(Mode::kBest, ""));
  ASSERT_TRUE(plant.run_until([&] { return plant.status().state == ConnectionState::kRetrying; }));
  EXPECT_NE(plant.last_error().find("no anonymous users"), std::string::npos) << plant.last_error();
}

TEST(OpcUaSecurity, OnAnOpenChannelThePasswordIsEncryptedForATrustedServer) {
  Plant plant;
  plant.trust_each_other();
  plant.backing.passwords["otto"] = "geheim";
  plant.serve();
  plant.set_all();
  plant.put(with(Mode::kNone, "", UserKind::kUserName));
  EXPECT_TRUE(plant.all_good()) << plant.last_error();
}

TEST(OpcUaSecurity, NoPasswordGoesToAServerThatIsNotTrusted) {
  Plant plant;
  plant.backing.passwords["otto"] = "geheim";
  plant.serve();
  plant.put(with(Mode::kNone, "", UserKind::kUserName));
  ASSERT_TRUE(plant.run_until([&] { return plant.status().state == ConnectionState::kRetrying; }));
  EXPECT_NE(plant.last_error().find("approve it"), std::string::npos) << plant.last_error();
  EXPECT_TRUE(plant.backing.users.empty());
}

TEST(OpcUaSecurity, AnExpiredCertificateIsRefusedWithItsDate) {
  Plant plant;
  plant.trust_each_other();
  plant.serve();
  plant.clock.jump(std::chrono::hours(24) * 365 * 6);
  plant.put(with(Mode::kBest, ""));
  ASSERT_TRUE(plant.run_until([&] { return plant.status().state == ConnectionState::kRetrying; }));
  EXPECT_NE(plant.last_error().find("expired on"), std::string::npos) << plant.last_error();
}

TEST(OpcUaSecurity, WhoMayNotReadATagGetsNoValueOfIt) {
  Plant plant;
  plant.options.rights_per_tag = true;
  plant.backing.readable = [](const ServerUser&, TagId tag) { return tag.value != 1; };
  plant.serve();
  plant.set_all();
  plant.put(Plant::connection());
  ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 1; }));
  plant.loop.run_for(200ms);
  plant.set(1, 5.0);
  plant.loop.run_for(1s);
  for (const Sample& sample : plant.sink.of(101)) EXPECT_TRUE(sample.quality.bad());
}

}  // namespace
}  // namespace lineshaft::connect::opcua
