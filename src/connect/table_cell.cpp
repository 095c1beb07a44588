#include "connect/table_cell.h"

#include <charconv>
#include <nlohmann/json.hpp>

#include "connect/protocol.h"

namespace lineshaft::connect {

namespace {

using Kind = FieldSpec::Kind;

FieldSpec column(std::string name, Kind kind) {
  FieldSpec spec;
  spec.name = std::move(name);
  spec.kind = kind;
  return spec;
}

Error must_be(std::string_view what) {
  return {ErrorId::kInvalidArgument, "must be " + std::string(what)};
}

Result<Json> read_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return must_be("a whole number");
  if (number >= 0) return Json(static_cast<std::uint64_t>(number));
  return Json(number);
}

Result<Json> read_number(std::string_view text) {
  const Result<Value> number = parse_value(ValueType::kFloat64, text);
  if (!number) return must_be("a number with a point, as 0.5");
  return Json(std::get<double>(*number));
}

Result<Json> read_boolean(std::string_view text) {
  std::string word(text);
  for (char& c : word) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  if (word == "true" || word == "yes" || word == "1") return Json(true);
  if (word == "false" || word == "no" || word == "0") return Json(false);
  return must_be("true or false");
}

// "a=1|b=2"; the number stands where `number_first` says.
Result<Json> read_pairs(std::string_view text, const char* name, const char* number,
                        bool number_first) {
  Json list = Json::array();
  while (!text.empty()) {
    const std::size_t bar = text.find('|');
    const std::string_view part = text.substr(0, bar);
    text = bar == std::string_view::npos ? std::string_view() : text.substr(bar + 1);
    const std::size_t equals = number_first ? part.find('=') : part.rfind('=');
    if (equals == std::string_view::npos) {
      return must_be(number_first ? "as 0=off|1=on" : "as fast=100|slow=5000");
    }
    const std::string_view left = part.substr(0, equals);
    const std::string_view right = part.substr(equals + 1);
    const Result<Json> value = read_integer(number_first ? left : right);
    if (!value) return must_be(number_first ? "as 0=off|1=on" : "as fast=100|slow=5000");
    list.push_back({{name, std::string(number_first ? right : left)}, {number, *value}});
  }
  return list;
}

// A list that pairs cannot hold (a name with a bar or an equals sign) is written as JSON.
std::string write_pairs(const Json& list, const char* name, const char* number, bool number_first) {
  std::string text;
  for (const Json& one : list) {
    const auto word = one[name].get<std::string>();
    if (word.find_first_of("|=[") != std::string::npos) return dump(list);
    if (!text.empty()) text += '|';
    text += number_first ? one[number].dump() + "=" + word : word + "=" + one[number].dump();
  }
  return text;
}

}  // namespace

std::vector<FieldSpec> connection_columns() {
  return {column("protocol", Kind::kWord), column("enabled", Kind::kBoolean),
          column("writes_enabled", Kind::kBoolean), column("store", Kind::kWord),
          column("groups", Kind::kJson)};
}

std::vector<FieldSpec> settings_columns(Protocol protocol) {
  std::vector<FieldSpec> specs;
  Fields fields(specs);
  kind_of(protocol).read_settings(fields);
  return specs;
}

std::vector<FieldSpec> signal_columns(Protocol protocol) {
  std::vector<FieldSpec> specs;
  Fields fields(specs);
  fields.require("path");
  std::string text;
  fields.string("path", text);
  kind_of(protocol).read_point(fields);
  for (const char* name : {"unit", "group", "description"}) {
    specs.push_back(column(name, Kind::kText));
  }
  specs.push_back(column("interpolation", Kind::kWord));
  for (const char* name : {"range_low", "range_high", "deadband"}) {
    specs.push_back(column(name, Kind::kNumber));
  }
  specs.push_back(column("enum_set", Kind::kJson));
  specs.push_back(column("writable", Kind::kBoolean));
  for (const char* name : {"write_low", "write_high"}) {
    specs.push_back(column(name, Kind::kNumber));
  }
  specs.push_back(column("write_interval_ms", Kind::kInteger));
  specs.push_back(column("write_confirm", Kind::kWord));
  return specs;
}

Result<Json> read_cell(const FieldSpec& column, std::string_view text) {
  switch (column.kind) {
    case Kind::kInteger:
      return read_integer(text);
    case Kind::kNumber:
      return read_number(text);
    case Kind::kBoolean:
      return read_boolean(text);
    case Kind::kText:
    case Kind::kSecret:
    case Kind::kWord:
      return Json(std::string(text));
    case Kind::kJson:
      break;
  }
  if (text.starts_with('[') || text.starts_with('{')) return parse_json(text);
  if (column.name == "enum_set") return read_pairs(text, "name", "value", true);
  if (column.name == "groups") return read_pairs(text, "name", "interval_ms", false);
  return parse_json(text);
}

std::string write_cell(const FieldSpec& column, const Json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array() && value.empty()) return "";
  if (column.name == "enum_set") return write_pairs(value, "name", "value", true);
  const bool pairs = column.name == "groups" && value.is_array() && value[0].is_object();
  if (pairs) return write_pairs(value, "name", "interval_ms", false);
  return dump(value);
}

}  // namespace lineshaft::connect
