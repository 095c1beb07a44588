// connect/s7/kind.h: S7 communication as one of the protocols of the room.
#pragma once

#include "connect/protocol.h"

namespace lineshaft::connect {

const ProtocolKind& s7_kind();

}  // namespace lineshaft::connect
