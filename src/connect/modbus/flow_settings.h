// connect/modbus/flow_settings.h: what a flow is set to that serves tags over Modbus TCP.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "connect/tls_settings.h"
#include "wire/modbus/value.h"

namespace lineshaft::connect {

struct ModbusServerFlowSettings {
  std::string listen = "127.0.0.1";  // a numeric address of ours
  std::uint16_t port = 502;          // 0: a free one, for tests
  std::uint8_t unit_id = 0;          // the one that answers; 0: every one does
  std::uint16_t first_address = 0;   // of the first tag
  modbus::ByteOrder byte_order = modbus::ByteOrder::kABCD;
  // Numbers in 32 bits, for clients that know no others: int32 and float32 instead of int64 and
  // float64. What does not fit has no good quality then.
  bool narrow = false;
  std::uint16_t string_registers = 16;  // 1..125: of each text, two bytes in each
  std::uint16_t connections_max = 64;   // 1..1000
  TlsSettings tls;                      // Modbus/TCP Security; port 802 is usual
  // With TLS, of clients that show a certificate: the roles in it that may write, separated by
  // commas. "": every client may, if the flow takes writes at all.
  std::string writing_roles;
  friend bool operator==(const ModbusServerFlowSettings&,
                         const ModbusServerFlowSettings&) = default;
};

// "a, b" as a list, without blanks around and nothing empty.
std::vector<std::string> writing_roles_of(const ModbusServerFlowSettings& settings);

}  // namespace lineshaft::connect
