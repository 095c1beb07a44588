// A server against a client that says anything: it lives, and serves the next one. Input: what the
// client says, in pieces; each begins with its length in one byte.
#include <algorithm>
#include <cstdint>
#include <memory>

#include "base/assert.h"
#include "connect/opcua/server.h"
#include "sys/sim/disk.h"
#include "sys/sim/loop.h"

using namespace lineshaft;
using namespace std::chrono_literals;
namespace opcua = connect::opcua;

namespace {

class NoBacking : public opcua::ServerBacking {
 public:
  bool admit(const opcua::ServerUser&, std::string_view) override { return true; }
  bool may_read(const opcua::ServerUser&, TagId) override { return true; }
  bool may_write(const opcua::ServerUser&, TagId) override { return true; }
  std::optional<Sample> current(TagId tag) override {
    return Sample{tag, {1}, quality::kGood, 1.5};
  }
  Status write(const opcua::ServerUser&, TagId, Value) override { return {}; }
  Result<std::vector<Sample>> history(TagId, TimeRange, bool, std::size_t) override {
    return std::vector<Sample>();
  }
};

// One server for all inputs: making it takes longer than everything else here.
struct Plant {
  sys::SimLoop loop;
  sys::SimClock clock{loop, sys::real_clock().now() + 1h};
  sys::SimDisk disk;
  std::unique_ptr<opcua::TrustStore> trust =
      opcua::TrustStore::open(disk, clock, "pki", {"plc"}).value();
  NoBacking backing;
  std::unique_ptr<opcua::Server> server;

  Plant() {
    opcua::ServerOptions options;
    options.listen = {"127.0.0.1", 4840};
    options.allow_none = true;
    options.allow_sign = true;
    options.allow_anonymous = true;
    server = opcua::make_server(loop, clock, *trust, backing, options).value();
    Tag tag;
    tag.id = {1};
    tag.spec.path = "acme/press/force";
    LS_ASSERT(server->put(std::vector{tag}).ok());
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Plant plant;
  ByteSpan rest(data, size);
  std::unique_ptr<sys::TcpStream> stream;
  const auto connecting = plant.loop.connect({"127.0.0.1", 4840}, 1s, [&](auto made) {
    if (made) stream = std::move(*made);
  });
  LS_ASSERT(plant.loop.run_until([&] { return stream != nullptr; }, 1s));
  while (!rest.empty()) {
    const std::size_t bytes = std::min<std::size_t>(rest[0], rest.size() - 1);
    const Bytes piece(rest.begin() + 1, rest.begin() + 1 + static_cast<std::ptrdiff_t>(bytes));
    rest = rest.subspan(1 + bytes);
    bool written = false;
    stream->write_all(piece, [&](const Status&) { written = true; });
    plant.loop.run_for(1ms);
    if (!written) break;
  }
  stream.reset();
  plant.loop.run_for(20ms);
  return 0;
}
