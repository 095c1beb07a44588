// wire/sparkplug/edge_node.h: an edge node of Sparkplug B: births, data, deaths, rebirths, and
// values kept while nobody can take them. Bytes and times go in, publications come out; the MQTT
// connection belongs to the caller. Source: Sparkplug 3.0.0, chapter 5.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "wire/sparkplug/payload.h"
#include "wire/sparkplug/publication.h"
#include "wire/sparkplug/topic.h"

namespace lineshaft::sparkplug {

struct EdgeNodeOptions {
  NodeId node;
  // Births wait until this host says that it is online; "": births at once.
  std::string primary_host;
  // There are other servers: one where the host is not heard online for so long is left.
  bool has_other_servers = false;
  Nanoseconds host_patience = std::chrono::seconds(5);
  // Of the first will. Whoever wants a host to tell restarts apart keeps the number over them.
  std::uint8_t first_bd_seq = 0;
  // Births cost everybody something: of several requests in this time the last is answered at its
  // end.
  Nanoseconds rebirth_pause = std::chrono::seconds(5);
  // Values that wait for a connection or for the host. Beyond it the oldest are dropped.
  std::size_t backlog_max = 100'000;
  std::size_t metrics_per_message = 1'000;
  std::size_t bytes_per_message = 256 * 1024;  // of data, about; a longer value goes alone
};

// Number of a metric, which is its alias too: unique in the node.
using EdgeMetricId = std::uint32_t;
// Number of a device; kNodeItself for metrics of the node.
using DeviceId = std::uint32_t;
inline constexpr DeviceId kNodeItself = 0;

struct EdgeValue {
  std::optional<Value> value;  // absent: is_null
  Quality quality;
  std::uint64_t timestamp_ms = 0;
  bool is_historical = false;  // from a store: is not the present value
};

class EdgeNodeEvents {
 public:
  virtual ~EdgeNodeEvents() = default;
  virtual void publish(Publication publication) = 0;
  // A host wants this value. Only for metrics that were declared writable.
  virtual void on_command(EdgeMetricId metric, Value value) = 0;
  // The primary host went away, and NDEATH is published; or it is not at this server, and there are
  // others. Disconnect, then connect to the next server.
  virtual void on_host_offline() = 0;
  // Somebody else is born under this node's name. No host can tell the two apart.
  virtual void on_rival(const Error& what) { on_trouble(what); }
  // Something came that cannot be used.
  virtual void on_trouble(const Error& what) = 0;
  // The node is about to be born, also anew.
  virtual void on_birth() {}
  // What a birth tells of a metric, if the owner knows better than the last update().
  virtual std::optional<EdgeValue> present(EdgeMetricId /*metric*/) { return std::nullopt; }
};

// Threads: one at a time. None of the events may call back.
class EdgeNode {
 public:
  // Requires: names that check_name allows.
  EdgeNode(EdgeNodeOptions options, EdgeNodeEvents& events);

  // --- what it has; before the first connection, or followed by rebirth() ---

  // The device of that name, which there is once.
  DeviceId add_device(std::string name);
  // The value of before the first update is null. Errors: kUnsupported: a data type without a tag;
  // kConflict: the device has a metric of that name, or one that differs from it in the case of
  // letters (a to z) only: hosts need not tell such names apart.
  Result<EdgeMetricId> add_metric(DeviceId device, std::string name, DataType type, bool writable,
                                  std::string unit = "");
  // Its number is not given again. A device without any metric is not born any more.
  void remove_metric(EdgeMetricId metric);

  // --- the connection ---

  // NDEATH as the will of the next CONNECT; counts bdSeq on. Call it once before each.
  Publication next_will(std::uint64_t now_ms);
  std::vector<SubscriptionWish> subscriptions() const;
  // Connected and subscribed: births, or waits for the host.
  void on_connected(std::uint64_t now_ms, Nanoseconds now);
  void on_message(std::string_view topic, ByteSpan payload, std::uint64_t now_ms, Nanoseconds now);
  void on_lost();
  // Publishes NDEATH, so that an orderly end needs no will.
  void say_goodbye(std::uint64_t now_ms);

  std::optional<Nanoseconds> next_time() const { return rebirth_at_ ? rebirth_at_ : leave_at_; }
  void on_time(std::uint64_t now_ms, Nanoseconds now);
  void rebirth(std::uint64_t now_ms, Nanoseconds now);

  // --- values ---

  // A new value, in the order of time. Requires: the type of the metric's tag.
  void update(EdgeMetricId metric, EdgeValue value);
  // Publishes what came since the last call, in messages as large as allowed.
  void flush(std::uint64_t now_ms);
  // A device that goes is told with DDEATH, one that comes back with DBIRTH.
  void set_device_online(DeviceId device, bool online, std::uint64_t now_ms);

  bool born() const { return born_; }
  std::size_t backlog() const { return backlog_.size(); }
  std::uint64_t dropped() const { return dropped_; }
  std::uint8_t bd_seq() const { return bd_seq_; }

 private:
  struct EdgeMetric {
    DeviceId device;
    std::string name;
    DataType type;
    bool writable;
    std::string unit;
    EdgeValue last;
    bool removed = false;
  };
  struct Device {
    std::string name;  // "" for the node itself
    bool online = true;
    std::vector<EdgeMetricId> metrics;
    std::unordered_map<std::string, EdgeMetricId> by_name;
    std::unordered_map<std::string, EdgeMetricId> by_lower_name;
  };
  struct Waiting {
    EdgeMetricId metric;
    EdgeValue value;
    bool historical;  // nobody could take it when it came
  };

  void birth(std::uint64_t now_ms, Nanoseconds now);
  void publish_device_birth(const Device& device, std::uint64_t now_ms);
  void publish(MessageType type, const std::string& device, Payload payload, std::uint8_t qos);
  void publish_death(std::uint64_t now_ms);
  Publication death(std::uint64_t now_ms) const;
  Metric birth_metric(EdgeMetricId id, std::uint64_t now_ms);
  static void put_value(const EdgeMetric& metric, const EdgeValue& value, Metric& into);
  std::uint64_t next_seq();
  std::size_t take_run(std::size_t from, Payload& payload) const;
  void on_state(ByteSpan payload, std::uint64_t now_ms, Nanoseconds now);
  void on_birth_heard(ByteSpan payload);
  void on_command_message(const Topic& topic, const Payload& payload, std::uint64_t now_ms,
                          Nanoseconds now);
  void take_command(const Device& device, const Metric& metric);

  const EdgeNodeOptions options_;
  EdgeNodeEvents& events_;
  std::vector<EdgeMetric> metrics_;
  std::vector<Device> devices_;

  std::uint8_t bd_seq_;
  std::uint8_t next_bd_seq_;
  std::uint8_t seq_ = 0;
  bool connected_ = false;
  bool born_ = false;
  std::optional<std::uint64_t> host_time_;  // of the newest STATE
  std::optional<Nanoseconds> last_birth_;
  std::optional<Nanoseconds> rebirth_at_;
  std::optional<Nanoseconds> leave_at_;   // only while it is not born
  std::deque<std::uint64_t> own_births_;  // hashes of the newest on this connection
  bool rival_told_ = false;
  std::deque<Waiting> backlog_;  // oldest first
  std::uint64_t dropped_ = 0;
};

}  // namespace lineshaft::sparkplug
