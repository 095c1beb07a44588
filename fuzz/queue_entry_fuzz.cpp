// Records and positions of a forwarding queue: what is decoded comes back from its own encoding.
#include <cstdint>

#include "base/assert.h"
#include "connect/forward/entry.h"

using namespace lineshaft;
using namespace lineshaft::connect::forward;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, size);
  if (const auto position = decode_position(bytes)) {
    const Bytes again = encode_position(*position);
    LS_ASSERT(decode_position(again).value() == *position);
  }
  const auto head = decode_entry_head(bytes);
  const auto samples = decode_entry_samples(bytes);
  if (!samples) return 0;
  LS_ASSERT(head.ok() && head->samples == samples->size());
  const Bytes record = encode_entry(head->received, head->age, *samples);
  const auto head_again = decode_entry_head(record);
  LS_ASSERT(head_again.ok() && head_again->received == head->received &&
            head_again->age == head->age);
  const auto again = decode_entry_samples(record);
  LS_ASSERT(again.ok() && again->size() == samples->size());
  for (std::size_t i = 0; i < samples->size(); ++i) {
    const Sample& a = (*samples)[i];
    const Sample& b = (*again)[i];
    LS_ASSERT(a.tag == b.tag && a.time == b.time && a.quality == b.quality);
    LS_ASSERT(same_bits(a.value, b.value));
  }
  return 0;
}
