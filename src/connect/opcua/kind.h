// connect/opcua/kind.h: OPC UA as one of the protocols of the room.
#pragma once

#include "connect/protocol.h"

namespace lineshaft::connect::opcua {

const ProtocolKind& kind();

}  // namespace lineshaft::connect::opcua
