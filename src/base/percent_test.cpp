#include "base/percent.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace lineshaft {
namespace {

// U+7089 is E7 82 89 in UTF-8.
TEST(Percent, EncodesAllButTheUnreserved) {
  EXPECT_EQ(percent_encode("炉 1/a"), "%E7%82%89%201%2Fa");
  EXPECT_EQ(percent_encode("azAZ09-._~"), "azAZ09-._~");
  EXPECT_EQ(percent_encode("works/press 4", "/"), "works/press%204");
}

TEST(Percent, DecodesWhatItEncodes) {
  EXPECT_EQ(percent_decode("%E7%82%89%201%2Fa", false), "炉 1/a");
  std::string every;
  for (int byte = 1; byte < 256; ++byte) every += static_cast<char>(byte);
  EXPECT_EQ(percent_decode(percent_encode(every), true), every);
  EXPECT_EQ(percent_decode("%e7%82%89+1", false), "炉+1");
  EXPECT_EQ(percent_decode("%e7%82%89+1", true), "炉 1");
}

TEST(Percent, RefusesBrokenEscapesAndZeros) {
  for (const char* text : {"%", "a%2", "%2g", "%g2", "%00"}) {
    EXPECT_EQ(percent_decode(text, false), std::nullopt) << text;
  }
  EXPECT_EQ(percent_decode(std::string(1, '\0'), false), std::nullopt);
}

}  // namespace
}  // namespace lineshaft
