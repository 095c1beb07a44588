// connect/sparkplug/flow_settings.h: what a flow is set to that publishes tags as an edge node.
#pragma once

#include <cstdint>
#include <string>

#include "connect/forward/settings.h"
#include "connect/mqtt/settings.h"

namespace lineshaft::connect {

struct SparkplugFlowSettings {
  MqttBroker broker;
  std::string group_id = "lineshaft";  // of the edge node, and
  std::string node_id = "edge";        // its own name: unique at the broker together
  // How much of a name is the device: so many levels from the start (n), or all but so many from
  // the end (-n), joined by colons; what is left is the metric. 0: all metrics are the node's.
  std::int32_t device_levels = -1;  // -10..10
  std::string primary_host;         // births wait for it; "": for nobody
  forward::QueueSettings queue;
  friend bool operator==(const SparkplugFlowSettings&, const SparkplugFlowSettings&) = default;
};

}  // namespace lineshaft::connect
