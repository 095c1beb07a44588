// connect/mtconnect/flow_kind.h: an MTConnect agent as a kind of flow.
#pragma once

#include "connect/flow.h"

namespace lineshaft::connect {

const FlowKind& mtconnect_agent_flow_kind();

}  // namespace lineshaft::connect
