#include "connect/profiles.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "connect/connection_json.h"
#include "connect/testing.h"

namespace lineshaft::connect {
namespace {

Json connection(Json settings, std::string_view protocol = "modbus-tcp") {
  settings["host"] = "plc";
  return {{"name", "m"}, {"protocol", protocol}, {"settings", std::move(settings)}};
}

// Every member is one of the protocol, and within its bounds.
TEST(Profiles, SetWhatTheirProtocolHas) {
  std::set<std::string> names;
  for (std::size_t i = 0; i < kProtocols; ++i) {
    const auto protocol = static_cast<Protocol>(i);
    for (const Json& profile : profiles_json(protocol)) {
      const std::string name = profile["name"];
      EXPECT_TRUE(names.insert(name).second) << name << " is there twice";
      for (const char* member : {"title", "source"}) {
        EXPECT_FALSE(profile[member].get<std::string>().empty()) << name;
      }
      EXPECT_FALSE(profile["limits"].empty()) << name;
      EXPECT_EQ(profile["zh"]["limits"].size(), profile["limits"].size()) << name;
      Json settings = {{"profile", name}};
      settings[protocol == Protocol::kOpcUa ? "url" : "host"] =
          protocol == Protocol::kOpcUa ? "opc.tcp://plc:4840" : "plc";
      const Json config = {
          {"name", "m"}, {"protocol", protocol_name(protocol)}, {"settings", settings}};
      const auto read = config_from_json(config);
      ASSERT_TRUE(read.ok()) << name << ": " << read.error().what;
      EXPECT_EQ(read->profile, name);
      const Json now = config_json(*read, Secrets::kHidden)["settings"];
      for (const auto& [member, value] : profile["settings"].items()) {
        EXPECT_EQ(now[member], value) << name << " " << member;
      }
    }
  }
  EXPECT_GE(names.size(), 12u);
}

TEST(Profiles, AreTheDefaultOfWhatIsLeftOut) {
  const auto read = config_from_json(connection({{"profile", "eastron-sdm630"}}));
  const auto& modbus = std::get<ModbusSettings>(read.value().settings);
  EXPECT_EQ(modbus.registers_per_read_max, 80);
  EXPECT_EQ(modbus.gap_max, ModbusSettings().gap_max);
  const auto own = config_from_json(connection(
      {{"profile", "eastron-sdm630"}, {"registers_per_read_max", 40}, {"port", nullptr}}));
  EXPECT_EQ(std::get<ModbusSettings>(own.value().settings).registers_per_read_max, 40);
  EXPECT_EQ(own->profile, "eastron-sdm630");
}

TEST(Profiles, KnowWhereSignalsUsuallyLie) {
  Json json = connection({{"profile", "little-word-first"}});
  json["signals"] = {{{"path", "a/b"}, {"area", "holding"}, {"address", 1}, {"type", "float32"}},
                     {{"path", "a/c"},
                      {"area", "holding"},
                      {"address", 3},
                      {"type", "float32"},
                      {"order", "ABCD"}}};
  const ConnectionConfig config = config_from_json(json).value();
  const auto order = [&](std::size_t i) {
    return std::get<ModbusPoint>(config.signals[i].point).format.order;
  };
  EXPECT_EQ(order(0), modbus::ByteOrder::kCDAB);
  EXPECT_EQ(order(1), modbus::ByteOrder::kABCD);
}

TEST(Profiles, AreNamedInWhatIsStored) {
  const ConnectionConfig config =
      config_from_json(connection({{"profile", "siemens-s7-1200"}}, "s7")).value();
  const Json stored = config_json(config, Secrets::kShown);
  EXPECT_EQ(stored["settings"]["profile"], "siemens-s7-1200");
  EXPECT_EQ(stored["settings"]["pdu_bytes_max"], 240);
  EXPECT_EQ(config_from_json(stored).value(), config);
}

TEST(Profiles, OneThatIsNotThereIsRefused) {
  const auto wrong = config_from_json(connection({{"profile", "siemens-s7-1200"}}));
  EXPECT_TRUE(wrong.error().what.starts_with("settings: profile: must be one of eastron-sdm630"));
  EXPECT_FALSE(config_from_json(connection({{"profile", 7}})).ok());
  EXPECT_TRUE(config_from_json(connection({{"profile", ""}})).ok());
  const auto none = config_from_json(connection({{"profile", "x"}}, "shdr"));
  EXPECT_EQ(none.error().what, "settings: profile: must be one of none");
}

}  // namespace
}  // namespace lineshaft::connect
