// wire/s7/value.h: what the bytes of a device mean, as values of tags; both ways.
// Pure functions. Threads: any.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "model/value.h"
#include "wire/s7/address.h"
#include "wire/s7/message.h"

namespace lineshaft::s7 {

struct PointFormat {
  Address address;
  // value = raw * scale + offset, in float64. 1 and 0 leave the value and its type alone.
  double scale = 1;
  double offset = 0;

  bool scaled() const { return scale != 1 || offset != 0; }
  friend bool operator==(const PointFormat&, const PointFormat&) = default;
};

// Errors: kInvalidArgument naming the field: as check_address; scale 0 or not finite, scaling of
// what is no number (BOOL, characters, dates).
Status check_format(const PointFormat& format);

// Below: requires check_format(format).

// The type that the tag gets: bool; integers, bit strings, durations and times of day as int64;
// REAL stays float32; LREAL and every scaled number is float64; characters and dates are strings.
ValueType value_type(const PointFormat& format);

// Nothing for bytes that are no value of the type: a number beyond 2^63 - 1, a string whose length
// is more than it can hold, BCD digits above 9, a date that does not exist. Not-a-number and
// infinities are values and are kept. Requires: bytes.size() == width(format.address).
std::optional<Value> decode_value(const PointFormat& format, ByteSpan bytes);

// The bytes to write, from the first one of the value on: as many as its width; of a string as many
// as its characters need; of a BOOL one, 0 or 1, for an item of the element kBit. `current` are the
// bytes as they are now: a string keeps its maximum length. A scaled value is rounded to the
// nearest number of the type. Requires: current.size() == width(format.address). Errors:
// kTypeMismatch; kInvalidArgument if the value does not fit.
Result<Bytes> encode_value(const PointFormat& format, const Value& value, ByteSpan current);

// The item that such bytes are written to. Requires: not of a timer or counter.
Item write_item(const Address& address, std::size_t bytes);

}  // namespace lineshaft::s7
