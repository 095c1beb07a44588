// What a server offers is heard in the clear first: whoever stands between may change it. OPC UA
// Part 4, CreateSession, has the client compare it with what is said over the secured channel.
#include "connect/opcua/offer_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>

#include "connect/opcua/rewriter_fixture.h"
#include "connect/opcua/testing.h"
#include "connect/relay_fixture.h"

namespace lineshaft::connect::opcua {
namespace {

using connect::testing::Relay;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::Plant;
using testing::Rewriter;

OfferedEndpoint offered(const std::string& policy, std::uint32_t mode) {
  const std::string uri = "http://opcfoundation.org/UA/SecurityPolicy#" + policy;
  const OfferedToken password{UserKind::kUserName, true, uri, "password"};
  return {"opc.tcp://x", uri, mode, true, {password, {}}, "urn:press"};
}

const std::vector<OfferedEndpoint>& all() {
  static const std::vector<OfferedEndpoint> endpoints = {offered("Basic256Sha256", 2),
                                                         offered("Basic256Sha256", 3),
                                                         offered("Aes256_Sha256_RsaPss", 3)};
  return endpoints;
}

// What differs if `shown` was heard in the clear; "" if nothing does.
std::string difference(const std::vector<OfferedEndpoint>& shown) {
  const Status same = check_offers(shown, all());
  if (same) return "";
  EXPECT_EQ(same.error().id, ErrorId::kTlsFailed);
  return same.error().what;
}

TEST(OpcUaOffers, AreTheSameInAnyOrderAndAtAnyUrl) {
  EXPECT_EQ(difference(all()), "");
  std::vector<OfferedEndpoint> shown = all();
  std::ranges::reverse(shown);
  for (OfferedEndpoint& endpoint : shown) {
    endpoint.url = "opc.tcp://192.0.2.1:4840";
    std::ranges::reverse(endpoint.tokens);
  }
  shown.push_back(shown.front());
  EXPECT_EQ(difference(shown), "");
}

TEST(OpcUaOffers, AreNamedWhereTheyDiffer) {
  std::vector<OfferedEndpoint> shown = all();
  shown.pop_back();
  EXPECT_THAT(difference(shown),
              HasSubstr("Aes256_Sha256_RsaPss (sign and encrypt) was not shown"));
  shown = all();
  shown.push_back(offered("None", 1));
  EXPECT_THAT(difference(shown), HasSubstr("clear: None was shown and is not there."));
  shown = all();
  shown[2].mode = 2;
  EXPECT_THAT(difference(shown),
              HasSubstr("Aes256_Sha256_RsaPss (sign and encrypt) was not shown; "
                        "Aes256_Sha256_RsaPss (sign) was shown and is not there."));
  shown = all();
  shown[0].application_uri = "urn:other";
  EXPECT_THAT(difference(shown),
              HasSubstr("Basic256Sha256 (sign) was shown with another ApplicationUri."));
  for (const auto& change : std::vector<void (*)(OfferedEndpoint&)>{
           [](OfferedEndpoint& endpoint) { endpoint.tokens[0].policy_uri.clear(); },
           [](OfferedEndpoint& endpoint) { endpoint.tokens[0].policy_id = "other"; },
           [](OfferedEndpoint& endpoint) { endpoint.tokens.pop_back(); }}) {
    shown = all();
    change(shown[1]);
    EXPECT_THAT(
        difference(shown),
        HasSubstr("Basic256Sha256 (sign and encrypt) was shown with other kinds of users."));
  }
  EXPECT_THAT(difference({}), HasSubstr("was not shown"));
}

TEST(OpcUaOffers, AreNamedUpToABound) {
  std::vector<OfferedEndpoint> shown = all();
  for (int i = 0; i < 100; ++i) shown.push_back(offered("X" + std::to_string(i), 3));
  const std::string text = difference(shown);
  EXPECT_THAT(text, HasSubstr("; and more."));
  EXPECT_LT(text.size(), 1'000U);
}

// Stands between, and writes `to` for `from` in what the server says in the clear.
struct Between : Plant {
  const sys::Endpoint door{"127.0.0.1", 4841};
  Relay relay{loop, door, at};
  std::size_t changed = 0;

  Between(std::string_view from, std::string_view to) {
    LS_ASSERT(from.size() == to.size());
    relay.make_change = [this, from, to] {
      return Rewriter([this, from, to](Bytes chunk) {
        auto found = chunk.begin();
        while ((found = std::search(found, chunk.end(), from.begin(), from.end())) != chunk.end()) {
          found = std::copy(to.begin(), to.end(), found);
          changed += 1;
        }
        return std::vector<Bytes>{std::move(chunk)};
      });
    };
    trust_each_other();
    backing.passwords["otto"] = "geheim";
    serve();
    set_all();
    ConnectionConfig config = connection();
    settings(config).url = "opc.tcp://" + door.text();
    settings(config).mode = Mode::kBest;
    settings(config).user = UserKind::kUserName;
    settings(config).user_name = "otto";
    settings(config).password = "geheim";
    put(config);
  }
};

TEST(OpcUaOffers, ThatAreNotChangedOnTheWayLeadToASession) {
  Between plant("nothing of this", "is in there now");
  EXPECT_TRUE(plant.all_good()) << plant.last_error();
  EXPECT_EQ(plant.changed, 0U);
}

// The strongest policy is made to look like one that nobody knows. The server is the real one, and
// so would the session be: but of a weaker policy than both have.
TEST(OpcUaOffers, ThatWereMadeWeakerOnTheWayEndBeforeAUserIsSent) {
  Between plant("#Aes256_Sha256_RsaPss", "#Aes256_Sha256_RsaXXX");
  ASSERT_TRUE(plant.run_until([&] { return !plant.last_error().empty(); }));
  EXPECT_GT(plant.changed, 0U);
  EXPECT_THAT(plant.last_error(), HasSubstr("something else over the secured channel"));
  EXPECT_THAT(plant.last_error(),
              HasSubstr("Aes256_Sha256_RsaPss (sign and encrypt) was not shown"));
  EXPECT_THAT(plant.last_error(), HasSubstr("Aes256_Sha256_RsaXXX"));
  EXPECT_THAT(plant.last_error(), Not(HasSubstr("Basic256Sha256")));
  EXPECT_TRUE(plant.backing.users.empty());
  EXPECT_EQ(plant.server->counters().sessions_made, 0U);
}

}  // namespace
}  // namespace lineshaft::connect::opcua
