// connect/opcua/flow_settings.h: what a flow is set to that serves tags over OPC UA.
#pragma once

#include <cstdint>
#include <string>

namespace lineshaft::connect::opcua {

struct ServerFlowSettings {
  std::string listen = "127.0.0.1";   // a numeric address of ours
  std::uint16_t port = 4840;          // 0: a free one, for tests
  bool allow_none = false;            // endpoints without security
  bool allow_sign = false;            // endpoints that sign and do not encrypt
  bool allow_anonymous = false;       // users without a name; they read
  bool two_step_methods = false;      // clients may confirm dangerous writes by methods
  std::uint16_t sessions_max = 100;   // 1..1000
  std::uint32_t publish_min_ms = 50;  // 5..60'000: the fastest publishing that a client can get
  friend bool operator==(const ServerFlowSettings&, const ServerFlowSettings&) = default;
};

}  // namespace lineshaft::connect::opcua
