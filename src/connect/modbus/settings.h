// connect/modbus/settings.h: what a Modbus connection is set to, and where its signals lie.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "connect/tls_settings.h"
#include "sys/serial.h"
#include "wire/modbus/value.h"

namespace lineshaft::connect {

// How the messages travel.
enum class ModbusTransport : std::uint8_t {
  kTcp,     // Modbus TCP
  kRtuTcp,  // RTU frames over TCP: serial gateways that only pass bytes on
  kSerial,  // RTU on a serial line
};

// The comments give the allowed range; the defaults suit a device that keeps to the standard.
struct ModbusSettings {
  ModbusTransport transport = ModbusTransport::kTcp;
  sys::SerialOptions serial;  // kSerial
  std::string host;           // the others
  std::uint16_t port = 502;
  std::uint8_t unit_id = 1;            // of signals that name none
  std::uint32_t timeout_ms = 1000;     // 50..60'000: for one answer, and for connecting
  std::uint32_t request_delay_ms = 0;  // 0..10'000: pause after an answer before the next request
  std::uint16_t registers_per_read_max = modbus::kReadRegistersMax;  // 1..125
  std::uint16_t bits_per_read_max = modbus::kReadBitsMax;            // 1..2000
  std::uint16_t gap_max = 8;         // 0..100: unused registers read along to save a request
  bool one_signal_per_read = false;  // for devices that answer nothing else
  // The device serves one client: every connection to this host and port shares one socket and its
  // queue, test reads too. A serial line is always shared like that.
  bool single_connection = false;
  std::uint8_t requests_in_flight_max = 1;  // 1..16; most devices work one at a time
  std::uint8_t retries = 1;                 // 0..3: a read that timed out is asked again so often
  bool write_multiple_only = false;         // the device lacks functions 5 and 6
  TlsSettings tls;                          // Modbus/TCP Security, port 802; not kSerial

  bool rtu() const { return transport != ModbusTransport::kTcp; }
  friend bool operator==(const ModbusSettings&, const ModbusSettings&) = default;
};

// Where a Modbus signal lies. `format` says how to read it there.
struct ModbusPoint {
  std::uint16_t address = 0;            // from 0, as on the wire
  std::optional<std::uint8_t> unit_id;  // absent: that of the connection
  modbus::PointFormat format;
  friend bool operator==(const ModbusPoint&, const ModbusPoint&) = default;
};

}  // namespace lineshaft::connect
