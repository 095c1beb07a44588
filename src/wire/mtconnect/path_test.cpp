#include "wire/mtconnect/path.h"

#include <gtest/gtest.h>

#include "wire/mtconnect/testing.h"

namespace lineshaft::mtconnect {
namespace {

// The ids that a path selects, with blanks between; "!" if it is refused.
std::string select(std::string_view path) {
  const std::vector<Component> devices = testing::mill();
  const PathIndex index(devices);
  const auto flags = index.select(path);
  if (!flags) return "!";
  std::string ids;
  for (std::size_t i = 0; i < flags->size(); ++i) {
    if ((*flags)[i]) ids += (ids.empty() ? "" : " ") + index.data_items()[i]->id;
  }
  return ids;
}

TEST(MtconnectPath, SelectsByNameAttributeAndPlace) {
  EXPECT_EQ(select("//DataItem[@type='POSITION']"), "xpos");
  EXPECT_EQ(select("//DataItem[@type=\"POSITION\" or @id='exec']"), "xpos exec");
  EXPECT_EQ(select("//DataItem[@category='SAMPLE' and @subType]"), "xpos ppos");
  EXPECT_EQ(select("//DataItem[@category='SAMPLE'][not(@subType)]"), "xload series");
  EXPECT_EQ(select("//DataItem[@subType!='ACTUAL']"), "") << "what is not there is not unequal";
  EXPECT_EQ(select("//Axes"), "xpos xload xcond") << "a component is all below it";
  EXPECT_EQ(select("//Axes/Components/Linear[@name='X']/DataItems/DataItem[@category='CONDITION']"),
            "xcond");
  EXPECT_EQ(select("/MTConnectDevices/Devices/Device/DataItems/DataItem"), "avail");
  EXPECT_EQ(select("//Device[@uuid='uuid-1']//Path//*[starts-with(@id,'p')]"), "ppos");
  EXPECT_EQ(select("//Linear|//Path"), "xpos xload xcond exec ppos series vars msg");
  EXPECT_EQ(select("//m:Axes//m:DataItem[@id='xpos']"), "xpos") << "prefixes count for nothing";
  EXPECT_EQ(select("//DataItem[contains(@type,'SIT') and (@units='MILLIMETER' or @id='no')]"),
            "xpos");
  EXPECT_EQ(select("/*"), "avail xpos xload xcond exec ppos series vars msg");
  EXPECT_EQ(select("//Nothing"), "");
  EXPECT_EQ(select("/Axes"), "") << "not at the root";
}

TEST(MtconnectPath, RefusesWhatItDoesNotUnderstand) {
  for (const char* path :
       {"", "Axes", "//", "//Axes[", "//Axes[]", "//Axes[@name=X]", "//Axes[@name='X]", "//Axes[1]",
        "//Axes[position()=1]", "//Axes/..", "//Axes/text()", "//Axes |", "//Axes[@a='b' or]",
        "//Axes[not(@a]", "//Axes]", "///Axes", "//:", "//a:"}) {
    EXPECT_EQ(select(path), "!") << path;
  }
}

TEST(MtconnectPath, KeepsItsBounds) {
  EXPECT_EQ(select("//DataItem[@id='" + std::string(kPathBytesMax, 'x') + "']"), "!");
  const auto nested = [](std::size_t depth) {
    return "//DataItem[" + std::string(depth, '(') + "@id='xpos'" + std::string(depth, ')') + "]";
  };
  EXPECT_EQ(select(nested(kPathDepthMax - 1)), "xpos");
  EXPECT_EQ(select(nested(kPathDepthMax)), "!");
  std::string steps;
  for (std::size_t i = 0; i <= kPathStepsMax; ++i) steps += "/*";
  EXPECT_EQ(select(steps), "!");
}

}  // namespace
}  // namespace lineshaft::mtconnect
