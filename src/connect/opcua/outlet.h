// connect/opcua/outlet.h: the running OPC UA server of a flow.
#pragma once

#include <memory>

#include "connect/flow.h"

namespace lineshaft::connect::opcua {

// The server has a thread and a loop of its own: checking a password and reading history wait, and
// the machines must not wait with them. Blocks until the server listens.
// Errors: kAddressInUse, kTlsFailed (our certificate, or none).
Result<std::unique_ptr<Outlet>> make_outlet(const ServerFlowSettings& settings,
                                            const OutletMeans& means);

}  // namespace lineshaft::connect::opcua
