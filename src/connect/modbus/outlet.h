// connect/modbus/outlet.h: the running Modbus TCP server of a flow.
#pragma once

#include <memory>

#include "connect/flow.h"

namespace lineshaft::connect {

// Errors: kAddressInUse.
Result<std::unique_ptr<Outlet>> make_modbus_outlet(const ModbusServerFlowSettings& settings,
                                                   const OutletMeans& means);

}  // namespace lineshaft::connect
