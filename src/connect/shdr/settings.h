// connect/shdr/settings.h: what a connection to an MTConnect adapter (SHDR) is set to, and where
// its signals lie.
#pragma once

#include <cstdint>
#include <string>

#include "connect/tls_settings.h"
#include "model/value.h"
#include "wire/shdr/shdr.h"

namespace lineshaft::connect {

// The comments give the allowed range.
struct ShdrSettings {
  std::string host;
  std::uint16_t port = shdr::kPort;
  TlsSettings tls;
  std::uint32_t timeout_ms = 5000;  // 100..60'000: to connect
  // 1..86'400: how long an adapter may be silent that does not answer "* PING".
  std::uint32_t silence_max_s = 600;
  friend bool operator==(const ShdrSettings&, const ShdrSettings&) = default;
};

struct ShdrPoint {
  std::string key;
  shdr::Kind kind = shdr::Kind::kValue;  // never kUnknown
  ValueType type = ValueType::kFloat64;
  std::string part;  // as MtconnectPoint::part
  friend bool operator==(const ShdrPoint&, const ShdrPoint&) = default;
};

}  // namespace lineshaft::connect
