// Certificates from outside: read, explained, refused; never trusted. Input: a chain in DER form.
#include <cstdint>
#include <memory>

#include "base/assert.h"
#include "connect/opcua/trust.h"
#include "sys/sim/disk.h"
#include "sys/sim/loop.h"

using namespace lineshaft;
using namespace std::chrono_literals;
namespace opcua = connect::opcua;

namespace {

struct Plant {
  sys::SimLoop loop;
  sys::SimClock clock{loop, sys::real_clock().now() + 1h};
  sys::SimDisk disk;
  std::unique_ptr<opcua::TrustStore> trust =
      opcua::TrustStore::open(disk, clock, "pki", {"plc"}).value();
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Plant plant;
  const ByteSpan chain(data, size);
  const auto info = sys::inspect_x509(chain);
  LS_ASSERT(!info || info->sha1.size() == 40);
  const Status verified = plant.trust->verify(chain, "urn:x");
  LS_ASSERT(!verified.ok() && !verified.error().what.empty());
  LS_ASSERT(plant.trust->rejected().size() <= opcua::kRejectedMax);
  if (info) (void)plant.trust->forget(info->sha1);
  return 0;
}
