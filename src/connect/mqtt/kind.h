// connect/mqtt/kind.h: an MQTT broker as one of the protocols of the room.
#pragma once

#include "connect/protocol.h"

namespace lineshaft::connect {

const ProtocolKind& mqtt_kind();

}  // namespace lineshaft::connect
