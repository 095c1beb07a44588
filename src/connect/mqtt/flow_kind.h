// connect/mqtt/flow_kind.h: an MQTT broker as a destination of flows: a topic for each tag.
#pragma once

#include "connect/flow.h"

namespace lineshaft::connect {

const FlowKind& mqtt_flow_kind();

}  // namespace lineshaft::connect
