// wire/sparkplug/value.h: the data types of Sparkplug B, and their values as they travel and as our
// tags hold them. Pure functions. Threads: any.
// Source: Sparkplug 3.0.0, section 6.4.16 ("Data Types").
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "model/quality.h"
#include "model/value.h"

namespace lineshaft::sparkplug {

enum class DataType : std::uint32_t {
  kUnknown = 0,
  kInt8 = 1,
  kInt16 = 2,
  kInt32 = 3,
  kInt64 = 4,
  kUInt8 = 5,
  kUInt16 = 6,
  kUInt32 = 7,
  kUInt64 = 8,
  kFloat = 9,
  kDouble = 10,
  kBoolean = 11,
  kString = 12,
  kDateTime = 13,  // milliseconds since 1970 UTC
  kText = 14,
  kUuid = 15,
  kDataSet = 16,
  kBytes = 17,
  kFile = 18,
  kTemplate = 19,
  kPropertySet = 20,      // of properties only
  kPropertySetList = 21,  // of properties only
  kInt8Array = 22,        // arrays travel as bytes, little endian
  kInt16Array = 23,
  kInt32Array = 24,
  kInt64Array = 25,
  kUInt8Array = 26,
  kUInt16Array = 27,
  kUInt32Array = 28,
  kUInt64Array = 29,
  kFloatArray = 30,
  kDoubleArray = 31,
  kBooleanArray = 32,
  kStringArray = 33,
  kDateTimeArray = 34,
};

// "Int8", "DateTimeArray"; "type 99" for what the standard does not have.
std::string data_type_name(DataType type);

// Something whose inside is not read: a data set, a template, a nested set of properties.
struct Opaque {
  friend bool operator==(const Opaque&, const Opaque&) = default;
};

// A value as it stands in the payload. What it means depends on the data type, which data messages
// leave out: whoever has the birth knows it. monostate: there is none.
struct IntBits {
  std::uint32_t bits = 0;
  friend bool operator==(const IntBits&, const IntBits&) = default;
};
struct LongBits {
  std::uint64_t bits = 0;
  friend bool operator==(const LongBits&, const LongBits&) = default;
};
using WireValue = std::variant<std::monostate, IntBits, LongBits, float, double, bool, std::string,
                               Bytes, Opaque>;

// The type of tag that holds values of a data type: bool; int64 for all integers and for DateTime
// (milliseconds); float32; float64; string for String, Text and UUID. Nothing else has one.
// Errors: kUnsupported, naming the type.
Result<ValueType> tag_type(DataType type);

// A value for such a tag. Integers are cut to the width of their type and then signed, because
// peers differ in how many bits of a negative number they send.
// Errors: kTypeMismatch: the value in the payload is not of that type, or a UInt64 above 2^63-1;
// kUnsupported as tag_type.
Result<Value> to_value(DataType type, const WireValue& wire);

// The inverse. Errors: kTypeMismatch; kInvalidArgument: out of the range of the data type.
Result<WireValue> to_wire(DataType type, const Value& value);

// The quality that a metric's property "Quality" tells (6.4.14): 0 bad, 192 good, 500 stale. Other
// numbers are taken as classic OPC has them: 192 and above good, 64 to 191 uncertain, else bad.
Quality quality_of(std::int64_t number);
// 192 for good, 500 for lost connections, 0 for other bad qualities; uncertain ones are 64.
std::int32_t quality_number(Quality quality);

}  // namespace lineshaft::sparkplug
