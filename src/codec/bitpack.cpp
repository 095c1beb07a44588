#include "codec/bitpack.h"

#include <cstring>

#include "base/assert.h"

namespace lineshaft::codec {

static_assert(std::endian::native == std::endian::little, "packed numbers are loaded as they lie");

namespace {

std::uint64_t load64(const std::uint8_t* from) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, sizeof(word));
  return word;
}

}  // namespace

void pack(std::span<const std::uint64_t> values, unsigned width, Bytes& out) {
  LS_ASSERT(is_width(width));
  const std::size_t begin = out.size();
  const std::size_t size = packed_bytes(values.size(), width);
  out.resize(begin + size + sizeof(std::uint64_t));  // the last word is stored whole
  std::uint8_t* to = out.data() + begin;
  if (width == 64) {
    std::memcpy(to, values.data(), size);
  } else if (width > 0) {
    std::uint64_t word = 0;
    unsigned used = 0;
    for (const std::uint64_t value : values) {
      word |= value << used;
      used += width;
      if (used < 64) continue;
      std::memcpy(to, &word, sizeof(word));
      to += sizeof(word);
      used -= 64;
      word = value >> (width - used);  // at most by 56: a full word leaves nothing
    }
    std::memcpy(to, &word, sizeof(word));
  }
  out.resize(begin + size);
}

std::uint64_t unpack_one(const std::uint8_t* from, unsigned width, std::size_t index) {
  if (width == 64) return load64(from + index * 8);
  const std::size_t bit = index * width;
  return (load64(from + bit / 8) >> (bit % 8)) & ((std::uint64_t{1} << width) - 1);
}

}  // namespace lineshaft::codec
