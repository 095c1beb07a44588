// wire/iec104/value.h: what information objects mean as values, qualities and times of ours, and
// which commands carry our values; both ways. Pure functions. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"
#include "model/quality.h"
#include "model/value.h"
#include "wire/iec104/asdu.h"

namespace lineshaft::iec104 {

// What a signal is on the station. The time tag of the type may differ from object to object.
enum class PointKind : std::uint8_t {
  kSingle,      // bool
  kDouble,      // int64: 0 intermediate, 1 off, 2 on, 3 faulty
  kStep,        // int64: -64..63
  kBitstring,   // int64: 0..2^32 - 1
  kNormalized,  // float64: the fraction -1 <= x < 1, scaled
  kScaled,      // int64: -32768..32767
  kFloat,       // float32
  kCounter,     // int64: -2^31..2^31 - 1
};

// "single", "double", "step", "bitstring", "normalized", "scaled", "float", "counter".
std::string_view point_kind_name(PointKind kind);
std::optional<PointKind> parse_point_kind(std::string_view name);

struct PointFormat {
  PointKind kind = PointKind::kFloat;
  // value = raw * scale + offset, in float64, for normalized, scaled, float and counter. 1 and 0
  // leave the value and its type alone.
  double scale = 1;
  double offset = 0;

  bool scaled() const { return scale != 1 || offset != 0; }
  friend bool operator==(const PointFormat&, const PointFormat&) = default;
};

// Errors: kInvalidArgument naming the field: scale 0 or not finite, scaling of a kind that has
// none.
Status check_format(const PointFormat& format);

// Below: requires check_format(format).

// The type that the tag gets; float64 for every scaled number.
ValueType value_type(const PointFormat& format);

// The element that a station sends for this kind; and its type with a time of that kind.
ElementKind monitor_element(PointKind kind);
Type monitor_type(PointKind kind, TimeKind time);

// Bad IV; else NT and BL UncertainLastUsableValue, SB UncertainSubstituteValue, OV
// UncertainEngineeringUnitsExceeded; else good. The first that is set counts.
Quality to_quality(const QualityBits& bits);
// The other way: bad is IV, and with it NT; UncertainSubstituteValue SB, ...UnitsExceeded OV, any
// other uncertainty NT.
QualityBits to_quality_bits(Quality quality);

struct Reading {
  Value value;
  Quality quality;
};

// What the object says. Nothing if its element is not that of the kind (a station that is set up
// otherwise than we think). The value of a packed single point is not taken apart here.
std::optional<Reading> read_point(const PointFormat& format, const Element& element);

// The element that tells this value. A number outside the range of the element is its nearest one
// with OV (or, in counters and bit strings, IV): the station that asks must see something.
// Requires: the value has the type value_type(format).
Element make_point(const PointFormat& format, const Reading& reading);

// How a signal is commanded.
enum class CommandKind : std::uint8_t {
  kSingle,      // bool, or 1 off and 2 on
  kDouble,      // the same
  kStep,        // 1 lower, 2 higher, or a bool: true is higher
  kNormalized,  // a number, scaled back
  kScaled,
  kFloat,
  kBitstring,  // an integer 0..2^32 - 1
};

std::string_view command_kind_name(CommandKind kind);  // as of the points
std::optional<CommandKind> parse_command_kind(std::string_view name);

// Its types on the wire.
ElementKind command_element(CommandKind kind);
bool has_select(CommandKind kind);  // all but bit strings
std::uint8_t qualifier_max(CommandKind kind);

// The element that carries a value, scaled back as the format of the signal says; rounded to the
// nearest number of the element. `format` gives scale and offset only.
// Errors: kTypeMismatch; kInvalidArgument if the value does not fit.
Result<Element> make_command(CommandKind kind, const PointFormat& format, const Value& value,
                             CommandMode mode);

// What a command asks for, as a value of the kind: bool, int64, float32; float64 for a fraction.
// Nothing for a state that is not permitted (a double command to 0 or 3). Requires: a command.
std::optional<Value> command_value(const Element& command);
// The mode of a command; nothing for a bit string and all else.
std::optional<CommandMode> command_mode(const Element& element);

}  // namespace lineshaft::iec104
