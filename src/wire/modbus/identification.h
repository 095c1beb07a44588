// wire/modbus/identification.h: the name plate of a device (function 43/14), whole, on both sides.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "wire/modbus/message.h"

namespace lineshaft::modbus {

// Objects by number. Empty if the device does not tell.
using Identification = std::map<std::uint8_t, std::string>;

inline constexpr std::uint8_t kVendorName = 0;
inline constexpr std::uint8_t kProductCode = 1;
inline constexpr std::uint8_t kRevision = 2;
inline constexpr std::uint8_t kVendorUrl = 3;
inline constexpr std::uint8_t kProductName = 4;
inline constexpr std::uint8_t kModelName = 5;
inline constexpr std::uint8_t kApplicationName = 6;

inline constexpr std::size_t kObjectBytesMax = 244;  // alone in a PDU: 253 - 7 head - 2 object head

// Collects the parts of an answer that continues over several requests.
class IdentificationReader {
 public:
  explicit IdentificationReader(DeviceIdLevel level) : level_(level) {}

  ReadDeviceId first() const { return {level_, 0}; }

  // Takes one part; returns the request for the next one, or nothing when all is there. Ends also
  // when the device does not move forward (a loop) or after 256 parts.
  std::optional<ReadDeviceId> take(const DeviceIdPart& part);

  const Identification& objects() const { return objects_; }

 private:
  DeviceIdLevel level_;
  Identification objects_;
  int parts_ = 0;
  int last_asked_ = 0;
};

// Server side: the part of the identification that answers `asked`: as many objects as fit into one
// PDU, and where to go on. An object that was asked singly and does not exist is exception 02, one
// that a stream would start from and does not exist starts it from 0 (both as the standard says).
// Objects longer than kObjectBytesMax are cut.
Response identification_part(const Identification& all, const ReadDeviceId& asked);

}  // namespace lineshaft::modbus
