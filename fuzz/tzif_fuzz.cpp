// Time zone files: whatever decodes must answer for any instant, and every instant that at_local
// names must show the wall clock that was asked for.
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "sys/time_zone.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const lineshaft::Result<lineshaft::sys::TimeZone> zone =
      lineshaft::sys::TimeZone::decode({data, size});
  if (!zone.ok()) return 0;
  constexpr std::int64_t kEnd = 9'223'372'036;  // what nanoseconds reach
  for (std::int64_t t = -kEnd; t <= kEnd; t += kEnd / 50) {
    zone->offset_at(t);
    const auto instants = zone->at_local(t);
    for (const auto& instant : {instants.first, instants.second}) {
      LS_ASSERT(!instant || *instant + zone->offset_at(*instant) == t);
    }
  }
  return 0;
}
