#include "model/json.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <type_traits>

namespace lineshaft {
namespace {

constexpr std::int64_t kExactIntegerMax = std::int64_t{1} << 53;  // what a JavaScript number holds
constexpr int kNestingMax = 32;

Error bad_field(const char* field, const std::string& problem) {
  return {ErrorId::kInvalidArgument, std::string(field) + ": " + problem};
}

Json number_json(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  return number;
}

template <typename T>
Result<Value> float_from_json(ValueType type, const Json& json) {
  if (json.is_string()) return parse_value(type, json.get_ref<const std::string&>());
  if (!json.is_number()) return Error{ErrorId::kTypeMismatch, "the value is not a number"};
  return Value(json.get<T>());
}

}  // namespace

Result<Json> parse_json(std::string_view text) {
  int depth_max = 0;
  // The callback sees the depth before children are built, so a deep bomb stops at the limit.
  const auto guard = [&](int depth, Json::parse_event_t, Json&) {
    depth_max = std::max(depth_max, depth);
    return depth <= kNestingMax;
  };
  Json json = Json::parse(text, guard, /*allow_exceptions=*/false);
  if (json.is_discarded() || depth_max > kNestingMax) {
    return Error{ErrorId::kBadJson, "the body is not JSON, or nested deeper than 32 levels"};
  }
  return json;
}

std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json value_json(const Value& value) {
  return std::visit(
      [](const auto& held) -> Json {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::int64_t>) {
          if (held > kExactIntegerMax || held < -kExactIntegerMax) return std::to_string(held);
          return held;
        } else if constexpr (std::is_same_v<Held, float>) {
          // Through the shortest text, so that 0.1f is 0.1 and not 0.10000000149011612.
          if (!std::isfinite(held)) return number_json(held);
          return Json::parse(to_text(Value(held)));
        } else if constexpr (std::is_same_v<Held, double>) {
          return number_json(held);
        } else {
          return held;
        }
      },
      value);
}

Result<Value> value_from_json(ValueType type, const Json& json) {
  switch (type) {
    case ValueType::kBool:
      if (json.is_boolean()) return Value(json.get<bool>());
      break;
    case ValueType::kInt64:
      if (json.is_string()) return parse_value(type, json.get_ref<const std::string&>());
      if (json.is_number_unsigned() &&
          json.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()}) {
        break;
      }
      if (json.is_number_integer()) return Value(json.get<std::int64_t>());
      break;
    case ValueType::kFloat32:
      return float_from_json<float>(type, json);
    case ValueType::kFloat64:
      return float_from_json<double>(type, json);
    case ValueType::kString:
      if (json.is_string()) return parse_value(type, json.get_ref<const std::string&>());
      break;
  }
  return Error{ErrorId::kTypeMismatch, "the value " + dump(json).substr(0, 64) + " is not a " +
                                           std::string(type_name(type))};
}

Json sample_json(const Sample& sample) {
  return {{"time", format_rfc3339(sample.time)},
          {"value", value_json(sample.value)},
          {"quality", quality_name(sample.quality)},
          {"quality_code", sample.quality.code}};
}

Json enum_set_json(const std::vector<EnumEntry>& entries) {
  Json list = Json::array();
  for (const EnumEntry& entry : entries) {
    list.push_back({{"value", entry.value}, {"name", entry.name}});
  }
  return list;
}

Result<std::vector<EnumEntry>> enum_set_from_json(const Json& list) {
  const Error wrong = bad_field("enum_set", "must be a list of {value, name}");
  if (!list.is_array()) return wrong;
  std::vector<EnumEntry> entries;
  for (const Json& item : list) {
    if (!item.is_object() || !item.contains("value") || !item["value"].is_number_integer() ||
        !item.contains("name") || !item["name"].is_string()) {
      return wrong;
    }
    entries.push_back({item["value"].get<std::int64_t>(), item["name"].get<std::string>()});
  }
  return entries;
}

Json tag_json(const Tag& tag) {
  const TagSpec& spec = tag.spec;
  Json json = {{"id", tag.id.value},
               {"path", spec.path},
               {"type", type_name(spec.type)},
               {"interpolation", spec.interpolation == Interpolation::kStep ? "step" : "linear"},
               {"unit", spec.unit},
               {"unit_symbol", unit_symbol(spec.unit)},
               {"description", spec.description},
               {"enum_set", enum_set_json(spec.enum_set)}};
  json["range_low"] = spec.range_low ? Json(*spec.range_low) : Json();
  json["range_high"] = spec.range_high ? Json(*spec.range_high) : Json();
  json["writable"] = spec.writable;
  json["source"] = spec.source;
  return json;
}

Result<std::string> required_string(const Json& object, const char* field) {
  const auto member = object.find(field);
  if (member == object.end()) return bad_field(field, "is missing");
  if (!member->is_string()) return bad_field(field, "must be a string");
  return member->get<std::string>();
}

Result<std::string> optional_string(const Json& object, const char* field, std::string fallback) {
  const auto member = object.find(field);
  if (member == object.end() || member->is_null()) return fallback;
  if (!member->is_string()) return bad_field(field, "must be a string");
  return member->get<std::string>();
}

Result<std::int64_t> optional_integer(const Json& object, const char* field, std::int64_t fallback,
                                      std::int64_t min, std::int64_t max) {
  const auto member = object.find(field);
  if (member == object.end() || member->is_null()) return fallback;
  const bool too_large = member->is_number_unsigned() &&
                         member->get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX);
  if (!member->is_number_integer() || too_large || member->get<std::int64_t>() < min ||
      member->get<std::int64_t>() > max) {
    return bad_field(
        field, "must be a whole number from " + std::to_string(min) + " to " + std::to_string(max));
  }
  return member->get<std::int64_t>();
}

Result<bool> optional_bool(const Json& object, const char* field, bool fallback) {
  const auto member = object.find(field);
  if (member == object.end() || member->is_null()) return fallback;
  if (!member->is_boolean()) return bad_field(field, "must be true or false");
  return member->get<bool>();
}

Result<std::optional<double>> optional_number(const Json& object, const char* field) {
  const auto member = object.find(field);
  if (member == object.end() || member->is_null()) return std::optional<double>();
  if (!member->is_number()) return bad_field(field, "must be a number");
  return std::optional<double>(member->get<double>());
}

Status only_fields(const Json& object, std::initializer_list<std::string_view> known) {
  if (!object.is_object()) return Error{ErrorId::kInvalidArgument, "the body must be an object"};
  for (const auto& [name, value] : object.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return bad_field(name.substr(0, 64).c_str(), "is not a field of this request");
    }
  }
  return {};
}

Result<TagSpec> tag_spec_from_json(const Json& object) {
  TagSpec spec;
  const Result<std::string> path = required_string(object, "path");
  if (!path) return path.error();
  const Result<std::string> type_text = optional_string(object, "type", "float64");
  if (!type_text) return type_text.error();
  const Result<ValueType> type = parse_type(*type_text);
  if (!type) return type.error();
  const bool is_float = *type == ValueType::kFloat32 || *type == ValueType::kFloat64;
  const Result<std::string> interpolation =
      optional_string(object, "interpolation", is_float ? "linear" : "step");
  if (!interpolation) return interpolation.error();
  if (*interpolation != "step" && *interpolation != "linear") {
    return bad_field("interpolation", "must be step or linear");
  }
  const Result<std::string> unit = optional_string(object, "unit", "");
  const Result<std::string> description = optional_string(object, "description", "");
  const Result<bool> writable = optional_bool(object, "writable", false);
  const Result<std::optional<double>> low = optional_number(object, "range_low");
  const Result<std::optional<double>> high = optional_number(object, "range_high");
  const auto set = object.find("enum_set");
  const bool has_set = set != object.end() && !set->is_null();
  const Result<std::vector<EnumEntry>> enum_set =
      has_set ? enum_set_from_json(*set) : std::vector<EnumEntry>();
  if (!unit) return unit.error();
  if (!description) return description.error();
  if (!writable) return writable.error();
  if (!low) return low.error();
  if (!high) return high.error();
  if (!enum_set) return enum_set.error();
  spec.path = *path;
  spec.type = *type;
  spec.interpolation = *interpolation == "step" ? Interpolation::kStep : Interpolation::kLinear;
  spec.unit = *unit;
  spec.description = *description;
  spec.writable = *writable;
  spec.range_low = *low;
  spec.range_high = *high;
  spec.enum_set = *enum_set;
  if (Status checked = check_tag_spec(spec); !checked) return checked.error();
  return spec;
}

}  // namespace lineshaft
