// Identity providers at the API: cookies, the session that comes of it, and who may set what.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include <tuple>

#include "api/router_fixture.h"
#include "identity/provider_fixture.h"

namespace lineshaft::api {
namespace {

constexpr const char* kHost = "localhost:8443";

class ProviderApi : public Api {
 protected:
  ProviderApi() {
    outside_.web = &idp_;
    claim_and_keep();
  }
  // As the administrator, in a session that is new.
  sys::HttpHeaders own() const {
    return {{"cookie", session_}, {"x-csrf-token", csrf_}, {"host", kHost}};
  }
  static Json settings() {
    return {{"name", "Plant ID"},       {"issuer", "https://id.example/plant"},
            {"client_id", "lineshaft"}, {"secret", "very secret"},
            {"groups_claim", "groups"}, {"groups", {{{"group", "melters"}, {"role", "operator"}}}},
            {"unmapped", "refused"},    {"makes_people", true}};
  }
  Json add() {
    const Reply made = ask("POST", "/identity-providers", settings(), own());
    EXPECT_EQ(made.status, 201) << made.body;
    return Json::parse(made.body);
  }
  static std::vector<std::string> cookies(const Reply& reply) {
    std::vector<std::string> all;
    for (const auto& [name, value] : reply.headers) {
      if (name == "set-cookie") all.push_back(value);
    }
    return all;
  }
  static std::string pair_of(const std::string& cookie) {
    return cookie.substr(0, cookie.find(';'));
  }

  // The provider's answer for somebody who signs in there, as the browser brings it back.
  Json there(const Reply& away, const identity::json& who) {
    const std::string address = Json::parse(away.body)["address"];
    const std::string query = address.substr(address.find('?') + 1);
    const auto given = [&](const char* name) { return sys::query_parameter(query, name).value(); };
    const std::int64_t now = sys::real_clock().now().ns / 1'000'000'000;
    identity::json claims = {{"iss", idp_.issuer},
                             {"aud", "lineshaft"},
                             {"nonce", given("nonce")},
                             {"iat", now},
                             {"exp", now + 300}};
    claims.update(who);
    idp_.codes["c"] = {claims, given("code_challenge"), given("redirect_uri")};
    return {{"state", given("state")}, {"code", "c"}};
  }
  static identity::json carl() {
    return {{"sub", "u-1"},
            {"email", "carl@example.com"},
            {"email_verified", true},
            {"groups", {"melters"}}};
  }

  identity::FakeProvider idp_{"https://id.example/plant"};
};

TEST_F(ProviderApi, ABrowserGoesAndComesBackWithACookieOfItsOwn) {
  const Json provider = add();
  const Reply buttons = ask("GET", "/session/providers");
  ASSERT_EQ(Json::parse(buttons.body)["items"].size(), 1U) << buttons.body;
  const std::string handle = Json::parse(buttons.body)["items"][0]["handle"];
  EXPECT_EQ(handle, provider["handle"]);
  const Reply away = ask("POST", "/session/provider/begin",
                         {{"provider", handle}, {"return_to", "/trends"}}, {{"host", kHost}});
  ASSERT_EQ(away.status, 200) << away.body;
  ASSERT_EQ(cookies(away).size(), 1U);
  const std::string cookie = cookies(away)[0];
  EXPECT_TRUE(cookie.starts_with("__Host-provider=")) << cookie;
  EXPECT_TRUE(cookie.ends_with("; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=600")) << cookie;
  EXPECT_NE(away.body.find("redirect_uri=https%3A%2F%2Flocalhost%3A8443%2Fsign-in%2Fprovider"),
            std::string::npos)
      << away.body;

  const Json back = there(away, carl());
  const Reply without = ask("POST", "/session/provider", back);
  EXPECT_EQ(Json::parse(without.body)["id"], "LS-1541") << "another browser";
  const Reply again = ask("POST", "/session/provider", back, {{"cookie", pair_of(cookie)}});
  EXPECT_EQ(Json::parse(again.body)["id"], "LS-1536") << "it was used up";

  const Reply second = ask("POST", "/session/provider/begin",
                           {{"provider", handle}, {"return_to", "/trends"}}, {{"host", kHost}});
  const Reply in = ask("POST", "/session/provider", there(second, carl()),
                       {{"cookie", "a=b; " + pair_of(cookies(second)[0])}});
  ASSERT_EQ(in.status, 200) << in.body;
  const Json session = Json::parse(in.body);
  EXPECT_EQ(session["return_to"], "/trends");
  EXPECT_EQ(session["user"]["email"], "carl@example.com");
  EXPECT_EQ(session["strength"], "provider");
  EXPECT_EQ(session["provider"]["name"], "Plant ID");
  EXPECT_EQ(session["provider"]["sign_out"], "https://id.example/plant/end?client_id=lineshaft");
  ASSERT_EQ(cookies(in).size(), 2U);
  EXPECT_TRUE(cookies(in)[0].starts_with("__Host-session="));
  EXPECT_TRUE(cookies(in)[0].ends_with("SameSite=Strict"));
  EXPECT_EQ(cookies(in)[1], "__Host-provider=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0");
  // Nothing of the provider's tokens comes out.
  EXPECT_EQ(in.body.find("access_token"), std::string::npos);
  EXPECT_EQ(in.body.find("id_token"), std::string::npos);
}

// Who may say in a header where people are sent back to, sends them anywhere.
TEST_F(ProviderApi, PeopleComeBackToANameOfTheServer) {
  const std::string handle = add()["handle"];
  services_->names = {"localhost", "127.0.0.1", "::1", "plant.example"};
  const auto status = [&](const std::string& host) {
    return ask("POST", "/session/provider/begin", {{"provider", handle}}, {{"host", host}}).status;
  };
  for (const char* own :
       {"localhost", "localhost:8443", "127.0.0.1:8443", "[::1]:8443", "Plant.Example:443"}) {
    EXPECT_EQ(status(own), 200) << own;
  }
  for (const char* other :
       {"", "evil.example", "evil.example:8443", "plant.example.evil.example",
        "localhost:", "localhost:x", "localhost@evil.example", "[::1]x", "localhost:1/evil"}) {
    EXPECT_EQ(status(other), 400) << other;
  }
}

TEST_F(ProviderApi, ADownProviderIsSaidSoAndPasswordsWork) {
  const std::string handle = add()["handle"];
  idp_.down = Error{ErrorId::kTimeout, "id.example:443"};
  const Reply away =
      ask("POST", "/session/provider/begin", {{"provider", handle}}, {{"host", kHost}});
  EXPECT_EQ(away.status, 502);
  EXPECT_EQ(Json::parse(away.body)["id"], "LS-1540");
  EXPECT_EQ(ask("POST", "/session", {{"email", "ada@example.com"}, {"password", kPassword}}).status,
            200);
}

TEST_F(ProviderApi, ProvidersAreSetByPeopleInANewSession) {
  const std::string bearer = token(Role::kAdministrator);
  const Reply program = ask("POST", "/identity-providers", settings(), {{"authorization", bearer}});
  EXPECT_EQ(program.status, 403) << "a token shows no password";
  const Json made = add();
  const std::string path = "/identity-providers/" + std::to_string(made["id"].get<int>());
  EXPECT_FALSE(made.contains("secret"));
  EXPECT_EQ(made["sign_in"], "/sign-in?with=" + made["handle"].get<std::string>());
  EXPECT_EQ(Json::parse(ask("GET", "/identity-providers", {}, own()).body)["redirect_uri"],
            "https://localhost:8443/sign-in/provider");
  const Reply check = ask("POST", path + "/check", Json::object(), own());
  EXPECT_EQ(Json::parse(check.body)["keys"], 1) << check.body;
  Json changed = settings();
  changed.erase("secret");
  changed["name"] = "Renamed";
  EXPECT_EQ(Json::parse(ask("PUT", path, changed, own()).body)["name"], "Renamed");
  changed["issuer"] = "http://id.example";
  const Reply wrong = ask("PUT", path, changed, own());
  EXPECT_EQ(wrong.status, 400);
  EXPECT_TRUE(Json::parse(wrong.body)["detail"].get<std::string>().starts_with("issuer: "));
  EXPECT_EQ(ask("GET", "/identity-providers", {}, own()).body.find("very secret"),
            std::string::npos);
  EXPECT_EQ(ask("POST", path + "/remove", Json::object(), own()).status, 204);
  EXPECT_EQ(ask("POST", path + "/remove", Json::object(), own()).status, 404);
}

TEST_F(ProviderApi, AProviderOfOthersIsAnsweredLikeOneThatDoesNotExist) {
  const std::string path = "/identity-providers/" + std::to_string(add()["id"].get<int>());
  ASSERT_TRUE(identity_
                  ->create_organisation(administrator_principal(),
                                        {"Rival", "rita@rival.example", "Rita", kPassword})
                  .ok());
  const auto rita = identity_->sign_in({"rita@rival.example", kPassword, "127.0.0.1", ""}).value();
  const sys::HttpHeaders theirs{{"cookie", std::string(kSessionCookie) + "=" + rita.cookie},
                                {"x-csrf-token", rita.session.csrf_token}};
  for (const auto& [method, end, body] :
       {std::tuple{"PUT", "", settings()}, std::tuple{"POST", "/check", Json::object()},
        std::tuple{"POST", "/remove", Json::object()}}) {
    const Reply foreign = ask(method, path + end, body, theirs);
    const Reply absent = ask(method, std::string("/identity-providers/987654") + end, body, theirs);
    EXPECT_EQ(foreign.status, 404) << method << end << foreign.body;
    EXPECT_EQ(foreign.body, absent.body);
  }
  EXPECT_EQ(Json::parse(ask("GET", "/identity-providers", {}, theirs).body)["total"], 0);
}

TEST_F(ProviderApi, AnAccountIsLinkedByWhoIsSignedIn) {
  const std::string handle = add()["handle"];
  const auto begin = [&](const char* purpose, const sys::HttpHeaders& who) {
    return ask("POST", "/account/provider/begin", {{"provider", handle}, {"purpose", purpose}},
               who);
  };
  EXPECT_EQ(begin("link", {{"host", kHost}}).status, 401);
  EXPECT_EQ(begin("sign-in", own()).status, 400);
  const Reply away = begin("link", own());
  ASSERT_EQ(away.status, 200) << away.body;
  const std::string browser = pair_of(cookies(away)[0]);
  const Reply done = ask("POST", "/session/provider", there(away, carl()),
                         {{"cookie", browser + "; " + session_}});
  ASSERT_EQ(done.status, 200) << done.body;
  EXPECT_EQ(Json::parse(done.body)["done"], "link");
  EXPECT_EQ(cookies(done).size(), 1U) << "the session stays";
  const Json linked = Json::parse(ask("GET", "/account/providers", {}, own()).body);
  EXPECT_EQ(linked["links"][0]["handle"], handle);
  EXPECT_EQ(linked["offered"].size(), 1U);
  const Reply removed =
      ask("POST", "/account/provider/remove", {{"issuer", "https://id.example/plant"}}, own());
  EXPECT_EQ(removed.status, 204) << removed.body;
  EXPECT_TRUE(Json::parse(ask("GET", "/account/providers", {}, own()).body)["links"].empty());
}

}  // namespace
}  // namespace lineshaft::api
