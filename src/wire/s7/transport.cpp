#include "wire/s7/transport.h"

#include <algorithm>
#include <charconv>

namespace lineshaft::s7 {

namespace {

constexpr std::uint8_t kTpktVersion = 3;
constexpr std::size_t kTpktBytes = 4;
constexpr std::size_t kDataHead = 3;              // length indicator, type, number
constexpr std::size_t kPacketMin = 7;             // RFC 1006: TPKT and the shortest TPDU
constexpr std::size_t kControlMax = 4 + 1 + 254;  // a length indicator is at most 254

constexpr std::uint8_t kConnectRequest = 0xE0;
constexpr std::uint8_t kConnectConfirm = 0xD0;
constexpr std::uint8_t kDisconnectRequest = 0x80;
constexpr std::uint8_t kError = 0x70;
constexpr std::uint8_t kData = 0xF0;
constexpr std::uint8_t kEndOfTsdu = 0x80;

constexpr std::uint8_t kParameterTpduSize = 0xC0;
constexpr std::uint8_t kParameterCalling = 0xC1;
constexpr std::uint8_t kParameterCalled = 0xC2;

constexpr std::array<std::string_view, 3> kTypeNames = {"pg", "op", "basic"};

Error bad(std::string what) { return Error{ErrorId::kBadAnswer, std::move(what)}; }

std::size_t length_of(const Bytes& packet) {
  return static_cast<std::size_t>(packet[2] << 8 | packet[3]);
}

// The variable part of a CR or CC.
struct Parameters {
  std::optional<std::uint8_t> tpdu_exponent;
  Tsap calling;
  Tsap called;
};

Result<Parameters> decode_parameters(ByteReader& reader) {
  Parameters found;
  while (!reader.at_end()) {
    const std::uint8_t code = reader.u8();
    const ByteSpan value = reader.bytes(reader.u8());
    if (!reader.ok()) return bad("a parameter of the connection runs past its end");
    if (code == kParameterTpduSize) {
      if (value.size() != 1 || value[0] < kTpduExponentMin || value[0] > kTpduExponentMax) {
        return bad("a TPDU size that ISO 8073 does not have");
      }
      found.tpdu_exponent = value[0];
    } else if (code == kParameterCalling || code == kParameterCalled) {
      if (value.size() > kTsapBytesMax) return bad("a transport address of more than 32 bytes");
      (code == kParameterCalling ? found.calling : found.called).assign(value.begin(), value.end());
    }
    // Others (checksum, version, priority) mean nothing in class 0.
  }
  return found;
}

void append_packet(ByteSpan tpdu, Bytes& out) {
  ByteWriter writer(out);
  writer.u8(kTpktVersion);
  writer.u8(0);
  writer.write_be(static_cast<std::uint16_t>(kTpktBytes + tpdu.size()));
  writer.bytes(tpdu);
}

void append_connect(std::uint8_t type, std::uint16_t destination, std::uint16_t source,
                    const Parameters& parameters, Bytes& out) {
  Bytes tpdu;
  ByteWriter writer(tpdu);
  writer.u8(0);  // length indicator, set below
  writer.u8(type);
  writer.write_be(destination);
  writer.write_be(source);
  writer.u8(0);  // class 0, no options
  if (parameters.tpdu_exponent) {
    writer.u8(kParameterTpduSize);
    writer.u8(1);
    writer.u8(*parameters.tpdu_exponent);
  }
  const auto write_tsap = [&](std::uint8_t code, const Tsap& tsap) {
    LS_ASSERT(tsap.size() <= kTsapBytesMax);
    if (tsap.empty()) return;
    writer.u8(code);
    writer.u8(static_cast<std::uint8_t>(tsap.size()));
    writer.bytes(tsap);
  };
  write_tsap(kParameterCalling, parameters.calling);
  write_tsap(kParameterCalled, parameters.called);
  tpdu[0] = static_cast<std::uint8_t>(tpdu.size() - 1);
  append_packet(tpdu, out);
}

}  // namespace

std::string_view connection_type_name(ConnectionType type) {
  return kTypeNames[static_cast<std::size_t>(type) - 1];
}

std::optional<ConnectionType> parse_connection_type(std::string_view name) {
  const auto found = std::ranges::find(kTypeNames, name);
  if (found == kTypeNames.end()) return std::nullopt;
  return static_cast<ConnectionType>(found - kTypeNames.begin() + 1);
}

Tsap tsap_bytes(std::uint16_t tsap) {
  return {static_cast<std::uint8_t>(tsap >> 8), static_cast<std::uint8_t>(tsap)};
}

std::string tsap_text(std::uint16_t tsap) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const unsigned number = tsap;
  const auto digit = [&](unsigned shift) { return kDigits[number >> shift & 15u]; };
  return {digit(12), digit(8), '.', digit(4), digit(0)};
}

std::optional<std::uint16_t> parse_tsap(std::string_view text) {
  std::uint16_t high = 0;
  std::uint16_t low = 0;
  if (text.size() != 5 || text[2] != '.') return std::nullopt;
  const auto [high_end, high_code] = std::from_chars(text.data(), text.data() + 2, high, 16);
  const auto [low_end, low_code] = std::from_chars(text.data() + 3, text.data() + 5, low, 16);
  const bool whole = high_end == text.data() + 2 && low_end == text.data() + 5;
  if (high_code != std::errc{} || low_code != std::errc{} || !whole) return std::nullopt;
  return static_cast<std::uint16_t>(high << 8 | low);
}

std::string disconnect_text(std::uint8_t reason) {
  const auto words = [&]() -> std::string_view {
    switch (reason) {
      case 0:
        return "no reason given";
      case 1:
        return "the device has too many connections";
      case 2:
        return "nothing listens at this transport address (rack, slot)";
      case 3:
        return "the transport address (rack, slot) is not known";
      case 128:
        return "normal end";
      case 129:
        return "the device is overloaded";
      case 130:
        return "the negotiation failed";
      case 133:
        return "protocol error";
      case 136:
        return "the device refuses the connection";
      case 138:
        return "a length is wrong";
      default:
        return "a reason that is not known";
    }
  }();
  return std::string(words) + " (" + std::to_string(reason) + ")";
}

void append_connect_request(const ConnectRequest& request, Bytes& out) {
  append_connect(kConnectRequest, 0, request.source,
                 {request.tpdu_exponent, request.calling, request.called}, out);
}

void append_connect_confirm(const ConnectConfirm& confirm, Bytes& out) {
  append_connect(kConnectConfirm, confirm.destination, confirm.source,
                 {confirm.tpdu_exponent, confirm.calling, confirm.called}, out);
}

void append_disconnect(const Disconnect& disconnect, Bytes& out) {
  Bytes tpdu;
  ByteWriter writer(tpdu);
  writer.u8(6);
  writer.u8(kDisconnectRequest);
  writer.write_be(disconnect.destination);
  writer.write_be(disconnect.source);
  writer.u8(disconnect.reason);
  append_packet(tpdu, out);
}

void append_data(ByteSpan pdu, std::size_t tpdu_bytes, Bytes& out) {
  LS_ASSERT(!pdu.empty() && tpdu_bytes >= 1 && tpdu_bytes < 65'529);
  ByteWriter writer(out);
  while (!pdu.empty()) {
    const ByteSpan part = pdu.first(std::min(tpdu_bytes, pdu.size()));
    pdu = pdu.subspan(part.size());
    writer.u8(kTpktVersion);
    writer.u8(0);
    writer.write_be(static_cast<std::uint16_t>(kTpktBytes + kDataHead + part.size()));
    writer.u8(kDataHead - 1);
    writer.u8(kData);
    writer.u8(pdu.empty() ? kEndOfTsdu : 0);
    writer.bytes(part);
  }
}

Status TransportReader::check_head() const {
  if (!packet_.empty() && packet_[0] != kTpktVersion) {
    return bad("a packet begins with " + std::to_string(packet_[0]) + " instead of 3 (RFC 1006)");
  }
  if (packet_.size() < kTpktBytes) return {};
  const std::size_t longest = std::max(kControlMax, kTpktBytes + kDataHead + pdu_bytes_max_);
  const std::size_t length = length_of(packet_);
  if (length < kPacketMin || length > longest) {
    return bad("a packet of length " + std::to_string(length) + "; allowed are 7 to " +
               std::to_string(longest));
  }
  return {};
}

Result<std::optional<Tpdu>> TransportReader::next(ByteSpan& input) {
  if (failed_) return bad("the stream is broken");
  for (;;) {
    if (std::exchange(complete_, false)) packet_.clear();
    if (std::exchange(joined_, false)) pdu_.clear();
    // First the head, then what it announces; checked before a byte beyond it is taken.
    const std::size_t wanted = packet_.size() < kTpktBytes ? kTpktBytes : length_of(packet_);
    if (packet_.size() < wanted) {
      if (input.empty()) return std::optional<Tpdu>();
      const ByteSpan part = input.first(std::min(wanted - packet_.size(), input.size()));
      packet_.insert(packet_.end(), part.begin(), part.end());
      input = input.subspan(part.size());
      Status head = check_head();
      failed_ = !head;
      if (failed_) return std::move(head).error();
      continue;
    }
    complete_ = true;
    auto tpdu = take_packet();
    failed_ = !tpdu;
    if (failed_ || tpdu->has_value()) return tpdu;
  }
}

// Requires: packet_ holds one whole packet. Nothing: a part of a PDU.
Result<std::optional<Tpdu>> TransportReader::take_packet() {
  const ByteSpan tpdu = ByteSpan(packet_).subspan(kTpktBytes);
  const std::size_t head = std::size_t{tpdu[0]} + 1;
  if (head < kDataHead || head > tpdu.size()) return bad("the head of a TPDU has a wrong length");
  const std::uint8_t type = tpdu[1];
  if (type == kData) {
    if (head != kDataHead) return bad("a data TPDU that is not of class 0");
    return take_data(tpdu[2], tpdu.subspan(head));
  }
  if (!pdu_.empty()) return bad("another TPDU stands among the parts of a PDU");
  ByteReader reader(tpdu.first(head));
  reader.bytes(2);
  const auto destination = reader.read_be<std::uint16_t>();
  if (type == kError) return bad("the other side reports a protocol error");
  const auto source = reader.read_be<std::uint16_t>();
  const std::uint8_t last = reader.u8();  // class and options, or the reason
  if (!reader.ok()) return bad("a TPDU ends too early");
  if (type == kDisconnectRequest) {
    return std::optional<Tpdu>(Disconnect{destination, source, last});
  }
  if (type != kConnectRequest && type != kConnectConfirm) {
    return bad("a TPDU of the unknown type " + std::to_string(type));
  }
  if (last >> 4 != 0) return bad("a transport class other than 0");
  auto parameters = decode_parameters(reader);
  if (!parameters) return std::move(parameters).error();
  if (type == kConnectRequest) {
    return std::optional<Tpdu>(ConnectRequest{source, parameters->tpdu_exponent,
                                              std::move(parameters->calling),
                                              std::move(parameters->called)});
  }
  return std::optional<Tpdu>(ConnectConfirm{destination, source, parameters->tpdu_exponent,
                                            std::move(parameters->calling),
                                            std::move(parameters->called)});
}

Result<std::optional<Tpdu>> TransportReader::take_data(std::uint8_t number, ByteSpan payload) {
  if (pdu_.size() + payload.size() > pdu_bytes_max_) {
    return bad("a PDU of more than " + std::to_string(pdu_bytes_max_) + " bytes");
  }
  const bool last = (number & kEndOfTsdu) != 0;
  if (last && pdu_.empty()) {  // the usual case: no copy
    if (payload.empty()) return std::optional<Tpdu>();
    return std::optional<Tpdu>(Data{payload});
  }
  pdu_.insert(pdu_.end(), payload.begin(), payload.end());
  if (!last) return std::optional<Tpdu>();
  joined_ = true;
  return std::optional<Tpdu>(Data{pdu_});
}

std::size_t TransportReader::pending_bytes() const {
  return (complete_ ? 0 : packet_.size()) + (joined_ ? 0 : pdu_.size());
}

}  // namespace lineshaft::s7
