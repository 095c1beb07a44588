#include "connect/templates.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "connect/protocol.h"

namespace lineshaft::connect {
namespace {

constexpr const char* kMachine = "nsu=urn:maker:plc;s=press 7";

const Template& shipped(std::string_view name) {
  for (const Template& one : shipped_templates()) {
    if (one.name == name) return one;
  }
  LS_ASSERT(false);
  return shipped_templates().front();
}

TEST(Templates, PathsOfACompanionModelBeginAtTheMachine) {
  const auto signals =
      use_template(shipped("Machine (OPC UA for Machinery)"), {"org/hall/press 7", 0, kMachine});
  ASSERT_TRUE(signals.ok()) << signals.error().text();
  for (const SignalConfig& signal : *signals) {
    const auto& point = std::get<opcua::Point>(signal.point);
    EXPECT_EQ(point.node, kMachine);
    EXPECT_NE(point.browse_path, "") << signal.path;
    EXPECT_TRUE(kind_of(Protocol::kOpcUa).check_point(signal, opcua::Settings()).ok())
        << signal.path;
  }
}

TEST(Templates, AnObjectIsAskedForWhereItIsNeededAndNowhereElse) {
  const auto without =
      use_template(shipped("Packaging machine (OPC UA, PackML)"), {"org/hall/packer"});
  ASSERT_FALSE(without.ok());
  EXPECT_EQ(without.error().id, ErrorId::kInvalidArgument);
  EXPECT_NE(without.error().what.find("object"), std::string::npos);
  const auto wrong =
      use_template(shipped("Packaging machine (OPC UA, PackML)"), {"org/hall/packer", 0, "packer"});
  ASSERT_FALSE(wrong.ok());
  EXPECT_NE(wrong.error().what.find("node id"), std::string::npos) << wrong.error().what;
  const auto needless = use_template(shipped("Motor block (S7)"), {"org/hall/motor", 0, kMachine});
  EXPECT_FALSE(needless.ok());
}

TEST(Templates, ATemplateWithPathsComesBackFromItsJson) {
  for (const Template& one : shipped_templates()) {
    const auto again = template_from_json(template_json(one));
    ASSERT_TRUE(again.ok()) << one.name << ": " << again.error().text();
    EXPECT_EQ(again->signals, one.signals) << one.name;
  }
}

}  // namespace
}  // namespace lineshaft::connect
