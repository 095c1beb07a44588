// connect/sparkplug/flow_settings.h: what a flow is set to that publishes tags as an edge node.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "connect/forward/settings.h"
#include "connect/mqtt/settings.h"
#include "sys/loop.h"

namespace lineshaft::connect {

struct SparkplugFlowSettings {
  MqttBroker broker;
  // "other:1883, third:1883": brokers to go to when the primary host is not at that one, or it is
  // lost; with the same user, password and TLS. At most kOtherBrokersMax.
  std::string other_brokers;
  std::string group_id = "lineshaft";  // of the edge node, and
  std::string node_id = "edge";        // its own name: unique at the broker together
  // How much of a name is the device: so many levels from the start (n), or all but so many from
  // the end (-n), joined by colons; what is left is the metric. 0: all metrics are the node's.
  std::int32_t device_levels = -1;  // -10..10
  std::string primary_host;         // births wait for it; "": for nobody
  forward::QueueSettings queue;
  friend bool operator==(const SparkplugFlowSettings&, const SparkplugFlowSettings&) = default;
};

inline constexpr std::size_t kOtherBrokersMax = 8;

// Errors: kInvalidArgument naming the setting.
Result<std::vector<sys::Endpoint>> other_brokers(const SparkplugFlowSettings& settings);

}  // namespace lineshaft::connect
