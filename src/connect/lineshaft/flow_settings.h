// connect/lineshaft/flow_settings.h: what a flow is set to that sends tags to another Lineshaft
// server.
#pragma once

#include <cstdint>
#include <string>

#include "connect/forward/settings.h"

namespace lineshaft::connect {

struct LineshaftFlowSettings {
  std::string host;
  std::uint16_t port = 8443;
  std::string token;  // secret; of a program there that may read and make tags and store values
  std::string fingerprint;            // SHA-256 of its certificate; "": the authorities decide
  std::uint32_t timeout_ms = 10'000;  // 100..60'000
  forward::QueueSettings queue;
  friend bool operator==(const LineshaftFlowSettings&, const LineshaftFlowSettings&) = default;
};

}  // namespace lineshaft::connect
