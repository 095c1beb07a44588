// What a reader finds lies inside the text, in order, and each line read by itself says the same.
#include <cstdint>

#include "base/assert.h"
#include "wire/lineprotocol/reader.h"

using namespace lineshaft;

namespace {

bool is_inside(std::string_view part, std::string_view text) {
  return part.data() >= text.data() && part.data() + part.size() <= text.data() + text.size();
}

bool is_same(const lineprotocol::FieldValue& a, const lineprotocol::FieldValue& b) {
  const auto* number = std::get_if<double>(&a);
  LS_ASSERT(number == nullptr || *number == *number);
  return a == b;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  lineprotocol::Reader reader(text);
  lineprotocol::Line line;
  lineprotocol::Line again;
  std::size_t last_number = 0;
  while (reader.next(line)) {
    LS_ASSERT(line.number > last_number);
    last_number = line.number;
    LS_ASSERT(!line.fields.empty());
    LS_ASSERT(is_inside(line.series, text) && !line.series.empty());
    for (const auto& field : line.fields) LS_ASSERT(is_inside(field.key, text));
    static_cast<void>(lineprotocol::parse_series(line.series));
    lineprotocol::Reader alone(
        text.substr(static_cast<std::size_t>(line.series.data() - text.data())));
    LS_ASSERT(alone.next(again));
    LS_ASSERT(again.series == line.series && again.time == line.time);
    LS_ASSERT(again.fields.size() == line.fields.size());
    for (std::size_t i = 0; i < line.fields.size(); ++i) {
      LS_ASSERT(again.fields[i].key == line.fields[i].key);
      LS_ASSERT(is_same(again.fields[i].value, line.fields[i].value));
    }
  }
  LS_ASSERT(!reader.next(line));
  return 0;
}
