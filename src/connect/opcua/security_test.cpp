// Who may connect to whom: every policy, mode and kind of user.
#include <gtest/gtest.h>

#include <array>

#include "connect/opcua/testing.h"

namespace lineshaft::connect::opcua {
namespace {

using testing::Plant;
using namespace std::chrono_literals;

struct Cell {
  Mode mode;
  std::string policy;
};

std::string name_of(const Cell& cell, UserKind user) {
  return std::string(mode_name(cell.mode)) + " " + cell.policy + ", " +
         std::string(user_kind_name(user));
}

// Every mode with every policy that has it.
const std::vector<Cell>& all_cells() {
  static const std::vector<Cell> cells = [] {
    std::vector<Cell> made = {{Mode::kNone, ""}};
    for (const char* policy : {"Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss",
                               "ECC_nistP256", "ECC_nistP256_AesGcm", "ECC_nistP256_ChaChaPoly"}) {
      made.push_back({Mode::kSign, policy});
      made.push_back({Mode::kSignAndEncrypt, policy});
    }
    return made;
  }();
  return cells;
}

constexpr UserKind kUsers[] = {UserKind::kAnonymous, UserKind::kUserName, UserKind::kCertificate};

// RFC 7468: base64 (RFC 4648) in lines of 64 between two lines of dashes.
std::string pem(const std::string& label, ByteSpan der) {
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string text;
  for (std::size_t i = 0; i < der.size(); i += 3) {
    std::uint32_t bits = 0;
    for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (i + k < der.size() ? der[i + k] : 0U);
    for (std::size_t k = 0; k < 4; ++k) {
      text += i + k > der.size() ? '=' : kDigits[bits >> (18 - 6 * k) & 63];
    }
    if (i % 48 == 45) text += '\n';
  }
  return "-----BEGIN " + label + "-----\n" + text + "\n-----END " + label + "-----\n";
}

// A person with a certificate for each kind of policy.
const Identity& otto(KeyKind kind) {
  static const std::array<Identity, 2> identities = [] {
    sys::SimLoop loop;
    sys::SimClock clock{loop, sys::real_clock().now() + 1h};
    sys::SimDisk disk;
    const auto store = testing::make_store(disk, clock, "otto");
    return std::array{*store->own(KeyKind::kRsa), *store->own(KeyKind::kNistP256)};
  }();
  return identities[static_cast<std::size_t>(kind)];
}

// A key of RSA in the form of PKCS #8 goes on with a sequence behind its version (02 01 00), one in
// that of PKCS #1 with a number. One of RFC 5915 (an elliptic curve) begins with version 1.
std::string key_pem(ByteSpan der) {
  LS_ASSERT(der.size() > 8);
  if (der[2] == 0x02 && der[4] == 1) return pem("EC PRIVATE KEY", der);
  return pem(der[7] == 0x30 ? "PRIVATE KEY" : "RSA PRIVATE KEY", der);
}

KeyKind kind_of_policy(const std::string& policy) {
  const Policy* known = find_policy(policy);
  return known == nullptr ? KeyKind::kRsa : known->key;
}

ConnectionConfig with(Mode mode, const std::string& policy, UserKind user = UserKind::kAnonymous) {
  ConnectionConfig config = Plant::connection();
  Settings& settings = Plant::settings(config);
  settings.mode = mode;
  settings.policy = policy;
  settings.user = user;
  settings.user_name = "otto";
  settings.password = "geheim";
  if (user == UserKind::kCertificate) {
    const Identity& person = otto(kind_of_policy(policy));
    settings.user_certificate_pem = pem("CERTIFICATE", person.certificate);
    settings.user_key_pem = key_pem(person.key);
  }
  return config;
}

TEST(OpcUaSecurity, EveryPolicyAndModeConnectsEveryKindOfUser) {
  for (const Cell& cell : all_cells()) {
    for (const UserKind user : kUsers) {
      Plant plant;
      plant.trust_each_other();
      const KeyKind kind = kind_of_policy(cell.policy);
      ASSERT_TRUE(plant.server_trust->trust(otto(kind).certificate).ok());
      plant.backing.passwords["otto"] = "geheim";
      plant.serve();
      plant.set_all();
      plant.put(with(cell.mode, cell.policy, user));
      ASSERT_TRUE(plant.all_good()) << name_of(cell, user) << ": " << plant.last_error();
      EXPECT_EQ(plant.backing.users.back().kind, user);
    }
  }
}

// The same table with users whom the server does not want: nobody gets in, and the reason is told.
TEST(OpcUaSecurity, EveryPolicyAndModeRefusesEveryKindOfUserWithTheReason) {
  for (const Cell& cell : all_cells()) {
    for (const UserKind user : kUsers) {
      Plant plant;
      plant.trust_each_other();
      plant.options.allow_anonymous = false;
      plant.backing.passwords["otto"] = "anders";
      plant.serve();
      plant.set_all();
      plant.put(with(cell.mode, cell.policy, user));
      const bool lost =
          plant.run_until([&] { return plant.status().state == ConnectionState::kRetrying; });
      ASSERT_TRUE(lost) << name_of(cell, user);
      const char* reason =
          user == UserKind::kAnonymous ? "no anonymous users" : "the server refuses the user";
      EXPECT_NE(plant.last_error().find(reason), std::string::npos)
          << name_of(cell, user) << ": " << plant.last_error();
      EXPECT_TRUE(plant.backing.users.empty()) << name_of(cell, user);
      EXPECT_EQ(plant.server->counters().sessions_made, 0U) << name_of(cell, user);
    }
  }
}

// And with certificates of applications that the other side does not know.
TEST(OpcUaSecurity, EverySecurePolicyAndModeRefusesAnApplicationThatIsNotTrusted) {
  for (const Cell& cell : all_cells()) {
    if (cell.mode == Mode::kNone) continue;
    for (const bool server_is_trusted : {false, true}) {
      Plant plant;
      plant.backing.passwords["otto"] = "geheim";
      if (server_is_trusted) {
        Plant::trust(*plant.client_trust, *plant.server_trust);
      } else {
        Plant::trust(*plant.server_trust, *plant.client_trust);
      }
      plant.serve();
      plant.put(with(cell.mode, cell.policy, UserKind::kUserName));
      const bool lost =
          plant.run_until([&] { return plant.status().state == ConnectionState::kRetrying; });
      ASSERT_TRUE(lost) << name_of(cell, UserKind::kUserName);
      const char* reason = server_is_trusted ? "refuses our certificate" : "is not trusted";
      EXPECT_NE(plant.last_error().find(reason), std::string::npos)
          << name_of(cell, UserKind::kUserName) << ": " << plant.last_error();
      EXPECT_TRUE(plant.backing.users.empty());
    }
  }
}

// A server that is not told to lets nobody only sign, and encrypts with the same policies.
TEST(OpcUaSecurity, NoPolicySignsWithoutEncryptingUnlessThatIsAllowed) {
  for (const Cell& cell : all_cells()) {
    if (cell.mode == Mode::kNone) continue;
    Plant plant;
    plant.trust_each_other();
    plant.options.allow_none = false;
    plant.options.allow_sign = false;
    plant.serve();
    plant.set_all();
    plant.put(with(cell.mode, cell.policy));
    if (cell.mode == Mode::kSignAndEncrypt) {
      EXPECT_TRUE(plant.all_good()) << name_of(cell, UserKind::kAnonymous) << plant.last_error();
      continue;
    }
    const bool lost =
        plant.run_until([&] { return plant.status().state == ConnectionState::kRetrying; });
    ASSERT_TRUE(lost) << name_of(cell, UserKind::kAnonymous);
    EXPECT_NE(plant.last_error().find(cell.policy + " (sign and encrypt): mode sign is set"),
              std::string::npos)
        << plant.last_error();
    EXPECT_EQ(plant.last_error().find("(sign)"), std::string::npos) << plant.last_error();
    EXPECT_TRUE(plant.backing.users.empty());
  }
}

// Policies that are out of date are no settings at all.
TEST(OpcUaSecurity, OutdatedAndUnknownPoliciesCannotBeSet) {
  for (const char* policy : {"Basic128Rsa15", "Basic256", "Aes128-Sha256-RsaOaep", "none"}) {
    EXPECT_FALSE(check_connection(with(Mode::kSignAndEncrypt, policy)).ok()) << policy;
  }
  EXPECT_FALSE(check_connection(with(Mode::kSign, "None")).ok());
  EXPECT_FALSE(check_connection(with(Mode::kNone, "Basic256Sha256")).ok());
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

// Each of our two certificates is approved by itself.
TEST(OpcUaSecurity, AServerOnACurveThatDoesNotTrustUsIsToldTheThumbprintOfThatCertificate) {
  Plant plant;
  Plant::trust(*plant.client_trust, *plant.server_trust);
  ASSERT_TRUE(plant.server_trust->trust(plant.client_trust->own().certificate).ok());
  plant.serve();
  plant.set_all();
  plant.put(with(Mode::kSignAndEncrypt, "ECC_nistP256_AesGcm"));
  ASSERT_TRUE(plant.run_until([&] { return plant.status().state == ConnectionState::kRetrying; }));
  const std::string thumbprint = plant.client_trust->own_info(KeyKind::kNistP256)->sha1;
  EXPECT_NE(plant.last_error().find(thumbprint), std::string::npos) << plant.last_error();
  ASSERT_TRUE(plant.server_trust->approve(thumbprint).ok());
  EXPECT_TRUE(plant.all_good()) << plant.last_error();
}

TEST(OpcUaSecurity, AUserWhoseKeyIsOfAnotherKindThanThePolicyIsToldSo) {
  Plant plant;
  plant.trust_each_other();
  plant.serve();
  auto config = with(Mode::kSignAndEncrypt, "ECC_nistP256", UserKind::kCertificate);
  Plant::settings(config).user_certificate_pem =
      pem("CERTIFICATE", otto(KeyKind::kRsa).certificate);
  Plant::settings(config).user_key_pem = key_pem(otto(KeyKind::kRsa).key);
  plant.put(config);
  ASSERT_TRUE(plant.run_until([&] { return plant.status().state == ConnectionState::kRetrying; }));
  EXPECT_NE(plant.last_error().find("a key of another kind"), std::string::npos)
      << plant.last_error();
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
  EXPECT_FALSE(plant.status().last_error_until.has_value());
  EXPECT_TRUE(plant.all_good()) << plant.last_error();
  EXPECT_TRUE(plant.status().last_error_until.has_value()) << "it waited, and does so no more";
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

// Either side takes its trust back: the line that stands is not cut, but nobody comes in again.
TEST(OpcUaSecurity, WhoIsTrustedNoMoreDoesNotComeBack) {
  for (const bool by_the_server : {false, true}) {
    Plant plant;
    plant.trust_each_other();
    plant.serve();
    plant.set_all();
    plant.put(with(Mode::kBest, ""));
    ASSERT_TRUE(plant.all_good()) << plant.last_error();
    TrustStore& judge = by_the_server ? *plant.server_trust : *plant.client_trust;
    const TrustStore& judged = by_the_server ? *plant.client_trust : *plant.server_trust;
    ASSERT_TRUE(judge.distrust(judged.own_info()->sha1).ok());
    plant.server.reset();
    ASSERT_TRUE(plant.run_until([&] { return plant.status().tags_bad == 6; }));
    plant.serve();
    plant.loop.run_for(10s);
    EXPECT_EQ(plant.status().tags_bad, 6u);
    const char* reason = by_the_server ? "refuses our certificate" : "is not trusted";
    EXPECT_NE(plant.last_error().find(reason), std::string::npos) << plant.last_error();
    ASSERT_TRUE(judge.approve(judged.own_info()->sha1).ok());
    EXPECT_TRUE(plant.all_good()) << plant.last_error();
  }
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
