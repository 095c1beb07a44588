#include "connect/flows/units.h"

#include <cmath>
#include <string>

namespace lineshaft::connect {

namespace {

enum class Dimension : std::uint8_t {
  kTemperature,
  kPressure,
  kLength,
  kSpeed,
  kAcceleration,
  kMass,
  kMassFlow,
  kVolume,
  kVolumeFlow,
  kTime,
  kFrequency,
  kEnergy,
  kPower,
  kApparentPower,
  kReactivePower,
  kReactiveEnergy,
  kCurrent,
  kVoltage,
  kForce,
  kTorque,
  kAngle,
  kArea,
  kDensity,
  kRatio,
  kConductivity,
};

// A number of `code` is (number + hundredths / 100) * multiplier / divisor of the dimension's base
// unit. Factors of UNECE Recommendation 20, which are exact by definition of the units; all are
// whole numbers, so that conversions are as exact as a float64 can be.
struct Unit {
  std::string_view code;
  Dimension dimension;
  double multiplier;
  double divisor;
  double hundredths = 0;
};

using enum Dimension;
constexpr Unit kUnits[] = {
    {"KEL", kTemperature, 1, 1},             // K
    {"CEL", kTemperature, 1, 1, 27315},      // °C
    {"FAH", kTemperature, 5, 9, 45967},      // °F
    {"PAL", kPressure, 1, 1},                // Pa
    {"A97", kPressure, 100, 1},              // hPa
    {"KPA", kPressure, 1'000, 1},            // kPa
    {"MPA", kPressure, 1'000'000, 1},        // MPa
    {"BAR", kPressure, 100'000, 1},          // bar
    {"MBR", kPressure, 100, 1},              // mbar
    {"ATM", kPressure, 101'325, 1},          // atm
    {"MTR", kLength, 1, 1},                  // m
    {"KMT", kLength, 1'000, 1},              // km
    {"CMT", kLength, 1, 100},                // cm
    {"MMT", kLength, 1, 1'000},              // mm
    {"4H", kLength, 1, 1'000'000},           // µm
    {"INH", kLength, 254, 10'000},           // in
    {"FOT", kLength, 3'048, 10'000},         // ft
    {"MTS", kSpeed, 1, 1},                   // m/s
    {"C16", kSpeed, 1, 1'000},               // mm/s
    {"2X", kSpeed, 1, 60},                   // m/min
    {"KMH", kSpeed, 1'000, 3'600},           // km/h
    {"MSK", kAcceleration, 1, 1},            // m/s²
    {"KGM", kMass, 1, 1},                    // kg
    {"GRM", kMass, 1, 1'000},                // g
    {"MGM", kMass, 1, 1'000'000},            // mg
    {"TNE", kMass, 1'000, 1},                // t
    {"KGS", kMassFlow, 1, 1},                // kg/s
    {"E93", kMassFlow, 1, 3'600},            // kg/h
    {"E31", kMassFlow, 1'000, 3'600},        // t/h
    {"MTQ", kVolume, 1, 1},                  // m³
    {"LTR", kVolume, 1, 1'000},              // L
    {"HLT", kVolume, 1, 10},                 // hL
    {"MLT", kVolume, 1, 1'000'000},          // mL
    {"CMQ", kVolume, 1, 1'000'000},          // cm³
    {"MQS", kVolumeFlow, 1, 1},              // m³/s
    {"MQH", kVolumeFlow, 1, 3'600},          // m³/h
    {"L2", kVolumeFlow, 1, 60'000},          // L/min
    {"G51", kVolumeFlow, 1, 1'000},          // L/s
    {"SEC", kTime, 1, 1},                    // s
    {"C26", kTime, 1, 1'000},                // ms
    {"MIN", kTime, 60, 1},                   // min
    {"HUR", kTime, 3'600, 1},                // h
    {"DAY", kTime, 86'400, 1},               // d
    {"HTZ", kFrequency, 1, 1},               // Hz
    {"KHZ", kFrequency, 1'000, 1},           // kHz
    {"MHZ", kFrequency, 1'000'000, 1},       // MHz
    {"RPM", kFrequency, 1, 60},              // r/min
    {"RPS", kFrequency, 1, 1},               // r/s
    {"JOU", kEnergy, 1, 1},                  // J
    {"KJO", kEnergy, 1'000, 1},              // kJ
    {"3B", kEnergy, 1'000'000, 1},           // MJ
    {"GV", kEnergy, 1'000'000'000, 1},       // GJ
    {"WHR", kEnergy, 3'600, 1},              // Wh
    {"KWH", kEnergy, 3'600'000, 1},          // kWh
    {"MWH", kEnergy, 3'600'000'000, 1},      // MWh
    {"GWH", kEnergy, 3'600'000'000'000, 1},  // GWh
    {"WTT", kPower, 1, 1},                   // W
    {"KWT", kPower, 1'000, 1},               // kW
    {"MAW", kPower, 1'000'000, 1},           // MW
    {"D46", kApparentPower, 1, 1},           // VA
    {"KVA", kApparentPower, 1'000, 1},       // kVA
    {"MVA", kApparentPower, 1'000'000, 1},   // MVA
    {"D44", kReactivePower, 1, 1},           // var
    {"KVR", kReactivePower, 1'000, 1},       // kvar
    {"K3", kReactiveEnergy, 1, 1},           // kvarh
    {"AMP", kCurrent, 1, 1},                 // A
    {"4K", kCurrent, 1, 1'000},              // mA
    {"B22", kCurrent, 1'000, 1},             // kA
    {"VLT", kVoltage, 1, 1},                 // V
    {"2Z", kVoltage, 1, 1'000},              // mV
    {"KVT", kVoltage, 1'000, 1},             // kV
    {"NEW", kForce, 1, 1},                   // N
    {"B47", kForce, 1'000, 1},               // kN
    {"NU", kTorque, 1, 1},                   // N·m
    {"B48", kTorque, 1'000, 1},              // kN·m
    {"DD", kAngle, 1, 1},                    // °
    {"MTK", kArea, 1, 1},                    // m²
    {"CMK", kArea, 1, 10'000},               // cm²
    {"MMK", kArea, 1, 1'000'000},            // mm²
    {"KMQ", kDensity, 1, 1},                 // kg/m³
    {"GL", kDensity, 1, 1},                  // g/L
    {"GP", kDensity, 1, 1'000'000},          // mg/m³
    {"C62", kRatio, 1, 1},                   // 1
    {"P1", kRatio, 1, 100},                  // %
    {"59", kRatio, 1, 1'000'000},            // ppm
    {"D10", kConductivity, 1, 1},            // S/m
    {"H61", kConductivity, 1, 10},           // mS/cm
};

const Unit* find_unit(std::string_view code) {
  for (const Unit& unit : kUnits) {
    if (unit.code == code) return &unit;
  }
  return nullptr;
}

Error no_conversion(std::string_view from, std::string_view to, const std::string& why) {
  return {ErrorId::kInvalidArgument,
          "'" + std::string(from) + "' does not convert to '" + std::string(to) + "': " + why};
}

bool is_number(ValueType type) {
  return type == ValueType::kInt64 || type == ValueType::kFloat32 || type == ValueType::kFloat64;
}

}  // namespace

bool is_known_unit(std::string_view code) { return find_unit(code) != nullptr; }

Result<UnitConversion> unit_conversion(std::string_view from, std::string_view to) {
  if (from == to) return UnitConversion{};
  const Unit* source = find_unit(from);
  const Unit* target = find_unit(to);
  if (target == nullptr) return no_conversion(from, to, "no conversions to it are known");
  if (source == nullptr) {
    return no_conversion(from, to,
                         from.empty() ? "the tag has no unit" : "no conversions from it are known");
  }
  if (source->dimension != target->dimension) {
    return no_conversion(from, to, "they measure different things");
  }
  // (x + s) * sm / sd = (y + t) * tm / td, solved for y.
  UnitConversion conversion;
  conversion.multiplier = source->multiplier * target->divisor;
  conversion.divisor = source->divisor * target->multiplier;
  conversion.offset =
      (source->hundredths * conversion.multiplier / conversion.divisor - target->hundredths) / 100;
  return conversion;
}

ValueType converted_type(ValueType type) {
  LS_ASSERT(is_number(type));
  return type == ValueType::kFloat32 ? type : ValueType::kFloat64;
}

Value convert(const UnitConversion& conversion, const Value& value) {
  LS_ASSERT(is_number(type_of(value)));
  if (const auto* narrow = std::get_if<float>(&value)) {
    return static_cast<float>(conversion.apply(static_cast<double>(*narrow)));
  }
  return conversion.apply(as_double(value));
}

Result<Value> convert_back(const UnitConversion& conversion, ValueType type, const Value& value) {
  LS_ASSERT(is_number(type));
  if (type_of(value) != converted_type(type)) {
    return Error{ErrorId::kTypeMismatch, std::string(type_name(type_of(value))) + " instead of " +
                                             std::string(type_name(converted_type(type)))};
  }
  const double number = conversion.back(as_double(value));
  if (type == ValueType::kFloat32) return Value(static_cast<float>(number));
  if (type == ValueType::kFloat64) return Value(number);
  const double whole = std::nearbyint(number);
  // 2^63 is a double, 2^63 - 1 is none.
  if (!(whole >= -0x1p63 && whole < 0x1p63)) {
    return Error{ErrorId::kInvalidArgument, to_text(value) + " is beyond what the tag holds"};
  }
  return Value(static_cast<std::int64_t>(whole));
}

}  // namespace lineshaft::connect
