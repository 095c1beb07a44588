#include "model/value.h"

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <type_traits>

namespace lineshaft {
namespace {

template <typename T>
std::string number_text(T number) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(number)) return "NaN";
    if (std::isinf(number)) return number > 0 ? "Infinity" : "-Infinity";
  }
  std::array<char, 32> buffer{};
  const auto [end, code] = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number);
  LS_ASSERT(code == std::errc{});
  return {buffer.data(), end};
}

Error not_a(ValueType type, std::string_view text) {
  return {ErrorId::kTypeMismatch,
          "'" + std::string(text.substr(0, 64)) + "' is not a " + std::string(type_name(type))};
}

template <typename T>
Result<Value> parse_number(ValueType type, std::string_view text) {
  if constexpr (std::is_floating_point_v<T>) {
    if (text == "NaN") return Value(std::numeric_limits<T>::quiet_NaN());
    if (text == "Infinity") return Value(std::numeric_limits<T>::infinity());
    if (text == "-Infinity") return Value(-std::numeric_limits<T>::infinity());
  }
  T number{};
  const char* const last = text.data() + text.size();
  const auto [end, code] = std::from_chars(text.data(), last, number);
  if (code != std::errc{} || end != last) return not_a(type, text);
  return Value(number);
}

}  // namespace

Value zero_of(ValueType type) {
  switch (type) {
    case ValueType::kBool:
      return false;
    case ValueType::kInt64:
      return std::int64_t{0};
    case ValueType::kFloat32:
      return 0.0F;
    case ValueType::kFloat64:
      return 0.0;
    case ValueType::kString:
      return std::string();
  }
  return false;
}

double as_double(const Value& value) {
  return std::visit(
      [](const auto& held) -> double {
        if constexpr (std::is_same_v<std::decay_t<decltype(held)>, std::string>) {
          return std::numeric_limits<double>::quiet_NaN();
        } else {
          return static_cast<double>(held);
        }
      },
      value);
}

bool same_bits(const Value& a, const Value& b) {
  if (a.index() != b.index()) return false;
  if (const auto* x = std::get_if<float>(&a)) {
    return std::bit_cast<std::uint32_t>(*x) == std::bit_cast<std::uint32_t>(std::get<float>(b));
  }
  if (const auto* x = std::get_if<double>(&a)) {
    return std::bit_cast<std::uint64_t>(*x) == std::bit_cast<std::uint64_t>(std::get<double>(b));
  }
  return a == b;
}

std::string_view type_name(ValueType type) {
  switch (type) {
    case ValueType::kBool:
      return "bool";
    case ValueType::kInt64:
      return "int64";
    case ValueType::kFloat32:
      return "float32";
    case ValueType::kFloat64:
      return "float64";
    case ValueType::kString:
      return "string";
  }
  return "unknown";
}

Result<ValueType> parse_type(std::string_view name) {
  for (ValueType type : {ValueType::kBool, ValueType::kInt64, ValueType::kFloat32,
                         ValueType::kFloat64, ValueType::kString}) {
    if (type_name(type) == name) return type;
  }
  return Error{ErrorId::kInvalidArgument,
               "'" + std::string(name.substr(0, 64)) +
                   "' is not a type: write bool, int64, float32, float64 or string"};
}

std::string to_text(const Value& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, bool>) {
          return held ? "true" : "false";
        } else if constexpr (std::is_same_v<Held, std::string>) {
          return held;
        } else {
          return number_text(held);
        }
      },
      value);
}

Result<Value> parse_value(ValueType type, std::string_view text) {
  switch (type) {
    case ValueType::kBool:
      if (text == "true" || text == "1") return Value(true);
      if (text == "false" || text == "0") return Value(false);
      return not_a(type, text);
    case ValueType::kInt64:
      return parse_number<std::int64_t>(type, text);
    case ValueType::kFloat32:
      return parse_number<float>(type, text);
    case ValueType::kFloat64:
      return parse_number<double>(type, text);
    case ValueType::kString:
      if (text.size() > kStringValueBytesMax) return not_a(type, text);
      return Value(std::string(text));
  }
  return not_a(type, text);
}

}  // namespace lineshaft
