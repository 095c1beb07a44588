// wire/iec104/asdu.h: application service data units: what one I frame carries; both ways.
// Pure functions for both sides; no sockets, no clock. Threads: any.
//
//   type 1 | SQ and count 1 | T, P/N, cause 1 | originator 1 | common address 2 | objects
//
// With SQ = 0 each object has its address; with SQ = 1 only the first, and the others follow it one
// by one. Addresses, and all numbers in elements, are little-endian.
#pragma once

#include <cstdint>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/iec104/clock.h"
#include "wire/iec104/element.h"
#include "wire/iec104/protocol.h"

namespace lineshaft::iec104 {

struct AsduHead {
  Type type = Type::kSinglePoint;
  Cause cause = Cause::kSpontaneous;  // 0..kCauseMax
  bool negative = false;              // P/N of a confirmation: it was refused
  bool test = false;                  // sent during a test: not to be used in the plant
  std::uint8_t originator = 0;        // which of several controlling stations asked; 0: not used
  std::uint16_t common_address = 1;   // the station; 0 is not used
  friend bool operator==(const AsduHead&, const AsduHead&) = default;
};

using ObjectTime = std::variant<std::monostate, Time24, Time56>;  // in the order of TimeKind

struct InformationObject {
  std::uint32_t address = 0;  // 0..kObjectAddressMax; 0 for a whole station
  Element element;
  ObjectTime time;
  friend bool operator==(const InformationObject&, const InformationObject&) = default;
};

struct Asdu {
  AsduHead head;
  // The addresses rise one by one from the first and are sent as one (SQ = 1).
  bool sequence = false;
  std::vector<InformationObject> objects;  // 1..object_count_max()
  friend bool operator==(const Asdu&, const Asdu&) = default;
};

// Objects of a type that one ASDU holds. Requires: a known type.
std::size_t object_count_max(Type type, bool sequence);

// The head alone, for an answer to what cannot be read further. Errors: ErrorId::kBadAnswer if
// there are fewer than six bytes.
Result<AsduHead> decode_head(ByteSpan asdu);

// The whole. Commands and system types carry exactly one object, with SQ = 0.
// Errors: kUnsupported for a type that is not known (the head can be read nevertheless);
// ErrorId::kBadAnswer when count and bytes do not agree, or a sequence passes the last address.
// Allocates at most 127 objects, after the bytes were counted.
Result<Asdu> decode_asdu(ByteSpan asdu);

// Requires: a known type, 1 to object_count_max() objects that fit it (element, time, address), one
// object for commands and system types, and rising addresses with `sequence`.
Bytes encode_asdu(const Asdu& asdu);

// The same bytes with another cause: what a station confirms, refuses or terminates with is what it
// was sent. The test bit, originator and objects stay. Requires: six bytes.
Bytes mirror(ByteSpan asdu, Cause cause, bool negative);

}  // namespace lineshaft::iec104
