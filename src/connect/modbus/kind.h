// connect/modbus/kind.h: Modbus TCP as one of the protocols of the room.
#pragma once

#include "connect/protocol.h"

namespace lineshaft::connect {

const ProtocolKind& modbus_kind();

}  // namespace lineshaft::connect
