#include "connect/opcua/browse.h"

#include <gtest/gtest.h>

#include "connect/opcua/testing.h"
#include "connect/opcua/visit.h"

namespace lineshaft::connect::opcua {
namespace {

using testing::Plant;
using namespace std::chrono_literals;

struct Look {
  Plant plant;
  std::unique_ptr<Browser> browser;

  Look() {
    plant.serve();
    plant.set_all();
    Tag rich = Plant::tag(20, "acme/hall/oven/heat", ValueType::kFloat64);
    rich.spec.unit = "CEL";
    rich.spec.range_low = -20;
    rich.spec.range_high = 1200;
    rich.spec.description = "of the chamber";
    Tag states = Plant::tag(21, "acme/hall/oven/state", ValueType::kInt64);
    states.spec.enum_set = {{1, "off"}, {4, "on"}};
    states.spec.writable = true;
    plant.set(20, 800.0);
    plant.set(21, std::int64_t{4});
    LS_ASSERT(plant.server->put(std::vector{rich, states}).ok());
    Settings settings;
    settings.url = "opc.tcp://127.0.0.1:4840";
    settings.mode = Mode::kNone;
    browser = make_browser({plant.loop, plant.clock, *plant.client_trust}, settings);
  }
  ~Look() { browser.reset(); }

  Result<std::vector<BrowseEntry>> at(const std::string& node) {
    std::optional<Result<std::vector<BrowseEntry>>> found;
    browser->browse(node,
                    [&](Result<std::vector<BrowseEntry>> result) { found = std::move(result); });
    LS_ASSERT(plant.run_until([&] { return found.has_value(); }, 30s));
    return *found;
  }
};

TEST(OpcUaBrowse, GoesDownTheTreeByWhatItFinds) {
  Look look;
  std::string node;
  for (const char* level : {"acme", "hall", "press"}) {
    const auto found = look.at(node);
    ASSERT_TRUE(found.ok()) << found.error().text();
    node.clear();
    for (const BrowseEntry& entry : *found) {
      if (entry.name == level) node = entry.node;
    }
    EXPECT_EQ(node.find("nsu=urn:lineshaft:tags;s="), 0u) << level;
  }
  EXPECT_EQ(look.at(node)->size(), 6u);
}

TEST(OpcUaBrowse, TellsWhatASignalNeeds) {
  Look look;
  const auto found = look.at("nsu=urn:lineshaft:tags;s=acme/hall/oven");
  ASSERT_TRUE(found.ok()) << found.error().text();
  ASSERT_EQ(found->size(), 2u);
  const bool first = (*found)[0].name == "heat";
  const BrowseEntry& heat = (*found)[first ? 0 : 1];
  const BrowseEntry& state = (*found)[first ? 1 : 0];
  EXPECT_EQ(heat.kind, BrowseEntry::Kind::kVariable);
  EXPECT_EQ(heat.type, ValueType::kFloat64);
  EXPECT_EQ(heat.type_name, "Double");
  EXPECT_EQ(heat.description, "of the chamber");
  EXPECT_EQ(heat.unit, "CEL");
  EXPECT_EQ(heat.range_low, -20);
  EXPECT_EQ(heat.range_high, 1200);
  EXPECT_FALSE(heat.writable);
  EXPECT_TRUE(heat.historizing);
  EXPECT_EQ(state.type, ValueType::kInt64);
  EXPECT_EQ(state.enum_set, (std::vector<EnumEntry>{{1, "off"}, {4, "on"}}));
  EXPECT_TRUE(state.writable);
}

TEST(OpcUaBrowse, SaysWhyThereIsNothingToSee) {
  Look look;
  EXPECT_EQ(look.at("nsu=urn:lineshaft:tags;s=nowhere").error().id, ErrorId::kNotFound);
  EXPECT_EQ(look.at("nsu=urn:nobody;i=1").error().id, ErrorId::kNotFound);
  EXPECT_EQ(look.at("x").error().id, ErrorId::kInvalidArgument);
  EXPECT_TRUE(look.at("").ok()) << "and goes on";
}

}  // namespace
}  // namespace lineshaft::connect::opcua
