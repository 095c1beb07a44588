// A row that is taken gives the same record again from the cells made of it. The cells of the input
// are its lines.
#include <cstdint>

#include "base/assert.h"
#include "wire/wipo/row.h"

using namespace lineshaft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::vector<std::string_view> cells;
  while (cells.size() < wipo::kColumns.size() && !rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    cells.push_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const auto reader = wipo::RowReader::make(wipo::kColumns);
  LS_ASSERT(reader.ok());
  const auto record = reader->read(cells, 1);
  if (!record) return 0;
  const auto made = wipo::cells_of(*record);
  const auto again = reader->read(std::vector<std::string_view>(made.begin(), made.end()), 1);
  LS_ASSERT(again.ok() && *again == *record);
  return 0;
}
