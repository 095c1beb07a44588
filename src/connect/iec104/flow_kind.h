// connect/iec104/flow_kind.h: a flow to control centres over IEC 60870-5-104: a bool is a single
// point (commanded by C_SC), every number a measured value in short floating point (C_SE_NC), an
// information object each. Texts cannot be told.
#pragma once

#include "connect/flow.h"

namespace lineshaft::connect {

const FlowKind& iec104_server_flow_kind();

}  // namespace lineshaft::connect
