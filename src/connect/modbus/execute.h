// connect/modbus/execute.h: carries a decoded request out on a ModbusDevice.
#pragma once

#include <cstdint>

#include "connect/modbus/server.h"
#include "wire/modbus/message.h"

namespace lineshaft::connect {

// The answer to `request`, an exception of the device included. A unit that the device does not
// have answers 0B. Loop's thread.
modbus::Response execute(ModbusDevice& device, std::uint8_t unit, const modbus::Request& request);

}  // namespace lineshaft::connect
