#include "codec/tans.h"

#include <algorithm>
#include <bit>

#include "base/assert.h"

namespace lineshaft::codec {
namespace {

constexpr std::uint32_t states_of(unsigned state_bits) { return std::uint32_t{1} << state_bits; }

// The sum is to be reached exactly. What rounding left over or took too much is given to, or taken
// from, the frequent: there a state more or less changes the fewest bits.
void settle(Frequencies& frequencies, std::int32_t missing) {
  while (missing != 0) {
    auto& largest = *std::max_element(frequencies.begin(), frequencies.end());
    const std::int32_t change = missing > 0 ? missing : std::max(missing, -(largest / 2));
    LS_ASSERT(change != 0);
    largest = static_cast<std::uint16_t>(largest + change);
    missing -= change;
  }
}

}  // namespace

Frequencies normalise(std::span<const std::uint32_t, kTokenCount> counts, unsigned state_bits) {
  std::uint64_t total = 0;
  for (std::uint32_t count : counts) total += count;
  LS_ASSERT(total > 0);
  const std::uint64_t states = states_of(state_bits);
  Frequencies frequencies{};
  std::int64_t missing = static_cast<std::int64_t>(states);
  for (std::size_t i = 0; i < kTokenCount; ++i) {
    if (counts[i] == 0) continue;
    const std::uint64_t share = (counts[i] * states + total / 2) / total;
    frequencies[i] = static_cast<std::uint16_t>(std::max<std::uint64_t>(share, 1));
    missing -= frequencies[i];
  }
  settle(frequencies, static_cast<std::int32_t>(missing));
  return frequencies;
}

// The width of each frequency as its difference to the one before, in unary after zigzag, then the
// bits below its highest. Nothing is written once the sum is reached.
void write_frequencies(const Frequencies& frequencies, unsigned state_bits, BitWriter& out) {
  std::uint32_t left = states_of(state_bits);
  int before = 0;
  for (std::size_t i = 0; i < kTokenCount && left > 0; ++i) {
    const std::uint32_t frequency = frequencies[i];
    LS_ASSERT(frequency <= left);
    const auto width = static_cast<int>(std::bit_width(frequency));
    const auto zeros = static_cast<unsigned>(zigzag(width - before));
    out.bits(0, zeros);
    out.bits(1, 1);
    if (width > 1) {
      const auto low = static_cast<unsigned>(width - 1);
      out.bits(frequency - (1U << low), low);
    }
    before = width;
    left -= frequency;
  }
  LS_ASSERT(left == 0);
}

Result<Frequencies> read_frequencies(unsigned state_bits, BitReader& in) {
  constexpr unsigned kZerosMax = 2 * (kStateBitsMax + 1);
  Frequencies frequencies{};
  std::uint32_t left = states_of(state_bits);
  int before = 0;
  for (std::size_t i = 0; i < kTokenCount && left > 0; ++i) {
    unsigned zeros = 0;
    while (zeros <= kZerosMax && in.bits(1) == 0) ++zeros;
    const auto width = static_cast<int>(before + unzigzag(zeros));
    if (width < 0 || width > static_cast<int>(state_bits) + 1) break;
    std::uint32_t frequency = width == 0 ? 0 : 1;
    if (width > 1) {
      const auto low = static_cast<unsigned>(width - 1);
      frequency = (1U << low) + static_cast<std::uint32_t>(in.bits(low));
    }
    if (frequency > left) break;
    frequencies[i] = static_cast<std::uint16_t>(frequency);
    before = width;
    left -= frequency;
  }
  if (left != 0) return Error{ErrorId::kCorrupt, "the frequencies of a column do not add up"};
  return frequencies;
}

void spread_symbols(const Frequencies& frequencies, unsigned state_bits, Spread& spread) {
  LS_ASSERT(state_bits >= kStateBitsMin && state_bits <= kStateBitsMax);
  const std::uint32_t states = states_of(state_bits);
  // Odd, so every state is met once; far enough to part the states of one symbol.
  const std::uint32_t stride = (states >> 1) + (states >> 3) + 3;
  std::uint32_t at = 0;
  for (std::size_t symbol = 0; symbol < kTokenCount; ++symbol) {
    for (std::uint32_t i = 0; i < frequencies[symbol]; ++i) {
      spread[at] = static_cast<std::uint8_t>(symbol);
      at = (at + stride) & (states - 1);
    }
  }
  LS_ASSERT(at == 0);
}

void build_decoder(const Frequencies& frequencies, unsigned state_bits, bool plain,
                   std::array<std::uint16_t, 2> next_table, std::span<DecodeStep> steps) {
  const std::uint32_t states = states_of(state_bits);
  LS_ASSERT(steps.size() == states);
  Spread spread;
  spread_symbols(frequencies, state_bits, spread);
  // What is the same in all steps of a symbol, and where its next one stands.
  struct Symbol {
    DecodeStep step;
    std::uint32_t reached;
  };
  std::array<Symbol, kTokenCount> symbols;
  for (std::size_t i = 0; i < kTokenCount; ++i) {
    const auto token = static_cast<std::uint8_t>(i);
    const auto extra = static_cast<std::uint8_t>(plain ? 0 : extra_bits_of(token));
    symbols[i].step = {next_table[i != 0], 0, 0, 0, extra, plain ? token : mantissa_of(token)};
    symbols[i].reached = frequencies[i];
  }
  for (std::uint32_t state = 0; state < states; ++state) {
    Symbol& symbol = symbols[spread[state]];
    const std::uint32_t whole = symbol.reached++;
    const auto bits = state_bits + 1 - static_cast<unsigned>(std::bit_width(whole));
    DecodeStep step = symbol.step;
    step.next = static_cast<std::uint16_t>(step.next + (whole << bits) - states);
    step.mask = static_cast<std::uint16_t>((1U << bits) - 1);
    step.bits = static_cast<std::uint8_t>(bits + step.extra_bits);
    step.state_bits = static_cast<std::uint8_t>(bits);
    steps[state] = step;
  }
}

EncodeTable::EncodeTable(const Frequencies& frequencies, unsigned state_bits)
    : states_(states_of(state_bits)) {
  Spread spread;
  spread_symbols(frequencies, state_bits, spread);
  std::array<std::uint32_t, kTokenCount> at{};
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < kTokenCount; ++i) {
    at[i] = sum;
    if (frequencies[i] == 0) continue;
    const std::uint32_t frequency = frequencies[i];
    // A state of at least frequency << bits writes `bits` bits, a smaller one a bit less.
    const auto bits = state_bits + 1 - static_cast<unsigned>(std::bit_width(frequency - 1));
    symbols_[i].bits_from = (bits << 16) - (frequency << bits);
    symbols_[i].first = static_cast<std::int32_t>(sum) - static_cast<std::int32_t>(frequency);
    sum += frequency;
  }
  for (std::uint32_t state = 0; state < states_; ++state) {
    before_[at[spread[state]]++] = static_cast<std::uint16_t>(state);
  }
}

}  // namespace lineshaft::codec
