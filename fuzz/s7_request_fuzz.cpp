// Server side: what a client sends is a request that encodes and reads back, or is refused.
#include <cstdint>

#include "base/assert.h"
#include "wire/s7/message.h"

using namespace lineshaft;

namespace {

// A write keeps its data only while it has the length that its address says.
bool is_whole(const s7::Request& request) {
  const auto* write = std::get_if<s7::WriteVar>(&request);
  if (write == nullptr) return true;
  for (const s7::WriteItem& part : write->items) {
    if (part.data.size() != s7::data_bytes(part.item)) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = s7::decode_message(ByteSpan(data, size));
  if (!message) return 0;
  const auto decoded = s7::decode_request(*message);
  Bytes bytes;
  if (const auto* refusal = std::get_if<s7::Refusal>(&decoded)) {
    s7::encode_refusal(*message, *refusal, bytes);
    LS_ASSERT(s7::decode_message(bytes).value().is_answer());
    return 0;
  }
  const auto& request = std::get<s7::Request>(decoded);
  if (!is_whole(request)) return 0;
  s7::encode_request(message->reference, request, bytes);
  const auto again = s7::decode_message(bytes).value();
  LS_ASSERT(again.reference == message->reference);
  const auto repeated = s7::decode_request(again);
  Bytes second;
  s7::encode_request(again.reference, std::get<s7::Request>(repeated), second);
  LS_ASSERT(bytes == second);
  return 0;
}
