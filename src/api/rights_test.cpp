// The register of intellectual property, as the API has it.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/router_fixture.h"

namespace lineshaft::api {
namespace {

class RightsApi : public Api {
 protected:
  RightsApi() {
    claim_and_keep();
    administrator_ = {{"authorization", token(Role::kAdministrator)}};
  }

  void party(const char* id, const char* kind = "organisation") {
    const Reply made =
        ask("PUT", "/rights/parties", {{"id", id}, {"kind", kind}, {"name", id}}, administrator_);
    ASSERT_EQ(made.status, 201) << made.body;
  }
  void asset(const char* id) {
    const Reply made =
        ask("PUT", "/rights/assets",
            {{"id", id}, {"kind", "patent"}, {"title", id}, {"office", "CN"}}, administrator_);
    ASSERT_EQ(made.status, 201) << made.body;
  }
  Reply own(const std::string& asset, Json shares) {
    return ask("POST", "/rights/assets/" + asset + "/ownership",
               {{"from", "2026-01-01"},
                {"of", 100},
                {"basis", "agreement 7"},
                {"shares", std::move(shares)}},
               administrator_);
  }
  static Json json(const Reply& reply) { return Json::parse(reply.body); }

  sys::HttpHeaders administrator_;
};

TEST_F(RightsApi, AnAssetGetsItsStatusFromEventsAndItsOwnersFromShares) {
  party("xian-am", "centre");
  party("firm-1");
  asset("p-1");
  ASSERT_EQ(ask("POST", "/rights/assets/p-1/events", {{"kind", "filed"}, {"date", "2024-03-01"}},
                administrator_)
                .status,
            201);
  const Reply kept =
      own("p-1", {{{"party", "xian-am"}, {"weight", 60}}, {{"party", "firm-1"}, {"weight", 40}}});
  ASSERT_EQ(kept.status, 201) << kept.body;
  const Json asset = json(ask("GET", "/rights/assets/p-1", {}, administrator_));
  EXPECT_EQ(asset["status"], "pending");
  EXPECT_EQ(asset["owners"].size(), 2U);
  EXPECT_EQ(asset["owners"][0], Json({{"party", "firm-1"}, {"weight", 40}}));
  const Json page = json(ask("GET", "/rights/assets", {}, administrator_));
  EXPECT_EQ(page["total"], 1);
  EXPECT_EQ(json(ask("GET", "/rights/assets/p-1/ownership", {},
                     administrator_))["items"][0]["recorded_by"],
            "token:test");
}

TEST_F(RightsApi, SharesThatDoNotAddUpAreRefusedWhole) {
  party("a");
  party("b");
  asset("p-1");
  const Reply refused =
      own("p-1", {{{"party", "a"}, {"weight", 60}}, {{"party", "b"}, {"weight", 35}}});
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(json(refused)["detail"], "shares: they add up to 95, not to 100");
  EXPECT_EQ(json(ask("GET", "/rights/assets/p-1/ownership", {}, administrator_))["total"], 0);
}

TEST_F(RightsApi, APersonSeesWhatTheirPartyIsPartyToAndNothingElse) {
  for (const char* id : {"a", "b", "c"}) party(id);
  for (const char* id : {"p-ab", "p-c"}) asset(id);
  own("p-ab", {{{"party", "a"}, {"weight", 50}}, {{"party", "b"}, {"weight", 50}}});
  own("p-c", {{{"party", "c"}, {"weight", 100}}});
  const sys::HttpHeaders ann = speaker("a");
  const Json page = json(ask("GET", "/rights/assets", {}, ann));
  EXPECT_EQ(page["total"], 1);
  EXPECT_EQ(page["items"][0]["id"], "p-ab");
  for (const char* path : {"/rights/assets/p-c", "/rights/assets/p-c/events",
                           "/rights/assets/p-c/ownership", "/rights/parties/c"}) {
    EXPECT_EQ(ask("GET", path, {}, ann).status, 404) << path;
  }
  EXPECT_EQ(json(ask("GET", "/rights/parties", {}, ann))["total"], 2);
  EXPECT_EQ(
      ask("PUT", "/rights/assets", {{"id", "x"}, {"kind", "patent"}, {"title", "x"}}, ann).status,
      403);
}

TEST_F(RightsApi, APersonOrProgramThatSpeaksForNobodySeesNothing) {
  party("a");
  asset("p-a");
  own("p-a", {{{"party", "a"}, {"weight", 100}}});
  const sys::HttpHeaders program{{"authorization", token(Role::kEngineer)}};
  for (const sys::HttpHeaders& who : {speaker(""), program}) {
    for (const char* path : {"/rights/assets", "/rights/parties", "/rights/memberships"}) {
      EXPECT_EQ(json(ask("GET", path, {}, who))["total"], 0) << path;
    }
    for (const char* path : {"/rights/assets/p-a", "/rights/parties/a"}) {
      EXPECT_EQ(ask("GET", path, {}, who).status, 404) << path;
    }
  }
}

TEST_F(RightsApi, EveryoneIsToldWhichPartOfTheRegisterTheySee) {
  party("a");
  const auto view = [&](const sys::HttpHeaders& who) {
    return json(ask("GET", "/rights/view", {}, who));
  };
  EXPECT_EQ(view(administrator_), Json({{"all", true}, {"party", ""}, {"speaks_for", ""}}));
  EXPECT_EQ(view(speaker("")), Json({{"all", false}, {"party", ""}, {"speaks_for", ""}}));
  const sys::HttpHeaders ann = speaker("a");
  EXPECT_EQ(view(ann), Json({{"all", false}, {"party", "a"}, {"speaks_for", "a"}}));
  const Json speakers = json(ask("GET", "/rights/speakers", {}, administrator_));
  EXPECT_EQ(speakers["total"], 1);
  EXPECT_EQ(speakers["items"][0]["party"], "a");
  EXPECT_EQ(ask("GET", "/rights/speakers", {}, ann).status, 403);
  const std::string user = speakers["items"][0]["user"].dump();
  // Whom one speaks for decides what one sees: an auditor is shown it, and names nobody.
  const sys::HttpHeaders auditor{{"authorization", token(Role::kAuditor)}};
  EXPECT_EQ(json(ask("GET", "/rights/speakers", {}, auditor)), speakers);
  EXPECT_EQ(ask("PUT", "/users/" + user + "/party", {{"party", ""}}, auditor).status, 403);
  EXPECT_EQ(ask("PUT", "/users/" + user + "/party", {{"party", ""}}, administrator_).status, 204);
  EXPECT_EQ(json(ask("GET", "/rights/speakers", {}, administrator_))["total"], 0);
  EXPECT_EQ(view(ann), Json({{"all", false}, {"party", ""}, {"speaks_for", ""}}));
  // Who sees all may speak for a party too.
  EXPECT_EQ(ask("PUT", "/users/1/party", {{"party", "a"}}, administrator_).status, 204);
  EXPECT_EQ(view({{"cookie", session_}}),
            Json({{"all", true}, {"party", ""}, {"speaks_for", "a"}}));
}

TEST_F(RightsApi, WhatIsNotAllowedIsRefusedWithItsField) {
  party("a");
  asset("p-1");
  const auto detail = [&](const char* method, const char* path, const Json& body) {
    const Reply reply = ask(method, path, body, administrator_);
    EXPECT_EQ(reply.status, 400) << path << " " << reply.body;
    return json(reply)["detail"].get<std::string>();
  };
  EXPECT_EQ(detail("PUT", "/rights/assets", {{"id", "p-2"}, {"kind", "song"}, {"title", "x"}}),
            "kind: 'song' is no kind of asset; there are patent, utility_model, design, "
            "trade_mark, software, data_set, know_how");
  EXPECT_EQ(detail("POST", "/rights/memberships",
                   {{"centre", "a"}, {"member", "a"}, {"from", "2026-01-01"}}),
            "member: a centre is no member of itself");
  EXPECT_TRUE(detail("GET", "/rights/assets?status=gone", {}).starts_with("status: 'gone'"));
  EXPECT_EQ(ask("PUT", "/users/77/party", {{"party", "a"}}, administrator_).status, 404);
}

TEST_F(RightsApi, MembersComeAndGo) {
  party("centre", "centre");
  party("a");
  ASSERT_EQ(ask("POST", "/rights/memberships",
                {{"centre", "centre"}, {"member", "a"}, {"from", "2025-01-01"}, {"tier", "gold"}},
                administrator_)
                .status,
            201);
  const Json end = {{"centre", "centre"}, {"member", "a"}, {"on", "2026-01-01"}};
  EXPECT_EQ(ask("POST", "/rights/memberships/end", end, administrator_).status, 204);
  EXPECT_EQ(ask("POST", "/rights/memberships/end", end, administrator_).status, 404);
  const Json all = json(ask("GET", "/rights/memberships", {}, administrator_));
  EXPECT_EQ(all["items"][0]["to"], "2026-01-01");
}

}  // namespace
}  // namespace lineshaft::api
