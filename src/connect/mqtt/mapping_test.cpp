#include "connect/mqtt/mapping.h"

#include <gtest/gtest.h>

#include "connect/mqtt/testing.h"

namespace lineshaft::connect {
namespace {

using testing::mqtt_signal;

struct Case {
  const char* pointer;
  ValueType type;
  const char* payload;
  std::optional<Value> value;  // absent: an error or null
};

MqttReading read(const Case& one) {
  const auto config = testing::mqtt_connection(1, {mqtt_signal("o/s", "t", one.pointer, one.type)});
  const auto readings = MqttMapping(config).read("t", as_bytes(one.payload));
  return readings.empty() ? MqttReading{99, {}, {}, {}} : readings[0];
}

TEST(MqttMapping, ReadsTheWholePayload) {
  const Case cases[] = {
      {"", ValueType::kFloat64, "12.5", 12.5},
      {"", ValueType::kFloat32, "12.5", 12.5F},
      {"", ValueType::kInt64, "-7", std::int64_t{-7}},
      {"", ValueType::kBool, "true", true},
      {"", ValueType::kString, "0012", std::string("0012")},
      {"", ValueType::kString, "{\"a\":1}", std::string("{\"a\":1}")},
      {"", ValueType::kString, "", std::string()},
      {"", ValueType::kInt64, "7.5", std::nullopt},
      {"", ValueType::kFloat64, "warm", std::nullopt},
      {"", ValueType::kFloat64, "", std::nullopt},
      {"", ValueType::kString, "\xFF", std::nullopt},
  };
  for (const Case& one : cases) {
    const MqttReading reading = read(one);
    EXPECT_EQ(reading.value, one.value) << one.payload;
    EXPECT_EQ(reading.error.has_value(), !one.value) << one.payload;
  }
}

// The pointers are the examples of RFC 6901, section 5, where they suit.
TEST(MqttMapping, ReadsWhereThePointerLeads) {
  constexpr const char* kDocument =
      R"({"foo":["bar","baz"],"":0,"a/b":1,"m~n":8,"deep":[{"x":{"y":2.5}}],"t":"5","n":null})";
  const Case cases[] = {
      {"/foo/0", ValueType::kString, kDocument, std::string("bar")},
      {"/", ValueType::kInt64, kDocument, std::int64_t{0}},
      {"/a~1b", ValueType::kInt64, kDocument, std::int64_t{1}},
      {"/m~0n", ValueType::kInt64, kDocument, std::int64_t{8}},
      {"/deep/0/x/y", ValueType::kFloat64, kDocument, 2.5},
      {"/t", ValueType::kString, kDocument, std::string("5")},
      {"/n", ValueType::kInt64, kDocument, std::nullopt},
      {"/foo", ValueType::kString, kDocument, std::nullopt},
      {"/deep/0/x/y", ValueType::kInt64, kDocument, std::nullopt},
      {"/x", ValueType::kInt64, "no JSON", std::nullopt},
  };
  for (const Case& one : cases) {
    const MqttReading reading = read(one);
    EXPECT_EQ(reading.signal, 0u) << one.pointer;
    EXPECT_EQ(reading.value, one.value) << one.pointer;
  }
}

TEST(MqttMapping, LeavesSignalsAloneThatAMessageIsNotAbout) {
  for (const char* pointer : {"/missing", "/a/b", "/l/5", "/l/-", "/l/00", "/l/x"}) {
    EXPECT_EQ(read({pointer, ValueType::kInt64, R"({"a":1,"l":[1]})", {}}).signal, 99u) << pointer;
  }
}

TEST(MqttMapping, TakesTheTimeOfTheDevice) {
  SignalConfig signal = mqtt_signal("o/s", "t", "/v");
  std::get<MqttPoint>(signal.point).time_pointer = "/t";
  const MqttMapping mapping(testing::mqtt_connection(1, {signal}));
  const auto time_of = [&](const char* payload) {
    return mapping.read("t", as_bytes(payload)).at(0).time;
  };
  EXPECT_EQ(time_of(R"({"v":1,"t":1700000000123})"), Timestamp{1'700'000'000'123'000'000});
  EXPECT_EQ(time_of(R"({"v":1,"t":"2023-11-14T22:13:20.123Z"})"),
            Timestamp{1'700'000'000'123'000'000});
  for (const char* none : {R"({"v":1})", R"({"v":1,"t":-5})", R"({"v":1,"t":1e300})",
                           R"({"v":1,"t":"soon"})", R"({"v":1,"t":9223372036854775807})"}) {
    EXPECT_EQ(time_of(none), std::nullopt) << none;
  }
}

TEST(MqttMapping, AsksForEachFilterOnceAndGivesAMessageToAllItsSignals) {
  const auto config =
      testing::mqtt_connection(1, {mqtt_signal("o/a", "m/1", "/a"), mqtt_signal("o/b", "m/1", "/b"),
                                   mqtt_signal("o/c", "m/+", "/a"), mqtt_signal("o/d", "m/+", "/b"),
                                   mqtt_signal("o/e", "other", "/a")});
  const MqttMapping mapping(config);
  EXPECT_EQ(mapping.filters(), (std::vector<std::string>{"m/1", "m/+", "other"}));
  EXPECT_EQ(mapping.signals_of("m/+"), (std::vector<std::size_t>{2, 3}));
  std::vector<std::size_t> signals;
  for (const auto& one : mapping.read("m/1", as_bytes(R"({"a":1,"b":2})"))) {
    signals.push_back(one.signal);
  }
  EXPECT_EQ(signals, (std::vector<std::size_t>{0, 1, 2, 3}));
  EXPECT_EQ(mapping.read("m/2", as_bytes(R"({"a":1})")).size(), 1u);
  EXPECT_TRUE(mapping.read("n", as_bytes("1")).empty());
}

TEST(MqttMapping, WritesWhereThePointerLeads) {
  EXPECT_EQ(write_payload("", Value(12.5)), "12.5");
  EXPECT_EQ(write_payload("", Value(std::string("on"))), "on");
  EXPECT_EQ(write_payload("/set/a~1b", Value(std::int64_t{3})), R"({"set":{"a/b":3}})");
  EXPECT_EQ(write_payload("/v", Value(std::string("on"))), R"({"v":"on"})");
}

TEST(MqttMapping, RefusesPointersThatAreNone) {
  for (const char* pointer : {"", "/", "/a/b~0c~1d", "/0"}) {
    EXPECT_TRUE(check_pointer("pointer", pointer).ok()) << pointer;
  }
  for (const std::string& pointer :
       {std::string("a"), std::string("/a~"), std::string("/a~2"), std::string(600, '/')}) {
    EXPECT_FALSE(check_pointer("pointer", pointer).ok()) << pointer;
  }
}

}  // namespace
}  // namespace lineshaft::connect
