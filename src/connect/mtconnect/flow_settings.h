// connect/mtconnect/flow_settings.h: what a flow is set to that serves tags as an MTConnect agent.
#pragma once

#include <cstdint>
#include <string>

#include "wire/mtconnect/model.h"

namespace lineshaft::connect {

struct MtconnectAgentFlowSettings {
  std::string listen = "127.0.0.1";            // a numeric address of ours
  std::uint16_t port = mtconnect::kAgentPort;  // 0: a free one, for tests
  std::uint32_t buffer_size = 131'072;         // 100..1'000'000 observations, in memory
  std::uint16_t connections_max = 100;         // 1..1000
  friend bool operator==(const MtconnectAgentFlowSettings&,
                         const MtconnectAgentFlowSettings&) = default;
};

}  // namespace lineshaft::connect
