// connect/sparkplug/flow_kind.h: the flow that publishes tags as a Sparkplug B edge node.
#pragma once

#include "connect/flow.h"

namespace lineshaft::connect {

const FlowKind& sparkplug_flow_kind();

}  // namespace lineshaft::connect
