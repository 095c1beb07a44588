// Every plan fits its PDUs and reads every byte once. Input: PDU size, gap limit, then values: area
// and data block, start, length.
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "wire/s7/plan.h"

using namespace lineshaft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader reader(ByteSpan(data, size));
  s7::PlanLimits limits;
  limits.pdu_bytes = s7::kPduBytesMin + reader.read_be<std::uint16_t>() % 849;
  limits.gap_max = reader.u8();
  limits.join = limits.gap_max % 8 != 7;
  std::vector<s7::PlanItem> items;
  while (reader.remaining() >= 5 && items.size() < 1000) {
    const std::uint8_t where = reader.u8();
    s7::PlanItem item{s7::Area::kDataBlock, static_cast<std::uint16_t>(1 + where % 4), 0, 1};
    item.start = reader.read_be<std::uint16_t>() % 4000u;
    item.bytes = 1 + reader.read_be<std::uint16_t>() % (where % 16 == 0 ? 2004u : 16u);
    if (where >= 240) item = {s7::Area::kTimer, 0, item.start / 2 * 2, 2};
    items.push_back(item);
  }
  std::vector<std::uint32_t> seen(items.size());
  for (const s7::PlanRequest& request : s7::plan_reads(items, limits)) {
    LS_ASSERT(s7::request_bytes(request.read) <= limits.pdu_bytes);
    LS_ASSERT(s7::answer_bytes(request.read) <= limits.pdu_bytes);
    for (const s7::PlanPart& part : request.parts) {
      LS_ASSERT(part.item_offset == seen[part.item]);
      seen[part.item] += part.bytes;
      LS_ASSERT(part.range_offset + part.bytes <= s7::data_bytes(request.read.items[part.range]));
    }
  }
  for (std::size_t i = 0; i < items.size(); ++i) LS_ASSERT(seen[i] == items[i].bytes);
  return 0;
}
