#include "connect/flows/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "connect/flows/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

FlowConfig served(std::vector<FlowRule> rules = {FlowRule{}}) {
  FlowConfig config;
  config.name = "line PLC";
  ModbusServerFlowSettings settings;
  settings.port = 1502;
  config.settings = settings;
  config.rules = std::move(rules);
  return config;
}

FlowRule rule(std::string select, std::string name = "{path}", std::string unit = "") {
  FlowRule rule;
  rule.select = std::move(select);
  rule.name = std::move(name);
  rule.unit = std::move(unit);
  return rule;
}

std::vector<std::string> names(const FlowPlan& plan) {
  std::vector<std::string> list;
  for (const PlannedTag& tag : plan.tags) list.push_back(tag.tag.spec.path);
  return list;
}

std::vector<std::string> reasons(const FlowPlan& plan) {
  std::vector<std::string> list;
  for (const LeftOutTag& tag : plan.left_out) list.push_back(tag.path + ": " + tag.why.what);
  return list;
}

TEST(FlowPlan, GoesByTheFirstRuleThatSelectsATag) {
  FlowPlant plant;
  plant.house.add(1, "acme/hall/press/force");
  plant.house.add(2, "acme/hall/press/secret");
  plant.house.add(3, "acme/hall/oven/heat");
  FlowRule hidden = rule("acme/hall/press/secret");
  hidden.leave_out = true;
  const auto plan = plant.plan(served({hidden, rule("acme/hall/press/**", "p/{-1}"), rule("**")}));
  EXPECT_EQ(names(*plan), (std::vector<std::string>{"acme/hall/oven/heat", "p/force"}));
  EXPECT_EQ(plan->tags[0].rule, 2U);
  EXPECT_EQ(plan->tags[1].rule, 1U);
  EXPECT_TRUE(plan->left_out.empty());
}

TEST(FlowPlan, SaysWhyATagIsLeftOut) {
  FlowPlant plant;
  plant.house.add(1, "acme/a/force");
  plant.house.add(2, "acme/b/force");
  plant.house.add(3, "acme/b/state", ValueType::kString);
  plant.house.add(4, "acme/c/heat", ValueType::kFloat64, "CEL");
  const auto plan =
      plant.plan(served({rule("acme/c/**", "{path}", "BAR"), rule("acme/**", "{3}")}));
  EXPECT_EQ(names(*plan), (std::vector<std::string>{"force", "state"}));
  EXPECT_EQ(reasons(*plan),
            (std::vector<std::string>{
                "acme/b/force: 'force' is the name of another tag already",
                "acme/c/heat: unit: 'CEL' does not convert to 'BAR': they measure different "
                "things"}));
}

TEST(FlowPlan, ConvertsTheRangeAndTheTypeWithTheUnit) {
  FlowPlant plant;
  Tag& tag = plant.house.add(1, "acme/a/energy", ValueType::kInt64, "KWH");
  tag.spec.range_low = 0;
  tag.spec.range_high = 5;
  const auto plan = plant.plan(served({rule("**", "{path}", "WHR")}));
  ASSERT_EQ(plan->tags.size(), 1U);
  const TagSpec& spec = plan->tags[0].tag.spec;
  EXPECT_EQ(spec.unit, "WHR");
  EXPECT_EQ(spec.type, ValueType::kFloat64);
  EXPECT_EQ(spec.range_high, 5'000.0);
  const Sample out = convert(plan->tags[0], {{1}, {}, {}, std::int64_t{2}});
  EXPECT_EQ(out.value, Value(2'000.0));
}

// What came in from a destination never goes back to it.
TEST(FlowPlan, LeavesOutWhatAConnectionReadsFromTheDestination) {
  FlowPlant plant;
  plant.house.add(1, "acme/a/force").spec.source = "modbus:mirror/1/holding/100";
  plant.house.add(2, "acme/b/force").spec.source = "modbus:press/1/holding/100";
  ConnectionConfig mirror = machine(1502, 1);
  mirror.name = "mirror";
  modbus_of(mirror).host = "localhost";
  ConnectionConfig press = machine(1502, 1);
  press.name = "press";  // the same port on another machine
  const auto plan = plant.plan(served(), {mirror, press});
  EXPECT_EQ(plan->loops, (std::vector<std::string>{"mirror"}));
  EXPECT_EQ(names(*plan), (std::vector<std::string>{"acme/b/force"}));
  EXPECT_EQ(reasons(*plan),
            (std::vector<std::string>{"acme/a/force: the connection 'mirror' reads it from there: "
                                      "it would go round in a circle"}));
}

TEST(FlowPlan, GivesAddressesInTheOrderOfPathsAndThenForEver) {
  FlowPlant plant;
  plant.house.add(7, "acme/a/on", ValueType::kBool);
  plant.house.add(5, "acme/b/force");
  plant.house.add(6, "acme/c/heat", ValueType::kFloat32);
  const auto addresses = [&] {
    std::map<std::string, std::uint32_t> of;
    const auto plan = plant.plan(served());
    for (const PlannedTag& tag : plan->tags) of[tag.tag.path] = tag.tag.address;
    return of;
  };
  // A bool takes one register, a float64 four, a float32 two.
  EXPECT_EQ(addresses(), (std::map<std::string, std::uint32_t>{
                             {"acme/a/on", 0}, {"acme/b/force", 1}, {"acme/c/heat", 5}}));
  // A new one comes behind; a path that changes or a tag that goes moves nobody.
  plant.house.add(8, "acme/a/first", ValueType::kBool);
  plant.house.tags[5].spec.path = "acme/z/force";
  plant.house.tags.erase(7);
  EXPECT_EQ(addresses(), (std::map<std::string, std::uint32_t>{
                             {"acme/a/first", 7}, {"acme/c/heat", 5}, {"acme/z/force", 1}}));
}

TEST(AddressBook, ComesBackFromItsText) {
  AddressBook book;
  const FlowKind::Addresses range{10, 100};
  EXPECT_EQ(book.give({3}, 4, range), 10U);
  EXPECT_EQ(book.give({9}, 2, range), 14U);
  EXPECT_EQ(book.text(), R"({"end":16,"tags":[[3,10,4],[9,14,2]]})");
  EXPECT_EQ(AddressBook::read(book.text()).value(), book);
  for (const char* text : {"", "[]", "{}", R"({"end":-1})", R"({"end":1,"tags":[[1,2]]})",
                           R"({"end":1,"tags":[[1,2,"3"]]})", R"({"end":1,"tags":[5]})",
                           R"({"end":1,"tags":[[1,2,5000000000]]})"}) {
    EXPECT_FALSE(AddressBook::read(text).ok()) << text;
  }
}

TEST(AddressBook, KeepsToAlignmentPagesAndItsEnd) {
  AddressBook book;
  const FlowKind::Addresses range{1, 39, 2, 20};
  EXPECT_EQ(book.give({1}, 5, range), 2U);
  EXPECT_EQ(book.give({2}, 8, range), 8U);    // 7 is odd
  EXPECT_EQ(book.give({3}, 8, range), 20U);   // 16 + 8 would run over 20
  EXPECT_EQ(book.give({4}, 12, range), 28U);  // to 39
  EXPECT_EQ(book.give({5}, 1, range), std::nullopt);
  EXPECT_EQ(book.give({2}, 8, range), 8U);
}

TEST(FlowConfig, IsCheckedFieldByField) {
  const auto problem = [](auto change) {
    FlowConfig config = served();
    change(config);
    const Status checked = check_flow(config);
    return checked ? "" : checked.error().what;
  };
  EXPECT_EQ(problem([](FlowConfig&) {}), "");
  EXPECT_EQ(problem([](FlowConfig& c) { c.name = ""; }), "name: must be text of 1 to 128 bytes");
  EXPECT_EQ(problem([](FlowConfig& c) { c.rules.clear(); }),
            "rules: must be a list of 1 to 100 rules");
  EXPECT_EQ(problem([](FlowConfig& c) { c.rules[0].unit = "bar"; }),
            "rules[0].unit: 'bar' is no unit that numbers can be converted to");
  EXPECT_EQ(problem([](FlowConfig& c) { c.rules[0].deadband = -1; }),
            "rules[0].deadband: must be a number from 0 on");
  EXPECT_THAT(problem([](FlowConfig& c) { c.rules[0].name = "{"; }),
              ::testing::StartsWith("rules[0].name: "));
  EXPECT_THAT(problem([](FlowConfig& c) {
                std::get<ModbusServerFlowSettings>(c.settings).listen = "plc.example";
              }),
              ::testing::StartsWith("settings.listen: "));
}

}  // namespace
}  // namespace lineshaft::connect
