// codec/entropy_steps.h: the steps of a decoder through the parts of a stream of entropy.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "codec/entropy.h"
#include "codec/entropy_parts.h"
#include "codec/tans.h"

namespace lineshaft::codec {

// A word of 64 bits has this many of use when up to 7 are before those wanted.
inline constexpr unsigned kReadBits = 57;

inline std::uint64_t load_le64(const std::uint8_t* p) {
  std::uint64_t word = 0;
  std::memcpy(&word, p, sizeof(word));
  return detail::to_order(word, std::endian::little);
}
inline std::uint64_t low_bits(std::uint64_t word, unsigned count) {
  return word & ((std::uint64_t{1} << count) - 1);
}

// How far the values of a part begin behind those of the part before, until all are there: a line
// of the cache more than they need, lest all parts are written to the same few lines.
inline constexpr std::size_t kPartRoom = kEntropyValuesMax / kParts + 8;

struct EntropyPart {
  std::uint64_t at = 0;   // in bits from the begin of the stream
  std::uint64_t end = 0;  // likewise
  std::uint32_t state = 0;
  std::uint64_t* to = nullptr;

  // The next value, of however many bits. Requires: they lie before `end`.
  void step(const std::uint8_t* bytes, const DecodeStep* steps) {
    const DecodeStep& now = steps[state];
    const std::uint64_t word = load_le64(bytes + (at >> 3)) >> (at & 7);
    std::uint64_t extra = 0;
    if (now.bits > kReadBits) {
      const std::uint64_t from = at + now.state_bits;
      extra = low_bits(load_le64(bytes + (from >> 3)) >> (from & 7), 32);
      const std::uint64_t rest = from + 32;
      extra |= low_bits(load_le64(bytes + (rest >> 3)) >> (rest & 7), now.extra_bits - 32U) << 32;
    } else {
      extra = low_bits(word >> now.state_bits, now.extra_bits);
    }
    at += now.bits;
    state = now.next + static_cast<std::uint32_t>(word & now.mask);
    *to++ = (std::uint64_t{now.mantissa} << now.extra_bits) | extra;
  }
};

// The next `rounds` values of every part. No step takes more than `step_bits_max` bits.
// Requires: rounds * step_bits_max bits before the end of each part; each `to` kPartRoom behind
// that of the part before. In entropy_kernels.cpp.
void walk_parts(const std::uint8_t* bytes, const DecodeStep* steps, unsigned step_bits_max,
                std::size_t rounds, std::array<EntropyPart, kParts>& parts);

}  // namespace lineshaft::codec
