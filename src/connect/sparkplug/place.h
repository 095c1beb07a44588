// connect/sparkplug/place.h: where a tag lies in an edge node of ours.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/value.h"
#include "wire/sparkplug/value.h"

namespace lineshaft::connect {

struct SparkplugPlace {
  std::string device;  // "": the node itself
  std::string metric;
  friend bool operator==(const SparkplugPlace&, const SparkplugPlace&) = default;
};

// "hall/press 4/speed" with -1 is the metric "speed" of the device "hall:press 4"; with 1 it is
// "press 4/speed" of "hall". At least one level is left for the metric.
// Errors: kInvalidArgument: a device of that name cannot be (+ or #), or the metric is one that
// every node has.
Result<SparkplugPlace> sparkplug_place(std::string_view name, std::int32_t device_levels);

sparkplug::DataType sparkplug_type(ValueType type);

}  // namespace lineshaft::connect
