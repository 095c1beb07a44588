// wire/modbus/value.h: what registers mean: types, byte orders, bits, strings, scaling; both ways.
// Pure functions. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/value.h"
#include "wire/modbus/protocol.h"

namespace lineshaft::modbus {

enum class DataType : std::uint8_t {
  kBool,
  kInt16,
  kUint16,
  kInt32,
  kUint32,
  kInt64,
  kUint64,
  kFloat32,
  kFloat64,
  kString,
};

// "bool", "int16", ... "string".
std::string_view data_type_name(DataType type);
std::optional<DataType> parse_data_type(std::string_view name);

// How the bytes of a number lie in its registers, first register first; A is the most significant
// byte. For 64 bits the same two swaps apply to four registers:
//   ABCD  ABCDEFGH  as the standard has it
//   BADC  BADCFEHG  bytes swapped inside each register
//   CDAB  GHEFCDAB  registers in reverse order
//   DCBA  HGFEDCBA  both
// A 16-bit number only knows the first swap; so does a string (its registers keep their order).
enum class ByteOrder : std::uint8_t { kABCD, kBADC, kCDAB, kDCBA };

std::string_view byte_order_name(ByteOrder order);
std::optional<ByteOrder> parse_byte_order(std::string_view name);

inline constexpr std::uint16_t kStringBytesMax = 2 * kReadRegistersMax;

// Where a value lies and how it is read.
struct PointFormat {
  Area area = Area::kHolding;
  DataType type = DataType::kUint16;
  ByteOrder order = ByteOrder::kABCD;
  // Registers: the value is `bit_count` bits from this one on (0: least significant) of the
  // unsigned number of the type; for kBool, bit 0..15 of one register.
  std::optional<std::uint8_t> bit;
  std::uint8_t bit_count = 1;
  std::uint16_t string_bytes = 0;  // kString: 1..kStringBytesMax
  // value = raw * scale + offset, in float64. 1 and 0 leave the value and its type alone.
  double scale = 1;
  double offset = 0;

  bool scaled() const { return scale != 1 || offset != 0; }
  friend bool operator==(const PointFormat&, const PointFormat&) = default;
};

// Errors: kInvalidArgument naming the field: a number type on a bit area, a bit outside the type,
// string_bytes missing, scale 0 or not finite, scaling of a bool or string.
Status check_format(const PointFormat& format);

// Below: requires check_format(format).

// Registers that the value takes (bits on a bit area: always 1).
std::uint16_t width(const PointFormat& format);

// The type that the tag gets: bool; integers as int64, bit fields too; float32 stays float32; every
// scaled number is float64; string.
ValueType value_type(const PointFormat& format);

// Nothing for a number that the tag's type cannot hold (uint64 beyond 2^63 - 1, unscaled).
// Not-a-number and infinities are values and are kept. A string ends at its first NUL, blanks at
// its end are dropped; bytes that are not UTF-8 are taken as ISO 8859-1. Requires:
// registers.size() == width(format), and a register area.
std::optional<Value> decode_value(const PointFormat& format,
                                  std::span<const std::uint16_t> registers);

// The registers that hold `value`. `current` are the registers as they are now: a bit field changes
// its own bits in them only. A scaled value is rounded to the nearest number of the type.
// Requires: current.size() == width(format), and a register area.
// Errors: kTypeMismatch; kInvalidArgument if the value does not fit.
Result<std::vector<std::uint16_t>> encode_value(const PointFormat& format, const Value& value,
                                                std::span<const std::uint16_t> current);

}  // namespace lineshaft::modbus
