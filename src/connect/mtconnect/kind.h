// connect/mtconnect/kind.h: MTConnect (client of an agent) as one of the protocols of the room.
#pragma once

#include "connect/protocol.h"

namespace lineshaft::connect {

const ProtocolKind& mtconnect_kind();

}  // namespace lineshaft::connect
