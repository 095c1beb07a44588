// Several organisations at the API: sign-up, quotas, usage, leaving; and what each may not reach.
#include <cstdlib>
#include <fstream>
#include <future>
#include <iterator>
#include <thread>

#include "api/router_fixture.h"

namespace lineshaft::api {
namespace {

using sys::HttpHeaders;

constexpr const char* kFirm = "cleo@southport.example";

class Answer final : public sys::HttpResponder {
 public:
  explicit Answer(std::promise<sys::HttpResponse>& promise) : promise_(promise) {}
  void send(sys::HttpResponse response) override { promise_.set_value(std::move(response)); }
  void send_stream(sys::HttpResponse head, sys::HttpBodySource) override { send(std::move(head)); }

 private:
  std::promise<sys::HttpResponse>& promise_;
};

class OrganisationApi : public Api {
 protected:
  void SetUp() override {
    claim_and_keep();
    operator_ = {{"authorization", token(Role::kAdministrator)}};
    // As app/ joins it.
    identity_->ask_for_room(
        [this](TenantId tenant, identity::Identity::Kind kind, std::size_t have) {
          const bool is_person = kind == identity::Identity::Kind::kPerson;
          return meter_->check_room(
              tenant, is_person ? tenancy::Quota::kPeople : tenancy::Quota::kTokens, have + 1);
        });
  }

  Reply must(const std::string& method, const std::string& path, const Json& body,
             const HttpHeaders& who, int status) {
    Reply reply = ask(method, path, body, who);
    EXPECT_EQ(reply.status, status) << method << " " << path << ": " << reply.body;
    return reply;
  }
  Json got(const std::string& path, const HttpHeaders& who) {
    return Json::parse(must("GET", path, {}, who, 200).body);
  }
  void open_signup() {
    must("PUT", "/platform", {{"signup", "approval"}, {"contact", "desk@northfield.example"}},
         operator_, 200);
  }
  Reply sign_up(const std::string& email = kFirm) {
    return ask("POST", "/signups",
               {{"organisation", "Southport Castings"}, {"email", email}, {"name", "Cleo"}});
  }
  HttpHeaders signed_in(const std::string& email, const std::string& password) {
    const auto session = identity_->sign_in({email, password, "127.0.0.1", ""});
    EXPECT_TRUE(session.ok()) << session.error().text();
    return {{"cookie", std::string(kSessionCookie) + "=" + session->cookie},
            {"x-csrf-token", session->session.csrf_token}};
  }
  // The administrator of a second organisation.
  HttpHeaders add_firm() {
    const Json made = Json::parse(
        must("POST", "/organisations",
             {{"organisation", "Southport Castings"}, {"email", kFirm}, {"name", "Cleo"}},
             operator_, 201)
            .body);
    return signed_in(kFirm, made["password"]);
  }
  // As the server does it, with the queue and what is asked before it.
  sys::HttpResponse handled(const std::string& path, const HttpHeaders& who) {
    sys::HttpRequest request;
    request.method = "GET";
    request.path = "/api/v1" + path;
    request.headers = who;
    std::promise<sys::HttpResponse> promise;
    router_->handle(std::move(request), std::make_unique<Answer>(promise));
    return promise.get_future().get();
  }

  ~OrganisationApi() override {
    loop_->post([this] { loop_->stop(); });
    machines_.join();
  }

  HttpHeaders operator_;
  std::thread machines_{[this] { loop_->run(); }};  // the list of flows asks it
};

TEST_F(OrganisationApi, TakesSignUpsOnlyWhenTheOperatorHasOpenedThem) {
  EXPECT_EQ(got("/status", {})["signup"], "closed");
  EXPECT_EQ(sign_up().status, 403);
  open_signup();
  EXPECT_EQ(got("/status", {})["signup"], "approval");
  EXPECT_EQ(sign_up().status, 202);
  EXPECT_EQ(got("/signups", operator_)["total"], 1);
  EXPECT_EQ(got("/signups", operator_)["items"][0]["state"], "waiting");
}

TEST_F(OrganisationApi, AnswersASignUpAlikeWhetherTheAddressIsKnownOrNot) {
  open_signup();
  const Reply known = sign_up("ada@example.com");
  const Reply unknown = sign_up("someone@example.org");
  EXPECT_EQ(known.status, unknown.status);
  EXPECT_EQ(known.body, unknown.body);
}

TEST_F(OrganisationApi, TakesFiveSignUpsAnHourFromAnAddress) {
  open_signup();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(sign_up("a" + std::to_string(i) + "@b.org").status, 202);
  const Reply sixth = sign_up("a6@b.org");
  EXPECT_EQ(sixth.status, 429);
  EXPECT_FALSE(header(sixth, "retry-after").empty());
}

TEST_F(OrganisationApi, LetsAnApprovedFirmInWithItsFirstPassword) {
  open_signup();
  sign_up();
  const Json made = Json::parse(must("POST", "/signups/1/approve", {}, operator_, 201).body);
  EXPECT_EQ(made["email"], kFirm);
  const HttpHeaders firm = signed_in(kFirm, made["password"]);
  const Json session = got("/session", firm);
  EXPECT_EQ(session["organisation"]["name"], "Southport Castings");
  EXPECT_EQ(session["operator"], false);
  for (const Json& permission : session["permissions"]) {
    EXPECT_NE(permission, "backup.run");
    EXPECT_NE(permission, "rights.manage");
  }
  EXPECT_EQ(got("/session", {{"cookie", session_}})["operator"], true);
  EXPECT_EQ(got("/signups", operator_)["items"][0]["state"], "approved");
  must("POST", "/signups/1/approve", {}, operator_, 409);
  must("POST", "/signups/1/refuse", {{"reason", "late"}}, operator_, 409);
}

TEST_F(OrganisationApi, KeepsTheReasonOfARefusal) {
  open_signup();
  sign_up();
  must("POST", "/signups/1/refuse", {{"reason", "no such firm"}}, operator_, 204);
  const Json signup = got("/signups", operator_)["items"][0];
  EXPECT_EQ(signup["state"], "refused");
  EXPECT_EQ(signup["reason"], "no such firm");
  EXPECT_EQ(signup["decided_by"], "token:test");
}

// The server as a whole is its operator's; of the others' own nothing is to be found.
TEST_F(OrganisationApi, ShowsAnotherOrganisationNothingOfTheServerOrOfItsNeighbour) {
  const HttpHeaders firm = add_firm();
  for (const char* path :
       {"/organisations", "/organisations/1", "/organisations/2", "/organisations/1/usage",
        "/signups", "/platform", "/backup", "/metrics", "/historian/stats", "/historian/verify",
        "/certificates", "/royalty/runs", "/royalty/plans", "/royalty/meters", "/ledger/export",
        "/rights/organisations"}) {
    EXPECT_EQ(ask("GET", path, {}, firm).status, 403) << path;
  }
  EXPECT_EQ(ask("POST", "/backup", {{"directory", "/tmp/x"}}, firm).status, 403);
  EXPECT_EQ(ask("POST", "/historian/compact", {}, firm).status, 403);
  // The trail is one for all.
  EXPECT_EQ(ask("PUT", "/audit/settings", {{"keep_months", 6}}, firm).status, 403);
  EXPECT_EQ(ask("POST", "/audit/witnesses", {{"key", "x"}}, firm).status, 403);
  EXPECT_EQ(ask("DELETE", "/audit/witnesses/x", {}, firm).status, 403);
  must("POST", "/tags", {{"path", "Northfield/furnace"}, {"type", "float64"}}, operator_, 201);
  EXPECT_EQ(got("/tags", firm)["total"], 0);
  EXPECT_EQ(ask("GET", "/tags/1", {}, firm).status, 404);
  EXPECT_EQ(got("/users", firm)["total"], 1);
  EXPECT_EQ(ask("DELETE", "/users/1", {}, firm).status, 404);
  EXPECT_EQ(got("/tokens", firm)["total"], 0);
  EXPECT_EQ(ask("DELETE", "/tokens/1", {}, firm).status, 404);
  const Json trail = got("/audit", firm);
  for (const Json& entry : trail["items"]) {
    EXPECT_NE(entry["action"], "server.claim");
    EXPECT_NE(entry["action"], "token.create");
  }
}

TEST_F(OrganisationApi, SaysWhichQuotaIsReachedWhatItIsAndWhomToAsk) {
  open_signup();
  const HttpHeaders firm = add_firm();
  must("PUT", "/organisations/2/quotas", {{"people", 1}, {"tokens", 1}}, operator_, 200);
  const Json refused = Json::parse(
      must("POST", "/users",
           {{"email", "x@y.org"}, {"name", "X"}, {"role", "viewer"}, {"password", kPassword}}, firm,
           409)
          .body);
  EXPECT_EQ(refused["detail"],
            "the quota of this organisation is 1 people; for more ask desk@northfield.example");
  const Json feed{{"name", "feed"}, {"role", "viewer"}};
  must("POST", "/tokens", feed, firm, 201);
  must("POST", "/tokens", feed, firm, 409);
  must("PUT", "/organisations/2/quotas", {{"people", nullptr}, {"tokens", 2}}, operator_, 200);
  must("POST", "/tokens", feed, firm, 201);
  must("PUT", "/organisations/2/quotas", {{"toys", 1}}, operator_, 400);
  must("PUT", "/organisations/2/quotas", {{"tags", 0}}, operator_, 400);
  must("PUT", "/organisations/2/quotas", {{"tags", 1}}, firm, 403);
}

TEST_F(OrganisationApi, AnswersRequestsBeyondTheRateWith429AndTellsWhenToComeAgain) {
  const HttpHeaders firm = add_firm();
  must("PUT", "/organisations/2/quotas", {{"requests_per_minute", 3}}, operator_, 200);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(handled("/tags", firm).status, 200);
  const sys::HttpResponse refused = handled("/tags", firm);
  EXPECT_EQ(refused.status, 429) << refused.body;
  EXPECT_NE(refused.body.find("3 requests a minute"), std::string::npos) << refused.body;
  const auto is_retry = [](const auto& each) { return each.first == "retry-after"; };
  EXPECT_TRUE(std::ranges::any_of(refused.headers, is_retry));
  EXPECT_EQ(handled("/tags", operator_).status, 200) << "the others go on";
}

TEST_F(OrganisationApi, MetersByTheHourForBothSidesAndAsCsv) {
  const HttpHeaders firm = add_firm();
  meter_->count_samples(TenantId{2}, 120);
  ASSERT_TRUE(
      meter_->write(std::vector{std::pair(TenantId{2}, platform_->gauges(TenantId{2}))}).ok());
  const Json own = got("/usage", firm);
  ASSERT_EQ(own["total"], 1);
  EXPECT_EQ(own["items"][0]["samples"], 120);
  EXPECT_EQ(own["items"][0]["people"], 1);
  EXPECT_EQ(got("/organisations/2/usage", operator_), own);
  EXPECT_EQ(got("/usage", operator_)["total"], 0) << "of one's own";
  const Reply csv = ask("GET", "/usage?format=csv", {}, firm);
  EXPECT_TRUE(csv.body.starts_with("from,samples,requests,refused,tags,bytes,"));
  EXPECT_NE(csv.body.find(",120,0,0,0,0,0,1,0\r\n"), std::string::npos) << csv.body;
}

TEST_F(OrganisationApi, LeavesWithItsNameTypedAndIsRemovedAtOnceOnlyAfterItAsked) {
  const HttpHeaders firm = add_firm();
  must("POST", "/organisations/2/remove", {{"name", "Southport Castings"}}, operator_, 409);
  must("POST", "/organisation/leave", {{"name", "Southport"}}, firm, 400);
  must("POST", "/organisation/leave", {{"name", "Southport Castings"}}, firm, 200);
  EXPECT_TRUE(got("/organisation", firm)["leaves"].is_string());
  must("DELETE", "/organisation/leave", {}, firm, 200);
  must("POST", "/organisations/2/remove", {{"name", "Southport Castings"}}, operator_, 409);
  must("POST", "/organisation/leave", {{"name", "Southport Castings"}}, firm, 200);
  must("POST", "/organisations/2/remove", {{"name", "Northfield Steel"}}, operator_, 400);
  must("POST", "/organisations/2/remove", {{"name", "Southport Castings"}}, operator_, 204);
  EXPECT_EQ(ask("GET", "/session", {}, firm).status, 401);
  EXPECT_EQ(got("/organisations", operator_)["total"], 1);
  must("POST", "/organisation/leave", {{"name", "Northfield Steel"}}, operator_, 409);
}

TEST_F(OrganisationApi, HandsOutEverythingItHasAndNothingOfOthers) {
  const HttpHeaders firm = add_firm();
  const auto make = [&](const HttpHeaders& who, const std::string& path) {
    must("POST", "/tags", {{"path", path}, {"type", "float64"}}, who, 201);
    must("POST", "/values",
         {{"samples",
           Json::array({{{"path", path}, {"time", "2026-11-01T00:00:00Z"}, {"value", 1.5}}})}},
         who, 200);
  };
  make(firm, "Southport/furnace/temperature");
  make(operator_, "Northfield/secret/temperature");
  const Reply reply = ask("GET", "/organisation/export", {}, firm);
  ASSERT_EQ(reply.status, 200);
  std::string tar;
  for (;;) {
    const Result<std::string> piece = reply.stream();
    ASSERT_TRUE(piece.ok()) << piece.error().text();
    if (piece->empty()) break;
    tar += *piece;
  }
  const std::string file = folder_.path + "/all.tar";
  std::ofstream(file, std::ios::binary) << tar;
  const std::string unpack = "tar -xf " + file + " -C " + folder_.path;
  ASSERT_EQ(std::system(unpack.c_str()), 0) << "GNU tar takes it";
  const auto text_of = [&](const std::string& name) {
    std::ifstream in(folder_.path + "/" + name);
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_NE(
      text_of("samples/000001.csv").find("Southport/furnace/temperature,2026-11-01T00:00:00Z,1.5"),
      std::string::npos)
      << text_of("samples/000001.csv");
  EXPECT_NE(text_of("tags.ndjson").find("Southport/furnace"), std::string::npos);
  EXPECT_EQ(Json::parse(text_of("people.json"))[0]["email"], kFirm);
  EXPECT_NE(text_of("audit/000001.ndjson").find("organisation.export"), std::string::npos);
  EXPECT_EQ(tar.find("Northfield/secret"), std::string::npos);
  EXPECT_EQ(tar.find("ada@example.com"), std::string::npos);
}

TEST_F(OrganisationApi, HandsEverythingToAnAuditorWhoSeesThePlantTooAndToNoOther) {
  const HttpHeaders firm = add_firm();
  const auto auditor_with = [&](const std::string& email, Json grants) {
    grants.push_back({{"role", "auditor"}, {"place", "*"}});
    must("POST", "/users",
         {{"name", "Aud"},
          {"email", email},
          {"password", "seven grey cranes turn"},
          {"grants", std::move(grants)}},
         firm, 201);
    return signed_in(email, "seven grey cranes turn");
  };
  const HttpHeaders alone = auditor_with("aud@southport.example", Json::array());
  EXPECT_EQ(ask("GET", "/audit", {}, alone).status, 200);
  EXPECT_EQ(ask("GET", "/organisation/export", {}, alone).status, 403);
  // Nobody else can have it where only auditors read the trail.
  const HttpHeaders seeing =
      auditor_with("eye@southport.example", Json::array({{{"role", "viewer"}, {"place", "*"}}}));
  EXPECT_EQ(ask("GET", "/organisation/export", {}, seeing).status, 200);
  const HttpHeaders of_a_shop =
      auditor_with("shop@southport.example",
                   Json::array({{{"role", "viewer"}, {"place", "Southport/furnace"}}}));
  EXPECT_EQ(ask("GET", "/organisation/export", {}, of_a_shop).status, 403);
}

TEST_F(OrganisationApi, SeesOnTheOverviewWhatIsItsOwn) {
  const HttpHeaders firm = add_firm();
  must("POST", "/tags", {{"path", "a/b"}, {"type", "float64"}}, operator_, 201);
  must("POST", "/values",
       {{"samples",
         Json::array({{{"path", "a/b"}, {"time", "2026-11-01T00:00:00Z"}, {"value", 1.5}}})}},
       operator_, 200);
  EXPECT_EQ(got("/overview", operator_)["values_stored"], 1);
  const Json own = got("/overview", firm);
  EXPECT_EQ(own["tags"], 0);
  for (const char* of_server : {"values_stored", "memory_bytes", "storage"}) {
    EXPECT_TRUE(own[of_server].is_null()) << of_server;
  }
}

TEST_F(OrganisationApi, LetsTheSuspendedInNoMore) {
  const HttpHeaders firm = add_firm();
  must("PUT", "/organisations/2/state", {{"state", "suspended"}}, operator_, 200);
  EXPECT_EQ(ask("GET", "/session", {}, firm).status, 401);
  must("PUT", "/organisations/1/state", {{"state", "suspended"}}, operator_, 409);
  must("PUT", "/organisations/2/state", {{"state", "active"}}, operator_, 200);
  EXPECT_EQ(ask("GET", "/session", {}, firm).status, 200);
}

// Two organisations share one asset, and nothing else of each other is to be found.
TEST_F(OrganisationApi, MeetsAnotherInTheRegisterByThePartyItIs) {
  const HttpHeaders firm = add_firm();
  for (const char* id : {"northfield", "southport", "third"}) {
    must("PUT", "/rights/parties", {{"id", id}, {"kind", "organisation"}, {"name", id}}, operator_,
         201);
  }
  for (const char* id : {"mould", "secret"}) {
    must("PUT", "/rights/assets", {{"id", id}, {"kind", "patent"}, {"title", id}}, operator_, 201);
  }
  const auto owned = [](std::initializer_list<const char*> parties) {
    Json shares = Json::array();
    for (const char* party : parties) shares.push_back({{"party", party}, {"weight", 1}});
    return Json{{"from", "2026-01-01"}, {"shares", shares}, {"basis", "contract"}};
  };
  must("POST", "/rights/assets/mould/ownership", owned({"northfield", "southport"}), operator_,
       201);
  must("POST", "/rights/assets/secret/ownership", owned({"northfield"}), operator_, 201);
  EXPECT_EQ(got("/rights/assets", firm)["total"], 0) << "nobody of it speaks for a party yet";

  const std::string cleo =
      "/users/" + std::to_string(got("/session", firm)["user"]["id"].get<int>()) + "/party";
  must("PUT", cleo, {{"party", "southport"}}, firm, 404);
  must("PUT", "/rights/parties/southport/organisation", {{"organisation", 2}}, operator_, 200);
  must("PUT", cleo, {{"party", "northfield"}}, firm, 404);
  must("PUT", cleo, {{"party", "southport"}}, firm, 204);
  EXPECT_EQ(got("/rights/speakers", firm)["parties"], Json::array({"southport"}));

  const Json assets = got("/rights/assets", firm);
  ASSERT_EQ(assets["total"], 1);
  EXPECT_EQ(assets["items"][0]["id"], "mould");
  EXPECT_EQ(ask("GET", "/rights/assets/secret", {}, firm).status, 404);
  EXPECT_EQ(got("/rights/parties", firm)["total"], 2) << "itself and the co-owner, not the third";
  EXPECT_EQ(
      ask("PUT", "/rights/assets", {{"id", "x"}, {"kind", "patent"}, {"title", "x"}}, firm).status,
      403);
  must("PUT", "/rights/parties/southport/organisation", {{"organisation", nullptr}}, operator_,
       200);
  EXPECT_EQ(got("/rights/assets", firm)["total"], 0) << "who spoke for it does so no more";
}

}  // namespace
}  // namespace lineshaft::api
