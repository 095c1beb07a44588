// wire/s7/codes.h: the bytes that requests and answers of this room share.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/bytes.h"
#include "wire/s7/message.h"

namespace lineshaft::s7 {

inline constexpr std::uint8_t kProtocolId = 0x32;

inline constexpr std::uint8_t kFunctionRead = 0x04;
inline constexpr std::uint8_t kFunctionWrite = 0x05;
inline constexpr std::uint8_t kFunctionSetup = 0xF0;

// An address of 10 bytes in the syntax S7-Any.
inline constexpr std::uint8_t kVariableSpecification = 0x12;
inline constexpr std::uint8_t kSpecificationBytes = 10;
inline constexpr std::uint8_t kSyntaxAny = 0x10;

// Parameters of a system request: head, then how long the rest is, what follows what, group.
inline constexpr std::uint8_t kSystemHead[3] = {0x00, 0x01, 0x12};
inline constexpr std::uint8_t kMethodRequest = 0x11;
inline constexpr std::uint8_t kMethodResponse = 0x12;  // and a request for a further part
inline constexpr std::uint8_t kSystemRequest = 0x40;   // upper half of the group byte
inline constexpr std::uint8_t kSystemResponse = 0x80;
inline constexpr std::uint8_t kGroupCpu = 0x04;
inline constexpr std::uint8_t kReadSzl = 0x01;

// How data of an element is counted.
constexpr DataKind kind_of(Element element) {
  switch (element) {
    case Element::kBit:
      return DataKind::kBit;
    case Element::kInt:
      return DataKind::kInt;
    case Element::kDint:
      return DataKind::kDint;
    case Element::kReal:
      return DataKind::kReal;
    case Element::kChar:
    case Element::kCounter:
    case Element::kTimer:
      return DataKind::kOctet;
    default:
      return DataKind::kByte;
  }
}

constexpr bool counts_bits(DataKind kind) {
  return kind == DataKind::kByte || kind == DataKind::kInt;
}

// Appends data with its head, and the byte that fills an odd length up unless it is the last.
inline void append_data_item(ReturnCode code, DataKind kind, ByteSpan data, bool last, Bytes& out) {
  ByteWriter writer(out);
  writer.u8(static_cast<std::uint8_t>(code));
  writer.u8(static_cast<std::uint8_t>(kind));
  writer.write_be(static_cast<std::uint16_t>(data.size() * (counts_bits(kind) ? 8 : 1)));
  writer.bytes(data);
  if (!last && data.size() % 2 != 0) writer.u8(0);
}

// Takes the data behind its head; nothing if it runs past the end.
inline ByteSpan take_data(ByteReader& reader, DataKind kind, std::size_t length, bool last) {
  const std::size_t bytes = counts_bits(kind) ? (length + 7) / 8 : length;
  const ByteSpan data = reader.bytes(bytes);
  if (!last && bytes % 2 != 0) reader.u8();
  return data;
}

constexpr bool is_data_kind(std::uint8_t kind) {
  return (kind >= 0x03 && kind <= 0x07) || kind == 0x09;
}

// Appends a head whose lengths are set by finish_message.
inline std::size_t begin_message(Message::Kind kind, std::uint16_t reference, Bytes& out) {
  const std::size_t start = out.size();
  ByteWriter writer(out);
  writer.u8(kProtocolId);
  writer.u8(static_cast<std::uint8_t>(kind));
  writer.write_be(std::uint16_t{0});
  writer.write_be(reference);
  writer.write_be(std::uint32_t{0});
  if (kind == Message::Kind::kAck || kind == Message::Kind::kAckData) {
    writer.write_be(std::uint16_t{0});
  }
  return start;
}

// `data_start`: where in `out` the data begins; what is between the head and it are parameters.
inline void finish_message(std::size_t start, std::size_t data_start, Bytes& out) {
  const bool answers = out[start + 1] == 2 || out[start + 1] == 3;
  const std::size_t head = answers ? kAnswerHeadBytes : kJobHeadBytes;
  const std::size_t parameters = data_start - start - head;
  const std::size_t data = out.size() - data_start;
  out[start + 6] = static_cast<std::uint8_t>(parameters >> 8);
  out[start + 7] = static_cast<std::uint8_t>(parameters);
  out[start + 8] = static_cast<std::uint8_t>(data >> 8);
  out[start + 9] = static_cast<std::uint8_t>(data);
}

}  // namespace lineshaft::s7
