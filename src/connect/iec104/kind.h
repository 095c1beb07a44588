// connect/iec104/kind.h: IEC 60870-5-104 as one of the protocols of the room.
#pragma once

#include "connect/protocol.h"

namespace lineshaft::connect {

const ProtocolKind& iec104_kind();

}  // namespace lineshaft::connect
