// Whatever a payload says, a signal gets a value of its own type or none, and a written payload
// reads back as the value. Input: length of the pointer, pointer, payload.
#include <algorithm>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "connect/mqtt/mapping.h"

using namespace lineshaft;

namespace {

constexpr ValueType kTypes[] = {ValueType::kBool, ValueType::kInt64, ValueType::kFloat32,
                                ValueType::kFloat64, ValueType::kString};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteSpan rest(data + 1, size - 1);
  const ByteSpan place = rest.first(std::min<std::size_t>(data[0], rest.size()));
  const std::string pointer(as_text(place));
  if (!connect::check_pointer("pointer", pointer)) return 0;
  connect::ConnectionConfig config;
  for (const ValueType type : kTypes) {
    connect::MqttPoint point;
    point.topic = type == ValueType::kBool ? "+" : "t";
    point.pointer = pointer;
    point.time_pointer = pointer;
    point.type = type;
    config.signals.emplace_back().point = point;
  }
  const connect::MqttMapping mapping(config);
  for (const auto& reading : mapping.read("t", rest.subspan(place.size()))) {
    LS_ASSERT(reading.signal < std::size(kTypes));
    LS_ASSERT(!reading.value || type_of(*reading.value) == kTypes[reading.signal]);
    LS_ASSERT(!reading.value || !reading.error);
    if (!reading.value) continue;
    const std::string written = connect::write_payload(pointer, *reading.value);
    for (const auto& again : mapping.read("t", as_bytes(written))) {
      if (again.signal != reading.signal) continue;
      // Numbers of JSON know no negative zero.
      LS_ASSERT(again.value && (same_bits(*again.value, *reading.value) ||
                                as_double(*again.value) == as_double(*reading.value)));
    }
  }
  return 0;
}
