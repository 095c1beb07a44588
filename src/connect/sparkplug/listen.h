// connect/sparkplug/listen.h: which metrics edge nodes have: a host that says nothing about itself
// and hears births for a while. A node that publishes is asked for its birth.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "connect/mqtt/link.h"
#include "connect/protocol.h"
#include "sys/clock.h"
#include "wire/sparkplug/host.h"

namespace lineshaft::connect {

// As ProtocolRuntime::browse. A node that is silent all the time is not seen: Sparkplug has no way
// to ask who is there.
class SparkplugListen : public Task, private MqttUser, private sparkplug::HostEvents {
 public:
  SparkplugListen(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random,
                  BrowseRequest request, BrowseDone done);

 private:
  // --- MqttUser ---
  void on_session() override;
  void on_message(const mqtt::Publish& message) override;
  void on_subscribed(std::uint16_t id, const std::vector<mqtt::Reason>& reasons) override;
  void on_down(const Error& why) override { finish(why); }

  // --- sparkplug::HostEvents ---
  void publish(sparkplug::Publication publication) override;
  sparkplug::Handle on_born(const sparkplug::MetricId& id, sparkplug::DataType type) override;
  void on_reading(sparkplug::Handle, const sparkplug::Reading&) override {}
  void on_stale(sparkplug::Handle) override {}
  void on_node(const sparkplug::NodeId&, bool) override {}
  void on_trouble(const sparkplug::NodeId&, const Error&) override {}

  std::uint64_t now_ms() const;
  void arm();
  void finish(Status status);

  sys::EventLoop& loop_;
  sys::Clock& clock_;
  const BrowseRequest request_;
  BrowseDone done_;
  std::map<sparkplug::MetricId, sparkplug::DataType> born_;
  bool finished_ = false;
  sparkplug::Host machine_;
  std::unique_ptr<sys::Timer> timer_;
  std::unique_ptr<sys::Timer> limit_;
  std::unique_ptr<sys::Timer> finish_;
  std::unique_ptr<MqttLink> link_;
};

}  // namespace lineshaft::connect
