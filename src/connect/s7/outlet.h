// connect/s7/outlet.h: the running S7 server of a flow.
#pragma once

#include <memory>

#include "connect/flow.h"

namespace lineshaft::connect {

// Errors: kAddressInUse.
Result<std::unique_ptr<Outlet>> make_s7_outlet(const S7ServerFlowSettings& settings,
                                               const OutletMeans& means);

}  // namespace lineshaft::connect
