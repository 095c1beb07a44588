// Whatever comes, no more comes out than is allowed.
#include <cstdint>

#include "base/assert.h"
#include "sys/gzip.h"

using namespace lineshaft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kBytesMax = 1 << 20;
  const auto out = sys::gunzip({reinterpret_cast<const char*>(data), size}, kBytesMax);
  LS_ASSERT(!out || out->size() <= kBytesMax);
  return 0;
}
