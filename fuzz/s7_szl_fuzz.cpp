// A name plate in any number of parts is text, and reads back from a list of our own. Input: size
// of the parts, list.
#include <cstdint>
#include <optional>

#include "base/assert.h"
#include "base/utf8.h"
#include "wire/s7/szl.h"

using namespace lineshaft;

namespace {

s7::Identification read(ByteSpan list, std::uint16_t id, std::size_t part_bytes) {
  s7::SzlReader reader(id);
  std::optional<s7::ReadSzl> next = reader.first();
  while (next) next = reader.take(s7::szl_part(list, next->after, part_bytes));
  s7::Identification known;
  reader.read_into(known);
  return known;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const ByteSpan list(data + 1, size - 1);
  for (const std::uint16_t id : {s7::kSzlModule, s7::kSzlComponents}) {
    const s7::Identification known = read(list, id, data[0] + std::size_t{1});
    for (const std::string* text : {&known.order_number, &known.firmware, &known.system_name,
                                    &known.module_name, &known.module_type, &known.serial_number}) {
      LS_ASSERT(is_utf8(*text));
    }
    const Bytes ours = s7::szl_list(known, id).value();
    LS_ASSERT(read(ours, id, 214) == known || id == s7::kSzlModule);
  }
  return 0;
}
