// connect/iec104/settings.h: what a connection over IEC 60870-5-104 is set to, and where its
// signals lie.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "connect/tls_settings.h"
#include "wire/iec104/link.h"
#include "wire/iec104/value.h"

namespace lineshaft::connect {

// The comments give the allowed range; the defaults are those of the standard where it has one.
struct Iec104Settings {
  std::string host;
  std::uint16_t port = iec104::kPort;
  std::uint16_t common_address = 1;  // 1..65534: of signals that name none
  TlsSettings tls;
  std::uint8_t originator = 0;                   // 0..255
  std::int16_t utc_offset_minutes = 0;           // -840..840: of the station's clock; 0: UTC
  std::uint32_t interrogation_interval_s = 600;  // 0..86'400; 0: after connecting only
  std::uint32_t counter_interval_s = 60;         // the same, for stations with counters
  std::uint32_t clock_sync_interval_s = 0;       // 0..86'400; 0: the clock is left alone
  std::uint32_t command_timeout_ms = 10'000;     // 100..600'000: for each answer to a command
  std::uint16_t k = 12;                          // 1..32767
  std::uint16_t w = 8;                           // 1..k
  std::uint16_t t0_s = 30;                       // 1..255: for connecting
  std::uint16_t t1_s = 15;                       // 1..255
  std::uint16_t t2_s = 10;                       // 1..255, below t1
  std::uint16_t t3_s = 20;                       // 1..65535
  friend bool operator==(const Iec104Settings&, const Iec104Settings&) = default;
};

struct Iec104Point {
  std::uint32_t address = 1;                    // 1..16'777'215, of the information object
  std::optional<std::uint16_t> common_address;  // absent: that of the connection
  iec104::PointFormat format;
  // How the signal is commanded, if it is writable.
  std::optional<iec104::CommandKind> command;    // absent: as the format suggests
  std::optional<std::uint32_t> command_address;  // absent: `address`
  bool select = false;                           // select before execute
  std::uint8_t qualifier = 0;
  bool command_time = false;  // commands carry the time
  friend bool operator==(const Iec104Point&, const Iec104Point&) = default;
};

// The command that such a point usually has; nothing for counters.
std::optional<iec104::CommandKind> command_of(const Iec104Point& point);

iec104::LinkSettings link_settings(const Iec104Settings& settings);

}  // namespace lineshaft::connect
