// connect/opcua/flow_kind.h: a flow to clients of OPC UA: tags of the house as nodes, with history.
#pragma once

#include "connect/flow.h"

namespace lineshaft::connect::opcua {

const FlowKind& server_flow_kind();

}  // namespace lineshaft::connect::opcua
