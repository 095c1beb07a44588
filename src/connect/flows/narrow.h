// connect/flows/narrow.h: numbers of tags in the 32 bits that some clients know alone.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "model/value.h"

namespace lineshaft::connect {

// Makes the value fit an int32 or a float32 where the place is one. False: it was beyond, and is
// the nearest number now.
inline bool narrow(bool to_int32, bool to_float32, Value& value) {
  if (to_int32) {
    auto& number = std::get<std::int64_t>(value);
    const auto clamped = std::clamp<std::int64_t>(number, INT32_MIN, INT32_MAX);
    return std::exchange(number, clamped) == clamped;
  }
  if (to_float32 && type_of(value) == ValueType::kFloat64) {
    const double wide = std::get<double>(value);
    constexpr double kMax = std::numeric_limits<float>::max();
    const bool fits = !std::isfinite(wide) || (wide >= -kMax && wide <= kMax);
    value = static_cast<float>(fits ? wide : std::clamp(wide, -kMax, kMax));
    return fits;
  }
  return true;
}

// The way back of a float32 to a tag of float64.
inline void widen(ValueType type, Value& value) {
  if (type == ValueType::kFloat64 && type_of(value) == ValueType::kFloat32) {
    value = static_cast<double>(std::get<float>(value));
  }
}

}  // namespace lineshaft::connect
