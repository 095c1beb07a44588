// Any path is understood or refused, in time bounded by its steps; what is selected is there.
// Input: a path.
#include <cstdint>

#include "base/assert.h"
#include "wire/mtconnect/path.h"
#include "wire/mtconnect/testing.h"

using namespace lineshaft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<mtconnect::Component> devices = mtconnect::testing::mill();
  static const mtconnect::PathIndex index(devices);
  const std::string_view path(reinterpret_cast<const char*>(data), size);
  const auto parsed = mtconnect::parse_path(path);
  const auto selected = index.select(path);
  LS_ASSERT(parsed.ok() == selected.ok());
  if (!selected) {
    LS_ASSERT(selected.error().id == ErrorId::kInvalidArgument);
    return 0;
  }
  LS_ASSERT(selected->size() == index.data_items().size());
  // A union with everything is everything.
  if (path.size() + 5 > mtconnect::kPathBytesMax) return 0;
  const auto all = index.select("//*|" + std::string(path));
  if (all) LS_ASSERT(*all == std::vector<bool>(selected->size(), true));
  return 0;
}
