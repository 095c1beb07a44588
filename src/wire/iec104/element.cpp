#include "wire/iec104/element.h"

#include <bit>

#include "base/assert.h"

namespace lineshaft::iec104 {

namespace {

constexpr std::uint8_t kOverflow = 0x01;
constexpr std::uint8_t kBlocked = 0x10;
constexpr std::uint8_t kSubstituted = 0x20;
constexpr std::uint8_t kNotTopical = 0x40;
constexpr std::uint8_t kInvalid = 0x80;
constexpr std::uint8_t kUpperQuality = kBlocked | kSubstituted | kNotTopical | kInvalid;
constexpr std::uint8_t kTopBit = 0x80;  // select of a command, transient of a step

QualityBits to_quality(std::uint8_t byte) {
  return {(byte & kOverflow) != 0, (byte & kBlocked) != 0, (byte & kSubstituted) != 0,
          (byte & kNotTopical) != 0, (byte & kInvalid) != 0};
}

std::uint8_t to_byte(const QualityBits& quality) {
  return static_cast<std::uint8_t>(
      (quality.overflow ? kOverflow : 0) | (quality.blocked ? kBlocked : 0) |
      (quality.substituted ? kSubstituted : 0) | (quality.not_topical ? kNotTopical : 0) |
      (quality.invalid ? kInvalid : 0));
}

// SIQ and DIQ keep the state where QDS has the overflow.
QualityBits upper_quality(std::uint8_t byte) { return to_quality(byte & kUpperQuality); }

std::uint8_t upper_byte(const QualityBits& quality) {
  LS_ASSERT(!quality.overflow);
  return to_byte(quality);
}

// SCO, DCO, RCO: the state in the lowest bits, then five bits of qualifier, then select.
CommandMode switch_mode(std::uint8_t byte) {
  return {static_cast<std::uint8_t>(byte >> 2 & 0x1F), (byte & kTopBit) != 0};
}

std::uint8_t switch_byte(std::uint8_t state, const CommandMode& mode) {
  LS_ASSERT(mode.qualifier < 32);
  return static_cast<std::uint8_t>(state | mode.qualifier << 2 | (mode.select ? kTopBit : 0));
}

// QOS: seven bits of qualifier, then select.
CommandMode read_set_mode(ByteReader& reader) {
  const std::uint8_t byte = reader.u8();
  return {static_cast<std::uint8_t>(byte & 0x7F), (byte & kTopBit) != 0};
}

void append_set_mode(const CommandMode& mode, ByteWriter& writer) {
  LS_ASSERT(mode.qualifier < 128);
  writer.u8(static_cast<std::uint8_t>(mode.qualifier | (mode.select ? kTopBit : 0)));
}

std::int16_t read_i16(ByteReader& reader) {
  return static_cast<std::int16_t>(reader.read_le<std::uint16_t>());
}
void append_i16(std::int16_t value, ByteWriter& writer) {
  writer.write_le(static_cast<std::uint16_t>(value));
}
float read_float(ByteReader& reader) {
  return std::bit_cast<float>(reader.read_le<std::uint32_t>());
}
void append_float(float value, ByteWriter& writer) {
  writer.write_le(std::bit_cast<std::uint32_t>(value));
}
QualityBits read_quality(ByteReader& reader) { return to_quality(reader.u8()); }

StepPosition read_step(ByteReader& reader) {
  const std::uint8_t byte = reader.u8();
  StepPosition step;
  step.position = static_cast<std::int8_t>((byte & 0x7F) < 64 ? byte & 0x7F : (byte & 0x7F) - 128);
  step.transient = (byte & kTopBit) != 0;
  step.quality = read_quality(reader);
  return step;
}

Counter read_counter(ByteReader& reader) {
  Counter counter;
  counter.value = static_cast<std::int32_t>(reader.read_le<std::uint32_t>());
  const std::uint8_t byte = reader.u8();
  counter.sequence = byte & 0x1F;
  counter.carry = (byte & 0x20) != 0;
  counter.adjusted = (byte & 0x40) != 0;
  counter.invalid = (byte & 0x80) != 0;
  return counter;
}

// One overload for each element; the kind told them apart before.
struct Append {
  ByteWriter writer;
  bool with_quality;

  void operator()(const SinglePoint& e) {
    writer.u8(static_cast<std::uint8_t>(upper_byte(e.quality) | (e.on ? 1 : 0)));
  }
  void operator()(const DoublePoint& e) {
    writer.u8(static_cast<std::uint8_t>(upper_byte(e.quality) | static_cast<unsigned>(e.state)));
  }
  void operator()(const StepPosition& e) {
    LS_ASSERT(e.position >= -64 && e.position <= 63);
    writer.u8(static_cast<std::uint8_t>((e.position & 0x7F) | (e.transient ? kTopBit : 0)));
    writer.u8(to_byte(e.quality));
  }
  void operator()(const Bitstring& e) {
    writer.write_le(e.bits);
    writer.u8(to_byte(e.quality));
  }
  void operator()(const Normalized& e) {
    append_i16(e.raw, writer);
    if (with_quality) writer.u8(to_byte(e.quality));
  }
  void operator()(const Scaled& e) {
    append_i16(e.value, writer);
    writer.u8(to_byte(e.quality));
  }
  void operator()(const ShortFloat& e) {
    append_float(e.value, writer);
    writer.u8(to_byte(e.quality));
  }
  void operator()(const Counter& e) {
    LS_ASSERT(e.sequence < 32);
    writer.write_le(static_cast<std::uint32_t>(e.value));
    writer.u8(static_cast<std::uint8_t>(e.sequence | (e.carry ? 0x20 : 0) |
                                        (e.adjusted ? 0x40 : 0) | (e.invalid ? 0x80 : 0)));
  }
  void operator()(const PackedSinglePoints& e) {
    writer.write_le(e.on);
    writer.write_le(e.changed);
    writer.u8(to_byte(e.quality));
  }
  void operator()(const SingleCommand& e) { writer.u8(switch_byte(e.on ? 1 : 0, e.mode)); }
  void operator()(const DoubleCommand& e) {
    writer.u8(switch_byte(static_cast<std::uint8_t>(e.state), e.mode));
  }
  void operator()(const StepCommand& e) {
    writer.u8(switch_byte(static_cast<std::uint8_t>(e.direction), e.mode));
  }
  void operator()(const SetNormalized& e) {
    append_i16(e.raw, writer);
    append_set_mode(e.mode, writer);
  }
  void operator()(const SetScaled& e) {
    append_i16(e.value, writer);
    append_set_mode(e.mode, writer);
  }
  void operator()(const SetShortFloat& e) {
    append_float(e.value, writer);
    append_set_mode(e.mode, writer);
  }
  void operator()(const BitstringCommand& e) { writer.write_le(e.bits); }
  void operator()(const EndOfInitialization& e) { writer.u8(e.cause); }
  void operator()(const Interrogation& e) { writer.u8(e.qualifier); }
  void operator()(const CounterInterrogation& e) {
    LS_ASSERT(e.request < 64);
    writer.u8(static_cast<std::uint8_t>(e.request | static_cast<unsigned>(e.freeze) << 6));
  }
  void operator()(const Read&) {}
  void operator()(const ClockSync&) {}
  void operator()(const Test& e) { writer.write_le(e.pattern); }
  void operator()(const ResetProcess& e) { writer.u8(e.qualifier); }
  void operator()(const TestTime& e) { writer.write_le(e.counter); }
};

// Commands and set points.
Element read_command(ElementKind kind, ByteReader& reader) {
  switch (kind) {
    case ElementKind::kSetNormalized: {
      const std::int16_t raw = read_i16(reader);
      return SetNormalized{raw, read_set_mode(reader)};
    }
    case ElementKind::kSetScaled: {
      const std::int16_t value = read_i16(reader);
      return SetScaled{value, read_set_mode(reader)};
    }
    case ElementKind::kSetShortFloat: {
      const float value = read_float(reader);
      return SetShortFloat{value, read_set_mode(reader)};
    }
    case ElementKind::kBitstringCommand:
      return BitstringCommand{reader.read_le<std::uint32_t>()};
    default:
      break;
  }
  const std::uint8_t byte = reader.u8();
  if (kind == ElementKind::kSingleCommand) {
    // Between state and qualifier lies a reserved bit.
    return SingleCommand{(byte & 1) != 0, switch_mode(byte)};
  }
  if (kind == ElementKind::kDoubleCommand) {
    return DoubleCommand{static_cast<DoubleState>(byte & 3), switch_mode(byte)};
  }
  return StepCommand{static_cast<StepDirection>(byte & 3), switch_mode(byte)};
}

Element read_system(ElementKind kind, ByteReader& reader) {
  switch (kind) {
    case ElementKind::kEndOfInitialization:
      return EndOfInitialization{reader.u8()};
    case ElementKind::kInterrogation:
      return Interrogation{reader.u8()};
    case ElementKind::kCounterInterrogation: {
      const std::uint8_t byte = reader.u8();
      return CounterInterrogation{static_cast<std::uint8_t>(byte & 0x3F),
                                  static_cast<CounterFreeze>(byte >> 6)};
    }
    case ElementKind::kTest:
      return Test{reader.read_le<std::uint16_t>()};
    case ElementKind::kResetProcess:
      return ResetProcess{reader.u8()};
    case ElementKind::kTestTime:
      return TestTime{reader.read_le<std::uint16_t>()};
    case ElementKind::kRead:
      return Read{};
    default:
      return ClockSync{};
  }
}

}  // namespace

bool operator==(const ShortFloat& a, const ShortFloat& b) {
  return std::bit_cast<std::uint32_t>(a.value) == std::bit_cast<std::uint32_t>(b.value) &&
         a.quality == b.quality;
}

bool operator==(const SetShortFloat& a, const SetShortFloat& b) {
  return std::bit_cast<std::uint32_t>(a.value) == std::bit_cast<std::uint32_t>(b.value) &&
         a.mode == b.mode;
}

std::size_t element_bytes(ElementKind kind) {
  switch (kind) {
    case ElementKind::kRead:
    case ElementKind::kClockSync:
      return 0;
    case ElementKind::kStepPosition:
    case ElementKind::kNormalizedBare:
    case ElementKind::kTest:
    case ElementKind::kTestTime:
      return 2;
    case ElementKind::kNormalized:
    case ElementKind::kScaled:
    case ElementKind::kSetNormalized:
    case ElementKind::kSetScaled:
      return 3;
    case ElementKind::kBitstringCommand:
      return 4;
    case ElementKind::kBitstring:
    case ElementKind::kShortFloat:
    case ElementKind::kCounter:
    case ElementKind::kPackedSinglePoints:
    case ElementKind::kSetShortFloat:
      return 5;
    default:
      return 1;
  }
}

bool fits(ElementKind kind, const Element& element) {
  // The alternatives stand in the order of the kinds, but that two kinds share Normalized.
  const auto index = static_cast<std::size_t>(kind);
  constexpr auto kShared = static_cast<std::size_t>(ElementKind::kNormalizedBare);
  return element.index() == (index < kShared ? index : index - 1);
}

Element read_element(ElementKind kind, ByteReader& reader) {
  switch (kind) {
    case ElementKind::kSinglePoint: {
      const std::uint8_t byte = reader.u8();
      return SinglePoint{(byte & 1) != 0, upper_quality(byte)};
    }
    case ElementKind::kDoublePoint: {
      const std::uint8_t byte = reader.u8();
      return DoublePoint{static_cast<DoubleState>(byte & 3), upper_quality(byte)};
    }
    case ElementKind::kStepPosition:
      return read_step(reader);
    case ElementKind::kBitstring: {
      const auto bits = reader.read_le<std::uint32_t>();
      return Bitstring{bits, read_quality(reader)};
    }
    case ElementKind::kNormalized: {
      const std::int16_t raw = read_i16(reader);
      return Normalized{raw, read_quality(reader)};
    }
    case ElementKind::kNormalizedBare:
      return Normalized{read_i16(reader), {}};
    case ElementKind::kScaled: {
      const std::int16_t value = read_i16(reader);
      return Scaled{value, read_quality(reader)};
    }
    case ElementKind::kShortFloat: {
      const float value = read_float(reader);
      return ShortFloat{value, read_quality(reader)};
    }
    case ElementKind::kCounter:
      return read_counter(reader);
    case ElementKind::kPackedSinglePoints: {
      const auto on = reader.read_le<std::uint16_t>();
      const auto changed = reader.read_le<std::uint16_t>();
      return PackedSinglePoints{on, changed, read_quality(reader)};
    }
    default:
      return kind <= ElementKind::kBitstringCommand ? read_command(kind, reader)
                                                    : read_system(kind, reader);
  }
}

void append_element(ElementKind kind, const Element& element, Bytes& out) {
  LS_ASSERT(fits(kind, element));
  std::visit(Append{ByteWriter(out), kind != ElementKind::kNormalizedBare}, element);
}

}  // namespace lineshaft::iec104
