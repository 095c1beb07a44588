// base/bytes.h: bounded reading and writing of integers in byte buffers; what decoders stand on.
#pragma once

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lineshaft {

using ByteSpan = std::span<const std::uint8_t>;
using Bytes = std::vector<std::uint8_t>;

inline ByteSpan as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

namespace detail {
template <std::unsigned_integral T>
constexpr T to_order(T value, std::endian order) {
  if (order == std::endian::native || sizeof(T) == 1) return value;
  T swapped = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    swapped =
        static_cast<T>(static_cast<T>(swapped << 8) | static_cast<T>((value >> (8 * i)) & 0xff));
  }
  return swapped;
}
}  // namespace detail

// Reads forward through a span. A read past the end returns zeros (or an empty span) and marks the
// reader failed; later reads fail too, so a decoder may check ok() once at its end, as long as it
// allocates nothing from a length before checking it against remaining().
class ByteReader {
 public:
  explicit ByteReader(ByteSpan bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  std::size_t remaining() const { return bytes_.size() - position_; }
  std::size_t position() const { return position_; }
  bool at_end() const { return remaining() == 0; }

  template <std::unsigned_integral T>
  T read_le() {
    return read<T>(std::endian::little);
  }
  template <std::unsigned_integral T>
  T read_be() {
    return read<T>(std::endian::big);
  }
  std::uint8_t u8() { return read<std::uint8_t>(std::endian::little); }

  // The next `count` bytes, borrowed from the input.
  ByteSpan bytes(std::size_t count) {
    if (!ok_ || count > remaining()) {
      ok_ = false;
      return {};
    }
    const ByteSpan part = bytes_.subspan(position_, count);
    position_ += count;
    return part;
  }

  // LEB128, at most 10 bytes. A longer or overflowing form fails.
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const std::uint8_t byte = u8();
      if (shift == 63 && byte > 1) break;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0) return ok_ ? value : 0;
    }
    ok_ = false;
    return 0;
  }

 private:
  template <std::unsigned_integral T>
  T read(std::endian order) {
    const ByteSpan raw = bytes(sizeof(T));
    if (raw.empty()) return 0;
    T value = 0;
    std::memcpy(&value, raw.data(), sizeof(T));
    return detail::to_order(value, order);
  }

  ByteSpan bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

// Appends to a buffer that the caller owns and that must outlive the writer.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}

  template <std::unsigned_integral T>
  void write_le(T value) {
    write(value, std::endian::little);
  }
  template <std::unsigned_integral T>
  void write_be(T value) {
    write(value, std::endian::big);
  }
  void u8(std::uint8_t value) { out_.push_back(value); }
  void bytes(ByteSpan data) { out_.insert(out_.end(), data.begin(), data.end()); }
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      out_.push_back(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    out_.push_back(static_cast<std::uint8_t>(value));
  }
  std::size_t size() const { return out_.size(); }

 private:
  template <std::unsigned_integral T>
  void write(T value, std::endian order) {
    const T ordered = detail::to_order(value, order);
    const auto* raw = reinterpret_cast<const std::uint8_t*>(&ordered);
    out_.insert(out_.end(), raw, raw + sizeof(T));
  }

  Bytes& out_;
};

// Small magnitudes of either sign become small unsigned numbers: 0, -1, 1, -2 -> 0, 1, 2, 3.
constexpr std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

}  // namespace lineshaft
