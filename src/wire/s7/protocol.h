// wire/s7/protocol.h: the numbers of S7 communication: areas, codes, limits.
//
// The maker has not published the protocol. Sources: RFC 1006 (TPKT) and ISO 8073 (COTP) for the
// lower layers; for S7 itself the dissector of Wireshark and what devices do on the wire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace lineshaft::s7 {

// The memories of a CPU. Timers and counters are numbered words of two bytes; the others are bytes.
enum class Area : std::uint8_t {
  kCounter = 0x1C,
  kTimer = 0x1D,
  kInput = 0x81,
  kOutput = 0x82,
  kMarker = 0x83,
  kDataBlock = 0x84,
};

constexpr bool is_counted(Area area) { return area == Area::kCounter || area == Area::kTimer; }

// What one element of an item is, as a request names it. We ask for bytes, single bits (to write
// one without its neighbours), timers and counters; a server meets all of them.
enum class Element : std::uint8_t {
  kBit = 0x01,
  kByte = 0x02,
  kChar = 0x03,
  kWord = 0x04,
  kInt = 0x05,
  kDword = 0x06,
  kDint = 0x07,
  kReal = 0x08,
  kCounter = 0x1C,
  kTimer = 0x1D,
};

// Bytes of one element; 0 for a number that is none of the above.
std::size_t element_bytes(Element element);

// How the data of an item is counted in an answer or a write.
enum class DataKind : std::uint8_t {
  kNone = 0x00,   // nothing follows
  kBit = 0x03,    // length in bits; each bit takes a byte
  kByte = 0x04,   // length in bits
  kInt = 0x05,    // length in bits
  kDint = 0x06,   // length in bytes
  kReal = 0x07,   // length in bytes
  kOctet = 0x09,  // length in bytes
};

// What a device says about one item. Other numbers occur.
enum class ReturnCode : std::uint8_t {
  kReserved = 0x00,
  kHardwareFault = 0x01,
  kAccessDenied = 0x03,
  kAddressOutOfRange = 0x05,
  kTypeNotSupported = 0x06,
  kTypeInconsistent = 0x07,
  kDoesNotExist = 0x0A,
  kOk = 0xFF,
};

// "the address lies outside of the area or data block (05)". With what to do where that is known.
std::string return_code_text(ReturnCode code);

// A request that was refused as a whole: error class and code of the header, or the error code of a
// system request, as one number (class * 256 + code).
struct Refusal {
  std::uint16_t code = 0;
  friend bool operator==(const Refusal&, const Refusal&) = default;
};

// "no resources: the device has no connection or memory left (8302)".
std::string refusal_text(Refusal refusal);

// Codes that a server of ours answers with.
inline constexpr Refusal kRefusedFunction{0x8104};  // the function is not available here
inline constexpr Refusal kRefusedPduSize{0x8500};   // the PDU has a wrong length
inline constexpr Refusal kRefusedSzl{0xD401};       // no such system status list

// Limits.
inline constexpr std::size_t kJobHeadBytes = 10;     // of a request
inline constexpr std::size_t kAnswerHeadBytes = 12;  // of an answer: and its error class and code
inline constexpr std::size_t kFunctionBytes = 2;     // function and number of items
inline constexpr std::size_t kItemBytes = 12;        // an address in a request
inline constexpr std::size_t kDataHeadBytes = 4;    // code, kind and length before each item's data
inline constexpr std::size_t kItemsMax = 20;        // in one request
inline constexpr std::size_t kPduBytesMin = 112;    // the smallest that any CPU negotiates
inline constexpr std::size_t kPduBytesMax = 960;    // what a CPU 1500 gives; no CPU gives more
inline constexpr std::uint16_t kJobsMax = 16;       // under way that we ever ask for
inline constexpr std::uint32_t kAreaBytes = 65536;  // addressable in one area or data block
inline constexpr std::uint32_t kCountedMax = 2048;  // timers, and counters, of the largest CPU

}  // namespace lineshaft::s7
