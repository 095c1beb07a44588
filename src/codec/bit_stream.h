// codec/bit_stream.h: bits into bytes, lowest first, and back; for heads, where speed is no matter.
#pragma once

#include <cstdint>

#include "base/assert.h"
#include "base/bytes.h"

namespace lineshaft::codec {

// Appends to a buffer that must outlive the writer. finish() fills the last byte with zeros.
class BitWriter {
 public:
  explicit BitWriter(Bytes& out) : out_(out) {}

  // Requires: count <= 32, value < 2^count.
  void bits(std::uint64_t value, unsigned count) {
    LS_ASSERT(count <= 32 && value >> count == 0);
    held_ |= value << count_;
    for (count_ += count; count_ >= 8; count_ -= 8, held_ >>= 8) {
      out_.push_back(static_cast<std::uint8_t>(held_));
    }
  }
  void finish() { bits(0, (8 - count_) % 8); }

 private:
  Bytes& out_;
  std::uint64_t held_ = 0;
  unsigned count_ = 0;
};

// Behind the end are zeros, and the reader has failed.
class BitReader {
 public:
  explicit BitReader(ByteReader& bytes) : bytes_(bytes) {}

  // Requires: count <= 32.
  std::uint64_t bits(unsigned count) {
    LS_ASSERT(count <= 32);
    for (; count_ < count; count_ += 8) held_ |= std::uint64_t{bytes_.u8()} << count_;
    const std::uint64_t value = held_ & ((std::uint64_t{1} << count) - 1);
    held_ >>= count;
    count_ -= count;
    return value;
  }
  // The rest of the last byte, which is zero in what we wrote.
  bool finish() { return bits(count_) == 0; }

 private:
  ByteReader& bytes_;
  std::uint64_t held_ = 0;
  unsigned count_ = 0;
};

}  // namespace lineshaft::codec
