#include "wire/shdr/shdr.h"

#include <gtest/gtest.h>

namespace lineshaft::shdr {
namespace {

using Fields = std::vector<std::string>;

Kind kind_of(std::string_view key) {
  if (key == "cond") return Kind::kCondition;
  if (key == "msg") return Kind::kMessage;
  if (key == "wave") return Kind::kTimeSeries;
  if (key == "vars") return Kind::kDataSet;
  return key.starts_with("x") ? Kind::kValue : Kind::kUnknown;
}

Readings parse(std::string_view line) {
  auto readings = parse_readings(line, kind_of);
  EXPECT_TRUE(readings.ok()) << line;
  return readings ? *std::move(readings) : Readings();
}

std::vector<Line> lines(std::string_view text, std::size_t piece) {
  LineReader reader;
  std::vector<Line> all;
  for (std::size_t at = 0; at < text.size(); at += piece) {
    ByteSpan bytes = as_bytes(text.substr(at, piece));
    while (!bytes.empty()) {
      auto line = reader.next(bytes);
      if (!line) return all;
      if (*line) all.push_back(**std::move(line));
    }
  }
  return all;
}

TEST(ShdrLine, LinesComeInPiecesOfAnySize) {
  const std::string text =
      "* PONG 10000\r\n\n2026-11-26T15:00:00Z|x|1\n"
      "2026-11-26T15:00:00Z|@ASSET@|T1|CuttingTool|--multiline--AB\n<a>\n</a>\n--multiline--AB\n"
      "|x|2\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    const auto all = lines(text, piece);
    ASSERT_EQ(all.size(), 4u) << piece;
    EXPECT_EQ(all[0].text, "* PONG 10000");
    EXPECT_EQ(all[2].body, "<a>\n</a>\n");
    EXPECT_EQ(all[3].text, "|x|2");
    const auto asset = parse_asset(all[2]);
    ASSERT_TRUE(asset.has_value());
    EXPECT_EQ(asset->command + asset->id + asset->type, "@ASSET@T1CuttingTool");
    EXPECT_EQ(asset->xml, "<a>\n</a>\n");
  }
}

TEST(ShdrLine, WhatDoesNotEndIsRefused) {
  LineReader reader;
  const std::string much(kLineBytesMax + 1, 'x');
  ByteSpan bytes = as_bytes(much);
  EXPECT_FALSE(reader.next(bytes).ok());

  LineReader asset;
  std::string text = "|@ASSET@|T|C|--multiline--A\n";
  for (std::size_t i = 0; i <= kBodyBytesMax / 1000; ++i) text += std::string(1000, 'x') + "\n";
  bytes = as_bytes(text);
  EXPECT_FALSE(asset.next(bytes).ok());
}

TEST(ShdrLine, CommandsAreToldFromReadings) {
  EXPECT_EQ(parse_command("* PONG 10000")->value, "10000");
  EXPECT_EQ(parse_command("* uuid: 1 2")->name, "uuid");
  EXPECT_EQ(parse_command("* uuid: 1 2")->value, "1 2");
  EXPECT_EQ(parse_command("*PING")->name, "PING");
  EXPECT_FALSE(parse_command("2026-11-26T15:00:00Z|x|1").has_value());
}

TEST(ShdrReading, OneLineHasSeveral) {
  const Readings all =
      parse("2026-11-26T15:00:00.5Z|x1|10.5|unknown|?|x2|ACTIVE|mill:x3|UNAVAILABLE");
  // 2026-11-26T15:00:00.5Z: 20783 days after 1970-01-01 and 54000.5 s.
  EXPECT_EQ(all.time->ns, (20783LL * 86400 + 54000) * 1'000'000'000 + 500'000'000);
  ASSERT_EQ(all.readings.size(), 3u);
  EXPECT_EQ(all.readings[0].key + "=" + all.readings[0].text, "x1=10.5");
  EXPECT_EQ(all.readings[1].text, "ACTIVE");
  EXPECT_EQ(all.readings[2].key, "x3");
  EXPECT_TRUE(all.readings[2].unavailable);
}

TEST(ShdrReading, TimesThatAreNotAbsoluteAreLeftToUs) {
  EXPECT_FALSE(parse("|x|1").time.has_value());
  EXPECT_FALSE(parse("1234.5|x|1").time.has_value());
  EXPECT_TRUE(parse("2026-11-26T15:00:00@5.0|x|1").time.has_value()) << "with a duration";
  EXPECT_FALSE(parse_readings("yesterday|x|1", kind_of).ok());
}

TEST(ShdrReading, KindsHaveFieldsOfTheirOwn) {
  const Reading fault = parse("|cond|fault|404|9|HIGH|Too hot").readings.at(0);
  EXPECT_EQ(fault.level, Level::kFault);
  EXPECT_EQ(fault.native_code + fault.native_severity + fault.qualifier + fault.text,
            "4049HIGHToo hot");
  EXPECT_EQ(parse("|cond|NORMAL||||").readings.at(0).level, Level::kNormal);
  EXPECT_TRUE(parse("|cond|UNAVAILABLE||||").readings.at(0).unavailable);
  EXPECT_FALSE(parse_readings("|cond|SO SO||||", kind_of).ok());
  const Reading message = parse("|msg|T7|Tool worn").readings.at(0);
  EXPECT_EQ(message.native_code + message.text, "T7Tool worn");
  const Reading wave = parse("|wave|3|100|1 2 3").readings.at(0);
  EXPECT_EQ(wave.sample_rate, 100);
  EXPECT_EQ(wave.text, "1 2 3");
  EXPECT_FALSE(parse_readings("|wave|three|100|1 2 3", kind_of).ok());
  EXPECT_EQ(parse("|other|WARNING|1|2|LOW|text").readings.size(), 0u) << "a condition nobody wants";
  EXPECT_EQ(parse("|x").readings.at(0).text, "");
}

TEST(ShdrReading, SetsHaveNamesAndValues) {
  const Reading set = parse("|vars|a=1 b='x y' c={1 2} d e=\"q\" f=").readings.at(0);
  using Entries = decltype(set.entries);
  EXPECT_EQ(
      set.entries,
      (Entries{
          {"a", "1"}, {"b", "x y"}, {"c", "1 2"}, {"d", std::nullopt}, {"e", "q"}, {"f", ""}}));
}

TEST(ShdrReading, QuotedFieldsMayHoldSeparators) {
  EXPECT_EQ(detail::split_fields("a|\"b\\|c\"|d"), (Fields{"a", "b|c", "d"}));
  EXPECT_EQ(detail::split_fields("a|\"b|c"), (Fields{"a", "\"b", "c"})) << "it does not end";
  EXPECT_EQ(detail::split_fields("a| b |"), (Fields{"a", "b", ""}));
  const Fields fields = {"x", "a|b\nc"};
  const std::string line = write_line(Timestamp{0}, fields);
  EXPECT_EQ(line, "1970-01-01T00:00:00Z|x|\"a\\|b c\"\n");
  EXPECT_EQ(parse(line.substr(0, line.size() - 1)).readings.at(0).text, "a|b c");
}

}  // namespace
}  // namespace lineshaft::shdr
