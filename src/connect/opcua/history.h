// connect/opcua/history.h: HistoryRead of raw values from what backs a server. Includes open62541's
// headers: for the .cpp files of this folder only.
#pragma once

#include <open62541/server.h>

#include "connect/opcua/server.h"

namespace lineshaft::connect::opcua {

// Answers come in portions of at most 10'000 values a node; the continuation point is the time
// where the next begins, so the server keeps nothing. Bounds (returnBounds) are not added.
// Requires: the nodes' contexts are TagNodes. `backing` must outlive the server.
void serve_history(UA_ServerConfig& config, ServerBacking& backing);

}  // namespace lineshaft::connect::opcua
