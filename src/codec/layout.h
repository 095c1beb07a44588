// codec/layout.h: the first byte of every stream. Numbers are given out once, for ever;
// docs/formats/codec.md describes what follows each.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "base/result.h"

namespace lineshaft::codec {

enum class Layout : std::uint8_t {
  // whole numbers
  kConstant = 1,
  kFrames = 2,
  kSteps = 3,
  kDictionary = 4,
  kRuns = 5,
  kPlain = 6,
  // floats
  kDecimals = 16,
  kBits = 17,
  kPackedFloats = 18,
  // times
  kTimes = 32,
  // texts
  kTexts = 48,
  // whole numbers, sealed
  kCoded = 64,
  kPacked = 65,
};

inline Error corrupt(std::string what) { return {ErrorId::kCorrupt, std::move(what)}; }

}  // namespace lineshaft::codec
