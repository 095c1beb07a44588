#include "wire/sparkplug/topic.h"

#include <gtest/gtest.h>

namespace lineshaft::sparkplug {
namespace {

TEST(SparkplugTopic, ReadsAndWritesEveryMessage) {
  const struct {
    const char* text;
    MessageType type;
    const char* device;
  } cases[] = {
      {"spBv1.0/g/NBIRTH/n", MessageType::kNBirth, ""},
      {"spBv1.0/g/NDEATH/n", MessageType::kNDeath, ""},
      {"spBv1.0/g/DBIRTH/n/d", MessageType::kDBirth, "d"},
      {"spBv1.0/g/DDEATH/n/d", MessageType::kDDeath, "d"},
      {"spBv1.0/g/NDATA/n", MessageType::kNData, ""},
      {"spBv1.0/g/DDATA/n/d", MessageType::kDData, "d"},
      {"spBv1.0/g/NCMD/n", MessageType::kNCmd, ""},
      {"spBv1.0/g/DCMD/n/d", MessageType::kDCmd, "d"},
  };
  for (const auto& one : cases) {
    const Topic topic = parse_topic(one.text).value();
    EXPECT_EQ(topic, (Topic{one.type, {"g", "n"}, one.device}));
    EXPECT_EQ(topic.text(), one.text);
  }
}

TEST(SparkplugTopic, RefusesWhatIsNone) {
  for (const char* text :
       {"", "spBv1.0", "spBv1.0/g/NDATA", "spAv1.0/g/NDATA/n", "spBv1.0/g/NDATA/n/d",
        "spBv1.0/g/DDATA/n", "spBv1.0/g/DDATA/n/d/e", "spBv1.0/g/ndata/n", "spBv1.0/g/DATA/n",
        "spBv1.0//NDATA/n", "spBv1.0/g/NDATA/", "spBv1.0/g/DDATA/n/", "spBv1.0/STATE/h",
        "spBv1.0/g+/NDATA/n", "SPBV1.0/g/NDATA/n"}) {
    EXPECT_FALSE(parse_topic(text).ok()) << text;
  }
}

TEST(SparkplugTopic, NamesAreTextWithoutReservedCharacters) {
  for (const char* name : {"a", "Line 1", "\xE9\x92\xA2", "a.b-c_d"}) {
    EXPECT_TRUE(check_name("group", name).ok()) << name;
  }
  for (const char* name : {"", "a/b", "a+", "#", "a\n", "\xFF"}) {
    EXPECT_FALSE(check_name("group", name).ok()) << name;
  }
  // Case matters: these are two nodes.
  EXPECT_NE(parse_topic("spBv1.0/g/NDATA/n").value().node,
            parse_topic("spBv1.0/G/NDATA/n").value().node);
}

TEST(SparkplugTopic, TellsTheHostOfAStateTopic) {
  EXPECT_EQ(state_topic("h"), "spBv1.0/STATE/h");
  EXPECT_EQ(host_of_state("spBv1.0/STATE/h"), "h");
  for (const char* topic : {"STATE/h", "spBv1.0/STATE", "spBv1.0/STATE/", "spBv1.0/STATE/h/i"}) {
    EXPECT_EQ(host_of_state(topic), std::nullopt) << topic;
  }
}

// The example of section 6.4.25.
TEST(SparkplugTopic, ReadsAndWritesTheStateOfAHost) {
  const HostState online{true, 1668114759262};
  EXPECT_EQ(encode_state(online), R"({"online":true,"timestamp":1668114759262})");
  EXPECT_EQ(
      decode_state(as_bytes(R"({"timestamp":1668114759262 , "online":true, "x":[]})")).value(),
      online);
  EXPECT_EQ(encode_state({false, 0}), R"({"online":false,"timestamp":0})");
  for (const char* text : {"", "OFFLINE", "{}", "[true,1]", R"({"online":"true","timestamp":1})",
                           R"({"online":true,"timestamp":-1})", R"({"online":true})",
                           R"({"online":true,"timestamp":1.5})", "null"}) {
    EXPECT_FALSE(decode_state(as_bytes(text)).ok()) << text;
  }
  EXPECT_FALSE(decode_state(Bytes(1025, ' ')).ok());
}

}  // namespace
}  // namespace lineshaft::sparkplug
