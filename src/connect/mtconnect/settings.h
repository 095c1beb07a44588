// connect/mtconnect/settings.h: what a connection to an MTConnect agent is set to, and where its
// signals lie.
#pragma once

#include <cstdint>
#include <string>

#include "connect/tls_settings.h"
#include "model/value.h"
#include "wire/mtconnect/model.h"

namespace lineshaft::connect {

// The comments give the allowed range.
struct MtconnectSettings {
  std::string host;
  std::uint16_t port = mtconnect::kAgentPort;
  TlsSettings tls;
  std::string device;                   // name or uuid; "": all devices of the agent
  std::uint32_t timeout_ms = 10'000;    // 100..120'000: to connect, and for a whole document
  std::uint32_t interval_ms = 100;      // 0..60'000: the agent gathers so long before it sends
  std::uint32_t heartbeat_ms = 10'000;  // 100..300'000: the agent is heard at least so often
  std::uint32_t count = 1000;           // 1..10'000: observations of one document, at most
  friend bool operator==(const MtconnectSettings&, const MtconnectSettings&) = default;
};

struct MtconnectPoint {
  std::string data_item;  // its id
  ValueType type = ValueType::kFloat64;
  // Of several values the one that is meant: "1" is the second of a position in space; of a data
  // set a key, of a table "row/cell". "": all, as a text.
  std::string part;
  friend bool operator==(const MtconnectPoint&, const MtconnectPoint&) = default;
};

}  // namespace lineshaft::connect
