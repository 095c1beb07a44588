#include "wire/mqtt/topic.h"

#include <gtest/gtest.h>

#include <string>

namespace lineshaft::mqtt {
namespace {

// Every example of the standard (4.7.1, 4.7.2, 4.7.3) stands here.
TEST(Topic, MatchesAsTheExamplesOfTheStandardSay) {
  const struct {
    const char* filter;
    const char* name;
    bool matches;
  } cases[] = {
      {"sport/tennis/player1/#", "sport/tennis/player1", true},
      {"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
      {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
      {"sport/#", "sport", true},
      {"#", "sport/tennis", true},
      {"#", "/", true},
      {"sport/tennis/+", "sport/tennis/player1", true},
      {"sport/tennis/+", "sport/tennis/player2", true},
      {"sport/tennis/+", "sport/tennis/player1/ranking", false},
      {"sport/+", "sport", false},
      {"sport/+", "sport/", true},
      {"+/+", "/finance", true},
      {"/+", "/finance", true},
      {"+", "/finance", false},
      {"+/tennis/#", "sport/tennis/x", true},
      {"sport/+/player1", "sport/tennis/player1", true},
      {"#", "$SYS/monitor/Clients", false},
      {"+/monitor/Clients", "$SYS/monitor/Clients", false},
      {"$SYS/#", "$SYS/monitor/Clients", true},
      {"$SYS/monitor/+", "$SYS/monitor/Clients", true},
      {"ACCOUNTS", "Accounts", false},
      {"/finance", "finance", false},
      {"a//b", "a/b", false},
      {"a/+/b", "a//b", true},
      {"a", "a/", false},
      {"a/", "a", false},
      {"a/b", "a", false},
      {"$share/group/sport/+", "sport/tennis", true},
      {"$share/group//x", "/x", true},
      {"$share/group/#", "$SYS/x", false},
  };
  for (const auto& one : cases) {
    ASSERT_TRUE(check_topic_filter(one.filter).ok()) << one.filter;
    EXPECT_EQ(topic_matches(one.filter, one.name), one.matches) << one.filter << " " << one.name;
  }
}

TEST(Topic, RefusesFiltersThatTheStandardRefuses) {
  for (const char* filter :
       {"", "sport/tennis#", "sport/tennis/#/ranking", "sport+", "+sport", "a/b+/c", "##", "a/##",
        "$share/", "$share/g", "$share/g/", "$share//a", "$share/g+/a", "$share/#/a"}) {
    EXPECT_FALSE(check_topic_filter(filter).ok()) << filter;
  }
  EXPECT_FALSE(check_topic_filter(std::string("a\0b", 3)).ok());
  EXPECT_FALSE(check_topic_filter("a\xC3").ok());
  EXPECT_TRUE(check_topic_filter(std::string(65535, 'a')).ok());
  EXPECT_FALSE(check_topic_filter(std::string(65536, 'a')).ok());
}

TEST(Topic, NamesHaveNoWildcards) {
  for (const char* name : {"/", "a", " a b ", "a//b", "\xE9\x92\xA2/\xE6\xB8\xA9"}) {
    EXPECT_TRUE(check_topic_name(name).ok()) << name;
  }
  for (const char* name : {"", "a/+", "#", "a#b"}) EXPECT_FALSE(check_topic_name(name).ok());
}

}  // namespace
}  // namespace lineshaft::mqtt
