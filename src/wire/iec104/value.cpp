#include "wire/iec104/value.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>

#include "base/assert.h"

namespace lineshaft::iec104 {

namespace {

constexpr std::array<std::string_view, 8> kPointNames = {
    "single", "double", "step", "bitstring", "normalized", "scaled", "float", "counter"};
constexpr std::array<std::string_view, 7> kCommandNames = {
    "single", "double", "step", "normalized", "scaled", "float", "bitstring"};

constexpr double kFraction = 32768;  // raw numbers of a normalized value in the range 0..1
constexpr std::int64_t kBitsMax = std::numeric_limits<std::uint32_t>::max();

Error invalid(std::string what) { return {ErrorId::kInvalidArgument, std::move(what)}; }

template <typename Enum, std::size_t size>
std::optional<Enum> find_name(const std::array<std::string_view, size>& names,
                              std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

bool can_scale(PointKind kind) { return kind >= PointKind::kNormalized; }

Value scale_up(const PointFormat& format, double raw) { return raw * format.scale + format.offset; }

// An unscaled integer stays one.
Value from_integer(const PointFormat& format, std::int64_t raw) {
  if (format.scaled()) return scale_up(format, static_cast<double>(raw));
  return raw;
}

struct Integer {
  std::int64_t number;
  bool fits;
};

// The nearest integer of [low, high]; not-a-number fits nowhere and is the lowest.
Integer nearest(double number, std::int64_t low, std::int64_t high) {
  const double rounded = std::nearbyint(number);
  if (!(rounded >= static_cast<double>(low))) return {low, false};
  if (rounded > static_cast<double>(high)) return {high, false};
  return {static_cast<std::int64_t>(rounded), true};
}

Integer raw_integer(const PointFormat& format, const Value& value, std::int64_t low,
                    std::int64_t high) {
  if (const auto* whole = std::get_if<std::int64_t>(&value); whole != nullptr && !format.scaled()) {
    const std::int64_t held = std::clamp(*whole, low, high);
    return {held, held == *whole};
  }
  return nearest((as_double(value) - format.offset) / format.scale, low, high);
}

Integer raw_fraction(const PointFormat& format, const Value& value) {
  const double fraction = (as_double(value) - format.offset) / format.scale;
  return nearest(fraction * kFraction, INT16_MIN, INT16_MAX);
}

float raw_float(const PointFormat& format, const Value& value) {
  const auto* narrow = std::get_if<float>(&value);
  if (narrow != nullptr && !format.scaled()) return *narrow;  // bit for bit
  return static_cast<float>((as_double(value) - format.offset) / format.scale);
}

QualityBits with_overflow(QualityBits bits, bool fits) {
  bits.overflow = bits.overflow || !fits;
  return bits;
}

Result<std::int64_t> whole_number(const Value& value, std::int64_t low, std::int64_t high) {
  const auto* number = std::get_if<std::int64_t>(&value);
  if (number == nullptr) return Error{ErrorId::kTypeMismatch, "an integer is needed"};
  if (*number < low || *number > high) {
    return invalid(to_text(value) + "; allowed are " + std::to_string(low) + " to " +
                   std::to_string(high));
  }
  return *number;
}

// Two directions: false and true, or 1 and 2.
Result<std::uint8_t> two_states(const Value& value) {
  if (const bool* flag = std::get_if<bool>(&value)) {
    return static_cast<std::uint8_t>(*flag ? 2 : 1);
  }
  const Result<std::int64_t> number = whole_number(value, 1, 2);
  if (!number) return number.error();
  return static_cast<std::uint8_t>(*number);
}

Result<std::int16_t> set_point(CommandKind kind, const PointFormat& format, const Value& value) {
  const Integer raw = kind == CommandKind::kNormalized
                          ? raw_fraction(format, value)
                          : raw_integer(format, value, INT16_MIN, INT16_MAX);
  if (!raw.fits) {
    return invalid(to_text(value) + " does not fit into the 16 bits of a " +
                   std::string(command_kind_name(kind)) + " set point");
  }
  return static_cast<std::int16_t>(raw.number);
}

Result<Element> number_command(CommandKind kind, const PointFormat& format, const Value& value,
                               CommandMode mode) {
  if (std::holds_alternative<bool>(value) || std::holds_alternative<std::string>(value)) {
    return Error{ErrorId::kTypeMismatch, "a number is needed"};
  }
  if (kind == CommandKind::kFloat) {
    const float narrow = raw_float(format, value);
    if (!std::isfinite(narrow)) {
      return invalid(to_text(value) + " is not a number that a float32 holds");
    }
    return Element(SetShortFloat{narrow, mode});
  }
  const Result<std::int16_t> raw = set_point(kind, format, value);
  if (!raw) return raw.error();
  if (kind == CommandKind::kNormalized) return Element(SetNormalized{*raw, mode});
  return Element(SetScaled{*raw, mode});
}

}  // namespace

std::string_view point_kind_name(PointKind kind) {
  return kPointNames[static_cast<std::size_t>(kind)];
}
std::optional<PointKind> parse_point_kind(std::string_view name) {
  return find_name<PointKind>(kPointNames, name);
}
std::string_view command_kind_name(CommandKind kind) {
  return kCommandNames[static_cast<std::size_t>(kind)];
}
std::optional<CommandKind> parse_command_kind(std::string_view name) {
  return find_name<CommandKind>(kCommandNames, name);
}

Status check_format(const PointFormat& format) {
  if (format.scale == 0 || !std::isfinite(format.scale) || !std::isfinite(format.offset)) {
    return invalid("scale, offset: finite numbers, and scale not 0");
  }
  if (format.scaled() && !can_scale(format.kind)) {
    return invalid("scale, offset: only normalized, scaled, float and counter are scaled");
  }
  return {};
}

ValueType value_type(const PointFormat& format) {
  if (format.kind == PointKind::kSingle) return ValueType::kBool;
  if (format.scaled() || format.kind == PointKind::kNormalized) return ValueType::kFloat64;
  return format.kind == PointKind::kFloat ? ValueType::kFloat32 : ValueType::kInt64;
}

ElementKind monitor_element(PointKind kind) {
  constexpr std::array<ElementKind, 8> kElements = {
      ElementKind::kSinglePoint, ElementKind::kDoublePoint, ElementKind::kStepPosition,
      ElementKind::kBitstring,   ElementKind::kNormalized,  ElementKind::kScaled,
      ElementKind::kShortFloat,  ElementKind::kCounter};
  return kElements[static_cast<std::size_t>(kind)];
}

Type monitor_type(PointKind kind, TimeKind time) { return *find_type(monitor_element(kind), time); }

Quality to_quality(const QualityBits& bits) {
  if (bits.invalid) return quality::kBad;
  if (bits.not_topical || bits.blocked) return quality::kUncertainLastUsableValue;
  if (bits.substituted) return quality::kUncertainSubstituteValue;
  if (bits.overflow) return quality::kUncertainEngineeringUnitsExceeded;
  return quality::kGood;
}

QualityBits to_quality_bits(Quality quality) {
  QualityBits bits;
  if (quality.good()) return bits;
  if (quality == quality::kUncertainSubstituteValue) {
    bits.substituted = true;
  } else if (quality == quality::kUncertainEngineeringUnitsExceeded) {
    bits.overflow = true;
  } else {
    bits.not_topical = true;
    bits.invalid = quality.bad();
  }
  return bits;
}

std::optional<Reading> read_point(const PointFormat& format, const Element& element) {
  if (!fits(monitor_element(format.kind), element)) return std::nullopt;
  switch (format.kind) {
    case PointKind::kSingle: {
      const auto& point = std::get<SinglePoint>(element);
      return Reading{point.on, to_quality(point.quality)};
    }
    case PointKind::kDouble: {
      const auto& point = std::get<DoublePoint>(element);
      return Reading{static_cast<std::int64_t>(point.state), to_quality(point.quality)};
    }
    case PointKind::kStep: {
      const auto& step = std::get<StepPosition>(element);
      Quality quality = to_quality(step.quality);
      if (quality.good() && step.transient) quality = quality::kUncertain;
      return Reading{std::int64_t{step.position}, quality};
    }
    case PointKind::kBitstring: {
      const auto& bits = std::get<Bitstring>(element);
      return Reading{std::int64_t{bits.bits}, to_quality(bits.quality)};
    }
    case PointKind::kNormalized: {
      const auto& part = std::get<Normalized>(element);
      return Reading{scale_up(format, part.raw / kFraction), to_quality(part.quality)};
    }
    case PointKind::kScaled: {
      const auto& scaled = std::get<Scaled>(element);
      return Reading{from_integer(format, scaled.value), to_quality(scaled.quality)};
    }
    case PointKind::kFloat: {
      const auto& number = std::get<ShortFloat>(element);
      const Quality quality = to_quality(number.quality);
      if (format.scaled()) return Reading{scale_up(format, double{number.value}), quality};
      return Reading{number.value, quality};
    }
    case PointKind::kCounter:
      break;
  }
  const auto& counter = std::get<Counter>(element);
  return Reading{from_integer(format, counter.value),
                 counter.invalid ? quality::kBad : quality::kGood};
}

Element make_point(const PointFormat& format, const Reading& reading) {
  LS_ASSERT(iec104::value_type(format) == type_of(reading.value));
  const QualityBits bits = to_quality_bits(reading.quality);
  QualityBits upper = bits;  // for the elements that have no overflow: no less uncertain
  upper.overflow = false;
  upper.not_topical = bits.not_topical || bits.overflow;
  switch (format.kind) {
    case PointKind::kSingle:
      return SinglePoint{std::get<bool>(reading.value), upper};
    case PointKind::kDouble: {
      const Integer state = raw_integer(format, reading.value, 0, 3);
      upper.invalid = upper.invalid || !state.fits;
      return DoublePoint{static_cast<DoubleState>(state.number), upper};
    }
    case PointKind::kStep: {
      const Integer position = raw_integer(format, reading.value, -64, 63);
      return StepPosition{static_cast<std::int8_t>(position.number), false,
                          with_overflow(bits, position.fits)};
    }
    case PointKind::kBitstring: {
      const Integer raw = raw_integer(format, reading.value, 0, kBitsMax);
      QualityBits marked = bits;
      marked.invalid = bits.invalid || !raw.fits;
      return Bitstring{static_cast<std::uint32_t>(raw.number), marked};
    }
    case PointKind::kNormalized: {
      const Integer raw = raw_fraction(format, reading.value);
      return Normalized{static_cast<std::int16_t>(raw.number), with_overflow(bits, raw.fits)};
    }
    case PointKind::kScaled: {
      const Integer raw = raw_integer(format, reading.value, INT16_MIN, INT16_MAX);
      return Scaled{static_cast<std::int16_t>(raw.number), with_overflow(bits, raw.fits)};
    }
    case PointKind::kFloat: {
      const float raw = raw_float(format, reading.value);
      const bool fits = std::isfinite(raw) || !std::isfinite(as_double(reading.value));
      return ShortFloat{raw, with_overflow(bits, fits)};
    }
    case PointKind::kCounter:
      break;
  }
  const Integer raw = raw_integer(format, reading.value, INT32_MIN, INT32_MAX);
  Counter counter;
  counter.value = static_cast<std::int32_t>(raw.number);
  counter.invalid = bits.invalid || !raw.fits;
  return counter;
}

ElementKind command_element(CommandKind kind) {
  constexpr std::array<ElementKind, 7> kElements = {
      ElementKind::kSingleCommand,   ElementKind::kDoubleCommand, ElementKind::kStepCommand,
      ElementKind::kSetNormalized,   ElementKind::kSetScaled,     ElementKind::kSetShortFloat,
      ElementKind::kBitstringCommand};
  return kElements[static_cast<std::size_t>(kind)];
}

bool has_select(CommandKind kind) { return kind != CommandKind::kBitstring; }

std::uint8_t qualifier_max(CommandKind kind) {
  if (kind == CommandKind::kBitstring) return 0;
  return kind <= CommandKind::kStep ? 31 : 127;
}

Result<Element> make_command(CommandKind kind, const PointFormat& format, const Value& value,
                             CommandMode mode) {
  LS_ASSERT(mode.qualifier <= qualifier_max(kind));
  switch (kind) {
    case CommandKind::kSingle: {
      const Result<std::uint8_t> state = two_states(value);
      if (!state) return state.error();
      return Element(SingleCommand{*state == 2, mode});
    }
    case CommandKind::kDouble: {
      const Result<std::uint8_t> state = two_states(value);
      if (!state) return state.error();
      return Element(DoubleCommand{static_cast<DoubleState>(*state), mode});
    }
    case CommandKind::kStep: {
      const Result<std::uint8_t> direction = two_states(value);
      if (!direction) return direction.error();
      return Element(StepCommand{static_cast<StepDirection>(*direction), mode});
    }
    case CommandKind::kBitstring: {
      const Result<std::int64_t> bits = whole_number(value, 0, kBitsMax);
      if (!bits) return bits.error();
      return Element(BitstringCommand{static_cast<std::uint32_t>(*bits)});
    }
    default:
      return number_command(kind, format, value, mode);
  }
}

std::optional<Value> command_value(const Element& command) {
  if (const auto* e = std::get_if<SingleCommand>(&command)) return e->on;
  if (const auto* e = std::get_if<DoubleCommand>(&command)) {
    if (e->state != DoubleState::kOff && e->state != DoubleState::kOn) return std::nullopt;
    return static_cast<std::int64_t>(e->state);
  }
  if (const auto* e = std::get_if<StepCommand>(&command)) {
    const bool moves =
        e->direction == StepDirection::kLower || e->direction == StepDirection::kHigher;
    if (!moves) return std::nullopt;
    return static_cast<std::int64_t>(e->direction);
  }
  if (const auto* e = std::get_if<SetNormalized>(&command)) return e->raw / kFraction;
  if (const auto* e = std::get_if<SetScaled>(&command)) return std::int64_t{e->value};
  if (const auto* e = std::get_if<SetShortFloat>(&command)) return e->value;
  const auto* bits = std::get_if<BitstringCommand>(&command);
  LS_ASSERT(bits != nullptr);
  return std::int64_t{bits->bits};
}

std::optional<CommandMode> command_mode(const Element& element) {
  return std::visit(
      [](const auto& e) -> std::optional<CommandMode> {
        if constexpr (requires { e.mode; }) return e.mode;
        return std::nullopt;
      },
      element);
}

}  // namespace lineshaft::iec104
