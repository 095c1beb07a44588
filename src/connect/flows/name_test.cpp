#include "connect/flows/name.h"

#include <gtest/gtest.h>

namespace lineshaft::connect {
namespace {

std::string name(std::string_view form) {
  const auto made = make_name(form, "acme/north/hall 2/press 4/force");
  return made ? *made : "error: " + made.error().what;
}

TEST(FlowName, IsMadeOfPartsOfThePath) {
  EXPECT_EQ(name("{path}"), "acme/north/hall 2/press 4/force");
  EXPECT_EQ(name("{1}"), "acme");
  EXPECT_EQ(name("{-1}"), "force");
  EXPECT_EQ(name("{-2}"), "press 4");
  EXPECT_EQ(name("{2-}"), "north/hall 2/press 4/force");
  EXPECT_EQ(name("{-2-}"), "press 4/force");
  EXPECT_EQ(name("plant/{4}/{-1}"), "plant/press 4/force");
  EXPECT_EQ(name("{{{5}}}"), "{force}");
}

TEST(FlowName, IsRefusedForALevelThatThePathLacks) {
  EXPECT_EQ(name("{6}"), "error: the path has 5 levels, none is {6}");
  EXPECT_EQ(name("{-6}"), "error: the path has 5 levels, none is {-6}");
}

TEST(FlowName, HasTemplatesThatAreCheckedBefore) {
  for (const char* form : {"{path}", "a/{1}", "{12}", "{-12-}", "a{{b", "plain"}) {
    EXPECT_TRUE(check_name_template(form).ok()) << form;
  }
  for (const char* form : {"", "{", "{}", "}", "{0}", "{13}", "{x}", "{path", "{1", "{1--}", "{-}",
                           "{ 1}", "a\tb", "{99999999999}"}) {
    EXPECT_FALSE(check_name_template(form).ok()) << form;
  }
}

TEST(FlowName, NeverGrowsBeyondItsBound) {
  std::string form;
  for (int i = 0; i < 40; ++i) form += "{path}";  // 40 * 31 bytes
  ASSERT_TRUE(check_name_template(form).ok());
  EXPECT_FALSE(make_name(form, "acme/north/hall 2/press 4/force").ok());
}

}  // namespace
}  // namespace lineshaft::connect
