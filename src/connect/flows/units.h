// connect/flows/units.h: numbers from one unit of UNECE Recommendation 20 to another of the same
// dimension. Pure functions. Threads: any.
#pragma once

#include <string_view>

#include "base/result.h"
#include "model/value.h"

namespace lineshaft::connect {

// to = from * multiplier / divisor + offset, in float64: whole multipliers and divisors, so that a
// conversion that is exact on paper is rounded once.
struct UnitConversion {
  double multiplier = 1;
  double divisor = 1;
  double offset = 0;

  bool changes() const { return multiplier != 1 || divisor != 1 || offset != 0; }
  double apply(double number) const { return number * multiplier / divisor + offset; }
  double back(double number) const { return (number - offset) * divisor / multiplier; }
  friend bool operator==(const UnitConversion&, const UnitConversion&) = default;
};

bool is_known_unit(std::string_view code);

// Errors: kInvalidArgument: a unit whose dimension we do not know, or two dimensions, by name.
Result<UnitConversion> unit_conversion(std::string_view from, std::string_view to);

// The type of a converted value: float32 stays, an integer becomes float64.
// Requires: a number type.
ValueType converted_type(ValueType type);
// Requires: a number. The result has converted_type().
Value convert(const UnitConversion& conversion, const Value& value);
// A value of converted_type() back to `type`; integers are rounded to the nearest.
// Errors: kTypeMismatch; kInvalidArgument: beyond what the type holds.
Result<Value> convert_back(const UnitConversion& conversion, ValueType type, const Value& value);

}  // namespace lineshaft::connect
