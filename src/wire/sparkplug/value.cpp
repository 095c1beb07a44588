#include "wire/sparkplug/value.h"

#include <array>
#include <limits>

#include "base/utf8.h"

namespace lineshaft::sparkplug {

namespace {

constexpr std::array<std::string_view, 35> kNames = {"Unknown",      "Int8",
                                                     "Int16",        "Int32",
                                                     "Int64",        "UInt8",
                                                     "UInt16",       "UInt32",
                                                     "UInt64",       "Float",
                                                     "Double",       "Boolean",
                                                     "String",       "DateTime",
                                                     "Text",         "UUID",
                                                     "DataSet",      "Bytes",
                                                     "File",         "Template",
                                                     "PropertySet",  "PropertySetList",
                                                     "Int8Array",    "Int16Array",
                                                     "Int32Array",   "Int64Array",
                                                     "UInt8Array",   "UInt16Array",
                                                     "UInt32Array",  "UInt64Array",
                                                     "FloatArray",   "DoubleArray",
                                                     "BooleanArray", "StringArray",
                                                     "DateTimeArray"};

constexpr std::int32_t kNumberBad = 0;
constexpr std::int32_t kNumberUncertain = 64;
constexpr std::int32_t kNumberGood = 192;
constexpr std::int32_t kNumberStale = 500;

Error mismatch(DataType type, const char* what) {
  return {ErrorId::kTypeMismatch, "a " + data_type_name(type) + " " + what};
}

bool is_signed(DataType type) { return type >= DataType::kInt8 && type <= DataType::kInt64; }

// Bits of an integer type; 64 for DateTime.
unsigned width(DataType type) {
  switch (type) {
    case DataType::kInt8:
    case DataType::kUInt8:
      return 8;
    case DataType::kInt16:
    case DataType::kUInt16:
      return 16;
    case DataType::kInt32:
    case DataType::kUInt32:
      return 32;
    default:
      return 64;
  }
}

Result<Value> integer_value(DataType type, std::uint64_t bits) {
  const unsigned spare = 64 - width(type);
  if (is_signed(type)) {
    // Up to the top and back down: an arithmetic shift carries the sign along.
    return Value(static_cast<std::int64_t>(bits << spare) >> spare);
  }
  bits = bits << spare >> spare;
  if (bits > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return mismatch(type, "above 2^63-1, which no tag holds");
  }
  return Value(static_cast<std::int64_t>(bits));
}

Result<WireValue> integer_wire(DataType type, std::int64_t number) {
  const unsigned bits = width(type);
  const bool wide = bits == 64;
  const std::int64_t low = !is_signed(type) ? 0
                           : wide           ? std::numeric_limits<std::int64_t>::min()
                                            : -(std::int64_t{1} << (bits - 1));
  const std::int64_t high = wide              ? std::numeric_limits<std::int64_t>::max()
                            : is_signed(type) ? (std::int64_t{1} << (bits - 1)) - 1
                                              : (std::int64_t{1} << bits) - 1;
  if (number < low || number > high) {
    return Error{ErrorId::kInvalidArgument,
                 std::to_string(number) + " is no " + data_type_name(type) + ": allowed are " +
                     std::to_string(low) + " to " + std::to_string(high)};
  }
  // UInt32 travels as a long, as the implementations of the standard's authors do it.
  if (wide || type == DataType::kUInt32) {
    return WireValue(LongBits{static_cast<std::uint64_t>(number)});
  }
  return WireValue(IntBits{static_cast<std::uint32_t>(number)});
}

}  // namespace

std::string data_type_name(DataType type) {
  const auto number = static_cast<std::uint32_t>(type);
  if (number >= kNames.size()) return "type " + std::to_string(number);
  return std::string(kNames[number]);
}

Result<ValueType> tag_type(DataType type) {
  switch (type) {
    case DataType::kInt8:
    case DataType::kInt16:
    case DataType::kInt32:
    case DataType::kInt64:
    case DataType::kUInt8:
    case DataType::kUInt16:
    case DataType::kUInt32:
    case DataType::kUInt64:
    case DataType::kDateTime:
      return ValueType::kInt64;
    case DataType::kFloat:
      return ValueType::kFloat32;
    case DataType::kDouble:
      return ValueType::kFloat64;
    case DataType::kBoolean:
      return ValueType::kBool;
    case DataType::kString:
    case DataType::kText:
    case DataType::kUuid:
      return ValueType::kString;
    default:
      return Error{ErrorId::kUnsupported, "no tag holds a value of " + data_type_name(type)};
  }
}

Result<Value> to_value(DataType type, const WireValue& wire) {
  const Result<ValueType> held = tag_type(type);
  if (!held) return held.error();
  if (*held == ValueType::kInt64) {
    if (const auto* number = std::get_if<IntBits>(&wire)) return integer_value(type, number->bits);
    if (const auto* number = std::get_if<LongBits>(&wire)) return integer_value(type, number->bits);
  } else if (*held == ValueType::kFloat32) {
    if (const auto* number = std::get_if<float>(&wire)) return Value(*number);
  } else if (*held == ValueType::kFloat64) {
    if (const auto* number = std::get_if<double>(&wire)) return Value(*number);
  } else if (*held == ValueType::kBool) {
    if (const auto* flag = std::get_if<bool>(&wire)) return Value(*flag);
  } else if (const auto* text = std::get_if<std::string>(&wire)) {
    if (text->size() > kStringValueBytesMax) return mismatch(type, "longer than a tag holds");
    return Value(*text);
  }
  return mismatch(type, "whose value is of another type");
}

Result<WireValue> to_wire(DataType type, const Value& value) {
  const Result<ValueType> held = tag_type(type);
  if (!held) return held.error();
  if (*held != type_of(value)) {
    return mismatch(type, ("does not take a " + std::string(type_name(type_of(value)))).c_str());
  }
  switch (*held) {
    case ValueType::kBool:
      return WireValue(std::get<bool>(value));
    case ValueType::kInt64:
      return integer_wire(type, std::get<std::int64_t>(value));
    case ValueType::kFloat32:
      return WireValue(std::get<float>(value));
    case ValueType::kFloat64:
      return WireValue(std::get<double>(value));
    case ValueType::kString:
      break;
  }
  return WireValue(std::get<std::string>(value));
}

Quality quality_of(std::int64_t number) {
  if (number == kNumberStale) return quality::kBadNoCommunication;
  if (number >= kNumberGood) return quality::kGood;
  return number >= kNumberUncertain ? quality::kUncertain : quality::kBad;
}

std::int32_t quality_number(Quality quality) {
  if (quality.good()) return kNumberGood;
  if (quality.uncertain()) return kNumberUncertain;
  const bool away = quality == quality::kBadNotConnected || quality == quality::kBadTimeout ||
                    quality == quality::kBadNoCommunication ||
                    quality == quality::kBadCommunicationError;
  return away ? kNumberStale : kNumberBad;
}

}  // namespace lineshaft::sparkplug
