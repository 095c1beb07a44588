// Edge node's side: whatever hosts say and whenever the connection is lost, the sequence numbers of
// what is published have no hole. Input: orders of one byte; an order to listen takes a length and
// as many bytes.
#include <algorithm>
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "wire/sparkplug/edge_node.h"

using namespace lineshaft;

namespace {

class Owner : public sparkplug::EdgeNodeEvents {
 public:
  void publish(sparkplug::Publication publication) override {
    const auto topic = sparkplug::parse_topic(publication.topic).value();
    const auto payload = sparkplug::decode_payload(publication.payload).value();
    if (topic.type == sparkplug::MessageType::kNDeath) return LS_ASSERT(!payload.seq);
    if (topic.type == sparkplug::MessageType::kNBirth) next_ = 0;
    LS_ASSERT(payload.seq == next_++);
  }
  void on_command(sparkplug::EdgeMetricId metric, Value value) override {
    LS_ASSERT(metric == 1 && type_of(value) == ValueType::kInt64);
  }
  void on_host_offline() override {}
  void on_trouble(const Error& what) override { LS_ASSERT(!what.what.empty()); }

 private:
  std::uint8_t next_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader in(ByteSpan(data, size));
  Owner owner;
  sparkplug::EdgeNodeOptions options;
  options.node = {"g", "n"};
  if (in.u8() % 2 == 1) options.primary_host = "h";
  options.backlog_max = 8;
  options.metrics_per_message = 3;
  sparkplug::EdgeNode node(options, owner);
  const auto device = node.add_device("d");
  LS_ASSERT(node.add_metric(0, "a", sparkplug::DataType::kInt8, false).ok());
  LS_ASSERT(node.add_metric(device, "b", sparkplug::DataType::kInt8, true).ok());
  Nanoseconds now{0};
  while (!in.at_end()) {
    const std::uint8_t order = in.u8();
    now += std::chrono::seconds(1);
    if (order < 2) node.update(order, {Value(std::int64_t{order} * 200), quality::kGood, 1});
    if (order == 2) node.flush(1);
    if (order == 3) node.on_lost(), node.next_will(1), node.on_connected(1, now);
    if (order == 4) node.on_lost();
    if (order == 5 || order == 6) node.set_device_online(device, order == 5, 1);
    if (order == 7) node.on_time(1, now);
    if (order == 8) node.say_goodbye(1);
    if (order >= 16) {
      constexpr const char* kTopics[] = {"spBv1.0/g/NCMD/n", "spBv1.0/g/DCMD/n/d",
                                         "spBv1.0/STATE/h"};
      const ByteSpan bytes = in.bytes(std::min<std::size_t>(in.u8(), in.remaining()));
      node.on_message(kTopics[order % 3], bytes, 1, now);
    }
    LS_ASSERT(node.backlog() <= options.backlog_max);
  }
  return 0;
}
