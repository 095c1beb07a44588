// A register document that is read is written again in ST.96 and as a row, and read back from both.
#include <cstdint>

#include "base/assert.h"
#include "base/utf8.h"
#include "wire/wipo/document.h"
#include "wire/wipo/row.h"

using namespace lineshaft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto found = wipo::read_document(bytes);
  if (!found) {
    LS_ASSERT(found.error().id == ErrorId::kBadRegisterDocument);
    return 0;
  }
  for (const wipo::FoundRecord& one : *found) {
    LS_ASSERT(one.line >= 1 && !one.record.office.empty());
    for (const wipo::Title& title : one.record.titles) LS_ASSERT(is_utf8(title.text));
    const auto again = wipo::read_document(wipo::write_st96(one.record));
    LS_ASSERT(again.ok() && again->size() == 1);
    LS_ASSERT((*again)[0].record.titles == one.record.titles);
    LS_ASSERT((*again)[0].record.applicants == one.record.applicants);
    LS_ASSERT((*again)[0].record.priorities == one.record.priorities);
    LS_ASSERT((*again)[0].record.filed == one.record.filed);
    const auto cells = wipo::cells_of(one.record);
    const auto reader = wipo::RowReader::make(wipo::kColumns);
    const auto row = reader->read(std::vector<std::string_view>(cells.begin(), cells.end()), 1);
    LS_ASSERT(row.ok() || !row.error().what.empty());
  }
  return 0;
}
