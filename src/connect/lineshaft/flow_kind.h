// connect/lineshaft/flow_kind.h: another Lineshaft server as a destination of flows.
#pragma once

#include "connect/flow.h"

namespace lineshaft::connect {

const FlowKind& lineshaft_flow_kind();

}  // namespace lineshaft::connect
