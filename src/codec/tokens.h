// codec/tokens.h: 64-bit values as one of 256 tokens and raw extra bits, so that an entropy coder
// meets a small alphabet and no value needs an escape. Format: docs/formats/codec.md.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace lineshaft::codec {

inline constexpr std::size_t kTokenCount = 256;
inline constexpr std::uint64_t kSmallTokens = 16;  // values below are their own token
inline constexpr unsigned kExtraBitsMax = 61;

// Below 16 the value itself. Above, of a value of w bits, the two bits m behind its highest choose
// among the four tokens of w: 16 + 4 (w - 5) + m. The w - 3 bits behind them are extra.
constexpr std::uint8_t token_of(std::uint64_t value) {
  if (value < kSmallTokens) return static_cast<std::uint8_t>(value);
  const auto width = static_cast<unsigned>(std::bit_width(value));
  return static_cast<std::uint8_t>(4 * (width - 1) + ((value >> (width - 3)) & 3));
}
constexpr unsigned extra_bits_of(std::uint8_t token) {
  return token < kSmallTokens ? 0 : token / 4U - 2;
}
// What stands above the extra bits.
constexpr std::uint8_t mantissa_of(std::uint8_t token) {
  return token < kSmallTokens ? token : static_cast<std::uint8_t>(4 + token % 4);
}

static_assert(token_of(15) == 15 && token_of(16) == 16 && token_of(19) == 16 &&
              token_of(20) == 17 && token_of(~std::uint64_t{0}) == 255);
static_assert(extra_bits_of(16) == 2 && extra_bits_of(255) == kExtraBitsMax);

}  // namespace lineshaft::codec
