// codec/tans.h: the tables of a tabled asymmetric numeral system (tANS): frequencies of symbols as
// the states of an automaton whose steps cost about log2(1/frequency) bits a symbol.
// After J. Duda, "Asymmetric numeral systems" (2009, arXiv:0902.0271). Format:
// docs/formats/codec.md.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/bit_stream.h"
#include "codec/tokens.h"

namespace lineshaft::codec {

// 2^10 states cost as few bits as 2^11 on real data and are built in half the time. From 2^4 states
// on the step through the table below meets every state once.
inline constexpr unsigned kStateBitsMin = 5;
inline constexpr unsigned kStateBitsMax = 10;

// How many states each symbol has; 0 for one that does not occur. The sum is 2^state_bits.
using Frequencies = std::array<std::uint16_t, kTokenCount>;

// Scales `counts` to a sum of 2^state_bits; whoever occurs keeps one state.
// Requires: at least one and at most 2^state_bits symbols occur.
Frequencies normalise(std::span<const std::uint32_t, kTokenCount> counts, unsigned state_bits);

void write_frequencies(const Frequencies& frequencies, unsigned state_bits, BitWriter& out);
// Errors: kCorrupt: the sum is not 2^state_bits.
Result<Frequencies> read_frequencies(unsigned state_bits, BitReader& in);

// The symbol of each state.
using Spread = std::array<std::uint8_t, std::size_t{1} << kStateBitsMax>;
void spread_symbols(const Frequencies& frequencies, unsigned state_bits, Spread& spread);

// What the decoder does in a state: the symbol's value is (mantissa << extra_bits) | extra, and the
// next state is `next` + as many bits as `mask` has; both are read at once, `bits` in all.
struct DecodeStep {
  std::uint16_t next;
  std::uint16_t mask;
  std::uint8_t bits;
  std::uint8_t state_bits;
  std::uint8_t extra_bits;
  std::uint8_t mantissa;
};
static_assert(sizeof(DecodeStep) == 8);

// Steps of one context. `next_table` is where the steps behind a symbol are found: behind symbol 0
// the first, behind all others the second.
void build_decoder(const Frequencies& frequencies, unsigned state_bits, bool plain,
                   std::array<std::uint16_t, 2> next_table, std::span<DecodeStep> steps);

// From the state behind a symbol to the one before it.
class EncodeTable {
 public:
  EncodeTable(const Frequencies& frequencies, unsigned state_bits);

  // Moves `state` (0..2^state_bits - 1) over `symbol` and returns how many of its low bits are to
  // be written: those of the state before the move.
  unsigned step(std::uint8_t symbol, std::uint32_t& state) const {
    const Symbol& of = symbols_[symbol];
    const std::uint32_t whole = state + states_;
    const std::uint32_t bits = (whole + of.bits_from) >> 16;
    state =
        before_[static_cast<std::uint32_t>(static_cast<std::int32_t>(whole >> bits) + of.first)];
    return bits;
  }

 private:
  struct Symbol {
    std::uint32_t bits_from = 0;  // (bits << 16) - the least state that writes so many bits
    std::int32_t first = 0;       // where its states begin in `before_`, less its frequency
  };
  std::uint32_t states_;
  std::array<Symbol, kTokenCount> symbols_;
  std::array<std::uint16_t, std::size_t{1} << kStateBitsMax> before_;
};

}  // namespace lineshaft::codec
