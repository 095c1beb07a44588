// Client side: whatever a device answers fits the question or is refused. Input: length of the
// request, request, answer.
#include <algorithm>
#include <cstdint>

#include "base/assert.h"
#include "wire/s7/message.h"

using namespace lineshaft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteSpan rest(data + 1, size - 1);
  const ByteSpan question = rest.first(std::min<std::size_t>(data[0], rest.size()));
  const auto asked_message = s7::decode_message(question);
  if (!asked_message) return 0;
  const auto decoded = s7::decode_request(*asked_message);
  if (!std::holds_alternative<s7::Request>(decoded)) return 0;
  const auto& asked = std::get<s7::Request>(decoded);
  const auto message = s7::decode_message(rest.subspan(question.size()));
  if (!message || !message->is_answer()) return 0;
  const auto response = s7::decode_response(*message, asked);
  if (!response) return 0;
  if (const auto* read = std::get_if<s7::ReadDone>(&*response)) {
    const auto& items = std::get<s7::ReadVar>(asked).items;
    LS_ASSERT(read->items.size() == items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      LS_ASSERT(read->items[i].data.size() ==
                (read->items[i].code == s7::ReturnCode::kOk ? s7::data_bytes(items[i]) : 0));
    }
  }
  Bytes bytes;
  s7::encode_response(message->reference, asked, *response, bytes);
  const auto again_message = s7::decode_message(bytes).value();
  const auto again = s7::decode_response(again_message, asked).value();
  Bytes second;
  s7::encode_response(message->reference, asked, again, second);
  LS_ASSERT(bytes == second);
  return 0;
}
