// connect/shdr/kind.h: SHDR (lines of MTConnect adapters) as one of the protocols of the room.
#pragma once

#include "connect/protocol.h"

namespace lineshaft::connect {

const ProtocolKind& shdr_kind();

}  // namespace lineshaft::connect
