// connect/iec104/outlet.h: the running controlled station of a flow.
#pragma once

#include <memory>

#include "connect/flow.h"

namespace lineshaft::connect {

// The points of a station stand when it starts, which is with the first tags: with others it is
// started anew, a moment after the last change, and its clients come back. A port that is taken is
// an error of put(), or told by status() and tried again.
Result<std::unique_ptr<Outlet>> make_iec104_outlet(const Iec104ServerFlowSettings& settings,
                                                   const OutletMeans& means);

}  // namespace lineshaft::connect
