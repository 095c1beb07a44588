// wire/sparkplug/protobuf.h: the wire format of Protocol Buffers, as much of it as Sparkplug needs.
// Source: protobuf.dev, "Encoding".
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace lineshaft::sparkplug {

enum class WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// One field of a message. Which of the members holds its value says `type`.
struct ProtoField {
  std::uint32_t number = 0;
  WireType type = WireType::kVarint;
  std::uint64_t bits = 0;  // kVarint, kFixed64, kFixed32
  ByteSpan bytes;          // kBytes; borrowed from the input

  bool is(std::uint32_t n, WireType t) const { return number == n && type == t; }
};

// Goes through the fields of one message. Fields that the caller does not know are simply not
// looked at. Groups (wire types 3 and 4) are refused: no message of Sparkplug has one.
class ProtoReader {
 public:
  explicit ProtoReader(ByteSpan message) : reader_(message) {}

  // The next field into `field`; false at the end and at the first thing that is wrong.
  bool next(ProtoField& field) {
    if (failed_ || reader_.at_end()) return false;
    const std::uint64_t key = reader_.varint();
    field.number = static_cast<std::uint32_t>(key >> 3U);
    field.type = static_cast<WireType>(key & 7U);
    switch (field.type) {
      case WireType::kVarint:
        field.bits = reader_.varint();
        break;
      case WireType::kFixed64:
        field.bits = reader_.read_le<std::uint64_t>();
        break;
      case WireType::kBytes: {
        const std::uint64_t length = reader_.varint();
        if (length > reader_.remaining()) return fail();
        field.bytes = reader_.bytes(static_cast<std::size_t>(length));
        break;
      }
      case WireType::kFixed32:
        field.bits = reader_.read_le<std::uint32_t>();
        break;
      default:
        return fail();
    }
    const bool numbered = key >> 3U != 0 && key >> 3U < (1U << 29U);
    return reader_.ok() && numbered ? true : fail();
  }
  bool ok() const { return !failed_; }

 private:
  bool fail() {
    failed_ = true;
    return false;
  }

  ByteReader reader_;
  bool failed_ = false;
};

// Appends fields to a message that the caller owns.
class ProtoWriter {
 public:
  explicit ProtoWriter(Bytes& out) : out_(out) {}

  void varint(std::uint32_t number, std::uint64_t value) {
    key(number, WireType::kVarint);
    out_.varint(value);
  }
  void fixed32(std::uint32_t number, float value) {
    key(number, WireType::kFixed32);
    out_.write_le(std::bit_cast<std::uint32_t>(value));
  }
  void fixed64(std::uint32_t number, double value) {
    key(number, WireType::kFixed64);
    out_.write_le(std::bit_cast<std::uint64_t>(value));
  }
  void bytes(std::uint32_t number, ByteSpan value) {
    key(number, WireType::kBytes);
    out_.varint(value.size());
    out_.bytes(value);
  }
  void text(std::uint32_t number, std::string_view value) { bytes(number, as_bytes(value)); }

 private:
  void key(std::uint32_t number, WireType type) {
    out_.varint(std::uint64_t{number} << 3U | static_cast<std::uint64_t>(type));
  }

  ByteWriter out_;
};

}  // namespace lineshaft::sparkplug
