// The authority and client certificates, as the API has them.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/router_fixture.h"
#include "identity/authority.h"

namespace lineshaft::api {
namespace {

class Certificates : public Api {
 protected:
  void SetUp() override {
    claim_and_keep();
    auto& files = sys::real_file_system();
    authority_ =
        identity::Authority::open(
            records::Database::open(files, {.path = folder_.path + "/certificates.db"}).value(),
            files, sys::real_clock(), {folder_.path + "/tls", {"localhost"}, std::nullopt})
            .value();
    services_->authority = authority_.get();
    certificate_owner_ = [this](const std::string& fingerprint) {
      return authority_->token_of(fingerprint);
    };
    services_->on_certificates = [this] { ++changes_; };
    administrator_ = {{"authorization", token(Role::kAdministrator)}};
  }
  // A request over a connection whose peer has proved to own that certificate.
  Reply ask_as(const std::string& fingerprint, const std::string& method, const std::string& path,
               sys::HttpHeaders headers = {}) {
    sys::HttpRequest request;
    request.method = method;
    request.path = "/api/v1" + path;
    request.headers = std::move(headers);
    request.client_certificate = fingerprint;
    return router_->answer(request);
  }
  Json issue(const Json& order) {
    const Reply made = ask("POST", "/issued-certificates", order, administrator_);
    EXPECT_EQ(made.status, 201) << made.body;
    return Json::parse(made.body);
  }

  std::unique_ptr<identity::Authority> authority_;
  sys::HttpHeaders administrator_;
  int changes_ = 0;
};

TEST_F(Certificates, AClientCertificateHasItsRoleAndLosesItAtOnce) {
  const Json one = issue({{"name", "press 4"}, {"use", {"client"}}, {"role", "engineer"}});
  const std::string print = one["fingerprint"];
  EXPECT_EQ(changes_, 1) << "the server must ask for certificates now";
  EXPECT_EQ(ask_as(print, "GET", "/tags").status, 200);
  EXPECT_EQ(ask_as(print, "GET", "/users").status, 403);
  EXPECT_EQ(ask_as("00:11", "GET", "/tags").status, 401);
  EXPECT_EQ(ask_as("", "GET", "/tags").status, 401);
  const std::string address = "/issued-certificates/" + one["id"].dump() + "/revoke";
  EXPECT_EQ(ask("POST", address, Json(), administrator_).status, 204);
  EXPECT_EQ(ask_as(print, "GET", "/tags").status, 401);
  const auto trail = identity_->list_audit(administrator_principal(), 0, 10);
  EXPECT_EQ(trail->entries.at(0).action, "certificate.revoke");
}

TEST_F(Certificates, RevokingTheTokenEndsTheCertificateToo) {
  const Json one = issue({{"name", "press 4"}, {"use", {"client"}}, {"role", "viewer"}});
  const std::string token = "/tokens/" + one["token"].dump();
  EXPECT_EQ(ask("DELETE", token, Json(), administrator_).status, 204);
  EXPECT_EQ(ask_as(one["fingerprint"], "GET", "/tags").status, 401);
}

TEST_F(Certificates, WithoutARoleItProvesANameAndOpensNothing) {
  const Json one = issue({{"name", "plc"}, {"use", {"client", "server"}}});
  EXPECT_EQ(one["token"], Json());
  EXPECT_EQ(ask_as(one["fingerprint"], "GET", "/tags").status, 401);
}

// A browser shows a certificate by itself, so another site's page must not act with it.
TEST_F(Certificates, AnotherSiteCannotActWithACertificate) {
  const Json one = issue({{"name", "ann"}, {"use", {"client"}}, {"role", "administrator"}});
  const std::string print = one["fingerprint"];
  const auto status = [&](sys::HttpHeaders headers) {
    headers.emplace_back("host", "plant.example");
    return ask_as(print, "DELETE", "/tokens/999", std::move(headers)).status;
  };
  EXPECT_EQ(status({}), 404);
  EXPECT_EQ(status({{"origin", "https://plant.example"}, {"sec-fetch-site", "same-origin"}}), 404);
  EXPECT_EQ(status({{"origin", "https://evil.example"}}), 403);
  EXPECT_EQ(status({{"sec-fetch-site", "cross-site"}}), 403);
  EXPECT_EQ(status({{"origin", "null"}}), 403);
}

TEST_F(Certificates, WhoMayNotManageTokensIssuesNothing) {
  const sys::HttpHeaders engineer{{"authorization", token(Role::kEngineer)}};
  const Json order = {{"name", "x"}, {"use", {"client"}}, {"role", "viewer"}};
  EXPECT_EQ(ask("POST", "/issued-certificates", order, engineer).status, 403);
  EXPECT_EQ(ask("GET", "/authority", Json(), engineer).status, 200);
  EXPECT_EQ(ask("GET", "/authority.pem").status, 200);
  EXPECT_EQ(ask("GET", "/authority.crl").status, 200);
}

// All trust the same authority: what another organisation issued could pass for this server, or for
// a machine of somebody else.
TEST_F(Certificates, OnlyWhoRunsTheServerIssues) {
  const auto made = identity_->create_organisation(
      administrator_principal(), {"Rival", "rival@example.com", "Rival", kPassword});
  ASSERT_TRUE(made.ok()) << made.error().text();
  identity::Principal rival = administrator_principal();
  rival.tenant = made->organisation.id;
  rival.id = made->administrator.id.value;
  const std::string secret =
      identity_->create_token(rival, {"r", Role::kAdministrator, {}}).value().secret;
  const sys::HttpHeaders theirs{{"authorization", "Bearer " + secret}};
  for (const Json& use : {Json{"client"}, Json{"server"}, Json{"client", "server"}}) {
    const Json order = {{"name", "x"}, {"use", use}, {"names", {"localhost"}}};
    EXPECT_EQ(ask("POST", "/issued-certificates", order, theirs).status, 403) << use;
    EXPECT_EQ(ask("POST", "/issued-certificates", order, administrator_).status, 201) << use;
  }
  EXPECT_EQ(ask("POST", "/server-certificate/renew", Json(), theirs).status, 403);
  EXPECT_EQ(ask("GET", "/issued-certificates", Json(), theirs).status, 403);
}

TEST_F(Certificates, ARefusedOrderLeavesNoToken) {
  const std::size_t before = identity_->list_tokens(administrator_principal())->size();
  for (const Json& order :
       {Json{{"name", "x"}, {"use", {"client"}}, {"role", "viewer"}, {"days", 0}},
        Json{{"name", "x"}, {"use", {"client"}}, {"role", "viewer"}, {"names", {"a b"}}},
        Json{{"name", "x"}, {"use", {"server"}}, {"role", "viewer"}},
        Json{{"name", "x"}, {"use", {"lamp"}}}, Json{{"use", {"client"}}},
        Json{{"name", "x"}, {"use", {"client"}}, {"request", "nonsense"}},
        Json{{"name", "x"}, {"use", {"client"}}, {"password", "short"}}}) {
    EXPECT_EQ(ask("POST", "/issued-certificates", order, administrator_).status, 400) << order;
  }
  EXPECT_EQ(identity_->list_tokens(administrator_principal())->size(), before);
}

TEST_F(Certificates, TheServersCertificateIsRenewedAndImportedByTheOwner) {
  const Json before = Json::parse(ask("GET", "/authority", Json(), administrator_).body);
  EXPECT_EQ(before["server"]["source"], "authority");
  const Reply renewed = ask("POST", "/server-certificate/renew", Json(), administrator_);
  EXPECT_EQ(renewed.status, 200);
  EXPECT_NE(Json::parse(renewed.body)["server"]["serial"], before["server"]["serial"]);
  EXPECT_EQ(changes_, 1);
  const Json wrong = {{"certificate", before["authority"]["certificate"]}, {"key", "x"}};
  EXPECT_EQ(ask("PUT", "/server-certificate", wrong, administrator_).status, 400);
  EXPECT_EQ(changes_, 1);
}

}  // namespace
}  // namespace lineshaft::api
