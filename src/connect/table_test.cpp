#include "connect/table.h"

#include <gtest/gtest.h>

#include "connect/mqtt/testing.h"
#include "connect/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;
using Names = std::vector<std::string>;

ConnectionConfig press() {
  ConnectionConfig config = machine(502, 2);
  config.name = "Press 4";
  modbus_of(config).host = "10.0.0.4";
  config.groups = {{"fast", 100}, {"slow", 5000}};
  config.writes_enabled = true;
  SignalConfig& speed = config.signals[0];
  speed.group = "slow";
  speed.unit = "RPM";
  speed.description = "of the shaft, \"main\"";
  speed.enum_set = {};
  speed.range_low = 0;
  speed.range_high = 1800.5;
  speed.writable = true;
  speed.write = {10, 1500, 2000, Confirm::kAgain};
  config.signals[1].interpolation = Interpolation::kStep;
  config.signals[1].enum_set = {{0, "off"}, {1, "on"}};
  return config;
}

ConnectionConfig broker() {
  ConnectionConfig config =
      mqtt_connection(1, {mqtt_signal("org/site/oven/t", "oven/state", "/zone/0/t")});
  std::get<MqttSettings>(config.settings).broker.user_name = "reader";
  std::get<MqttSettings>(config.settings).broker.password = "secret";
  return config;
}

using Before = std::map<std::uint32_t, ConnectionConfig>;

TablePlan plan(const Before& before, std::string_view text, bool remove = false) {
  return plan_table(text, before, {remove});
}

Names names(const std::vector<ChangedThing>& things) {
  Names found;
  for (const ChangedThing& thing : things) found.push_back(thing.name);
  return found;
}

std::string first_error(const TablePlan& plan) {
  if (plan.errors.empty()) return "none";
  const TableError& error = plan.errors.front();
  return std::to_string(error.line) + "|" + error.field + "|" + error.what;
}

TEST(Table, ComesBackAsItWasWritten) {
  const Before before = {{1, press()}, {2, broker()}};
  const std::vector<ConnectionConfig> all = {press(), broker()};
  const std::string text = write_table(all);
  EXPECT_EQ(text.find("secret"), std::string::npos);
  const TablePlan same = plan(before, text);
  EXPECT_EQ(first_error(same), "none") << text;
  EXPECT_TRUE(same.difference.empty() && same.changes.empty()) << text;

  const TablePlan fresh = plan({}, text);
  EXPECT_EQ(first_error(fresh), "none");
  ASSERT_EQ(fresh.changes.size(), 2u);
  EXPECT_EQ(*fresh.changes[0].config, press());
  ConnectionConfig without = broker();
  std::get<MqttSettings>(without.settings).broker.password.clear();
  EXPECT_EQ(*fresh.changes[1].config, without);
}

TEST(Table, LooksAsTheReferenceSays) {
  ConnectionConfig config = press();
  config.signals.resize(1);
  config.signals[0].interpolation = Interpolation::kStep;
  config.signals[0].write = {};
  config.signals[0].writable = false;
  EXPECT_EQ(write_table({&config, 1}),
            "row,connection,protocol,writes_enabled,groups,settings.host,path,area,address,type,"
            "unit,group,description,range_low,range_high\r\n"
            "connection,Press 4,modbus-tcp,true,fast=100|slow=5000,10.0.0.4,,,,,,,,,\r\n"
            "signal,Press 4,,,,,org/site/m502/s0,holding,0,uint16,RPM,slow,"
            "\"of the shaft, \"\"main\"\"\",0.0,1800.5\r\n");
}

TEST(Table, TellsWhatItWouldChange) {
  const Before before = {{7, press()}};
  const TablePlan found = plan(before,
                               "row;connection;protocol;settings.port;path;address;area;type;unit\n"
                               "connection;Press 4;;5020;;;;;\n"
                               "signal;Press 4;;;org/site/m502/s0;9;holding;uint16;\n"
                               "signal;Press 4;;;org/site/m502/new;3;input;int16;KWT\n"
                               "connection;Oven;s7;102;;;;;\n");
  // An oven of S7 has no host.
  EXPECT_EQ(first_error(found), "5|settings.host|is missing");
  EXPECT_TRUE(found.changes.empty() && found.difference.empty()) << "refused whole";

  const TablePlan fine = plan(before,
                              "row;connection;protocol;settings.port;path;address;area;type;unit\n"
                              "connection;Press 4;;5020;;;;;\n"
                              "signal;Press 4;;;org/site/m502/s0;9;holding;uint16;\n"
                              "signal;Press 4;;;org/site/m502/new;3;input;int16;KWT\n");
  EXPECT_EQ(first_error(fine), "none");
  ASSERT_EQ(fine.difference.connections_changed.size(), 1u);
  EXPECT_EQ(fine.difference.connections_changed[0].fields, (Names{"settings.port: 502 -> 5020"}));
  ASSERT_EQ(fine.difference.signals_changed.size(), 1u);
  EXPECT_EQ(fine.difference.signals_changed[0].fields, (Names{"address: 0 -> 9", "unit: RPM -> -"}))
      << "an empty cell means the default; what has no column stays";
  EXPECT_EQ(names(fine.difference.signals_added), (Names{"org/site/m502/new"}));
  EXPECT_TRUE(fine.difference.signals_removed.empty());
  ASSERT_EQ(fine.changes.size(), 1u);
  EXPECT_EQ(fine.changes[0].id, 7u);
  EXPECT_EQ(fine.changes[0].config->signals.size(), 3u);
  EXPECT_EQ(fine.changes[0].config->signals[0].description, "of the shaft, \"main\"");
  EXPECT_EQ(std::get<ModbusSettings>(fine.changes[0].config->settings).host, "10.0.0.4");
}

TEST(Table, RemovesWhatItDoesNotNameOnlyIfTold) {
  const Before before = {{1, press()}, {2, broker()}};
  const std::string text = "row,connection,path\nsignal,Press 4,org/site/m502/s0\n";
  EXPECT_TRUE(plan(before, text).difference.empty());
  const TablePlan found = plan(before, text, true);
  EXPECT_EQ(names(found.difference.connections_removed), (Names{"broker 1"}));
  EXPECT_EQ(names(found.difference.signals_removed),
            (Names{"org/site/m502/s1", "org/site/oven/t"}));
  ASSERT_EQ(found.changes.size(), 2u);
  EXPECT_FALSE(found.changes[1].config.has_value());
  EXPECT_EQ(found.changes[1].name, "broker 1");
}

TEST(Table, KeepsSecretsThatItDoesNotSpellOut) {
  const Before before = {{2, broker()}};
  const auto password = [](const TablePlan& found) {
    return std::get<MqttSettings>(found.changes.at(0).config->settings).broker.password;
  };
  const char* head = "row,connection,settings.user_name,settings.password\n";
  EXPECT_EQ(password(plan(before, std::string(head) + "connection,broker 1,writer,\n")), "secret");
  const TablePlan changed = plan(before, std::string(head) + "connection,broker 1,reader,new\n");
  EXPECT_EQ(password(changed), "new");
  EXPECT_EQ(changed.difference.connections_changed[0].fields,
            (Names{"settings.password: ••• -> •••"}));
}

TEST(Table, NamesLineAndFieldOfWhatIsWrong) {
  const Before before = {{1, press()}, {2, broker()}};
  const auto error = [&](const std::string& text) { return first_error(plan(before, text)); };
  EXPECT_EQ(error("connection,path\nx,y\n"), "1|row|this column is missing");
  EXPECT_EQ(error("row,connection,row\n"), "1|row|there are two of it");
  EXPECT_EQ(error("row,connection\nmachine,Press 4\n"), "2|row|must be connection or signal");
  EXPECT_EQ(error("row,connection,path\nsignal,,a/b\n"),
            "2|connection|the name of the connection is missing");
  EXPECT_EQ(error("row,connection,path\nsignal,Nobody,a/b\n"),
            "2|connection|there is no connection 'Nobody', here or in the table");
  EXPECT_EQ(error("row,connection,path,colour\nsignal,Press 4,org/site/m502/s0,red\n"),
            "2|colour|is not a field of a signal of modbus-tcp");
  EXPECT_EQ(error("row,connection,path,address\nsignal,Press 4,org/site/m502/s0,x\n"),
            "2|address|must be a whole number");
  EXPECT_EQ(
      error("row,connection,path,address\nsignal,Press 4,org/site/m502/s0,70000\n").substr(0, 10),
      "2|address|");
  EXPECT_EQ(error("row,connection,path,writable\nsignal,Press 4,org/site/m502/s0,maybe\n"),
            "2|writable|must be true or false");
  EXPECT_EQ(error("row,connection,path,enum_set\nsignal,Press 4,org/site/m502/s0,on\n"),
            "2|enum_set|must be as 0=off|1=on");
  EXPECT_EQ(error("row,connection,path,group\nsignal,Press 4,org/site/m502/s0,nowhere\n"),
            "2|group|there is no poll group 'nowhere'");
  EXPECT_EQ(error("row,connection,protocol\nconnection,Press 4,s7\n"),
            "2|protocol|stays as it is (modbus-tcp); make a new connection for another one");
  EXPECT_EQ(error("row,connection\nconnection,Press 4\nconnection,Press 4\n"),
            "3|connection|'Press 4' has a row above already");
  EXPECT_EQ(error("row,connection\nconnection,\"Press\n"), "2||a quote is opened and never closed");
  EXPECT_EQ(error("row,connection\n\xff\n"), "0||the table must be UTF-8 text of at most 16 MiB");
  EXPECT_EQ(error(""), "1|row|this column is missing");
}

TEST(Table, LetsNothingBeNamedTwice) {
  const Before before = {{1, press()}, {2, broker()}};
  EXPECT_EQ(first_error(plan(before,
                             "row,connection,path\n"
                             "signal,Press 4,org/site/m502/s0\n"
                             "signal,Press 4,org/site/m502/s0\n")),
            "3|path|the same as in line 2");
  EXPECT_EQ(first_error(plan(before,
                             "row,connection,path,topic,type\n"
                             "signal,broker 1,org/site/m502/s1,a,float64\n")),
            "2|path|'org/site/m502/s1' is a signal of the connection 'Press 4' already");
  const TablePlan moved = plan(before,
                               "row,connection,path,topic,type\n"
                               "signal,broker 1,org/site/m502/s1,a,float64\n",
                               true);
  EXPECT_EQ(first_error(moved), "none") << "the other one goes";
}

TEST(Table, IsReadWithTheMarkAndTheSeparatorOfSpreadsheets) {
  const Before before = {{1, press()}};
  for (const char* text : {"\xEF\xBB\xBFrow;connection;settings.port\r\nconnection;Press 4;1\r\n",
                           "row\tconnection\tsettings.port\nconnection\tPress 4\t1",
                           "row,connection,settings.port,,\nconnection,Press 4,1,,\n"}) {
    const TablePlan found = plan(before, text);
    EXPECT_EQ(first_error(found), "none") << text;
    EXPECT_EQ(found.changes.size(), 1u) << text;
  }
}

}  // namespace
}  // namespace lineshaft::connect
