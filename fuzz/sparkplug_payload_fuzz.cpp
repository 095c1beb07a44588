// Any bytes are a payload or are refused; what was read says the same after another trip, and each
// value that a tag can hold comes back from its form on the wire.
#include <cstdint>
#include <utility>

#include "base/assert.h"
#include "wire/sparkplug/payload.h"

using namespace lineshaft;

namespace {

// What is not read cannot be written.
void drop_opaque(sparkplug::Payload& payload) {
  for (sparkplug::Metric& metric : payload.metrics) {
    if (std::holds_alternative<sparkplug::Opaque>(metric.value)) metric.value = {};
    for (sparkplug::Property& property : metric.properties) {
      if (std::holds_alternative<sparkplug::Opaque>(property.value)) property.value = {};
    }
  }
}

void check_value(sparkplug::DataType type, const sparkplug::WireValue& wire) {
  const auto value = sparkplug::to_value(type, wire);
  if (!value) return;
  LS_ASSERT(type_of(*value) == sparkplug::tag_type(type).value());
  const auto back = sparkplug::to_wire(type, *value);
  // A DateTime below zero is no DateTime: readable, not to be written.
  if (!back) return;
  LS_ASSERT(same_bits(sparkplug::to_value(type, *back).value(), *value));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto payload = sparkplug::decode_payload(ByteSpan(data, size));
  if (!payload) return 0;
  for (const sparkplug::Metric& metric : payload->metrics) {
    for (std::uint32_t type = 0; type <= 35; ++type) {
      check_value(static_cast<sparkplug::DataType>(type), metric.value);
    }
  }
  drop_opaque(*payload);
  Bytes bytes;
  sparkplug::encode_payload(*payload, bytes);
  const auto again = sparkplug::decode_payload(bytes);
  Bytes second;
  sparkplug::encode_payload(again.value(), second);
  LS_ASSERT(bytes == second);  // not the structures: a not-a-number is not equal to itself
  return 0;
}
