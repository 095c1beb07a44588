// Client side: whatever a device answers fits the question or is refused. Input: length of the
// request, request, answer.
#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "wire/modbus/message.h"

using namespace lineshaft;

namespace {

std::size_t values_of(const modbus::Request& asked) {
  if (const auto* bits = std::get_if<modbus::ReadBits>(&asked)) return bits->count;
  if (const auto* words = std::get_if<modbus::ReadRegisters>(&asked)) return words->count;
  if (const auto* both = std::get_if<modbus::ReadWriteRegisters>(&asked)) return both->read_count;
  return 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteSpan rest(data + 1, size - 1);
  const ByteSpan question = rest.first(std::min<std::size_t>(data[0], rest.size()));
  const auto asked = modbus::decode_request(question);
  if (!std::holds_alternative<modbus::Request>(asked)) return 0;
  const auto& request = std::get<modbus::Request>(asked);
  const auto response = modbus::decode_response(rest.subspan(question.size()), request);
  if (!response) return 0;
  if (const auto* bits = std::get_if<modbus::Bits>(&*response)) {
    LS_ASSERT(bits->values.size() == values_of(request));
  }
  if (const auto* registers = std::get_if<modbus::Registers>(&*response)) {
    LS_ASSERT(registers->values.size() == values_of(request));
  }
  Bytes bytes;
  modbus::encode_response(request, *response, bytes);
  LS_ASSERT(modbus::decode_response(bytes, request).value() == *response);
  return 0;
}
