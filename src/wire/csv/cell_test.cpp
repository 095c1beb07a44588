#include "wire/csv/cell.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <random>
#include <string>

namespace lineshaft::csv {
namespace {

CellKind kind(std::string_view text, char decimal = '.') {
  return look_at_cell({text, false}, decimal).kind;
}

ValueType type_of_column(const std::vector<std::string>& cells, char decimal = '.') {
  ColumnStats stats;
  for (const std::string& cell : cells) stats.add(look_at_cell({cell, false}, decimal));
  return stats.type();
}

std::string value_of(ValueType type, std::string_view text, char decimal = '.',
                     bool quoted = false) {
  Value value;
  switch (read_cell(type, {text, quoted}, decimal, value)) {
    case CellRead::kValue:
      return to_text(value);
    case CellRead::kNone:
      return "none";
    case CellRead::kWrong:
      return "wrong";
  }
  return "";
}

TEST(CsvCell, TellsWhatACellIs) {
  for (const char* text :
       {"0", "-7", "+7", "9223372036854775807", " 12 ", "-9223372036854775808"}) {
    EXPECT_EQ(kind(text), CellKind::kInteger) << text;
  }
  for (const char* text :
       {"1.5", ".5", "5.", "-1e3", "2.4987000e-01", "9223372036854775808", "-0"}) {
    EXPECT_EQ(kind(text), CellKind::kReal) << text;
  }
  for (const char* text : {"NaN", "nan", "-inf", "+Infinity", "INF"}) {
    EXPECT_EQ(kind(text), CellKind::kNonFinite) << text;
  }
  for (const char* text : {"NA", "n/a", "NULL", "-", "?"}) EXPECT_EQ(kind(text), CellKind::kMarker);
  for (const char* text : {"true", "False", "TRUE"}) EXPECT_EQ(kind(text), CellKind::kBool);
  for (const char* text : {"abc", "1.2.3", "1e", "0x10", "1,5", "12 kW", "--1", "e5", "+", "."}) {
    EXPECT_EQ(kind(text), CellKind::kText) << text;
  }
  EXPECT_EQ(kind(""), CellKind::kEmpty);
  EXPECT_EQ(kind("  "), CellKind::kEmpty);
  EXPECT_EQ(look_at_cell({"", true}, '.').kind, CellKind::kText);
  EXPECT_EQ(kind("1,5", ','), CellKind::kReal);
  EXPECT_EQ(kind("1.5", ','), CellKind::kText);
}

TEST(CsvCell, ProposesTheNarrowestTypeThatKeepsEveryDigit) {
  EXPECT_EQ(type_of_column({"1", "-2", "", "NA"}), ValueType::kInt64);
  EXPECT_EQ(type_of_column({"1", "2.5"}), ValueType::kFloat64);
  EXPECT_EQ(type_of_column({"1", "NaN"}), ValueType::kFloat64);
  EXPECT_EQ(type_of_column({"true", "FALSE"}), ValueType::kBool);
  EXPECT_EQ(type_of_column({"L", "M", "H"}), ValueType::kString);
  EXPECT_EQ(type_of_column({"", ""}), ValueType::kFloat64);
  EXPECT_EQ(type_of_column({"001", "002"}), ValueType::kString);
  EXPECT_EQ(type_of_column({"-0", "1"}), ValueType::kFloat64);
  EXPECT_EQ(type_of_column({"1,5", "2"}, ','), ValueType::kFloat64);
  // 2^53 + 1 has no float64; alone it is an integer.
  EXPECT_EQ(type_of_column({"9007199254740993"}), ValueType::kInt64);
  EXPECT_EQ(type_of_column({"9007199254740993", "0.5"}), ValueType::kString);
  EXPECT_EQ(type_of_column({"9007199254740992", "0.5"}), ValueType::kFloat64);
}

TEST(CsvCell, AFewWrongCellsDoNotMakeAColumnOfText) {
  std::vector<std::string> cells(20, "1.5");
  cells.push_back("off");
  EXPECT_EQ(type_of_column(cells), ValueType::kFloat64);
  EXPECT_EQ(type_of_column({"1.5", "off", "2"}), ValueType::kString);
}

// 0.1 is a float64 whose decimal expansion starts 0.1000000000000000055511151231257827; the text
// with a 6 instead of that last 7 is no float64's.
TEST(CsvCell, KnowsWhenAFloatGivesBackAllDigits) {
  const auto fits = [](std::string_view text) {
    return look_at_cell({text, false}, '.').fits_float64;
  };
  EXPECT_TRUE(fits("0.1"));
  EXPECT_TRUE(fits("0.10000000000000001"));
  EXPECT_TRUE(fits("0.1000000000000000055511151231257827"));
  EXPECT_FALSE(fits("0.1000000000000000055511151231257826"));
  EXPECT_TRUE(fits("74.93588199999998"));
  EXPECT_FALSE(fits("74.935881999999981"));
  EXPECT_TRUE(fits("1e308"));
  EXPECT_FALSE(fits("1e309"));
  EXPECT_FALSE(fits("1e-400"));
  EXPECT_TRUE(fits("0e-400"));
  EXPECT_FALSE(fits("0.12345678901234567890"));
  EXPECT_TRUE(fits("100000000000000000000"));

  EXPECT_TRUE(keeps_digits(Value(0.1F), "0.1", '.'));
  EXPECT_FALSE(keeps_digits(Value(16777216.0F), "16777217", '.'));
  EXPECT_TRUE(keeps_digits(Value(16777216.0F), "16777216.000", '.'));
}

// Every double, printed with the shortest or with 17 digits, must count as kept.
TEST(CsvCell, EveryPrintedFloat64KeepsItsDigits) {
  constexpr std::uint64_t kSeed = 20261123;
  std::mt19937_64 random(kSeed);
  for (int i = 0; i < 50'000; ++i) {
    const auto number = std::bit_cast<double>(random());
    if (!std::isfinite(number)) continue;
    const std::string shortest = to_text(Value(number));
    std::array<char, 64> long_form{};
    std::snprintf(long_form.data(), long_form.size(), "%.17g", number);
    for (const std::string& text : {shortest, std::string(long_form.data())}) {
      ASSERT_TRUE(look_at_cell({text, false}, '.').fits_float64) << text << " seed " << kSeed;
      Value value;
      ASSERT_EQ(read_cell(ValueType::kFloat64, {text, false}, '.', value), CellRead::kValue);
      ASSERT_EQ(std::bit_cast<std::uint64_t>(std::get<double>(value)),
                std::bit_cast<std::uint64_t>(number))
          << text;
    }
  }
}

TEST(CsvCell, ReadsTheValueInTheTypeOfTheColumn) {
  EXPECT_EQ(value_of(ValueType::kFloat64, " +2.50 "), "2.5");
  EXPECT_EQ(value_of(ValueType::kFloat64, "-0"), "-0");
  EXPECT_EQ(value_of(ValueType::kFloat64, "3,25", ','), "3.25");
  EXPECT_EQ(value_of(ValueType::kFloat64, "1.000,5", ','), "wrong");
  EXPECT_EQ(value_of(ValueType::kFloat32, "0.1"), "0.1");
  EXPECT_EQ(value_of(ValueType::kFloat32, "1e39"), "wrong");
  EXPECT_EQ(value_of(ValueType::kFloat64, "-Inf"), "-Infinity");
  EXPECT_EQ(value_of(ValueType::kInt64, "1.0"), "wrong");
  EXPECT_EQ(value_of(ValueType::kInt64, "+5"), "5");
  EXPECT_EQ(value_of(ValueType::kBool, "True"), "true");
  EXPECT_EQ(value_of(ValueType::kBool, "2"), "wrong");
  EXPECT_EQ(value_of(ValueType::kInt64, "NA"), "none");
  EXPECT_EQ(value_of(ValueType::kString, "NA"), "NA");
  EXPECT_EQ(value_of(ValueType::kString, ""), "none");
  EXPECT_EQ(value_of(ValueType::kString, "", '.', true), "");
  EXPECT_EQ(value_of(ValueType::kString, "\xff"), "wrong");
}

}  // namespace
}  // namespace lineshaft::csv
