// Server side: any PDU is a request, or is refused with an exception; a request says the same after
// another trip through its bytes.
#include <cstdint>

#include "base/assert.h"
#include "wire/modbus/message.h"

using namespace lineshaft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto decoded = modbus::decode_request(ByteSpan(data, size));
  if (const auto* request = std::get_if<modbus::Request>(&decoded)) {
    Bytes bytes;
    LS_ASSERT(modbus::encode_request(*request, bytes).ok());
    LS_ASSERT(bytes.size() <= modbus::kPduBytesMax);
    LS_ASSERT(std::get<modbus::Request>(modbus::decode_request(bytes)) == *request);
  }
  return 0;
}
