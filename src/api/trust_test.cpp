// The queue of OPC UA certificates, as the API has it.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "api/router_fixture.h"
#include "connect/opcua/trust.h"

namespace lineshaft::api {
namespace {

using connect::opcua::TrustStore;

TEST_F(Api, ACertificateWaitsUntilSomebodyWhoMayApprovesItAndTheAuditTrailSaysWho) {
  claim_and_keep();
  const sys::HttpHeaders engineer{{"authorization", token(Role::kEngineer)}};
  const sys::HttpHeaders security{{"authorization", token(Role::kSecurity)}};
  EXPECT_EQ(ask("GET", "/certificates", {}, security).status, 502) << "there is no store yet";

  sys::Clock& clock = sys::real_clock();
  const auto ours =
      TrustStore::open(sys::real_file_system(), clock, folder_.path + "/ours", {"gateway"}).value();
  const auto theirs =
      TrustStore::open(sys::real_file_system(), clock, folder_.path + "/theirs", {"plc"}).value();
  services_->opcua_trust = ours.get();
  ASSERT_FALSE(ours->verify(theirs->own().certificate, "urn:plc:lineshaft"));

  const Json before = Json::parse(ask("GET", "/certificates", {}, security).body);
  EXPECT_EQ(before["own"]["application_uri"], "urn:gateway:lineshaft");
  EXPECT_EQ(before["own_ecc"]["application_uri"], "urn:gateway:lineshaft");
  EXPECT_EQ(before["own_ecc"]["key_bits"], 256);
  ASSERT_EQ(before["waiting"].size(), 1U);
  EXPECT_EQ(before["waiting"][0]["application_uri"], "urn:plc:lineshaft");
  EXPECT_NE(before["waiting"][0]["why"], "");
  EXPECT_EQ(before["trusted"], Json::array());

  const std::string address =
      "/certificates/" + before["waiting"][0]["thumbprint"].get<std::string>();
  EXPECT_EQ(ask("POST", address + "/approve", Json(), engineer).status, 403);
  EXPECT_FALSE(ours->verify(theirs->own().certificate, "urn:plc:lineshaft"));
  ASSERT_EQ(ask("POST", address + "/approve", Json(), security).status, 200);
  EXPECT_TRUE(ours->verify(theirs->own().certificate, "urn:plc:lineshaft"));
  const auto page = identity_->list_audit(administrator_principal(), 0, 1);
  EXPECT_EQ(page->entries.at(0).action, "certificate.approve");

  ASSERT_EQ(ask("POST", address + "/distrust", Json(), security).status, 200);
  EXPECT_FALSE(ours->verify(theirs->own().certificate, "urn:plc:lineshaft"));
  const Json after = Json::parse(ask("DELETE", address, Json(), security).body);
  EXPECT_EQ(after["waiting"], Json::array());
  EXPECT_EQ(ask("DELETE", address, Json(), security).status, 404);
}

}  // namespace
}  // namespace lineshaft::api
