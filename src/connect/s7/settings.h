// connect/s7/settings.h: what a connection to an S7 CPU is set to, and where its signals lie.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "wire/s7/transport.h"
#include "wire/s7/value.h"

namespace lineshaft::connect {

// The comments give the allowed range; the defaults suit an S7-1200 or 1500.
struct S7Settings {
  std::string host;
  std::uint16_t port = 102;
  std::uint8_t rack = 0;  // 0..7
  std::uint8_t slot = 1;  // 0..31; of the CPU: 1 on 1200 and 1500, 2 on 300, often 3 on 400
  s7::ConnectionType connection_type = s7::ConnectionType::kOp;
  // Instead of what rack, slot and type give: for devices that have addresses of their own.
  std::optional<std::uint16_t> local_tsap;
  std::optional<std::uint16_t> remote_tsap;
  std::uint32_t timeout_ms = 2000;                 // 50..60'000: for one answer, and for connecting
  std::uint16_t pdu_bytes_max = s7::kPduBytesMax;  // 112..960: asked for; the CPU may give less
  std::uint8_t jobs_in_flight_max = 4;             // 1..16: asked for; the CPU may give less
  std::uint16_t gap_max = 64;        // 0..400: unused bytes read along to save a request
  bool one_signal_per_read = false;  // or write: for devices that know no other
  std::uint8_t retries = 1;          // 0..3: a read that timed out is asked again so often
  friend bool operator==(const S7Settings&, const S7Settings&) = default;
};

// Where an S7 signal lies, what it is, and how it is scaled.
struct S7Point {
  s7::PointFormat format;
  friend bool operator==(const S7Point&, const S7Point&) = default;
};

}  // namespace lineshaft::connect
