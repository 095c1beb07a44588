#include "wire/mtconnect/model.h"

#include <algorithm>
#include <array>
#include <utility>

namespace lineshaft::mtconnect {

namespace {

using Pair = std::pair<std::string_view, std::string_view>;

// Words that the standard does not write as one capital and small letters.
constexpr std::array<Pair, 7> kWords = {{{"AC", "AC"},
                                         {"DC", "DC"},
                                         {"PH", "PH"},
                                         {"URI", "URI"},
                                         {"MTCONNECT", "MTConnect"},
                                         {"3D", "3D"},
                                         {"2D", "2D"}}};

// Units of MTConnect Part 2 and their codes in UNECE Recommendation 20.
constexpr std::array<Pair, 40> kUnits = {{
    {"AMPERE", "AMP"},
    {"CELSIUS", "CEL"},
    {"COUNT", "C62"},
    {"CUBIC_METER", "MTQ"},
    {"CUBIC_MILLIMETER", "MMQ"},
    {"DECIBEL", "2N"},
    {"DEGREE", "DD"},
    {"DEGREE/SECOND", "E96"},
    {"GRAM", "GRM"},
    {"HERTZ", "HTZ"},
    {"JOULE", "JOU"},
    {"KILOGRAM", "KGM"},
    {"KILOWATT_HOUR", "KWH"},
    {"LITER", "LTR"},
    {"LITER/SECOND", "G51"},
    {"MICROMETER", "4H"},
    {"MILLIGRAM", "MGM"},
    {"MILLILITER", "MLT"},
    {"MILLIMETER", "MMT"},
    {"MILLIMETER/SECOND", "C16"},
    {"MILLIMETER/SECOND^2", "M41"},
    {"NEWTON", "NEW"},
    {"NEWTON_METER", "NU"},
    {"OHM", "OHM"},
    {"PASCAL", "PAL"},
    {"PASCAL_SECOND", "C65"},
    {"PERCENT", "P1"},
    {"PH", "Q30"},
    {"REVOLUTION/MINUTE", "RPM"},
    {"REVOLUTION/SECOND", "RPS"},
    {"SECOND", "SEC"},
    {"SIEMENS/METER", "D10"},
    {"TESLA", "D33"},
    {"VOLT", "VLT"},
    {"VOLT_AMPERE", "D46"},
    {"VOLT_AMPERE_REACTIVE", "D44"},
    {"WATT", "WTT"},
    {"WATT_SECOND", "J55"},
    {"CUBIC_METER/HOUR", "MQH"},
    {"METER/SECOND^2", "MSK"},
}};

constexpr std::array<std::string_view, 3> kCategories = {"SAMPLE", "EVENT", "CONDITION"};
constexpr std::array<std::string_view, 5> kRepresentations = {"VALUE", "TIME_SERIES", "DATA_SET",
                                                              "TABLE", "DISCRETE"};
constexpr std::array<std::string_view, 4> kLevels = {"Unavailable", "Normal", "Warning", "Fault"};

void append_word(std::string_view word, std::string& out) {
  const auto special = std::ranges::find(kWords, word, &Pair::first);
  if (special != kWords.end()) {
    out += special->second;
    return;
  }
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    out += i > 0 && c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
}

std::string_view suffix(Representation representation) {
  switch (representation) {
    case Representation::kValue:
      return "";
    case Representation::kTimeSeries:
      return "TimeSeries";
    case Representation::kDataSet:
      return "DataSet";
    case Representation::kTable:
      return "Table";
    case Representation::kDiscrete:
      return "Discrete";
  }
  return "";
}

}  // namespace

std::string_view category_name(Category category) {
  return kCategories[static_cast<std::size_t>(category)];
}

std::optional<Category> parse_category(std::string_view name) {
  const auto found = std::ranges::find(kCategories, name);
  if (found == kCategories.end()) return std::nullopt;
  return static_cast<Category>(found - kCategories.begin());
}

std::string_view representation_name(Representation representation) {
  return kRepresentations[static_cast<std::size_t>(representation)];
}

std::string_view level_name(Level level) { return kLevels[static_cast<std::size_t>(level)]; }

std::string element_name(std::string_view type, Representation representation) {
  std::string name;
  if (const std::size_t colon = type.find(':'); colon != type.npos) {
    name = type.substr(0, colon + 1);
    type.remove_prefix(colon + 1);
  }
  while (!type.empty()) {
    const std::size_t end = std::min(type.find('_'), type.size());
    append_word(type.substr(0, end), name);
    type.remove_prefix(std::min(end + 1, type.size()));
  }
  name += suffix(representation);
  return name;
}

std::string_view unit_code(std::string_view units) {
  if (units.ends_with("_3D")) units.remove_suffix(3);
  const auto found = std::ranges::find(kUnits, units, &Pair::first);
  return found == kUnits.end() ? std::string_view() : found->second;
}

}  // namespace lineshaft::mtconnect
