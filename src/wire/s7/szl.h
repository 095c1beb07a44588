// wire/s7/szl.h: what a CPU tells about itself in its system status lists (SZL), on both sides.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "wire/s7/message.h"

namespace lineshaft::s7 {

inline constexpr std::uint16_t kSzlModule = 0x0011;      // order number, versions
inline constexpr std::uint16_t kSzlComponents = 0x001C;  // names, serial numbers

// Text as the device has it (ISO 8859-1 there, UTF-8 here), without blanks and NULs at the end.
// Empty if the device does not tell.
struct Identification {
  std::string order_number;  // "6ES7 315-2EH14-0AB0"
  std::string firmware;      // "V3.2.6"
  std::string system_name;   // of the station, as its project calls it
  std::string module_name;   // of the CPU, as its project calls it
  std::string module_type;   // "CPU 315-2 PN/DP"
  std::string serial_number;
  friend bool operator==(const Identification&, const Identification&) = default;
};

// Collects the parts of a list that comes in several answers.
class SzlReader {
 public:
  explicit SzlReader(std::uint16_t id) : id_(id) {}

  ReadSzl first() const { return {id_, 0, std::nullopt}; }

  // Takes one part; returns the request for the next one, or nothing when all is there. Ends also
  // after 64 parts: no list has so many, and a device may never say that one is the last.
  std::optional<ReadSzl> take(const SzlPart& part);

  // Adds what the list says to `known`. A list that is broken or unknown adds nothing.
  void read_into(Identification& known) const;

 private:
  std::uint16_t id_;
  Bytes list_;
  int parts_ = 0;
};

// Server side: a whole list, or nothing if it is neither of the two above. Text is cut to the
// lengths of the list.
std::optional<Bytes> szl_list(const Identification& identification, std::uint16_t id);

// The part of a list that answers a request; `after` as in ReadSzl. Empty and last if there is no
// such part. The part borrows from `list`. Requires: bytes_max >= 1.
SzlPart szl_part(ByteSpan list, std::optional<std::uint8_t> after, std::size_t bytes_max);

// What of a list fits into one answer.
constexpr std::size_t szl_part_bytes(std::size_t pdu_bytes) { return pdu_bytes - 26; }

}  // namespace lineshaft::s7
