// wire/sparkplug/host.h: a host application of Sparkplug B: who is alive, what each alias means,
// which messages are missing. Bytes and times go in, values and publications come out; the MQTT
// connection belongs to the caller. Source: Sparkplug 3.0.0, chapter 5.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/time.h"
#include "wire/sparkplug/payload.h"
#include "wire/sparkplug/publication.h"
#include "wire/sparkplug/topic.h"

namespace lineshaft::sparkplug {

struct HostOptions {
  std::string host_id;              // "": listens only, publishes no STATE
  std::vector<std::string> groups;  // empty: all
  // Edge nodes whose metrics are wanted. Births are not retained, so one that was born before we
  // came and has nothing new to tell would stay unknown: it is asked for a birth.
  std::vector<NodeId> expected;
  // How long an expected node is given to be born by itself, as those do that wait for our STATE.
  Nanoseconds birth_patience = std::chrono::seconds(3);
  // How long a message may be late before its loss is taken for granted.
  Nanoseconds reorder_timeout = std::chrono::seconds(2);
  // Between two requests for birth to one node: births are large, and storms of them have been
  // seen.
  Nanoseconds rebirth_pause = std::chrono::seconds(30);
  std::size_t nodes_max = 10'000;
  std::size_t metrics_max = 1'000'000;       // of all nodes
  std::size_t held_bytes_max = 1024 * 1024;  // of one node, waiting for an earlier message
};

// What a birth says about a metric.
struct MetricId {
  NodeId node;
  std::string device;  // "": of the node itself
  std::string name;
  friend auto operator<=>(const MetricId&, const MetricId&) = default;
};

struct Reading {
  std::optional<Value> value;  // absent: null, or not usable (then the quality is bad)
  Quality quality;
  std::optional<std::uint64_t> timestamp_ms;  // of the metric, else of the message
  bool historical = false;                    // not the present value
};

// Given by the owner at a birth and brought back with each reading. kIgnored: not wanted.
using Handle = std::uint64_t;
inline constexpr Handle kIgnored = ~Handle{0};

class HostEvents {
 public:
  virtual ~HostEvents() = default;
  virtual void publish(Publication publication) = 0;
  // A metric was born (again). Its first reading follows.
  virtual Handle on_born(const MetricId& id, DataType type) = 0;
  virtual void on_reading(Handle handle, const Reading& reading) = 0;
  // The node or device that has the metric went away, or was born again without it.
  virtual void on_stale(Handle handle) = 0;
  virtual void on_node(const NodeId& node, bool online) = 0;
  // A node says when it sent what just came (not of a death, whose time is that of a connection).
  virtual void on_told_time(std::uint64_t /*told_ms*/, std::uint64_t /*now_ms*/) {}
  // Something that an administrator should know; the connection goes on.
  virtual void on_trouble(const NodeId& node, const Error& what) = 0;
  // Another host application says under our id that it is online: since after us.
  virtual void on_rival(const Error& /*what*/) {}
};

struct HostCounters {
  std::uint64_t messages = 0;
  std::uint64_t broken = 0;          // payloads that cannot be read
  std::uint64_t reordered = 0;       // messages that came too early and were put in order
  std::uint64_t doubles = 0;         // messages that came twice
  std::uint64_t gaps = 0;            // of the sequence, where a message was lost
  std::uint64_t rebirths = 0;        // asked for
  std::uint64_t not_understood = 0;  // metrics without a birth
};

// Threads: one at a time. None of the events may call back.
class Host {
 public:
  Host(HostOptions options, HostEvents& events) : options_(std::move(options)), events_(events) {}

  // --- the connection ---

  // STATE offline as the will of the next CONNECT. Nothing without a host id.
  std::optional<Publication> next_will(std::uint64_t now_ms);
  std::vector<SubscriptionWish> subscriptions() const;
  // Connected and subscribed: says that the host is online. Expected nodes that are not born within
  // birth_patience are asked for a birth, once for each connection.
  void on_connected(Nanoseconds now);
  void on_message(std::string_view topic, ByteSpan payload, std::uint64_t now_ms, Nanoseconds now);
  // Without the broker nothing is known of any node any more: all is stale.
  void on_lost();
  // Publishes STATE offline: a will is not sent after an orderly DISCONNECT.
  void say_goodbye(std::uint64_t now_ms);

  // The earliest moment at which on_time() may have something to do.
  std::optional<Nanoseconds> next_time() const { return wake_at_; }
  void on_time(std::uint64_t now_ms, Nanoseconds now);

  // --- commands ---

  // Errors: kNotFound: no such metric was born; kMachineNotConnected: its node or device is away;
  // as to_wire for the value.
  Result<Publication> command(const MetricId& id, const Value& value, std::uint64_t now_ms) const;

  const HostCounters& counters() const { return counters_; }
  std::size_t metrics() const { return metric_count_; }

 private:
  struct KnownMetric {
    std::string name;
    DataType type;
    std::optional<std::uint64_t> alias;
    Handle handle;
    bool stale = false;
  };
  struct Device {
    bool online = false;
    std::vector<KnownMetric> metrics;
    std::unordered_map<std::string, std::size_t> by_name;
  };
  struct Held {
    Topic topic;
    Payload payload;
    std::size_t bytes;
  };
  struct Alias {
    Device* device;
    std::size_t metric;
  };
  struct Node {
    NodeId id;
    bool online = false;
    std::optional<std::int64_t> bd_seq;
    std::uint8_t next_seq = 0;
    std::map<std::string, Device> devices;  // "" is the node itself; addresses stay
    std::unordered_map<std::uint64_t, Alias> aliases;
    std::map<std::uint8_t, Held> held;  // by sequence number
    std::size_t held_bytes = 0;
    std::set<std::uint8_t> missing;  // given up; may still come late
    std::optional<Nanoseconds> gap_until;
    std::optional<Nanoseconds> last_request;
    std::optional<Nanoseconds> request_at;
  };

  void on_state(std::string_view host, ByteSpan payload);
  void publish_state(bool online, std::uint64_t timestamp_ms);
  Node* node_of(const NodeId& id);
  void end_session(Node& node);
  void on_node_birth(Node& node, const Payload& payload);
  void on_node_death(Node& node, const Payload& payload);
  void on_sequenced(Node& node, const Topic& topic, Payload payload, std::size_t bytes,
                    std::uint64_t now_ms, Nanoseconds now);
  void on_behind(Node& node, const Topic& topic, const Payload& payload, std::uint64_t now_ms,
                 Nanoseconds now);
  void hold(Node& node, const Topic& topic, Payload payload, std::size_t bytes,
            std::uint64_t now_ms, Nanoseconds now);
  void release_held(Node& node, std::uint64_t now_ms, Nanoseconds now);
  void give_up_gap(Node& node, std::uint64_t now_ms, Nanoseconds now);
  void apply(Node& node, const Topic& topic, const Payload& payload, bool late,
             std::uint64_t now_ms, Nanoseconds now);
  void apply_birth(Node& node, const std::string& device, const Payload& payload);
  void apply_data(Node& node, Device& device, const Payload& payload, bool late,
                  std::uint64_t now_ms, Nanoseconds now);
  const KnownMetric* find(Node& node, Device& device, const Metric& metric) const;
  void read(const KnownMetric& known, const Metric& metric, const Payload& payload, bool late);
  void make_stale(Device& device);
  void forget(Node& node, Device& device);
  void ask_rebirth(Node& node, std::uint64_t now_ms, Nanoseconds now);
  void wake_at(Nanoseconds at);

  const HostOptions options_;
  HostEvents& events_;
  std::map<NodeId, Node> nodes_;
  std::size_t metric_count_ = 0;
  std::uint64_t state_time_ms_ = 0;  // of the will, and of STATE on this connection
  bool connected_ = false;
  bool rival_told_ = false;             // on this connection
  std::optional<Nanoseconds> wake_at_;  // never after the first thing to do
  HostCounters counters_;
};

}  // namespace lineshaft::sparkplug
