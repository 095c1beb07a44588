// Bytes of an uploaded file: encoding, shape, rows, cells and times. Rows must not depend on how
// the bytes are cut into chunks, and a value that was read must read back from its own text.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/assert.h"
#include "wire/csv/cell.h"
#include "wire/csv/encoding.h"
#include "wire/csv/reader.h"
#include "wire/csv/shape.h"
#include "wire/csv/time_format.h"

namespace {

using namespace lineshaft;

constexpr csv::ReaderLimits kLimits{.row_bytes_max = 4096, .fields_max = 64};

void look_at(const csv::Field& field, char decimal) {
  csv::look_at_cell(field, decimal);
  for (const ValueType type :
       {ValueType::kBool, ValueType::kInt64, ValueType::kFloat32, ValueType::kFloat64}) {
    Value value;
    if (csv::read_cell(type, field, decimal, value) != csv::CellRead::kValue) continue;
    csv::keeps_digits(value, field.text, decimal);
    Value again;
    const std::string text = to_text(value);
    LS_ASSERT(csv::read_cell(type, {text, false}, '.', again) == csv::CellRead::kValue);
    LS_ASSERT(to_text(again) == text);
  }
  for (const csv::TimeFormat& format : csv::TimeFormat::candidates(field.text)) {
    const Result<csv::TimeFormat> named = csv::TimeFormat::parse(format.name());
    LS_ASSERT(named.ok() && *named == format);
  }
  csv::WallTime clock;
  csv::read_clock(field.text, clock);
}

std::vector<std::string> read(std::string_view text, char delimiter, std::size_t chunk, bool look) {
  std::vector<std::string> cells;
  csv::Reader reader(delimiter, kLimits);
  csv::Row row;
  const auto drain = [&] {
    while (reader.next(row)) {
      cells.push_back("line " + std::to_string(row.line) + (row.problem.empty() ? "" : " refused"));
      for (const csv::Field& field : row.fields) {
        cells.emplace_back(field.text);
        if (look) look_at(field, '.');
        if (look) look_at(field, ',');
      }
    }
  };
  while (!text.empty()) {
    reader.feed(text.substr(0, chunk));
    text.remove_prefix(std::min(chunk, text.size()));
    drain();
  }
  reader.finish();
  drain();
  return cells;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t chunk = 1 + data[0];
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  csv::guess_encoding(text);
  const csv::Shape shape = csv::guess_shape(text, true, {});
  const std::vector<std::string> whole = read(text, shape.delimiter, text.size() + 1, true);
  LS_ASSERT(read(text, shape.delimiter, chunk, false) == whole);
  return 0;
}
