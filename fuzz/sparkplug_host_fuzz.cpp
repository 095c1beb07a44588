// Host side: whatever edge nodes say in whatever order, every reading belongs to a metric that was
// born, and what is held stays bounded. Input: orders; an order takes the kind of message, a length
// and a payload.
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>

#include "base/assert.h"
#include "wire/sparkplug/host.h"

using namespace lineshaft;

namespace {

class Owner : public sparkplug::HostEvents {
 public:
  std::uint64_t born = 0;

  void publish(sparkplug::Publication publication) override {
    LS_ASSERT(sparkplug::decode_payload(publication.payload).ok());
  }
  sparkplug::Handle on_born(const sparkplug::MetricId& id, sparkplug::DataType type) override {
    LS_ASSERT(!id.node.node.empty() && sparkplug::tag_type(type).ok());
    return born++;
  }
  void on_reading(sparkplug::Handle handle, const sparkplug::Reading& reading) override {
    LS_ASSERT(handle < born);
    LS_ASSERT(reading.value || reading.quality.bad() || reading.quality.uncertain());
  }
  void on_stale(sparkplug::Handle handle) override { LS_ASSERT(handle < born); }
  void on_node(const sparkplug::NodeId& node, bool online) override {
    const bool changed = online ? online_.insert(node).second : online_.erase(node) == 1;
    LS_ASSERT(changed);
  }
  void on_trouble(const sparkplug::NodeId& /*node*/, const Error& what) override {
    LS_ASSERT(!what.what.empty());
  }

 private:
  std::set<sparkplug::NodeId> online_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader in(ByteSpan(data, size));
  Owner owner;
  sparkplug::HostOptions options;
  options.nodes_max = 2;
  options.metrics_max = 20;
  options.held_bytes_max = 200;
  sparkplug::Host host(options, owner);
  Nanoseconds now{0};
  while (!in.at_end()) {
    const std::uint8_t order = in.u8();
    now += std::chrono::milliseconds(100);
    if (order >= 250) host.on_lost();
    if (order >= 240) now += std::chrono::seconds(5), host.on_time(1, now);
    if (order >= 240) continue;
    const auto type = static_cast<sparkplug::MessageType>(order % 8);
    const char* node = order & 64 ? "m" : "n";
    const char* device = !sparkplug::is_of_device(type) ? "" : order & 32 ? "d" : "e";
    const ByteSpan payload = in.bytes(std::min<std::size_t>(in.u8(), in.remaining()));
    host.on_message(sparkplug::Topic{type, {"g", node}, device}.text(), payload, 1, now);
    LS_ASSERT(host.metrics() <= options.metrics_max);
  }
  return 0;
}
