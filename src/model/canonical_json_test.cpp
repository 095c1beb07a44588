#include "model/canonical_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace lineshaft {
namespace {

std::string canonical(std::string_view text) {
  return canonical_json(parse_json(text).value()).value();
}

bool refused(std::string_view text) { return !canonical_json(parse_json(text).value()).ok(); }

// RFC 8785, 3.2.2, without the numbers, which have fractions.
TEST(CanonicalJson, WritesTheStringsAndLiteralsOfTheStandardsExample) {
  EXPECT_EQ(canonical(R"({
              "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
              "literals": [null, true, false]
            })"),
            R"({"literals":[null,true,false],"string":"€$\u000f\nA'B\"\\\\\"/"})");
}

// RFC 8785, 3.2.3: an emoji, which is two UTF-16 code units, before a Hebrew letter.
TEST(CanonicalJson, OrdersMembersAsTheStandardsExample) {
  EXPECT_EQ(canonical(R"({
              "\u20ac": "Euro Sign",
              "\r": "Carriage Return",
              "\ufb33": "Hebrew Letter Dalet With Dagesh",
              "1": "One",
              "\ud83d\ude00": "Emoji: Grinning Face",
              "\u0080": "Control",
              "\u00f6": "Latin Small Letter O With Diaeresis"
            })"),
            "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\u0080\":\"Control\","
            "\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro Sign\","
            "\"😀\":\"Emoji: Grinning Face\",\"\uFB33\":\"Hebrew Letter Dalet With Dagesh\"}");
}

// The file structures.json of the standard's author's test data.
TEST(CanonicalJson, OrdersMembersAtEveryLevel) {
  EXPECT_EQ(canonical(R"({"1": {"f": {"f": "hi","F": 5} ,"\n": 56}, "10": { }, "": "empty",
                          "a": { }, "111": [ {"e": "yes","E": "no" } ], "A": { } })"),
            R"({"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},)"
            R"("111":[{"E":"no","e":"yes"}],"A":{},"a":{}})");
}

TEST(CanonicalJson, EscapesNoMoreThanNeeded) {
  std::string out;
  append_canonical_string(out, std::string_view("\0\b\t\n\f\r\x1f\x7f\"\\/ü", 13));
  EXPECT_EQ(out, "\"\\u0000\\b\\t\\n\\f\\r\\u001f\x7f\\\"\\\\/ü\"");
}

TEST(CanonicalJson, WritesWholeNumbersThatADoubleHolds) {
  EXPECT_EQ(canonical("[0, -0, -1, 9007199254740991, -9007199254740991]"),
            "[0,0,-1,9007199254740991,-9007199254740991]");
  EXPECT_TRUE(refused("9007199254740992"));
  EXPECT_TRUE(refused("-9007199254740992"));
  EXPECT_TRUE(refused("18446744073709551615"));
  EXPECT_TRUE(refused("0.5"));
  EXPECT_TRUE(refused("1.0"));
}

TEST(CanonicalJson, NamesThePlaceOfWhatItRefuses) {
  const auto problem = canonical_json(parse_json(R"({"a": [1, {"rate": 0.07}]})").value());
  ASSERT_FALSE(problem.ok());
  EXPECT_EQ(problem.error().what, "/a/1/rate: a number with a fraction: write it as a string");
  EXPECT_FALSE(canonical_json(Json("\xff")).ok());
  EXPECT_FALSE(canonical_json(Json({{"\xff", 1}})).ok());
  Json deep = 1;
  for (int i = 0; i < 40; ++i) deep = Json::array({deep});
  EXPECT_FALSE(canonical_json(deep).ok());
}

TEST(CanonicalJson, IsReadBackOnlyInItsOwnForm) {
  EXPECT_TRUE(parse_canonical_json(R"({"a":1,"b":"x"})").ok());
  for (const char* other : {R"({"b":1,"a":2})", R"({"a": 1})", R"({"a":1,"a":1})", R"({"a":"\/"})",
                            R"({"a":1.0})", R"({"a":1}x)", "{\"a\":1}\n", ""}) {
    EXPECT_FALSE(parse_canonical_json(other).ok()) << other;
  }
}

}  // namespace
}  // namespace lineshaft
