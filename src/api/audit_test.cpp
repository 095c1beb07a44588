// The audit trail over the API: what is entered, found, exported and proved.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/router_fixture.h"
#include "identity/audit_export.h"

namespace lineshaft::api {
namespace {

using testing::HasSubstr;
using testing::Not;

class AuditApi : public Api {
 protected:
  AuditApi() {
    claim_and_keep();
    admin_ = {{"authorization", token(Role::kAdministrator)}};
  }
  Json get(const std::string& path, const std::string& query = "") {
    const Reply reply = answer(path, query);
    EXPECT_EQ(reply.status, 200) << reply.body;
    return Json::parse(reply.body);
  }
  Reply answer(const std::string& path, const std::string& query) {
    sys::HttpRequest request;
    request.method = "GET";
    request.path = "/api/v1" + path;
    request.query = query;
    request.headers = admin_;
    request.peer = {"192.0.2.44", 1};
    return router_->answer(request);
  }
  std::string text(const std::string& path, const std::string& query) {
    const Reply reply = answer(path, query);
    EXPECT_EQ(reply.status, 200) << reply.body;
    std::string all = reply.body;
    while (reply.stream) {
      const std::string piece = reply.stream().value();
      if (piece.empty()) break;
      all += piece;
    }
    return all;
  }
  Json newest() { return get("/audit", "limit=1")["items"][0]; }

  sys::HttpHeaders admin_;
};

TEST_F(AuditApi, ShowsAChangeWithBeforeAndAfterWithoutWhatStayed) {
  const Json tag = Json::parse(
      ask("POST", "/tags", {{"path", "mill/speed"}, {"type", "float64"}, {"unit", "C62"}}, admin_)
          .body);
  const std::string path = "/tags/" + std::to_string(tag["id"].get<int>());
  ASSERT_EQ(
      ask("PUT", path,
          {{"path", "mill/speed"}, {"type", "float64"}, {"unit", "C62"}, {"description", "x"}},
          admin_)
          .status,
      200);
  const Json entry = newest();
  EXPECT_EQ(entry["action"], "tag.update");
  EXPECT_EQ(entry["before"], (Json{{"description", ""}}));
  EXPECT_EQ(entry["after"], (Json{{"description", "x"}}));
  EXPECT_EQ(entry["actor_kind"], "token");
  EXPECT_EQ(entry["door"], "api");
  EXPECT_EQ(entry["result"], "done");
}

TEST_F(AuditApi, NeverKeepsASecret) {
  ASSERT_EQ(ask("POST", "/users",
                {{"email", "bob@example.com"},
                 {"name", "Bob"},
                 {"role", "viewer"},
                 {"password", "harbour nine violet engine"}},
                admin_)
                .status,
            201);
  ASSERT_EQ(ask("POST", "/flows",
                {{"name", "cloud"},
                 {"kind", "mqtt"},
                 {"enabled", false},
                 {"settings",
                  {{"host", "192.0.2.9"},
                   {"port", 1883},
                   {"user_name", "u"},
                   {"password", "harbour nine violet engine"}}}},
                admin_)
                .status,
            201)
      << "the test needs a flow with a password";
  EXPECT_THAT(get("/audit", "limit=1000").dump(), Not(HasSubstr("harbour nine")));
  EXPECT_THAT(text("/audit/export", "form=signed"), Not(HasSubstr("harbour nine")));
}

TEST_F(AuditApi, SaysThatWhatWasEnteredFailed) {
  ASSERT_EQ(ask("POST", "/audit/witnesses", {{"key", "x"}}, admin_).status, 400);
  EXPECT_NE(newest()["action"], "audit.witness.add") << "refused before it was entered";
  ASSERT_EQ(ask("DELETE", "/audit/witnesses/nobody.example", {}, admin_).status, 404);
  const Json items = get("/audit", "action=audit.witness.remove")["items"];
  ASSERT_EQ(items.size(), 2U);
  EXPECT_EQ(items[1]["result"], "done");
  EXPECT_EQ(items[0]["result"], "failed");
  EXPECT_EQ(items[0]["request"], items[1]["request"]);
  EXPECT_THAT(items[0]["detail"].get<std::string>(), HasSubstr("LS-1002"));
}

TEST_F(AuditApi, EntersARefusalWithItsRequestAndCountsAFlood) {
  const sys::HttpHeaders viewer{{"authorization", token(Role::kViewer)}};
  for (int i = 0; i < 200; ++i) ASSERT_EQ(ask("GET", "/users", {}, viewer).status, 403);
  const Json items = get("/audit", "result=refused&limit=1000")["items"];
  EXPECT_EQ(items.size(), 60U) << "a minute's worth";
  EXPECT_EQ(items[0]["object"], "/api/v1/users");
  EXPECT_THAT(items[0]["detail"].get<std::string>(), HasSubstr("GET: user.read"));
}

TEST_F(AuditApi, GivesAnExportThatVerifiesAndTablesOfTheSame) {
  ASSERT_EQ(ask("DELETE", "/audit/witnesses/=1+1", {}, admin_).status, 404);
  const std::string export_text = text("/audit/export", "form=signed");
  const auto read = identity::read_audit_export(export_text, {});
  ASSERT_TRUE(read.ok()) << read.error().text();
  EXPECT_EQ(read->checkpoint.size, get("/audit/status")["entries"]);
  const std::string csv = text("/audit/export", "form=csv&object=%3D1");
  EXPECT_THAT(csv, HasSubstr("id,time,actor,"));
  EXPECT_THAT(csv, HasSubstr("\"'=1+1\"")) << "no formula";
  EXPECT_EQ(Json::parse(text("/audit/export", "form=ndjson&object=%3D1&result=done"))["object"],
            "=1+1");
  EXPECT_EQ(answer("/audit/export", "form=xml").status, 400);
}

TEST_F(AuditApi, TurnsPagesToTheEnd) {
  for (int i = 0; i < 5; ++i) ask("DELETE", "/audit/witnesses/n", {}, admin_);
  std::uint64_t seen = 0;
  std::string query = "limit=3";
  for (;;) {
    const Json page = get("/audit", query);
    seen += page["items"].size();
    if (page["next"].is_null()) break;
    query = "limit=3&before=" + std::to_string(page["next"].get<std::uint64_t>());
  }
  EXPECT_EQ(seen, get("/audit/status")["entries"]);
  EXPECT_EQ(answer("/audit", "from=yesterday").status, 400);
  EXPECT_EQ(answer("/audit", "text=" + std::string(201, 'x')).status, 400);
}

TEST_F(AuditApi, KeepsForHalfAYearAtLeast) {
  EXPECT_EQ(ask("PUT", "/audit/settings", {{"keep_months", 5}}, admin_).status, 400);
  const Reply kept = ask("PUT", "/audit/settings", {{"keep_months", 36}}, admin_);
  EXPECT_EQ(kept.status, 200);
  EXPECT_EQ(Json::parse(kept.body), Json({{"keep_months", 36}}));
  EXPECT_EQ(get("/audit/status")["keep_months"], 36);
}

TEST_F(AuditApi, SendsEntriesWhereItIsTold) {
  const Json feed = {{"kind", "https"}, {"host", "log.example"}, {"port", 443}, {"path", "/in"}};
  EXPECT_EQ(ask("POST", "/audit/feeds", {{"kind", "https"}, {"host", "a"}}, admin_).status, 400);
  ASSERT_EQ(ask("POST", "/audit/feeds", feed, admin_).status, 201);
  const Json items = get("/audit/feeds")["items"];
  ASSERT_EQ(items.size(), 1U);
  EXPECT_EQ(items[0]["path"], "/in");
  const std::string path = "/audit/feeds/" + std::to_string(items[0]["id"].get<int>());
  EXPECT_EQ(ask("DELETE", path, {}, admin_).status, 204);
  EXPECT_EQ(ask("DELETE", path, {}, admin_).status, 404);
}

}  // namespace
}  // namespace lineshaft::api
