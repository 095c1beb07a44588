// connect/sparkplug/kind.h: Sparkplug B over MQTT as one of the protocols of the room.
#pragma once

#include "connect/protocol.h"

namespace lineshaft::connect {

const ProtocolKind& sparkplug_kind();

}  // namespace lineshaft::connect
