#include "connect/sparkplug/place.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace lineshaft::connect {
namespace {

TEST(SparkplugFlow, ANameIsADeviceAndAMetric) {
  const auto place = [](std::string_view name, std::int32_t levels) {
    const SparkplugPlace found = sparkplug_place(name, levels).value();
    return found.device + "|" + found.metric;
  };
  EXPECT_EQ(place("acme/hall/press 4/speed", -1), "acme:hall:press 4|speed");
  EXPECT_EQ(place("acme/hall/press 4/speed", -2), "acme:hall|press 4/speed");
  EXPECT_EQ(place("acme/hall/press 4/speed", 1), "acme|hall/press 4/speed");
  EXPECT_EQ(place("acme/hall/press 4/speed", 0), "|acme/hall/press 4/speed");
  EXPECT_EQ(place("acme/hall/press 4/speed", 9), "acme:hall:press 4|speed") << "a level is left";
  EXPECT_EQ(place("acme/hall/press 4/speed", -9), "|acme/hall/press 4/speed");
  EXPECT_EQ(place("speed", -1), "|speed");
  EXPECT_FALSE(sparkplug_place("press #4/speed", -1).ok());
  EXPECT_TRUE(sparkplug_place("press/#4", -1).ok()) << "metrics may have any name";
  EXPECT_FALSE(sparkplug_place("bdSeq", -1).ok());
}

}  // namespace
}  // namespace lineshaft::connect
