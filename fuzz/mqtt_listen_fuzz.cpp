// Every signal proposed from a message reads that message: its pointer leads to a value of its
// type. Input: the payload.
#include <cstdint>

#include "base/assert.h"
#include "connect/mqtt/listen.h"
#include "connect/mqtt/mapping.h"

using namespace lineshaft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan payload(data, size);
  const auto entries = connect::signals_in_message("a/b", payload);
  LS_ASSERT(entries.size() <= connect::kMessageSignalsMax);
  connect::ConnectionConfig config;
  for (const connect::BrowseEntry& entry : entries) {
    if (!entry.signal) continue;
    const auto& point = std::get<connect::MqttPoint>(entry.signal->point);
    if (!connect::check_pointer("pointer", point.pointer)) continue;  // longer than is allowed
    config.signals.push_back(*entry.signal);
  }
  for (const auto& reading : connect::MqttMapping(config).read("a/b", payload)) {
    const auto& point = std::get<connect::MqttPoint>(config.signals[reading.signal].point);
    LS_ASSERT(!reading.error);
    LS_ASSERT(!reading.value || type_of(*reading.value) == point.type);
  }
  return 0;
}
