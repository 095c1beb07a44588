#include "connect/sparkplug/place.h"

#include <algorithm>

#include "wire/sparkplug/publication.h"
#include "wire/sparkplug/topic.h"

namespace lineshaft::connect {

Result<SparkplugPlace> sparkplug_place(std::string_view name, std::int32_t device_levels) {
  const auto levels = static_cast<std::int32_t>(std::ranges::count(name, '/')) + 1;
  const std::int32_t wanted = device_levels < 0 ? levels + device_levels : device_levels;
  std::int32_t left = std::clamp(wanted, 0, levels - 1);
  SparkplugPlace place;
  std::size_t begin = 0;
  for (; left > 0; --left) {
    const std::size_t end = name.find('/', begin);
    if (!place.device.empty()) place.device += ':';
    place.device += name.substr(begin, end - begin);
    begin = end + 1;
  }
  place.metric = name.substr(begin);
  if (!place.device.empty()) {
    if (Status ok = sparkplug::check_name("device", place.device); !ok) return ok.error();
  } else if (place.metric == sparkplug::kRebirth || place.metric == sparkplug::kBdSeq) {
    return Error{ErrorId::kInvalidArgument,
                 "every edge node has a metric '" + place.metric + "' of its own"};
  }
  return place;
}

sparkplug::DataType sparkplug_type(ValueType type) {
  switch (type) {
    case ValueType::kBool:
      return sparkplug::DataType::kBoolean;
    case ValueType::kInt64:
      return sparkplug::DataType::kInt64;
    case ValueType::kFloat32:
      return sparkplug::DataType::kFloat;
    case ValueType::kFloat64:
      return sparkplug::DataType::kDouble;
    case ValueType::kString:
      break;
  }
  return sparkplug::DataType::kString;
}

}  // namespace lineshaft::connect
