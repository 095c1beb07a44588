// connect/mqtt/flow_settings.h: what a flow is set to that publishes tags to an MQTT broker.
#pragma once

#include "connect/forward/settings.h"
#include "connect/mqtt/settings.h"

namespace lineshaft::connect {

struct MqttFlowSettings {
  MqttBroker broker;
  bool retain = false;  // the broker keeps the last message of each topic for those who come later
  forward::QueueSettings queue;
  friend bool operator==(const MqttFlowSettings&, const MqttFlowSettings&) = default;
};

}  // namespace lineshaft::connect
