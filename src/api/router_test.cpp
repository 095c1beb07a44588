#include "api/router.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "api/router_fixture.h"
#include "wire/batch/batch.h"

namespace lineshaft::api {
namespace {

using identity::Permission;

// An address of the route, with an id that does not exist.
std::string address(const Route& route) {
  std::string path = route.path;
  if (const auto open = path.find('{'); open != std::string::npos) {
    path.replace(open, path.find('}') - open + 1, "4000000");
  }
  return path;
}

TEST_F(Api, OnlyTheseFewAnswerAStranger) {
  std::set<std::string> open;
  for (const Route& route : router_->routes()) {
    const std::string name = std::string(route.method) + " " + route.path;
    if (route.rule.is_open()) {
      open.insert(name);
      continue;
    }
    const Reply reply = ask(route.method, address(route), Json::object());
    EXPECT_EQ(reply.status, 401) << name;
    EXPECT_EQ(reply.content_type, "application/problem+json") << name;
  }
  EXPECT_EQ(open,
            (std::set<std::string>{
                "GET /status", "POST /claim", "POST /session", "GET /healthz",
                "POST /session/factor", "POST /session/passkey", "POST /session/passkey/challenge",
                "POST /recovery", "POST /invitations/look", "POST /invitations/accept",
                "GET /authority.pem", "GET /authority.crl", "GET /session/providers",
                "POST /session/provider/begin", "POST /session/provider", "POST /signups"}));
}

TEST_F(Api, EveryRoleIsRefusedWhatItMayNotDo) {
  claim_and_keep();
  for (const Role role : {Role::kViewer, Role::kOperator, Role::kEngineer}) {
    const std::string bearer = token(role);
    for (const Route& route : router_->routes()) {
      const auto permission = route.rule.permission();
      if (!permission) continue;
      const bool allowed = identity::permissions_of(role).has(*permission);
      const Reply reply =
          ask(route.method, address(route), Json::object(), {{"authorization", bearer}});
      EXPECT_EQ(reply.status == 403, !allowed) << route.method << " " << route.path << " as "
                                               << identity::role_name(role) << ": " << reply.body;
    }
  }
}

TEST_F(Api, ARefusalIsEnteredInTheAuditTrail) {
  claim_and_keep();
  const std::string bearer = token(Role::kViewer);
  ASSERT_EQ(ask("GET", "/users", {}, {{"authorization", bearer}}).status, 403);
  const auto page = identity_->list_audit(administrator_principal(), 0, 1);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(page->entries.at(0).action, "access.denied");
  EXPECT_EQ(page->entries.at(0).object, "/api/v1/users");
}

TEST_F(Api, TheClaimCodeWorksOnceAndItsCookieIsBoundToThisHost) {
  const std::string code = identity_->issue_claim_code().value();
  const Json body = {{"code", code},
                     {"organisation", "Northfield Steel"},
                     {"email", "ada@example.com"},
                     {"name", "Ada"},
                     {"password", kPassword}};
  Json wrong = body;
  wrong["code"] = "0000-0000-0000";
  EXPECT_EQ(ask("POST", "/claim", wrong).status, 403);
  const Reply reply = ask("POST", "/claim", body);
  ASSERT_EQ(reply.status, 201) << reply.body;
  EXPECT_EQ(claims_, 1);
  // RFC 6265bis 4.1.3.2: __Host- needs Secure, Path=/ and no Domain.
  const std::string cookie = header(reply, "set-cookie");
  EXPECT_TRUE(cookie.starts_with("__Host-session=")) << cookie;
  for (const char* word : {"; Path=/", "; Secure", "; HttpOnly", "; SameSite=Strict"}) {
    EXPECT_NE(cookie.find(word), std::string::npos) << word;
  }
  EXPECT_EQ(cookie.find("Domain"), std::string::npos);
  EXPECT_EQ(ask("POST", "/claim", body).status, 409);
}

TEST_F(Api, ACookieActsOnlyWithItsCsrfTokenAndFromItsOwnSite) {
  claim_and_keep();
  const Json tag = {{"path", "a/b/c"}, {"type", "float64"}};
  EXPECT_EQ(ask("GET", "/tags", {}, {{"cookie", session_}}).status, 200);
  EXPECT_EQ(ask("POST", "/tags", tag, {{"cookie", session_}}).status, 403);
  EXPECT_EQ(ask("POST", "/tags", tag, {{"cookie", session_}, {"x-csrf-token", csrf_ + "x"}}).status,
            403);
  EXPECT_EQ(ask("POST", "/tags", tag,
                {{"cookie", session_}, {"x-csrf-token", csrf_}, {"sec-fetch-site", "cross-site"}})
                .status,
            403);
  const Reply made =
      ask("POST", "/tags", tag,
          {{"cookie", session_}, {"x-csrf-token", csrf_}, {"sec-fetch-site", "same-origin"}});
  EXPECT_EQ(made.status, 201) << made.body;
}

TEST_F(Api, SayWhatIsWrongInProblemJson) {
  claim_and_keep();
  const sys::HttpHeaders bearer{{"authorization", token(Role::kAdministrator)}};
  EXPECT_EQ(ask("GET", "/nothing").status, 404);
  EXPECT_EQ(ask("DELETE", "/tags", {}, bearer).status, 405);
  EXPECT_EQ(ask("GET", "/tags/4000000", {}, bearer).status, 404);
  EXPECT_EQ(ask("GET", "/tags/none", {}, bearer).status, 404);
  const Reply reply = ask("POST", "/tags", {{"path", "a//b"}, {"type", "float64"}}, bearer);
  EXPECT_EQ(reply.status, 400);
  const Json problem = Json::parse(reply.body);
  for (const char* field : {"type", "title", "status", "detail", "id", "remedy"}) {
    EXPECT_TRUE(problem.contains(field)) << field << " in " << reply.body;
  }
  EXPECT_EQ(problem["status"], 400);
}

TEST_F(Api, ListsTheTagsWhoseLastValueIsBad) {
  claim_and_keep();
  const sys::HttpHeaders bearer{{"authorization", token(Role::kAdministrator)}};
  Json samples = Json::array();
  // Severity is the top two bits of the code: 0 good, 1 uncertain, 2 bad.
  for (const auto& [name, code] : {std::pair{"a", 0x80310000U}, std::pair{"b", 0U},
                                   std::pair{"c", 0x40000000U}, std::pair{"d", 0x80050000U}}) {
    const std::string path = std::string("plant/line/") + name;
    ASSERT_EQ(ask("POST", "/tags", {{"path", path}, {"type", "float64"}}, bearer).status, 201);
    samples.push_back(
        {{"path", path}, {"time", "2026-01-02T03:04:05Z"}, {"value", 1.5}, {"quality_code", code}});
  }
  ASSERT_LT(ask("POST", "/values", {{"samples", samples}}, bearer).status, 300);
  const auto names = [&](const std::string& query) {
    sys::HttpRequest request;
    request.method = "GET";
    request.path = "/api/v1/tags";
    request.query = query;
    request.headers = bearer;
    const Json page = Json::parse(router_->answer(request).body);
    std::string found;
    for (const Json& item : page["items"]) found += item["path"].get<std::string>().back();
    return found + " of " + std::to_string(page["total"].get<int>());
  };
  EXPECT_EQ(names(""), "abcd of 4");
  EXPECT_EQ(names("quality=bad"), "ad of 2");
  EXPECT_EQ(names("quality=bad&offset=1&limit=1"), "d of 2");
  EXPECT_EQ(names("quality=bad&text=line/a"), "a of 1");
  EXPECT_EQ(names("quality=uncertain"), "c of 1");
}

TEST_F(Api, TakesAndGivesBackSamples) {
  claim_and_keep();
  const sys::HttpHeaders bearer{{"authorization", token(Role::kAdministrator)}};
  const Reply made =
      ask("POST", "/tags", {{"path", "plant/line/speed"}, {"type", "float64"}}, bearer);
  ASSERT_EQ(made.status, 201) << made.body;
  const auto id = Json::parse(made.body)["id"].get<std::uint64_t>();
  const Json samples = {
      {"samples",
       {{{"tag", id}, {"time", "2026-01-02T03:04:05Z"}, {"value", 1.5}, {"quality", "Good"}}}}};
  const Reply stored = ask("POST", "/values", samples, bearer);
  ASSERT_LT(stored.status, 300) << stored.body;
  sys::HttpRequest request;
  request.method = "GET";
  request.path = "/api/v1/values/raw";
  request.query =
      "tag=" + std::to_string(id) + "&from=2026-01-02T00:00:00Z&to=2026-01-03T00:00:00Z";
  request.headers = bearer;
  const Reply raw = router_->answer(request);
  ASSERT_EQ(raw.status, 200) << raw.body;
  EXPECT_NE(raw.body.find("2026-01-02T03:04:05"), std::string::npos) << raw.body;
  EXPECT_NE(raw.body.find("1.5"), std::string::npos) << raw.body;
}

TEST_F(Api, ABackupIsEnteredInTheAuditTrailAndItsTroubleIsTold) {
  claim_and_keep();
  const sys::HttpHeaders bearer{{"authorization", token(Role::kAdministrator)}};
  EXPECT_EQ(Json::parse(ask("GET", "/backup", {}, bearer).body)["state"], "none");
  EXPECT_EQ(ask("POST", "/backup", {{"directory", 5}}, bearer).status, 400);
  EXPECT_EQ(ask("POST", "/backup", {{"directory", "/mnt/x"}}, bearer).status, 202);
  const Json status = Json::parse(ask("GET", "/backup", {}, bearer).body);
  EXPECT_EQ(status["state"], "failed");
  EXPECT_EQ(status["error"]["id"], error_number(ErrorId::kDiskFull));
  const auto page = identity_->list_audit(administrator_principal(), 0, 1);
  EXPECT_EQ(page->entries.at(0).action, "backup.run");
  EXPECT_EQ(page->entries.at(0).object, "/mnt/x");
}

TEST_F(Api, StoresABinaryBatchWholeOrNotAtAll) {
  claim_and_keep();
  const sys::HttpHeaders bearer{{"authorization", token(Role::kEngineer)}};
  TagSpec spec;
  spec.path = "a/b";
  const TagId tag = historian_->ensure_tags(TenantId{1}, {spec}).value()[0];
  const auto send = [&](std::span<const Sample> samples) {
    sys::HttpRequest request;
    request.method = "POST";
    request.path = "/api/v1/values/batch";
    request.headers = bearer;
    request.body = as_text(batch::encode(samples));
    return router_->answer(request);
  };
  std::vector<Sample> samples{{tag, {1'000}, quality::kGood, 1.5},
                              {tag, {2'000}, quality::kBadTimeout, -0.0}};
  const Reply stored = send(samples);
  EXPECT_EQ(stored.status, 200) << stored.body;
  EXPECT_EQ(Json::parse(stored.body), (Json{{"stored", 2}}));
  EXPECT_TRUE(same_bits(historian_->last_values(TenantId{1}, std::vector{tag})[0].sample.value,
                        Value(-0.0)));

  samples = {{tag, {3'000}, quality::kGood, 2.5}, {tag, {4'000}, quality::kGood, true}};
  const Reply mistyped = send(samples);
  EXPECT_EQ(mistyped.status, 400);
  EXPECT_EQ(Json::parse(mistyped.body)["detail"],
            "a/b (sample 1 of the batch) is a float64, not a bool");
  samples[1] = {TagId{99}, {4'000}, quality::kGood, 1.0};
  const Reply unknown = send(samples);
  EXPECT_EQ(unknown.status, 404);
  EXPECT_EQ(Json::parse(unknown.body)["detail"], "tag 99 (sample 1 of the batch)");
  EXPECT_EQ(historian_->last_values(TenantId{1}, std::vector{tag})[0].sample.time.ns, 2'000);
}

TEST_F(Api, DescribesEveryRouteAndEverySchemaItNames) {
  const Json document = openapi_document(router_->routes(), "1.2.3");
  EXPECT_EQ(document["openapi"], "3.1.0");
  EXPECT_EQ(document["info"]["version"], "1.2.3");
  std::size_t described = 0;
  for (const auto& [path, methods] : document["paths"].items()) described += methods.size();
  EXPECT_EQ(described, router_->routes().size());
  const auto flat = document.flatten();
  for (const auto& [key, value] : flat.items()) {
    if (!key.ends_with("/$ref")) continue;
    const std::string reference = value.get<std::string>();
    ASSERT_TRUE(reference.starts_with("#")) << reference;
    EXPECT_TRUE(document.contains(Json::json_pointer(reference.substr(1)))) << reference;
  }
}

TEST_F(Api, AStrangersBodyIsSmallAndNeverSpooled) {
  claim_and_keep();
  sys::HttpRequest upload;
  upload.method = "POST";
  upload.path = "/api/v1/imports";
  EXPECT_EQ(router_->body_bytes_max(upload), 64U * 1024);
  EXPECT_EQ(router_->body_spool_path(upload), "");
  upload.headers = {{"authorization", token(Role::kViewer)}};
  EXPECT_EQ(router_->body_spool_path(upload), "") << "a viewer may not import";
  upload.headers = {{"authorization", token(Role::kAdministrator)}};
  EXPECT_EQ(router_->body_bytes_max(upload), RouterOptions{}.upload_bytes_max);
  EXPECT_TRUE(router_->body_spool_path(upload).starts_with(folder_.path + "/imports/"));
}

TEST_F(Api, AShortAddressOutsideTheApiHasASmallBodyToo) {
  sys::HttpRequest head;
  head.method = "POST";
  head.path = "/x";
  EXPECT_EQ(router_->body_bytes_max(head), 64U * 1024);
  head.path = "/somewhere/else/values";
  EXPECT_EQ(router_->body_bytes_max(head), 64U * 1024);
}

TEST_F(Api, AWebSocketOpensForItsOwnPagesOnly) {
  claim_and_keep();
  sys::HttpRequest request;
  request.method = "GET";
  request.path = "/api/v1/live";
  request.headers = {{"host", "plant:8443"}, {"origin", "https://plant:8443"}};
  const auto status = [&] {
    auto outcome = router_->upgrade(request);
    const auto* refused = std::get_if<sys::HttpResponse>(&outcome);
    return refused == nullptr ? 101 : refused->status;
  };
  EXPECT_EQ(status(), 401);
  request.headers.emplace_back("cookie", session_);
  EXPECT_EQ(status(), 101);
  request.headers[1].second = "https://elsewhere:8443";
  EXPECT_EQ(status(), 403);
}

// Takes what the router sends without a pool: pages are answered on the loop.
class Kept final : public sys::HttpResponder {
 public:
  explicit Kept(sys::HttpResponse& out) : out_(out) {}
  void send(sys::HttpResponse response) override { out_ = std::move(response); }
  void send_stream(sys::HttpResponse head, sys::HttpBodySource) override { out_ = std::move(head); }

 private:
  sys::HttpResponse& out_;
};

TEST_F(Api, PagesOfTheConsoleAllowNoForeignCode) {
  const auto get = [&](const std::string& path, sys::HttpHeaders headers) {
    sys::HttpResponse response;
    sys::HttpRequest request;
    request.method = "GET";
    request.path = path;
    request.headers = std::move(headers);
    router_->handle(std::move(request), std::make_unique<Kept>(response));
    return response;
  };
  const auto header_of = [](const sys::HttpResponse& response, std::string_view name) {
    for (const auto& [key, value] : response.headers) {
      if (key == name) return value;
    }
    return std::string();
  };
  const sys::HttpHeaders gzip{{"accept-encoding", "gzip, br"}};
  const sys::HttpResponse page = get("/trends", gzip);
  EXPECT_EQ(page.bytes(), "page") << "an address of the console is its page";
  EXPECT_EQ(header_of(page, "cache-control"), "no-cache");
  const std::string policy = header_of(page, "content-security-policy");
  EXPECT_NE(policy.find("default-src 'self'"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  const sys::HttpResponse code = get("/assets/x-1.js", gzip);
  EXPECT_EQ(code.bytes(), "code");
  EXPECT_NE(header_of(code, "cache-control").find("immutable"), std::string::npos);
  EXPECT_EQ(get("/assets/x-1.js", {{"if-none-match", "\"b\""}}).status, 304);
  EXPECT_EQ(get("/assets/y.js", gzip).status, 404);
}

}  // namespace
}  // namespace lineshaft::api
