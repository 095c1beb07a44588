#include "sys/http_text.h"

#include <gtest/gtest.h>

#include <optional>

#include "sys/http.h"

namespace lineshaft::sys {
namespace {

TEST(HttpText, ReadsQueryParameters) {
  EXPECT_EQ(query_parameter("a=1&b=x%20y+z", "b"), "x y z");
  EXPECT_EQ(query_parameter("a=1&b", "b"), "");
  EXPECT_EQ(query_parameter("a=1", "b"), std::nullopt);
  EXPECT_EQ(query_parameter("a=%2", "a"), std::nullopt);
  EXPECT_EQ(query_parameter("a=%00", "a"), std::nullopt);
}

TEST(HttpText, RefusesTargetsThatMeanTwoThings) {
  EXPECT_EQ(parse_target("/a%20b?c=d")->path, "/a b");
  EXPECT_EQ(parse_target("/a?c=d")->query, "c=d");
  for (const char* target :
       {"", "a", "http://x/", "/a/../b", "/%2e%2e/b", "/a%", "/a%0", "/%00", "/a#b", "/./a"}) {
    EXPECT_FALSE(parse_target(target).has_value()) << target;
  }
}

}  // namespace
}  // namespace lineshaft::sys
