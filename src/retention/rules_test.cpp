#include "retention/rules.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace lineshaft::retention {
namespace {

Result<std::vector<RetentionRule>> read(const std::string& text) {
  return rules_from_json(parse_json(text).value());
}

// What is wrong with a rule that stands behind a sound one.
std::string refusal(const std::string& rule) {
  const auto rules = read(R"([{"pattern": "a/b"}, )" + rule + "]");
  return rules ? "taken" : rules.error().what;
}

TEST(Rules, AreReadAndWrittenTheSame) {
  const std::string text =
      R"([{"pattern":"*/melt/**","samples_days":30,"minutes_days":365,"hours_days":"forever","keep_replaced":false},)"
      R"({"pattern":"**","samples_days":null,"minutes_days":null,"hours_days":null,"keep_replaced":true},)"
      R"({"pattern":"a/*","samples_days":1,"minutes_days":null,"hours_days":36500,"keep_replaced":false}])";
  const auto rules = read(text).value();
  const std::vector<RetentionRule> want{{"*/melt/**", 30, 365, RetentionRule::kForEver},
                                        {"**", 0, 0, 0, true},
                                        {"a/*", 1, 0, 36'500}};
  EXPECT_EQ(rules, want);
  Json written = Json::array();
  for (const RetentionRule& rule : rules) written.push_back(rule_json(rule));
  EXPECT_EQ(dump(written), text);
}

TEST(Rules, DaysThatAreLeftOutAreNullAndCountsAreIgnored) {
  const auto rules = read(R"([{"pattern":"**","samples_days":7,"tags":12}])").value();
  EXPECT_EQ(rules, (std::vector<RetentionRule>{{"**", 7, 0, 0}}));
}

TEST(Rules, ARefusalNamesTheRuleAndItsField) {
  const auto refuses = [](const std::string& rule, const std::string& words) {
    EXPECT_EQ(refusal(rule).substr(0, words.size()), words) << rule;
  };
  refuses(R"(7)", "rule 2: must be an object");
  refuses(R"({})", "rule 2: pattern: ");
  refuses(R"({"pattern":""})", "rule 2: pattern: ");
  refuses(R"({"pattern":5})", "rule 2: pattern: ");
  refuses(R"({"pattern":"**","days":5})", "rule 2: days: ");
  for (const char* days : {"0", "-1", "1.5", "36501", "\"30\"", "\"forever\"", "true", "1e3"}) {
    refuses(R"({"pattern":"**","samples_days":)" + std::string(days) + "}",
            "rule 2: samples_days: must be a whole number");
  }
  refuses(R"({"pattern":"**","samples_days":9,"hours_days":"ever"})", "rule 2: hours_days: ");
  refuses(R"({"pattern":"**","samples_days":9,"minutes_days":"forever"})",
          "rule 2: minutes_days: ");
  refuses(R"({"pattern":"**","keep_replaced":1})", "rule 2: keep_replaced: ");
  refuses(R"({"pattern":"**","minutes_days":9})", "rule 2: samples_days: ");
  refuses(R"({"pattern":"**","samples_days":9,"minutes_days":9})", "rule 2: minutes_days: ");
  refuses(R"({"pattern":"**","samples_days":9,"minutes_days":99,"hours_days":99})",
          "rule 2: hours_days: ");
  EXPECT_EQ(read(R"({"pattern":"**"})").error().what, "rules: must be a list");
}

TEST(Rules, PatternsWithTooManyLevelsAreRefused) {
  std::string levels;
  for (int i = 0; i < 70; ++i) levels += "a/";
  EXPECT_EQ(refusal(R"({"pattern":")" + levels + "\"}").substr(0, 8), "rule 2: ");
}

TEST(Rules, AreSaidInWords) {
  const auto words = [](RetentionRule rule) { return in_words(rule); };
  EXPECT_EQ(words({"**", 0, 0, 0}), "everything for ever");
  EXPECT_EQ(words({"**", 0, 0, 0, true}), "everything for ever, with what was replaced");
  EXPECT_EQ(words({"**", 1, 0, 0}), "samples for 1 day, then nothing");
  EXPECT_EQ(words({"**", 30, 365, RetentionRule::kForEver}),
            "samples for 30 days, then minutes up to 365 days, then hours for ever");
  EXPECT_EQ(words({"**", 30, 0, 90}),
            "samples for 30 days, then hours up to 90 days, then nothing");
}

TEST(Rules, ManyAreCutToTheBytesThereAre) {
  const std::vector<RetentionRule> rules(1000, {"a/**", 1, 0, 0});
  const std::string words = in_words(rules, 200);
  EXPECT_LE(words.size(), 200u);
  EXPECT_EQ(words.substr(0, 39), "a/**: samples for 1 day, then nothing; ");
  EXPECT_EQ(words.substr(words.size() - 14), "; and 996 more");
  EXPECT_EQ(in_words(std::vector<RetentionRule>{}, 200), "everything for ever");
}

}  // namespace
}  // namespace lineshaft::retention
