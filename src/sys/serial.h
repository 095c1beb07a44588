// sys/serial.h: a serial port as a stream of bytes, on the loop.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "sys/loop.h"

namespace lineshaft::sys {

enum class Parity : std::uint8_t { kNone, kEven, kOdd };

struct SerialOptions {
  std::string device;          // "/dev/ttyUSB0"
  std::uint32_t baud = 19200;  // one that is_baud() knows
  Parity parity = Parity::kEven;
  std::uint8_t stop_bits = 1;  // 1 or 2
  // The driver of the port raises RTS while it sends, for RS-485 transceivers that must be told.
  // Adapters that find out by themselves do not need it.
  bool rs485 = false;
  friend bool operator==(const SerialOptions&, const SerialOptions&) = default;
};

// 1200 to 921600, as far as the operating system has a name for it.
bool is_baud(std::uint32_t baud);

// How long so many characters of 8 bits take on the line. Requires: is_baud(options.baud).
Nanoseconds line_time(const SerialOptions& options, std::size_t characters);

// Opens the port for ourselves alone and forgets what it had received before. The stream is that of
// sys/loop.h; its peer() is the device, without a port. A port that disappears (an adapter pulled
// out) reads as kPeerClosed. Requires: is_baud(options.baud).
// Errors: kConnectFailed: there is no such device, it is no serial port, it may not be opened, or
// somebody has it; kUnsupported: it lacks the speed or RS-485, or the loop is not that of an
// operating system.
Result<std::unique_ptr<TcpStream>> open_serial(EventLoop& loop, const SerialOptions& options);

}  // namespace lineshaft::sys
