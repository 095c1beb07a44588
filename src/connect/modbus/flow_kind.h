// connect/modbus/flow_kind.h: a flow to clients of Modbus TCP: tags of the house as registers.
//
// A tag has one address, and takes there as many numbers as its type needs registers:
//   holding and input registers   its value; a bool is 0 or 1
//   coil                          a bool once more, alone
//   discrete input                1 if the quality of the tag is good (at each of its numbers)
#pragma once

#include "connect/flow.h"
#include "wire/modbus/value.h"

namespace lineshaft::connect {

const FlowKind& modbus_server_flow_kind();

// How a tag of that type lies in its registers.
modbus::PointFormat served_format(const ModbusServerFlowSettings& settings, ValueType type);

}  // namespace lineshaft::connect
