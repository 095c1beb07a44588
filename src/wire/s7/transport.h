// wire/s7/transport.h: ISO transport over TCP: TPKT packets (RFC 1006) that carry COTP TPDUs of
// class 0 (ISO 8073): connect, confirm, disconnect, data; both sides.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/s7/protocol.h"

namespace lineshaft::s7 {

// A transport address. What S7 devices use has two bytes: the kind of connection, then
// rack * 32 + slot; HMI panels of newer CPUs use a name.
inline constexpr std::size_t kTsapBytesMax = 32;
using Tsap = Bytes;

// What the called CPU may think of us. They differ in how many connections it keeps for each.
enum class ConnectionType : std::uint8_t { kPg = 1, kOp = 2, kBasic = 3 };

std::string_view connection_type_name(ConnectionType type);  // "pg", "op", "basic"
std::optional<ConnectionType> parse_connection_type(std::string_view name);

// Requires: rack <= 7, slot <= 31.
constexpr std::uint16_t tsap_of(ConnectionType type, std::uint8_t rack, std::uint8_t slot) {
  return static_cast<std::uint16_t>(static_cast<unsigned>(type) << 8 | rack * 32u | slot);
}
Tsap tsap_bytes(std::uint16_t tsap);

// "10.02", as engineers write it: two hexadecimal numbers of two digits, upper case or lower.
std::string tsap_text(std::uint16_t tsap);
std::optional<std::uint16_t> parse_tsap(std::string_view text);

// Sizes of a TPDU, its head of 3 bytes not counted: powers of two that the CR and CC name by their
// exponent. A longer PDU goes in several.
inline constexpr std::uint8_t kTpduExponentMin = 7;   // 128 bytes
inline constexpr std::uint8_t kTpduExponentMax = 13;  // 8192 bytes
inline constexpr std::uint8_t kTpduExponentAsked = 10;

struct ConnectRequest {
  std::uint16_t source = 1;  // the caller's reference
  std::optional<std::uint8_t> tpdu_exponent;
  Tsap calling;
  Tsap called;
  friend bool operator==(const ConnectRequest&, const ConnectRequest&) = default;
};

struct ConnectConfirm {
  std::uint16_t destination = 1;  // the caller's reference
  std::uint16_t source = 1;
  std::optional<std::uint8_t> tpdu_exponent;  // absent: as asked
  Tsap calling;
  Tsap called;
  friend bool operator==(const ConnectConfirm&, const ConnectConfirm&) = default;
};

struct Disconnect {
  std::uint16_t destination = 0;
  std::uint16_t source = 0;
  std::uint8_t reason = 0;
  friend bool operator==(const Disconnect&, const Disconnect&) = default;
};

// "the transport address (rack, slot) is not known (3)".
std::string disconnect_text(std::uint8_t reason);

// A whole PDU, put together from its TPDUs.
struct Data {
  ByteSpan pdu;  // borrowed from the reader: valid until its next call
};

using Tpdu = std::variant<ConnectRequest, ConnectConfirm, Disconnect, Data>;

void append_connect_request(const ConnectRequest& request, Bytes& out);
void append_connect_confirm(const ConnectConfirm& confirm, Bytes& out);
void append_disconnect(const Disconnect& disconnect, Bytes& out);

// Appends a PDU as one or more data TPDUs of at most `tpdu_bytes` of it each.
// Requires: pdu not empty; tpdu_bytes >= 1 and below 65,529.
void append_data(ByteSpan pdu, std::size_t tpdu_bytes, Bytes& out);

// Cuts a stream into TPDUs and puts PDUs together. Keeps at most one packet and one PDU: memory
// grows with bytes that came, up to about twice pdu_bytes_max, whatever lengths say.
//
// A stream that broke the rules once has no place where a packet surely begins: the reader stays
// failed, and its owner drops the connection.
class TransportReader {
 public:
  // Requires: pdu_bytes_max >= kPduBytesMin; a longer PDU is an error.
  explicit TransportReader(std::size_t pdu_bytes_max) : pdu_bytes_max_(pdu_bytes_max) {}

  // Takes bytes from the front of `input` up to the end of one TPDU and moves `input` past them.
  // Returns what is complete, or nothing when `input` ended first (it is then empty). Empty data
  // TPDUs, which some CPUs send to keep a connection alive, are passed over.
  // Errors: ErrorId::kBadAnswer, then for ever.
  Result<std::optional<Tpdu>> next(ByteSpan& input);

  // Bytes of a packet or PDU that is not complete.
  std::size_t pending_bytes() const;

 private:
  Status check_head() const;
  Result<std::optional<Tpdu>> take_packet();
  Result<std::optional<Tpdu>> take_data(std::uint8_t number, ByteSpan payload);

  const std::size_t pdu_bytes_max_;
  Bytes packet_;
  Bytes pdu_;              // of several TPDUs
  bool complete_ = false;  // packet_ was handed out
  bool joined_ = false;    // pdu_ was handed out
  bool failed_ = false;
};

}  // namespace lineshaft::s7
