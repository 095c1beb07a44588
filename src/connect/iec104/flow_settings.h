// connect/iec104/flow_settings.h: what a flow is set to that serves tags as a controlled station.
#pragma once

#include <cstdint>
#include <string>

#include "connect/tls_settings.h"
#include "wire/iec104/protocol.h"

namespace lineshaft::connect {

struct Iec104ServerFlowSettings {
  std::string listen = "127.0.0.1";     // a numeric address of ours
  std::uint16_t port = iec104::kPort;   // 0: a free one, for tests
  std::uint16_t common_address = 1;     // 1..65534
  std::uint32_t first_address = 1;      // 1..16'777'215: of the first information object
  bool select_required = true;          // a command without a selection before is refused
  std::int16_t utc_offset_minutes = 0;  // -840..840: of the times that we send; 0: UTC
  std::uint16_t connections_max = 16;   // 1..1000
  TlsSettings tls;                      // IEC 62351-3; port 19998 is usual
  friend bool operator==(const Iec104ServerFlowSettings&,
                         const Iec104ServerFlowSettings&) = default;
};

}  // namespace lineshaft::connect
