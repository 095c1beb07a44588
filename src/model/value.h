// model/value.h: one value of a signal, in the type that the machine has.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace lineshaft {

// On disk and on the wire as these numbers: never change one.
enum class ValueType : std::uint8_t {
  kBool = 1,
  kInt64 = 2,
  kFloat32 = 3,  // never widened to float64
  kFloat64 = 4,
  kString = 5,
};

inline constexpr std::size_t kStringValueBytesMax = 64 * 1024;

// The alternatives stand in the order of ValueType.
using Value = std::variant<bool, std::int64_t, float, double, std::string>;

inline ValueType type_of(const Value& value) { return static_cast<ValueType>(value.index() + 1); }

// False, 0 or "", of that type: where there is no value yet.
Value zero_of(ValueType type);

// The value as a number for charts and aggregates: bool as 0/1, a string as NaN. int64 beyond 2^53
// loses its last digits here, and only here.
double as_double(const Value& value);

// Of one type and equal bit for bit: a not-a-number is itself, and 0.0 is not -0.0.
bool same_bits(const Value& a, const Value& b);

// "bool", "int64", "float32", "float64", "string".
std::string_view type_name(ValueType type);
// Errors: kInvalidArgument naming the text.
Result<ValueType> parse_type(std::string_view name);

// Exact text: shortest digits that read back to the same bits; "NaN", "Infinity", "-Infinity".
std::string to_text(const Value& value);
// The inverse, for one type. Errors: kTypeMismatch with the text and the type.
Result<Value> parse_value(ValueType type, std::string_view text);

}  // namespace lineshaft
