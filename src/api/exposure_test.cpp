// What the server says about itself: who can reach it, and what to mend first.
#include "api/exposure.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "api/router_fixture.h"
#include "connect/connection_json.h"
#include "connect/flow_json.h"
#include "connect/on_loop.h"
#include "connect/opcua/trust.h"
#include "identity/authority.h"

namespace lineshaft::api {
namespace {

class ExposureApi : public Api {
 protected:
  void SetUp() override {
    claim_and_keep();
    administrator_ = {{"authorization", token(Role::kAdministrator)}};
  }
  std::vector<std::string> ids() {
    const Reply seen = ask("GET", "/exposure", Json(), administrator_);
    EXPECT_EQ(seen.status, 200) << seen.body;
    std::vector<std::string> ids;
    const Json exposure = Json::parse(seen.body);
    for (const Json& one : exposure["findings"]) ids.push_back(one["id"]);
    return ids;
  }
  bool finds(const std::string& id) {
    const auto all = ids();
    return std::ranges::count(all, id) > 0;
  }
  sys::HttpHeaders administrator_;
};

TEST_F(ExposureApi, IsForWhoReadsTheAuditTrail) {
  const sys::HttpHeaders engineer{{"authorization", token(Role::kEngineer)}};
  EXPECT_EQ(ask("GET", "/exposure", Json(), engineer).status, 403);
}

// The page was silent about them for an auditor, who manages no tokens.
TEST_F(ExposureApi, TokensWithoutAnEndAreNamedToAnAuditorTooWhoSeesThemAndRevokesNone) {
  const sys::HttpHeaders auditor{{"authorization", token(Role::kAuditor)}};
  const Reply seen = ask("GET", "/exposure", Json(), auditor);
  ASSERT_EQ(seen.status, 200) << seen.body;
  EXPECT_NE(seen.body.find("token.endless"), std::string::npos) << seen.body;
  const Reply tokens = ask("GET", "/tokens", Json(), auditor);
  ASSERT_EQ(tokens.status, 200) << tokens.body;
  EXPECT_EQ(tokens.body.find("lsh_"), std::string::npos) << "no secret is in a list";
  const std::string first = Json::parse(tokens.body)["items"][0]["id"].dump();
  EXPECT_EQ(ask("DELETE", "/tokens/" + first, Json(), auditor).status, 403);
}

TEST_F(ExposureApi, AnAddressThatOthersReachIsNamedAndLoopbackIsNot) {
  services_->listening = [] { return std::vector<std::string>{"127.0.0.1:8443", "[::1]:8443"}; };
  EXPECT_FALSE(finds("listen.outside"));
  services_->listening = [] { return std::vector<std::string>{"0.0.0.0:8443"}; };
  EXPECT_TRUE(finds("listen.outside"));
}

TEST_F(ExposureApi, WhereTheServerMayConnectToIsListedAndWhatIsWideIsNamed) {
  const auto listed = [&] {
    return Json::parse(ask("GET", "/exposure", Json(), administrator_).body)["outgoing"];
  };
  EXPECT_EQ(listed(), (Json{"loopback", "private"}));
  EXPECT_FALSE(finds("outgoing.public"));
  EXPECT_FALSE(finds("outgoing.link_local"));
  EXPECT_FALSE(finds("outgoing.loopback")) << "there is one organisation only";
  services_->outgoing = sys::Destinations::parse({"public:443", "broker.example:8883"}).value();
  EXPECT_EQ(listed(), (Json{"public:443", "broker.example:8883"}));
  EXPECT_FALSE(finds("outgoing.public"));
  services_->outgoing = sys::Destinations::parse({"public", "link-local"}).value();
  EXPECT_TRUE(finds("outgoing.public"));
  EXPECT_TRUE(finds("outgoing.link_local"));
}

TEST_F(ExposureApi, WhereAnythingMayGoWithoutEncryptionIsListedAndWhatIsWideIsNamed) {
  const auto listed = [&] {
    return Json::parse(ask("GET", "/exposure", Json(), administrator_).body)["plain"];
  };
  EXPECT_EQ(listed(), (Json{"loopback", "private"}));
  EXPECT_FALSE(finds("plain.public"));
  services_->plain = sys::Destinations::parse({"none"}).value();
  EXPECT_EQ(listed(), Json::array({"none"}));
  services_->plain = sys::Destinations::parse({"public"}).value();
  EXPECT_TRUE(finds("plain.public"));
}

TEST_F(ExposureApi, AConnectionWithoutEncryptionIsLetOrRefusedAsTheListSays) {
  const auto connect_to = [&](const char* name, const Json& settings) {
    const Json body = {{"name", name}, {"protocol", "modbus-tcp"}, {"settings", settings}};
    return registry_->add(TenantId{1}, connect::config_from_json(body).value());
  };
  ASSERT_TRUE(connect_to("sealed", {{"host", "127.0.0.1"}, {"port", 1}, {"tls", true}}).ok());
  EXPECT_FALSE(finds("connection.plain"));
  EXPECT_FALSE(finds("connection.plain_refused"));
  ASSERT_TRUE(connect_to("open", {{"host", "127.0.0.1"}, {"port", 1}}).ok());
  EXPECT_TRUE(finds("connection.plain"));
  EXPECT_FALSE(finds("connection.plain_refused"));
  services_->plain = sys::Destinations::parse({"127.0.0.1:2"}).value();
  EXPECT_FALSE(finds("connection.plain"));
  EXPECT_TRUE(finds("connection.plain_refused"));
}

TEST_F(ExposureApi, AFlowThatIsRefusedForWantOfEncryptionIsNamed) {
  const Json flow = {{"name", "Controllers"},
                     {"kind", "modbus-server"},
                     {"settings", {{"listen", "203.0.113.7"}, {"port", 1502}}},
                     {"rules", {{{"select", "**"}}}}};
  EXPECT_FALSE(finds("flow.plain_refused"));
  const Reply made = ask("POST", "/flows", flow, administrator_);
  ASSERT_EQ(made.status, 201) << made.body;
  bool found = false;
  for (int i = 0; !found && i < 1000; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    found = finds("flow.plain_refused");
  }
  EXPECT_TRUE(found);
  EXPECT_FALSE(finds("flow.open")) << "nobody reaches it";
}

TEST_F(ExposureApi, AFlowIsReachedWhereItListensAndNotWhereItCouldNotBeOpened) {
  const auto serve = [&](const char* name, int port) {
    const Json flow = {{"name", name},
                       {"kind", "modbus-server"},
                       {"settings", {{"port", port}}},
                       {"rules", {{{"select", "**"}}}}};
    const Reply made = ask("POST", "/flows", flow, administrator_);
    EXPECT_EQ(made.status, 201) << made.body;
    return "/flows/" + Json::parse(made.body)["id"].dump();
  };
  // What the loop says of it, once it has tried.
  const auto status = [&](const std::string& flow) {
    for (int i = 0; i < 1000; ++i) {
      const Json seen = Json::parse(ask("GET", flow, {}, administrator_).body)["status"];
      if (seen["at"] != "" || seen["last_error"].is_string()) return seen;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return Json();
  };
  const std::string at = status(serve("First", 0))["at"];
  const int port = std::stoi(at.substr(at.rfind(':') + 1));
  ASSERT_TRUE(status(serve("Second", port))["last_error"].is_string()) << "its port is taken";
  const Json seen = Json::parse(ask("GET", "/exposure", {}, administrator_).body);
  std::map<std::string, std::string> where;
  for (const Json& one : seen["listeners"]) where[one["what"]] = one["at"];
  EXPECT_EQ(where.at("flow First (modbus-server)"), at);
  EXPECT_FALSE(where.contains("flow Second (modbus-server)"));
  EXPECT_EQ(seen.dump().find("Second"), std::string::npos) << "there is nothing to mend of it here";
}

// Where there is nothing to turn on, that is said, with what to do instead.
TEST_F(ExposureApi, AFlowOfAKindWithoutEncryptionIsToldToHaveNone) {
  const auto served = [&](const char* name, const char* kind, bool writes) {
    const Json flow = {{"name", name},
                       {"kind", kind},
                       {"settings", {{"listen", "0.0.0.0"}, {"port", 0}}},
                       {"writes_enabled", writes},
                       {"rules", {{{"select", "**"}}}}};
    const Reply made = ask("POST", "/flows", flow, administrator_);
    EXPECT_EQ(made.status, 201) << made.body;
    for (int i = 0; i < 1000; ++i) {
      const Json seen = Json::parse(ask("GET", "/exposure", {}, administrator_).body);
      for (const Json& one : seen["findings"]) {
        if (one.value("name", "") == name) return one;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return Json::object();
  };
  EXPECT_EQ(served("Panel", "s7-server", false).value("id", ""), "flow.bare");
  EXPECT_EQ(served("Monitor", "mtconnect-agent", false).value("id", ""), "flow.bare");
  const Json writes = served("Writing panel", "s7-server", true);
  EXPECT_EQ(writes.value("id", ""), "flow.bare_writes");
  EXPECT_EQ(writes.value("urgency", ""), "mend");
  EXPECT_NE(writes.value("remedy", "").find("VPN"), std::string::npos);
  EXPECT_EQ(served("Line", "modbus-server", false).value("id", ""), "flow.open");
  EXPECT_EQ(served("Grid", "iec104-server", true).value("id", ""), "flow.open_writes");
}

// Flows that have certificates to serve OPC UA with, in the place of those of the fixture.
class OpcUaExposure : public ExposureApi {
 protected:
  void SetUp() override {
    ExposureApi::SetUp();
    trust_ = connect::opcua::TrustStore::open(sys::real_file_system(), sys::real_clock(),
                                              folder_.path + "/pki", {"localhost"})
                 .value();
  }
  void TearDown() override {
    services_->flows = flows_.get();
    house_.end();
    connect::on_loop(*loop_, [&] {
      served_.reset();
      served_tap_.reset();
    });
  }
  void open_flows() {
    const std::array tenants{TenantId{1}};
    connect::on_loop(*loop_, [&] {
      served_tap_ = std::make_unique<connect::FlowTap>(*loop_, nowhere_);
      served_ = connect::Flows::open(
                    {{*loop_, sys::real_clock(), sys::real_random(), sys::real_file_system(),
                      folder_.path + "/served", trust_.get(), house_},
                     *served_tap_,
                     *documents_,
                     [this](TenantId tenant) { return registry_->configs(tenant); },
                     [this] { return registry_->changes(); }},
                    tenants)
                    .value();
    });
    services_->flows = served_.get();
  }
  static Json flow(const char* name, const char* listen, Json settings) {
    settings["listen"] = listen;
    settings["port"] = 0;
    return {{"name", name}, {"kind", "opcua-server"}, {"settings", std::move(settings)}};
  }
  // What is told of the flow once it listens.
  Json listener(const std::string& name) {
    for (int i = 0; i < 1000; ++i) {
      const Json seen = Json::parse(ask("GET", "/exposure", {}, administrator_).body);
      for (const Json& one : seen["listeners"]) {
        if (one["what"] == "flow " + name + " (opcua-server)") return one;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return Json::object();
  }

  std::unique_ptr<connect::opcua::TrustStore> trust_;
  std::unique_ptr<connect::FlowTap> served_tap_;
  std::unique_ptr<connect::Flows> served_;
};

// A server that also let its clients sign only was told to be encrypted.
TEST_F(OpcUaExposure, AServerIsToldByTheWeakestThatItOffers) {
  open_flows();
  const auto told = [&](const char* name, bool none, bool sign, const char* listen = "0.0.0.0") {
    const Json json = flow(name, listen, {{"allow_none", none}, {"allow_sign", sign}});
    EXPECT_TRUE(served_->add(TenantId{1}, connect::flow_from_json(json).value()).ok());
    const Json one = listener(name);
    EXPECT_EQ(one.value("encrypted", false), one.value("protection", "") == "encrypted") << one;
    return one.value("protection", "");
  };
  EXPECT_EQ(told("Sealed", false, false), "encrypted");
  EXPECT_FALSE(finds("flow.signed"));
  EXPECT_FALSE(finds("flow.open"));
  EXPECT_EQ(told("Home", false, true, "127.0.0.1"), "signed");
  EXPECT_FALSE(finds("flow.signed")) << "nobody listens on the way";
  EXPECT_EQ(told("Signed", false, true), "signed");
  EXPECT_TRUE(finds("flow.signed"));
  EXPECT_FALSE(finds("flow.open"));
  EXPECT_EQ(told("Open", true, true), "none");
  EXPECT_TRUE(finds("flow.open"));
}

TEST_F(OpcUaExposure, AFlowThatWasStoredBeforeThereWasTheSettingIsToldToLetClientsSign) {
  const Json old = flow("Old", "127.0.0.1", {{"allow_none", false}});
  ASSERT_TRUE(documents_->create(TenantId{1}, "flow", old.dump()).ok());
  open_flows();
  EXPECT_EQ(listener("Old").value("protection", ""), "signed");
  const auto flows = served_->list(TenantId{1});
  ASSERT_EQ(flows.size(), 1U);
  EXPECT_TRUE(
      connect::flow_json(flows[0].config, connect::Secrets::kShown)["settings"]["allow_sign"]
          .get<bool>());
}

TEST_F(ExposureApi, AKeyThatOthersMayReadComesFirst) {
  ASSERT_TRUE(sys::real_file_system().create_directories(folder_.path + "/tls").ok());
  const std::string key = folder_.path + "/tls/key.pem";
  ASSERT_TRUE(sys::write_file_atomically(sys::real_file_system(), key, as_bytes("key")).ok());
  EXPECT_FALSE(finds("files.open"));
  ASSERT_EQ(chmod(key.c_str(), 0640), 0);
  const auto all = ids();
  const auto open = std::ranges::find(all, "files.open");
  const auto token = std::ranges::find(all, "token.endless");
  ASSERT_NE(open, all.end());
  ASSERT_NE(token, all.end()) << "the token of this test has no end";
  EXPECT_LT(open, token);
}

TEST_F(ExposureApi, TheMakersPasswordOfAMachineIsFound) {
  const auto connect_with = [&](const char* name, const char* user, const char* password) {
    const Json body = {
        {"name", name},
        {"protocol", "mqtt"},
        {"settings",
         {{"host", "127.0.0.1"}, {"port", 1}, {"user_name", user}, {"password", password}}},
        {"enabled", false}};
    return registry_->add(TenantId{1}, connect::config_from_json(body).value());
  };
  ASSERT_TRUE(connect_with("good", "gateway", "copper lathe evening").ok());
  EXPECT_FALSE(finds("connection.password"));
  ASSERT_TRUE(connect_with("bad", "admin", "admin").ok());
  EXPECT_TRUE(finds("connection.password"));
}

TEST_F(ExposureApi, ACertificateThatEndsWithinThirtyDaysIsInTheListAndOnTheOverview) {
  auto& files = sys::real_file_system();
  const auto authority =
      identity::Authority::open(
          records::Database::open(files, {.path = folder_.path + "/certificates.db"}).value(),
          files, sys::real_clock(), {folder_.path + "/tls", {"localhost"}, std::nullopt})
          .value();
  services_->authority = authority.get();
  EXPECT_FALSE(finds("certificate.issued"));
  identity::IssueRequest request;
  request.tenant = TenantId{1};
  request.name = "press 4";
  request.client = true;
  request.days = 31;
  ASSERT_TRUE(authority->issue(request).ok());
  EXPECT_FALSE(finds("certificate.issued"));
  request.days = 29;
  const auto ending = authority->issue(request);
  ASSERT_TRUE(ending.ok());
  EXPECT_TRUE(finds("certificate.issued"));
  const std::string overview = ask("GET", "/overview", Json(), administrator_).body;
  EXPECT_NE(overview.find("press 4 ends "), overview.npos) << overview;
  EXPECT_NE(ask("GET", "/metrics", Json(), administrator_).body.find("certificate_end_seconds"),
            std::string::npos);
  ASSERT_TRUE(authority->revoke(TenantId{1}, ending->issued.id).ok());
  EXPECT_FALSE(finds("certificate.issued"));
}

}  // namespace
}  // namespace lineshaft::api
