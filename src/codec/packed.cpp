#include "codec/packed.h"

#include <array>
#include <bit>

#include "base/assert.h"
#include "codec/codec.h"
#include "codec/zstd_frame.h"

namespace lineshaft::codec {
namespace {

constexpr int kLevel = 1;  // 9 saves at most 0.3 bits a value and takes 4 to 7 times as long

// Whole words are written and read, so there have to be some bytes behind the last number.
using Buffer = std::array<std::uint8_t, kValuesMax * 8 + 8>;

}  // namespace

unsigned bytes_of_each(std::span<const std::uint64_t> numbers) {
  std::uint64_t all = 1;
  for (const std::uint64_t value : numbers) all |= value;
  return (static_cast<unsigned>(std::bit_width(all)) + 7) / 8;
}

void append_packed(std::span<const std::uint64_t> numbers, unsigned width, Bytes& out) {
  LS_ASSERT(width >= 1 && width <= 8 && numbers.size() <= kValuesMax);
  Buffer buffer;
  std::uint8_t* at = buffer.data();
  for (const std::uint64_t value : numbers) {
    const std::uint64_t word = detail::to_order(value, std::endian::little);
    std::memcpy(at, &word, sizeof(word));
    at += width;
  }
  append_zstd(ByteSpan(buffer).first(width * numbers.size()), kLevel, out);
}

Status read_packed(ByteSpan frame, unsigned width, std::span<std::uint64_t> numbers) {
  LS_ASSERT(width >= 1 && width <= 8 && numbers.size() <= kValuesMax);
  Buffer buffer;
  if (Status read = read_zstd(frame, std::span(buffer).first(width * numbers.size())); !read) {
    return read;
  }
  const std::uint64_t mask = ~std::uint64_t{0} >> (64 - 8 * width);
  const std::uint8_t* at = buffer.data();
  for (std::uint64_t& value : numbers) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof(word));
    value = detail::to_order(word, std::endian::little) & mask;
    at += width;
  }
  return {};
}

}  // namespace lineshaft::codec
