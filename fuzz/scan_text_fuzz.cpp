// Addresses and ports as people write them: bounded, and never of the internet unless allowed.
// Input: the text.
#include <cstdint>

#include "base/assert.h"
#include "base/bytes.h"
#include "connect/scan.h"

using namespace lineshaft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(ByteSpan(data, size));
  const auto closed = connect::parse_addresses(text, false);
  const auto open = connect::parse_addresses(text, true);
  LS_ASSERT(!closed || (open && *open == *closed));
  LS_ASSERT(!open || (!open->empty() && open->size() <= connect::kScanHostsMax));
  if (const auto ports = connect::parse_ports(text)) {
    LS_ASSERT(!ports->empty() && ports->size() <= connect::kScanDoorsMax);
  }
  return 0;
}
