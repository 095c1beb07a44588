#include "intake/names.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/utf8.h"
#include "wire/csv/cell.h"

namespace lineshaft::intake {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
// Also every part of a character beyond ASCII.
bool is_word(char c) {
  const char small = lower(c);
  return is_digit(c) || (small >= 'a' && small <= 'z') || static_cast<unsigned char>(c) >= 0x80;
}

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) { return lower(c); });
  return result;
}

template <std::size_t count>
bool is_one_of(std::string_view name, const std::string_view (&words)[count]) {
  const std::string small = lower(csv::trimmed(name));
  return std::find(std::begin(words), std::end(words), small) != std::end(words);
}

struct UnitWord {
  std::string_view word;  // in small letters
  std::string_view code;
};

constexpr UnitWord kUnits[] = {
    {"kwh", "KWH"},  {"mwh", "MWH"},   {"kw", "KWT"},     {"mw", "MAW"},   {"w", "WTT"},
    {"kvar", "KVR"}, {"kva", "KVA"},   {"mva", "MVA"},    {"kvarh", "K3"}, {"a", "AMP"},
    {"ka", "B22"},   {"v", "VLT"},     {"kv", "KVT"},     {"hz", "HTZ"},   {"bar", "BAR"},
    {"mbar", "MBR"}, {"pa", "PAL"},    {"kpa", "KPA"},    {"m", "MTR"},    {"mm", "MMT"},
    {"m/s", "MTS"},  {"m/min", "2X"},  {"mm/s", "C16"},   {"kg", "KGM"},   {"t", "TNE"},
    {"t/h", "E31"},  {"m3", "MTQ"},    {"m³", "MTQ"},     {"m3/h", "MQH"}, {"m³/h", "MQH"},
    {"l", "LTR"},    {"l/min", "L2"},  {"s", "SEC"},      {"min", "MIN"},  {"h", "HUR"},
    {"rpm", "RPM"},  {"r/min", "RPM"}, {"1/min", "RPM"},  {"nm", "NU"},    {"n·m", "NU"},
    {"kn", "B47"},   {"n", "NEW"},     {"ppm", "59"},     {"mg/m3", "GP"}, {"mg/m³", "GP"},
    {"ph", "Q30"},   {"%", "P1"},      {"°c", "CEL"},     {"degc", "CEL"}, {"celsius", "CEL"},
    {"℃", "CEL"},    {"k", "KEL"},     {"kelvin", "KEL"},
};

std::string unit_code(std::string_view word) {
  const std::string small = lower(csv::trimmed(word));
  for (const UnitWord& unit : kUnits) {
    if (unit.word == small) return std::string(unit.code);
  }
  return "";
}

}  // namespace

std::string path_level(std::string_view text) {
  std::string level;
  const bool clean = is_utf8(text);
  for (const char c : csv::trimmed(text)) {
    const auto byte = static_cast<unsigned char>(c);
    const bool replaced =
        byte <= 0x20 || byte == 0x7f || c == '/' || c == '\\' || (!clean && byte >= 0x80);
    level += replaced ? '_' : lower(c);
  }
  level = utf8_prefix(level, kTagLevelBytesMax);
  return level.empty() ? "unnamed" : level;
}

std::string file_stem(std::string_view file_name) {
  if (const std::size_t slash = file_name.find_last_of("/\\"); slash != std::string_view::npos) {
    file_name.remove_prefix(slash + 1);
  }
  const std::size_t dot = file_name.rfind('.');
  return std::string(dot == 0 ? file_name : file_name.substr(0, dot));
}

std::vector<std::string> unique_names(std::vector<std::string> names) {
  std::set<std::string> taken;
  for (std::size_t i = 0; i < names.size(); ++i) {
    std::string name(csv::trimmed(names[i]));
    if (name.empty() || !is_utf8(name)) name = "column_" + std::to_string(i + 1);
    std::string unique = name;
    for (unsigned n = 2; !taken.insert(unique).second; ++n) unique = name + "_" + std::to_string(n);
    names[i] = unique;
  }
  return names;
}

std::string unit_in_name(std::string_view name) {
  name = csv::trimmed(name);
  if (name.empty()) return "";
  const char open = name.back() == ']' ? '[' : name.back() == ')' ? '(' : '\0';
  if (open != '\0') {
    const std::size_t at = name.rfind(open);
    if (at == std::string_view::npos) return "";
    return unit_code(name.substr(at + 1, name.size() - at - 2));
  }
  const std::size_t before = name.find_last_of("_ ");
  if (before == std::string_view::npos) return "";
  const std::string_view word = name.substr(before + 1);
  return word.size() < 2 && word != "%" ? "" : unit_code(word);
}

bool names_time(std::string_view name) {
  constexpr std::string_view kWords[] = {
      "time",    "timestamp", "datetime", "date",     "date_time",  "date time",  "ts",
      "t_stamp", "utc",       "epoch",    "datum",    "zeit",       "zeitpunkt",  "zeitstempel",
      "时间",    "日期",      "时间戳",   "采集时间", "local time", "time (utc)", "date/time"};
  return is_one_of(name, kWords);
}

bool names_tag(std::string_view name) {
  constexpr std::string_view kWords[] = {
      "tag",        "tagname",  "tag_name", "tag name", "signal", "point",   "pointname", "sensor",
      "sensor_id",  "variable", "metric",   "series",   "path",   "channel", "item",      "itemid",
      "messstelle", "kanal",    "位号",     "点名",     "测点",   "变量",    "标签"};
  return is_one_of(name, kWords);
}

bool names_value(std::string_view name) {
  constexpr std::string_view kWords[] = {"value", "val",      "reading", "measurement", "vvalue",
                                         "wert",  "messwert", "值",      "数值"};
  return is_one_of(name, kWords);
}

bool names_quality(std::string_view name) {
  constexpr std::string_view kWords[] = {"quality",     "qual",     "status", "statuscode",
                                         "status_code", "qualität", "质量",   "质量码"};
  return is_one_of(name, kWords);
}

unsigned year_in_name(std::string_view text) {
  for (std::size_t i = 0; i + 4 <= text.size(); ++i) {
    const bool alone = (i == 0 || !is_word(text[i - 1])) &&
                       (i + 4 == text.size() || !is_word(text[i + 4])) &&
                       std::all_of(text.begin() + static_cast<std::ptrdiff_t>(i),
                                   text.begin() + static_cast<std::ptrdiff_t>(i + 4), is_digit);
    if (!alone) continue;
    unsigned year = 0;
    for (const char c : text.substr(i, 4)) year = year * 10 + static_cast<unsigned>(c - '0');
    if (year >= 1970 && year <= 2099) return year;
  }
  return 0;
}

}  // namespace lineshaft::intake
