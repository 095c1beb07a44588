#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "model/tag.h"

namespace lineshaft {
namespace {

TEST(Quality, SeverityIsInTheTopTwoBits) {
  EXPECT_TRUE(quality::kGood.good());
  EXPECT_TRUE(quality::kUncertainLastUsableValue.uncertain());
  EXPECT_TRUE(quality::kBadTimeout.bad());
  EXPECT_EQ(quality_name(quality::kBadTimeout), "BadTimeout");
  EXPECT_EQ(quality_name({0x80120000}), "0x80120000");
}

TEST(Quality, ReadsNamesAndCodesButNotThoseOfClassicOpc) {
  EXPECT_EQ(parse_quality("BadTimeout").value(), quality::kBadTimeout);
  EXPECT_EQ(parse_quality("0x80120000").value(), Quality{0x80120000});
  EXPECT_EQ(parse_quality("0").value(), quality::kGood);
  EXPECT_EQ(parse_quality("2147483648").value(), quality::kBad);
  for (const char* text : {"", "192", "good", "0x", "0x100000000", "-1", "Bad "}) {
    EXPECT_FALSE(parse_quality(text).ok()) << text;
  }
}

TEST(Value, TextReadsBackToTheSameBits) {
  for (const Value& value : {Value(true), Value(std::numeric_limits<std::int64_t>::min()),
                             Value(0.1F), Value(-0.0), Value(5e-324), Value(std::string("a,b"))}) {
    const Result<Value> back = parse_value(type_of(value), to_text(value));
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, value) << to_text(value);
  }
  EXPECT_TRUE(std::signbit(std::get<double>(*parse_value(ValueType::kFloat64, "-0"))));
  EXPECT_EQ(to_text(Value(0.1F)), "0.1");
}

TEST(Value, ZeroIsOfTheTypeAsked) {
  EXPECT_EQ(zero_of(ValueType::kBool), Value(false));
  EXPECT_EQ(zero_of(ValueType::kInt64), Value(std::int64_t{0}));
  EXPECT_EQ(zero_of(ValueType::kFloat32), Value(0.0F));
  EXPECT_EQ(zero_of(ValueType::kFloat64), Value(0.0));
  EXPECT_EQ(zero_of(ValueType::kString), Value(std::string()));
}

TEST(Value, IsTheSameOnlyBitForBit) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(same_bits(nan, nan)) << "though it is not equal to itself";
  EXPECT_FALSE(same_bits(nan, -nan));
  EXPECT_FALSE(same_bits(0.0, -0.0)) << "though they are equal";
  EXPECT_FALSE(same_bits(0.0F, -0.0F));
  EXPECT_FALSE(same_bits(1.0F, 1.0)) << "another type";
  EXPECT_TRUE(same_bits(std::string("a"), std::string("a")));
}

TEST(Value, RefusesTextOfAnotherType) {
  EXPECT_FALSE(parse_value(ValueType::kInt64, "1.5").ok());
  EXPECT_FALSE(parse_value(ValueType::kInt64, "9223372036854775808").ok());
  EXPECT_FALSE(parse_value(ValueType::kBool, "yes").ok());
  EXPECT_FALSE(parse_value(ValueType::kFloat64, "1,5").ok());
  EXPECT_FALSE(parse_value(ValueType::kFloat64, "").ok());
}

TagSpec with_path(std::string path) {
  TagSpec spec;
  spec.path = std::move(path);
  return spec;
}

TEST(TagSpec, TakesPathsOfTheEquipmentHierarchy) {
  EXPECT_TRUE(check_tag_spec(with_path("steelworks/melt shop/eaf1/power")).ok());
  EXPECT_TRUE(check_tag_spec(with_path("钢厂/炼钢/电炉1/功率")).ok());
}

TEST(TagSpec, RefusesPathsThatCannotBeShownOrFound) {
  for (const char* path : {"", "/a/b", "a//b", "a/b/", "alone", "a/\n", "a/\xc0\x80",
                           "1/2/3/4/5/6/7/8/9/10/11/12/13"}) {
    EXPECT_FALSE(check_tag_spec(with_path(path)).ok()) << path;
  }
  EXPECT_FALSE(check_tag_spec(with_path("a/" + std::string(129, 'x'))).ok());
}

TEST(TagSpec, RefusesARangeUpsideDownAndAnEnumOfFloats) {
  TagSpec spec = with_path("a/b");
  spec.range_low = 5;
  spec.range_high = 5;
  EXPECT_FALSE(check_tag_spec(spec).ok());
  spec.range_high = 6;
  EXPECT_TRUE(check_tag_spec(spec).ok());
  spec.enum_set = {{1, "running"}};
  EXPECT_FALSE(check_tag_spec(spec).ok());
}

}  // namespace
}  // namespace lineshaft
