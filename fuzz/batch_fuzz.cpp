// What is decoded as a batch of samples comes back from its own encoding, bit for bit.
#include <cstdint>

#include "base/assert.h"
#include "wire/batch/batch.h"

using namespace lineshaft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto samples = batch::decode(ByteSpan(data, size));
  if (!samples) return 0;
  const auto again = batch::decode(batch::encode(*samples));
  LS_ASSERT(again.ok());
  LS_ASSERT(again->size() == samples->size());
  for (std::size_t i = 0; i < samples->size(); ++i) {
    const Sample& a = (*samples)[i];
    const Sample& b = (*again)[i];
    LS_ASSERT(a.tag == b.tag && a.time == b.time && a.quality == b.quality);
    LS_ASSERT(same_bits(a.value, b.value));
  }
  return 0;
}
