// An address that is understood is sound and reads back from its own text.
#include <cstdint>

#include "base/assert.h"
#include "base/bytes.h"
#include "wire/s7/address.h"

using namespace lineshaft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto address = s7::parse_address(as_text({data, size}));
  if (!address) return 0;
  LS_ASSERT(s7::check_address(*address).ok());
  LS_ASSERT(s7::width(*address) >= 1 && s7::width(*address) <= 2004);
  LS_ASSERT(s7::parse_address(s7::address_text(*address)).value() == *address);
  return 0;
}
