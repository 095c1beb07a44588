#include "connect/opcua/flow_kind.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "connect/flow_json.h"

namespace lineshaft::connect::opcua {
namespace {

Json flow(Json settings) {
  return {{"name", "SCADA"}, {"kind", "opcua-server"}, {"settings", std::move(settings)}};
}

bool allows_sign(const Result<FlowConfig>& config) {
  EXPECT_TRUE(config.ok()) << config.error().what;
  return config.ok() && std::get<ServerFlowSettings>(config->settings).allow_sign;
}

TEST(OpcUaFlow, LetsClientsOnlySignWhereItIsToldTo) {
  EXPECT_FALSE(allows_sign(flow_from_json(flow(Json::object()))));
  EXPECT_FALSE(allows_sign(flow_from_json(flow({{"allow_sign", false}}))));
  EXPECT_TRUE(allows_sign(flow_from_json(flow({{"allow_sign", true}}))));
}

// What was stored when there was no such setting was served so, and its clients go on.
TEST(OpcUaFlow, OfBeforeTheSettingGoesOnLettingClientsOnlySign) {
  EXPECT_TRUE(allows_sign(flow_from_stored(flow({{"port", 4841}}))));
  EXPECT_FALSE(allows_sign(flow_from_stored(flow({{"allow_sign", false}}))));
  for (const bool allowed : {false, true}) {
    const auto config = flow_from_json(flow({{"allow_sign", allowed}}));
    ASSERT_TRUE(config.ok());
    const Json stored = flow_json(*config, Secrets::kShown);
    EXPECT_EQ(allows_sign(flow_from_stored(stored)), allowed);
  }
}

TEST(OpcUaFlow, OfTheStoreThatIsBrokenIsRefusedAndNothingWorse) {
  for (const Json& stored : {Json(), Json::array(), Json("opcua-server"), flow(3),
                             Json{{"name", "x"}, {"kind", 5}, {"settings", Json::object()}},
                             Json{{"name", "x"}, {"kind", "fax"}, {"settings", Json::object()}}}) {
    EXPECT_FALSE(flow_from_stored(stored).ok()) << stored.dump();
  }
}

}  // namespace
}  // namespace lineshaft::connect::opcua
