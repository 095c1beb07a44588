// connect/sparkplug/edge.h: our own edge node on a broker: publishes tags of ours to Sparkplug
// hosts and takes their commands. The server's side of Sparkplug.
#pragma once

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "connect/mqtt/link.h"
#include "sys/clock.h"
#include "wire/sparkplug/edge_node.h"

namespace lineshaft::connect {

struct SparkplugEdgeOptions {
  MqttBroker broker;  // checked
  // To go to when the primary host is not at that one, or it is lost: one at a time, in turn.
  std::vector<sys::Endpoint> other_brokers;
  sparkplug::EdgeNodeOptions node;
  // Values of this time go together.
  Nanoseconds flush_interval = std::chrono::milliseconds(100);
};

// Called on the loop's thread; may call the edge where it says so, but must not destroy it.
class SparkplugEdgeUser {
 public:
  virtual ~SparkplugEdgeUser() = default;
  // A host wants a value; whoever carries it out reports it with update(). May call update().
  virtual void on_command(sparkplug::EdgeMetricId metric, Value value) = 0;
  // As those of sparkplug::EdgeNodeEvents.
  virtual void on_birth() {}
  virtual std::optional<sparkplug::EdgeValue> present(sparkplug::EdgeMetricId /*metric*/) {
    return std::nullopt;
  }
  // The broker has everything of before fence(token). May call update(), flush() and fence().
  virtual void on_fenced(std::uint64_t /*token*/) {}
  // The connection is gone; what is not fenced may be lost.
  virtual void on_lost(const Error& /*why*/) {}
  // Another edge node has this one's name.
  virtual void on_rival(const Error& /*why*/) {}
  // The broker does not take that message, which is a birth or data.
  virtual void on_refused(const Error& /*why*/, bool /*is_birth*/) {}
};

// Construction connects; metrics are added before the loop turns. Loop's thread.
class SparkplugEdge : private MqttUser, private sparkplug::EdgeNodeEvents {
 public:
  // `user` must outlive it.
  SparkplugEdge(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random,
                SparkplugEdgeOptions options, SparkplugEdgeUser& user);
  ~SparkplugEdge() override;

  sparkplug::EdgeNode& node() { return node_; }
  // As EdgeNode::update, and sees to it that the value is published.
  void update(sparkplug::EdgeMetricId metric, sparkplug::EdgeValue value);

  // Publishes what update() was told, now; then user.on_fenced(token) follows, unless the
  // connection is lost. Requires: connected(), a token that is neither 0 nor the largest.
  void flush_and_fence(std::uint64_t token);
  // With all metrics that it has, at once or when the pause between births is over.
  void rebirth();

  bool connected() const { return link_.connected(); }
  const std::optional<Error>& last_error() const { return last_error_; }
  const sys::Endpoint& server() const { return link_.server(); }  // now, or the next

 private:
  std::optional<mqtt::Will> next_will() override;
  void on_session() override;
  void on_message(const mqtt::Publish& message) override;
  void on_subscribed(std::uint16_t id, const std::vector<mqtt::Reason>& reasons) override;
  void on_down(const Error& why) override;
  void publish(sparkplug::Publication publication) override;
  void on_command(sparkplug::EdgeMetricId metric, Value value) override;
  void on_birth() override { user_.on_birth(); }
  std::optional<sparkplug::EdgeValue> present(sparkplug::EdgeMetricId metric) override {
    return user_.present(metric);
  }
  void on_fenced(std::uint64_t token) override;
  void on_host_offline() override;
  void on_trouble(const Error& what) override { last_error_ = what; }
  void on_rival(const Error& what) override;

  std::uint64_t now_ms() const;
  void carry_out();
  void arm();

  sys::EventLoop& loop_;
  sys::Clock& clock_;
  const Nanoseconds flush_interval_;
  SparkplugEdgeUser& user_;
  sparkplug::EdgeNode node_;
  std::vector<std::pair<sparkplug::EdgeMetricId, Value>> commands_;
  std::unique_ptr<sys::Timer> flush_timer_;
  std::unique_ptr<sys::Timer> birth_timer_;
  bool flush_armed_ = false;
  std::optional<Error> last_error_;
  MqttLink link_;
};

}  // namespace lineshaft::connect
