#include "identity/id_token.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace lineshaft::identity {
namespace {

using nlohmann::json;

constexpr std::int64_t kNow = 1'795'000'000;  // seconds: 2026-11-18T03:06:40Z

Timestamp at(std::int64_t seconds) { return {seconds * 1'000'000'000}; }

IdTokenRules rules() {
  IdTokenRules rules;
  rules.issuer = "https://id.example/plant";
  rules.client_id = "lineshaft";
  rules.nonce = "n-0S6_WzA2Mj";
  rules.access_token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
  rules.groups_claim = "groups";
  rules.now = at(kNow);
  rules.asked = at(kNow - 30);
  return rules;
}

json claims() {
  return {{"iss", "https://id.example/plant"}, {"aud", "lineshaft"}, {"sub", "248289761001"},
          {"nonce", "n-0S6_WzA2Mj"},           {"iat", kNow - 5},    {"exp", kNow + 300}};
}

Jws token(const std::string& payload) {
  Jws jws;
  jws.payload.assign(payload.begin(), payload.end());
  return jws;
}
Result<IdTokenClaims> read(const json& said, const IdTokenRules& wanted = rules()) {
  return read_id_token(token(said.dump()), wanted);
}
Result<IdTokenClaims> with(const char* name, const json& value) {
  json said = claims();
  said[name] = value;
  return read(said);
}
Result<IdTokenClaims> without(const char* name) {
  json said = claims();
  said.erase(name);
  return read(said);
}

TEST(IdToken, TellsWhoItIs) {
  json said = claims();
  said["email"] = "Ann@example.com";
  said["email_verified"] = true;
  said["name"] = "Ann";
  said["groups"] = {"melt shop", "admins"};
  said["amr"] = {"pwd", "otp"};
  said["acr"] = "urn:two";
  said["auth_time"] = kNow - 10;
  const auto who = read(said);
  ASSERT_TRUE(who.ok()) << who.error().text();
  EXPECT_EQ(who->subject, "248289761001");
  EXPECT_EQ(who->email, "Ann@example.com");
  EXPECT_TRUE(who->email_verified);
  EXPECT_EQ(who->name, "Ann");
  EXPECT_EQ(who->groups, (std::vector<std::string>{"melt shop", "admins"}));
  EXPECT_EQ(who->amr, (std::vector<std::string>{"pwd", "otp"}));
  EXPECT_EQ(who->acr, "urn:two");
  EXPECT_EQ(who->auth_time, at(kNow - 10));
}

TEST(IdToken, AsksForEveryClaimThatItNeeds) {
  EXPECT_TRUE(read(claims()).ok());
  for (const char* name : {"iss", "aud", "sub", "nonce", "iat", "exp"}) {
    EXPECT_FALSE(without(name).ok()) << name;
    EXPECT_FALSE(with(name, nullptr).ok()) << name;
    EXPECT_FALSE(with(name, json::array()).ok()) << name;
  }
}

TEST(IdToken, TheIssuerIsTheSameToTheLastCharacter) {
  for (const char* other :
       {"https://id.example/plant/", "https://id.example", "http://id.example/plant",
        "https://ID.example/plant", "https://id.example/plant2"}) {
    EXPECT_FALSE(with("iss", other).ok()) << other;
  }
}

TEST(IdToken, TheAudienceIsThisServer) {
  EXPECT_TRUE(with("aud", {"lineshaft"}).ok());
  EXPECT_FALSE(with("aud", "another").ok());
  EXPECT_FALSE(with("aud", {"another"}).ok());
  EXPECT_FALSE(with("aud", {"lineshaft", "another"}).ok()) << "without azp";
  EXPECT_FALSE(with("azp", "another").ok());
  json said = claims();
  said["aud"] = {"lineshaft", "another"};
  said["azp"] = "lineshaft";
  EXPECT_TRUE(read(said).ok());
  said["azp"] = "another";
  EXPECT_FALSE(read(said).ok());
}

// A minute of difference between clocks, on either side.
TEST(IdToken, LastsAsLongAsItSays) {
  EXPECT_TRUE(with("exp", kNow - 59).ok());
  EXPECT_FALSE(with("exp", kNow - 60).ok());
  EXPECT_FALSE(with("exp", "tomorrow").ok());
  EXPECT_FALSE(with("exp", 1e300).ok());
  EXPECT_FALSE(with("exp", -1).ok());
  EXPECT_TRUE(with("iat", kNow + 60).ok());
  EXPECT_FALSE(with("iat", kNow + 61).ok());
  EXPECT_TRUE(with("iat", kNow - 90).ok()) << "asked for 30 seconds ago";
  EXPECT_FALSE(with("iat", kNow - 91).ok()) << "made for something else, before";
  EXPECT_TRUE(with("nbf", kNow + 60).ok());
  EXPECT_FALSE(with("nbf", kNow + 61).ok());
  EXPECT_TRUE(with("exp", kNow + 300.75).ok()) << "RFC 7519, 2: seconds may have a fraction";
}

TEST(IdToken, TheNonceIsThatOfTheSignIn) {
  EXPECT_FALSE(with("nonce", "n-0S6_WzA2Mk").ok());
  EXPECT_FALSE(with("nonce", "").ok());
  IdTokenRules wanted = rules();
  wanted.nonce.clear();
  EXPECT_FALSE(read(claims(), wanted).ok());
}

// OpenID Connect Core 1.0, A.3 has this access token and this hash of it.
TEST(IdToken, TheAccessTokenIsTheOneThatCameWithIt) {
  EXPECT_TRUE(with("at_hash", "77QmUPtjPfzWtF2AnpK9RQ").ok());
  EXPECT_FALSE(with("at_hash", "77QmUPtjPfzWtF2AnpK9RR").ok());
  EXPECT_FALSE(with("at_hash", 7).ok());
  // FIPS 180-4: SHA-512 of "abc" begins with ddaf35a193617abacc417349ae204131...
  EXPECT_EQ(half_digest(JwsAlgorithm::kEdDsa, "abc").substr(0, 8), "3a81oZNh");
}

TEST(IdToken, NothingStandsInItTwice) {
  std::string twice = claims().dump();
  twice.insert(twice.size() - 1, R"(,"sub":"1")");
  EXPECT_FALSE(read_id_token(token(twice), rules()).ok());
  for (const char* none : {"", "7", "[]", "\"text\"", "{", "\xff"}) {
    EXPECT_FALSE(read_id_token(token(none), rules()).ok()) << none;
  }
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += R"({"a":)";
  EXPECT_FALSE(read_id_token(token(deep), rules()).ok());
}

TEST(IdToken, AnAddressIsVerifiedOnlyByTrue) {
  EXPECT_TRUE(with("email_verified", true)->email_verified);
  for (const json& other : {json(false), json("true"), json(1), json()}) {
    EXPECT_FALSE(with("email_verified", other)->email_verified) << other;
  }
}

TEST(IdToken, GroupsAreFoundByTheirClaim) {
  json said = claims();
  said["realm_access"] = {{"roles", {"admins"}}};
  said["https://example.com/groups"] = "one";
  IdTokenRules wanted = rules();
  EXPECT_TRUE(read(said, wanted)->groups.empty());
  wanted.groups_claim = "realm_access.roles";
  EXPECT_EQ(read(said, wanted)->groups, std::vector<std::string>{"admins"});
  wanted.groups_claim = "https://example.com/groups";
  EXPECT_EQ(read(said, wanted)->groups, std::vector<std::string>{"one"});
  wanted.groups_claim = "realm_access";
  EXPECT_TRUE(read(said, wanted)->groups.empty());
  wanted.groups_claim = "groups";
  said["groups"] = {"a", 7, nullptr, {{"name", "b"}}, std::string(300, 'x'), "c"};
  EXPECT_EQ(read(said, wanted)->groups, (std::vector<std::string>{"a", "c"}));
}

TEST(IdToken, SaysWhenThePersonSignedInWhereThatIsAskedFor) {
  IdTokenRules wanted = rules();
  wanted.must_be_new = true;
  json said = claims();
  EXPECT_FALSE(read(said, wanted).ok()) << "it does not say";
  said["auth_time"] = kNow - 10;
  EXPECT_TRUE(read(said, wanted).ok());
  said["auth_time"] = kNow - 91;  // asked for 30 seconds ago, and a minute between clocks
  EXPECT_FALSE(read(said, wanted).ok());

  wanted = rules();
  wanted.age_max = std::chrono::hours(12);
  EXPECT_TRUE(read(claims(), wanted).ok()) << "not every provider says it";
  said["auth_time"] = kNow - 12 * 3600 - 60;
  EXPECT_TRUE(read(said, wanted).ok());
  said["auth_time"] = kNow - 12 * 3600 - 61;
  EXPECT_FALSE(read(said, wanted).ok());
}

}  // namespace
}  // namespace lineshaft::identity
