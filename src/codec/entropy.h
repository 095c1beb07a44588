// codec/entropy.h: unsigned 64-bit values, small ones likely, in about as many bits as their
// entropy: tokens (tokens.h) through tANS (tans.h), and their extra bits raw. Format:
// docs/formats/codec.md. Pure functions; threads: any.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/tokens.h"

namespace lineshaft::codec {

// The most values of one stream: a quarter of them takes less than 64 KiB whatever they are.
inline constexpr std::size_t kEntropyValuesMax = 8192;

enum class Alphabet : std::uint8_t {
  kTokens = 0,
  kPlain = 1,  // every value is below 256 and a symbol by itself, without extra bits
};

// How often each symbol came, apart for those behind symbol 0 and those behind any other. Held
// values come in runs, and so do zeros: then two tables take fewer bits than one.
class SymbolCounts {
 public:
  void add(std::uint8_t symbol, unsigned extra_bits) {
    ++counts_[context_][symbol];
    extra_bits_ += extra_bits;
    context_ = symbol != 0;
  }
  // The next symbol counts as behind symbol 0.
  void begin_part() { context_ = 0; }
  void add_token_of(std::uint64_t value) {
    const std::uint8_t token = token_of(value);
    add(token, extra_bits_of(token));
  }

  // What a stream of these symbols takes at the least, heads and tables included: right to about 1
  // % from 500 values on. Cost: about 2 us.
  double bits() const;

  // Whether two tables take fewer bits than one.
  bool wants_two() const;
  const std::array<std::uint32_t, kTokenCount>& of(std::size_t context) const {
    return counts_[context];
  }
  std::array<std::uint32_t, kTokenCount> of_both() const;

 private:
  std::array<std::array<std::uint32_t, kTokenCount>, 2> counts_{};
  std::uint64_t extra_bits_ = 0;
  std::size_t context_ = 0;
};

// Appends a stream. Requires: 1..kEntropyValuesMax values; for kPlain, all below 256.
// Cost: about 30 us for 8192 values.
void encode_entropy(std::span<const std::uint64_t> values, Alphabet alphabet, Bytes& out);

// Fills all of `values` from exactly `bytes`. Up to 8 bytes behind them are read, not used: they
// must be there. Requires: 1..kEntropyValuesMax values.
// Errors: kCorrupt; `values` are then undefined. Cost: about 20 us for 8192 values.
Status decode_entropy(ByteSpan bytes, std::span<std::uint64_t> values);

}  // namespace lineshaft::codec
