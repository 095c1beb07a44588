// A client against a server that says anything: whatever comes, the client ends its attempt within
// its time and lives. Input: what the server says, in one piece, to every connection.
#include <cstdint>
#include <memory>
#include <vector>

#include "base/assert.h"
#include "connect/opcua/probe.h"
#include "sys/sim/disk.h"
#include "sys/sim/loop.h"

using namespace lineshaft;
using namespace std::chrono_literals;
namespace opcua = connect::opcua;

namespace {

// Making a key takes longer than everything else here: once for all inputs.
struct Identity {
  sys::SimLoop loop;
  sys::SimClock clock{loop, sys::real_clock().now() + 1h};
  sys::SimDisk disk;
  std::unique_ptr<opcua::TrustStore> store =
      opcua::TrustStore::open(disk, clock, "pki", {"gateway"}).value();
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Identity identity;
  const Bytes says(data, data + size);
  sys::SimLoop loop;
  sys::SimClock clock(loop, identity.clock.now());
  std::vector<std::unique_ptr<sys::TcpStream>> streams;
  const auto listener = loop.listen({"plc", 4840}, [&](std::unique_ptr<sys::TcpStream> stream) {
    streams.push_back(std::move(stream));
    streams.back()->write_all(says, [](const Status&) {});
  });
  bool ended = false;
  const auto task = opcua::make_knock(loop, clock, *identity.store, {{"plc", 4840}, 500, {}},
                                      [&](const std::vector<connect::ScanHit>&) { ended = true; });
  LS_ASSERT(loop.run_until([&] { return ended; }, 10s));
  return 0;
}
