// Reading a name plate from a device that says anything ends. Input: access level, then answers,
// each with a length before it, taken round and round.
#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "wire/modbus/identification.h"

using namespace lineshaft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto level = static_cast<modbus::DeviceIdLevel>(data[0] % 3 + 1);
  const ByteSpan script(data + 1, size - 1);
  modbus::IdentificationReader reader(level);
  std::optional<modbus::ReadDeviceId> next = reader.first();
  std::size_t at = 0;
  for (int requests = 0; next; ++requests) {
    LS_ASSERT(requests <= 256);
    if (at >= script.size()) at = 0;
    const std::size_t length = std::min<std::size_t>(script[at], script.size() - at - 1);
    const ByteSpan pdu = script.subspan(at + 1, length);
    at += 1 + length;
    const auto response = modbus::decode_response(pdu, *next);
    if (!response) return 0;
    const auto* part = std::get_if<modbus::DeviceIdPart>(&*response);
    if (part == nullptr) return 0;
    next = reader.take(*part);
  }
  LS_ASSERT(reader.objects().size() <= 256);
  return 0;
}
