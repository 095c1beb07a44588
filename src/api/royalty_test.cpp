// Royalties, as the API has them: from a licence to a payout.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/router_fixture.h"
#include "base/hex.h"
#include "sys/sha256.h"

namespace lineshaft::api {
namespace {

class RoyaltyApi : public Api {
 protected:
  RoyaltyApi() {
    claim_and_keep();
    administrator_ = {{"authorization", token(Role::kAdministrator)}};
    for (const char* id : {"owner", "partner", "firm", "rival"}) {
      put("/rights/parties", {{"id", id}, {"kind", "organisation"}, {"name", id}});
      speakers_[id] = speaker(id);
    }
    put("/rights/assets", {{"id", "p-1"}, {"kind", "software"}, {"title", "Nozzle"}});
    EXPECT_EQ(ask("POST", "/rights/assets/p-1/ownership",
                  {{"from", "2020-01-01"},
                   {"basis", "invention"},
                   {"shares",
                    {{{"party", "owner"}, {"weight", 3}}, {{"party", "partner"}, {"weight", 1}}}}},
                  administrator_)
                  .status,
              201);
    const Json terms = {{"licence", "l-1"},
                        {"version", "1"},
                        {"asset", "p-1"},
                        {"payer", "firm"},
                        {"currency", "CNY"},
                        {"usage", "amount"},
                        {"tiers", {{{"from", "0"}, {"rate", "5 %"}}}},
                        {"gaps", "hold"}};
    put("/rights/licences", {{"id", "l-1"},
                             {"kind", "ordinary"},
                             {"licensors", {"owner", "partner"}},
                             {"licensees", {"firm"}},
                             {"assets", {"p-1"}},
                             {"from", "2026-01-01"},
                             {"terms", terms}});
    const Json draft = Json::parse(ask("GET", "/rights/licences/l-1", {}, administrator_).body);
    for (const char* side : {"owner", "partner", "firm"}) {
      EXPECT_EQ(ask("POST", "/rights/licences/l-1/approve", {{"digest", draft["digest"]}},
                    speakers_[side])
                    .status,
                200);
    }
  }

  void put(const char* path, const Json& body, int status = 201) {
    const Reply reply = ask("PUT", path, body, administrator_);
    EXPECT_EQ(reply.status, status) << reply.body;
  }
  Reply report(const char* party, const char* id = "s-1") {
    return ask("POST", "/royalty/reports",
               {{"id", id},
                {"licence", "l-1"},
                {"from", "2026-02-01"},
                {"to", "2026-03-01"},
                {"quantity", "1000.00"}},
               speakers_[party]);
  }
  Json made() {
    const Reply reply =
        ask("POST", "/royalty/runs",
            {{"id", "r-1"}, {"currency", "CNY"}, {"from", "2026-02-01"}, {"to", "2026-03-01"}},
            administrator_);
    EXPECT_EQ(reply.status, 201) << reply.body;
    return Json::parse(reply.body);
  }
  sys::HttpHeaders another_administrator(const char* name) {
    const std::string email = std::string(name) + "@example.com";
    const auto user = identity_->create_user(administrator_principal(),
                                             {email, name, Role::kAdministrator, kPassword});
    EXPECT_TRUE(user.ok());
    const auto session = identity_->sign_in({email, kPassword, "127.0.0.1", ""});
    return {{"cookie", std::string(kSessionCookie) + "=" + session->cookie},
            {"x-csrf-token", session->session.csrf_token}};
  }
  Reply approve(const Json& run, const sys::HttpHeaders& who) {
    return ask("POST", "/royalty/runs/r-1/approve", {{"digest", run["digest"]}}, who);
  }

  sys::HttpHeaders administrator_;
  std::map<std::string, sys::HttpHeaders> speakers_;
};

TEST_F(RoyaltyApi, ALicenseeReportsForItselfAlone) {
  EXPECT_EQ(report("firm").status, 201);
  EXPECT_EQ(report("firm").status, 201) << "the same again";
  EXPECT_EQ(report("owner", "s-2").status, 403);
  EXPECT_EQ(report("rival", "s-2").status, 404) << "it does not even see the licence";
  const auto seen = [&](const char* party) {
    return Json::parse(ask("GET", "/royalty/reports", {}, speakers_[party]).body)["total"];
  };
  EXPECT_EQ(seen("owner"), 1);
  EXPECT_EQ(seen("rival"), 0);
}

// 5 % of 1,000.00: 50.00, 3 : 1.
TEST_F(RoyaltyApi, ARunIsApprovedByTwoPeoplePostedAndSeenByThoseInIt) {
  report("firm");
  const Json run = made();
  const Reply canonical = ask("GET", "/royalty/runs/r-1/statement", {}, administrator_);
  EXPECT_EQ(hex_text(sys::sha256(as_bytes(canonical.body))), run["digest"]);
  EXPECT_EQ(ask("GET", "/royalty/statements", {}, speakers_["owner"]).body,
            R"({"items":[],"total":0})")
      << "drafts are of those who make them";

  EXPECT_EQ(approve(run, administrator_).status, 403) << "a token";
  EXPECT_EQ(ask("POST", "/royalty/runs/r-1/post", Json::object(), administrator_).status, 409);
  const sys::HttpHeaders ben = another_administrator("ben");
  EXPECT_EQ(approve(run, ben).status, 200);
  EXPECT_EQ(approve(run, ben).status, 409);
  EXPECT_EQ(approve(run, another_administrator("cy")).status, 200);
  const Reply posted = ask("POST", "/royalty/runs/r-1/post", Json::object(), administrator_);
  ASSERT_EQ(posted.status, 200) << posted.body;
  EXPECT_EQ(Json::parse(posted.body)["state"], "posted");

  const auto statement = [&](const char* of, const char* asks) {
    return ask("GET", std::string("/royalty/statements/r-1/") + of, {}, speakers_[asks]);
  };
  const Json own = Json::parse(statement("owner", "owner").body);
  EXPECT_EQ(own["amount"], "37.50");
  EXPECT_EQ(own["lines"].size(), 28U);
  EXPECT_EQ(own["licences"][0]["payment"], "50.00");
  EXPECT_TRUE(own["charges"].empty());
  const Json charged = Json::parse(statement("firm", "firm").body);
  EXPECT_TRUE(charged["amount"].is_null());
  EXPECT_EQ(charged["charges"][0]["payment"], "50.00");
  EXPECT_EQ(statement("owner", "partner").status, 404);
  EXPECT_EQ(statement("firm", "rival").status, 404);
  const Json list = Json::parse(ask("GET", "/royalty/statements", {}, speakers_["partner"]).body);
  EXPECT_EQ(list["total"], 1);
  EXPECT_EQ(list["items"][0]["gets"], "12.50");

  const Json number = Json::parse(posted.body)["journal"];
  const auto by_hand = [&](const Json& journal) {
    return ask("POST", "/ledger/journals", journal, administrator_);
  };
  const Reply behind = by_hand(
      {{"kind", "reverse"}, {"key", "undo"}, {"effective", "2026-03-01"}, {"reference", number}});
  EXPECT_EQ(behind.status, 409) << behind.body;
  EXPECT_EQ(by_hand({{"kind", "reverse"},
                     {"key", "settlement/r-2"},
                     {"effective", "2026-03-01"},
                     {"reference", number}})
                .status,
            400);

  const auto pay = [&](const char* amount) {
    return ask("POST", "/royalty/payments",
               {{"id", "t-1"},
                {"party", "owner"},
                {"direction", "paid"},
                {"amount", amount},
                {"currency", "CNY"},
                {"on", "2026-03-02"}},
               administrator_);
  };
  EXPECT_EQ(pay("37.51").status, 409);
  EXPECT_EQ(pay("37.50").status, 201);
  EXPECT_EQ(Json::parse(pay("37.50").body)["repeat"], true);
}

TEST_F(RoyaltyApi, AStatementIsAFileToo) {
  put("/rights/assets",
      {{"id", "p-1"}, {"kind", "software"}, {"title", "喷嘴, Nozzle"}, {"version", 1}}, 200);
  report("firm");
  made();
  const auto get = [&](const char* query, const sys::HttpHeaders& who) {
    return ask("GET", std::string("/royalty/statements/r-1/owner") + query, {}, who);
  };
  const Reply csv = get("?format=csv", administrator_);
  ASSERT_EQ(csv.status, 200) << csv.body;
  EXPECT_EQ(csv.content_type, "text/csv; charset=utf-8");
  EXPECT_EQ(header(csv, "content-disposition"), "attachment; filename=\"statement-r-1-owner.csv\"");
  EXPECT_NE(csv.body.find("part,p-1,\"喷嘴, Nozzle\",share,owner,"), std::string::npos) << csv.body;
  EXPECT_NE(csv.body.find(",37.50,"), std::string::npos);
  const Reply pdf = get("?format=pdf&lang=zh", administrator_);
  EXPECT_EQ(pdf.content_type, "application/pdf");
  EXPECT_EQ(pdf.body.substr(0, 8), "%PDF-1.4");
  EXPECT_EQ(pdf.body, get("?format=pdf&lang=zh", administrator_).body);
  EXPECT_EQ(get("?format=doc", administrator_).status, 400);
  EXPECT_EQ(get("?lang=xx", administrator_).status, 400);
  EXPECT_EQ(get("?format=pdf", speakers_["owner"]).status, 404) << "a draft";
}

TEST_F(RoyaltyApi, WhatIfChangesNothing) {
  report("firm");
  const Json run = made();
  const Reply reply =
      ask("POST", "/royalty/runs/r-1/what-if",
          {{"shares",
            {{{"asset", "p-1"},
              {"shares",
               {{{"party", "owner"}, {"weight", 1}}, {{"party", "partner"}, {"weight", 1}}}}}}}},
          administrator_);
  ASSERT_EQ(reply.status, 200) << reply.body;
  const Json found = Json::parse(reply.body);
  EXPECT_EQ(found["items"][0]["difference"], "-12.50");
  EXPECT_EQ(found["items"][1]["after"], "25.00");
  EXPECT_EQ(Json::parse(ask("GET", "/royalty/runs/r-1", {}, administrator_).body)["digest"],
            run["digest"]);
}

TEST_F(RoyaltyApi, PlansAndRunsAreForThoseWhoManage) {
  for (const char* path : {"/royalty/plans", "/royalty/rules", "/royalty/meters", "/royalty/runs",
                           "/royalty/runs/r-1"}) {
    EXPECT_EQ(ask("GET", path, {}, speakers_["owner"]).status, 403) << path;
  }
  put("/royalty/plans",
      {{"asset", "p-1"}, {"mode", "closed"}, {"pools", {{{"id", "filing"}, {"payee", "owner"}}}}});
  const Reply twice =
      ask("PUT", "/royalty/plans",
          {{"asset", "p-1"}, {"mode", "closed"}, {"award", {{"rate", "120 %"}}}}, administrator_);
  EXPECT_EQ(twice.status, 400) << twice.body;
  EXPECT_EQ(ask("PUT", "/royalty/meters",
                {{"licence", "l-1"}, {"tag", "no/tag"}, {"kind", "counter"}}, administrator_)
                .status,
            404);
}

// Gloves: two have a left one, one a right one; a pair is worth 600. Shapley: the right one adds 0
// alone, 600 to one or two others, so 2/3 of 600; the two left ones share the rest. With both left
// ones in one centre, centre and right one get 300 each, and the left ones halve theirs.
TEST_F(RoyaltyApi, ACommonResultIsDividedByWhatEachAdds) {
  const Json left = "left", other = "other", right = "right";
  Json game = {{"parties", Json::array({left, other, right})}, {"worth", Json::array()}};
  const auto worth = [&](Json parties, int value) {
    game["worth"].push_back({{"parties", std::move(parties)}, {"worth", value}});
  };
  worth(Json::array({left}), 0);
  worth(Json::array({other}), 0);
  worth(Json::array({right}), 0);
  worth(Json::array({left, other}), 0);
  worth(Json::array({left, right}), 600);
  worth(Json::array({other, right}), 600);
  const auto ask_for = [&](const Json& body) {
    return ask("POST", "/royalty/division", body, speakers_["owner"]);
  };
  EXPECT_NE(ask_for(game).body.find("nothing is said of left, other, right"), std::string::npos);
  worth(Json::array({left, other, right}), 600);
  const Json shapley = Json::parse(ask_for(game).body);
  EXPECT_EQ(shapley["items"][0]["value"], "100");
  EXPECT_EQ(shapley["items"][2]["units"], "400");
  EXPECT_EQ(shapley["items"][2]["adds"], Json::array({"0", "600", "600"}));
  EXPECT_EQ(shapley["items"][0]["adds"], Json::array({"0", "300", "0"}));
  game["centres"] = Json::array({Json::array({left, other}), Json::array({right})});
  const Json owen = Json::parse(ask_for(game).body);
  EXPECT_EQ(owen["method"], "owen");
  EXPECT_EQ(owen["items"][0]["value"], "150");
  EXPECT_EQ(owen["items"][2]["value"], "300");
  game["centres"] = Json::array({Json::array({left}), Json::array({right})});
  EXPECT_EQ(ask_for(game).status, 400) << "a party of no centre";
}

}  // namespace
}  // namespace lineshaft::api
