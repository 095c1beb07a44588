// Both sides: any bytes are an ASDU or are refused; one that is understood says the same after
// another trip through its bytes. Input: an ASDU.
#include <cstdint>

#include "base/assert.h"
#include "wire/iec104/asdu.h"

using namespace lineshaft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteSpan bytes(data, size);
  const auto head = iec104::decode_head(bytes);
  LS_ASSERT(head.ok() == (size >= iec104::kAsduHeadBytes));
  if (head) {
    const Bytes mirrored = iec104::mirror(bytes, iec104::Cause::kUnknownType, true);
    const auto answer = iec104::decode_head(mirrored);
    LS_ASSERT(answer->cause == iec104::Cause::kUnknownType && answer->negative);
    LS_ASSERT(answer->test == head->test && answer->common_address == head->common_address);
  }
  const auto asdu = iec104::decode_asdu(bytes);
  if (!asdu) return 0;
  LS_ASSERT(head.ok() && asdu->head == *head);
  // A frame carries no more than 249 bytes; the decoder bounds itself by the count.
  if (asdu->objects.size() > iec104::object_count_max(head->type, asdu->sequence)) return 0;
  const Bytes again = iec104::encode_asdu(*asdu);
  LS_ASSERT(again.size() == size);
  LS_ASSERT(iec104::decode_asdu(again).value() == *asdu);
  return 0;
}
