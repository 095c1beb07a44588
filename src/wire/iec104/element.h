// wire/iec104/element.h: the information elements of IEC 60870-5-101, 7.2.6, as plain data: what
// one object of an ASDU says or asks. Reserved bits are dropped when read and 0 when written.
#pragma once

#include <cstdint>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/iec104/protocol.h"

namespace lineshaft::iec104 {

// QDS, and the upper half of SIQ and DIQ, which have no overflow.
struct QualityBits {
  bool overflow = false;     // OV: beyond the range that the station can measure
  bool blocked = false;      // BL: held back; the value is that of before
  bool substituted = false;  // SB: entered by a person or another source
  bool not_topical = false;  // NT: the last update failed
  bool invalid = false;      // IV: not to be used
  friend bool operator==(const QualityBits&, const QualityBits&) = default;
};

// --- from the station ---

struct SinglePoint {
  bool on = false;
  QualityBits quality;  // no overflow
  friend bool operator==(const SinglePoint&, const SinglePoint&) = default;
};

// A switch with two contacts.
enum class DoubleState : std::uint8_t { kIntermediate = 0, kOff = 1, kOn = 2, kFaulty = 3 };

struct DoublePoint {
  DoubleState state = DoubleState::kIntermediate;
  QualityBits quality;  // no overflow
  friend bool operator==(const DoublePoint&, const DoublePoint&) = default;
};

struct StepPosition {
  std::int8_t position = 0;  // -64..63
  bool transient = false;    // the equipment moves
  QualityBits quality;
  friend bool operator==(const StepPosition&, const StepPosition&) = default;
};

struct Bitstring {
  std::uint32_t bits = 0;
  QualityBits quality;
  friend bool operator==(const Bitstring&, const Bitstring&) = default;
};

struct Normalized {
  std::int16_t raw = 0;  // the fraction raw / 32768 of a range: -1 <= fraction < 1
  QualityBits quality;   // not sent with kNormalizedBare
  friend bool operator==(const Normalized&, const Normalized&) = default;
};

struct Scaled {
  std::int16_t value = 0;
  QualityBits quality;
  friend bool operator==(const Scaled&, const Scaled&) = default;
};

// IEEE 754; any bit pattern is kept.
struct ShortFloat {
  float value = 0;
  QualityBits quality;
  // Equal bit for bit, so that a not-a-number is itself.
  friend bool operator==(const ShortFloat& a, const ShortFloat& b);
};

struct Counter {
  std::int32_t value = 0;
  std::uint8_t sequence = 0;  // 0..31, goes on with each freeze
  bool carry = false;         // the counter overflowed since the last reading
  bool adjusted = false;      // was set since the last reading
  bool invalid = false;
  friend bool operator==(const Counter&, const Counter&) = default;
};

// Sixteen single points and which of them changed; bit 0 is the first.
struct PackedSinglePoints {
  std::uint16_t on = 0;
  std::uint16_t changed = 0;
  QualityBits quality;
  friend bool operator==(const PackedSinglePoints&, const PackedSinglePoints&) = default;
};

struct EndOfInitialization {
  std::uint8_t cause = 0;  // 0 power on, 1 manual reset, 2 remote reset, + 128: parameters changed
  friend bool operator==(const EndOfInitialization&, const EndOfInitialization&) = default;
};

// --- to the station ---

// How a command is carried out. `qualifier` is 0..31 for switches (0 nothing said, 1 short pulse, 2
// long pulse, 3 persistent) and 0..127 for set points (0).
struct CommandMode {
  std::uint8_t qualifier = 0;
  bool select = false;  // S/E: prepare only; the same without it then executes
  friend bool operator==(const CommandMode&, const CommandMode&) = default;
};

struct SingleCommand {
  bool on = false;
  CommandMode mode;
  friend bool operator==(const SingleCommand&, const SingleCommand&) = default;
};

struct DoubleCommand {
  DoubleState state = DoubleState::kOff;  // off or on; the other two are not permitted
  CommandMode mode;
  friend bool operator==(const DoubleCommand&, const DoubleCommand&) = default;
};

enum class StepDirection : std::uint8_t { kNone = 0, kLower = 1, kHigher = 2, kInvalid = 3 };

struct StepCommand {
  StepDirection direction = StepDirection::kLower;  // lower or higher
  CommandMode mode;
  friend bool operator==(const StepCommand&, const StepCommand&) = default;
};

struct SetNormalized {
  std::int16_t raw = 0;
  CommandMode mode;
  friend bool operator==(const SetNormalized&, const SetNormalized&) = default;
};

struct SetScaled {
  std::int16_t value = 0;
  CommandMode mode;
  friend bool operator==(const SetScaled&, const SetScaled&) = default;
};

struct SetShortFloat {
  float value = 0;
  CommandMode mode;
  friend bool operator==(const SetShortFloat& a, const SetShortFloat& b);
};

// Has no select and no qualifier.
struct BitstringCommand {
  std::uint32_t bits = 0;
  friend bool operator==(const BitstringCommand&, const BitstringCommand&) = default;
};

inline constexpr std::uint8_t kWholeStation = 20;  // QOI; 21..36 are the groups 1..16

struct Interrogation {
  std::uint8_t qualifier = kWholeStation;
  friend bool operator==(const Interrogation&, const Interrogation&) = default;
};

enum class CounterFreeze : std::uint8_t {
  kRead = 0,
  kFreeze = 1,
  kFreezeAndReset = 2,
  kReset = 3,
};

inline constexpr std::uint8_t kAllCounters = 5;  // 1..4 are the groups

struct CounterInterrogation {
  std::uint8_t request = kAllCounters;  // 0..63
  CounterFreeze freeze = CounterFreeze::kRead;
  friend bool operator==(const CounterInterrogation&, const CounterInterrogation&) = default;
};

struct Read {
  friend bool operator==(const Read&, const Read&) = default;
};

struct ClockSync {  // the time stands in the object
  friend bool operator==(const ClockSync&, const ClockSync&) = default;
};

inline constexpr std::uint16_t kTestPattern = 0x55AA;

struct Test {
  std::uint16_t pattern = kTestPattern;
  friend bool operator==(const Test&, const Test&) = default;
};

struct ResetProcess {
  std::uint8_t qualifier = 1;  // 1 the whole process, 2 the events with time that wait
  friend bool operator==(const ResetProcess&, const ResetProcess&) = default;
};

struct TestTime {
  std::uint16_t counter = 0;
  friend bool operator==(const TestTime&, const TestTime&) = default;
};

using Element = std::variant<SinglePoint, DoublePoint, StepPosition, Bitstring, Normalized, Scaled,
                             ShortFloat, Counter, PackedSinglePoints, SingleCommand, DoubleCommand,
                             StepCommand, SetNormalized, SetScaled, SetShortFloat, BitstringCommand,
                             EndOfInitialization, Interrogation, CounterInterrogation, Read,
                             ClockSync, Test, ResetProcess, TestTime>;

// Bytes of an element on the wire, 0..5.
std::size_t element_bytes(ElementKind kind);

// True if the element is the one that the kind says.
bool fits(ElementKind kind, const Element& element);

// Takes element_bytes(kind) bytes. A reader that ends too early fails.
Element read_element(ElementKind kind, ByteReader& reader);

// Requires: fits(kind, element), and each field within its range.
void append_element(ElementKind kind, const Element& element, Bytes& out);

}  // namespace lineshaft::iec104
