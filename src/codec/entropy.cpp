#include "codec/entropy.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "codec/entropy_parts.h"
#include "codec/tans.h"

namespace lineshaft::codec {
namespace {

// Heads of the stream and of its parts.
constexpr std::size_t kHeadBytes = 1 + 2 * kParts + 2 * (kParts - 1);

// About what a symbol takes in the table.
constexpr double kTableBits = 7;

double count_log2(std::uint32_t count) {
  using Table = std::array<float, kEntropyValuesMax + 1>;
  static const Table table = [] {
    Table made{};
    for (std::size_t i = 1; i < made.size(); ++i) {
      made[i] = static_cast<float>(static_cast<double>(i) * std::log2(static_cast<double>(i)));
    }
    return made;
  }();
  return static_cast<double>(table[count]);
}

// Symbols and their table, without the extra bits: sum of count * log2(total / count).
double table_bits(const std::array<std::uint32_t, kTokenCount>& counts) {
  std::uint32_t total = 0;
  double bits = 0;
  for (std::uint32_t count : counts) {
    if (count == 0) continue;
    total += count;
    bits += kTableBits - count_log2(count);
  }
  return bits + count_log2(total);
}

unsigned state_bits_for(std::size_t values, std::span<const std::uint32_t, kTokenCount> counts) {
  const auto used = static_cast<std::uint64_t>(
      std::count_if(counts.begin(), counts.end(), [](std::uint32_t count) { return count != 0; }));
  const int wanted =
      static_cast<int>(std::bit_width(values)) - 3;  // a quarter as many states as values
  const int needed = static_cast<int>(std::bit_width(used - 1));
  return static_cast<unsigned>(
      std::clamp(std::max(wanted, needed), int{kStateBitsMin}, int{kStateBitsMax}));
}

// Writes from the end of a buffer to its front, so that a decoder reads forward what was written
// last: tANS decodes in the opposite order of encoding.
class BackwardBits {
 public:
  explicit BackwardBits(std::span<std::uint8_t> room) : at_(room.data() + room.size()) {}

  // Requires: count <= 32, value < 2^count.
  void put(std::uint64_t value, unsigned count) {
    held_ = (held_ << count) | value;
    count_ += count;
    if (count_ < 32) return;
    count_ -= 32;
    at_ -= 4;
    const auto word =
        detail::to_order(static_cast<std::uint32_t>(held_ >> count_), std::endian::little);
    std::memcpy(at_, &word, sizeof(word));
  }
  // How many of the lowest bits of the first byte are unused.
  unsigned finish() {
    const unsigned unused = (8 - count_ % 8) % 8;
    held_ <<= unused;
    for (count_ += unused; count_ > 0;) {
      count_ -= 8;
      *--at_ = static_cast<std::uint8_t>(held_ >> count_);
    }
    return unused;
  }
  const std::uint8_t* begin() const { return at_; }

 private:
  std::uint8_t* at_;
  std::uint64_t held_ = 0;  // its lowest count_ bits, fewer than 32, are still to be stored
  unsigned count_ = 0;
};

struct Symbols {
  std::span<const std::uint64_t> values;
  bool plain = false;

  std::uint8_t at(std::size_t i) const {
    return plain ? static_cast<std::uint8_t>(values[i]) : token_of(values[i]);
  }
};

// Encodes values[begin, end) from the last to the first. Returns the head of the part.
std::uint16_t encode_part(const Symbols& symbols, std::size_t begin, std::size_t end,
                          std::span<const EncodeTable* const, 2> tables, BackwardBits& out) {
  std::uint32_t state = 0;
  for (std::size_t i = end; i-- > begin;) {
    const std::uint8_t symbol = symbols.at(i);
    const bool context = i > begin && symbols.at(i - 1) != 0;
    if (const unsigned extra = symbols.plain ? 0 : extra_bits_of(symbol); extra > 0) {
      const std::uint64_t rest = symbols.values[i] & ((std::uint64_t{1} << extra) - 1);
      if (extra > 32) out.put(rest >> 32, extra - 32);
      out.put(rest & 0xffffffff, std::min(extra, 32U));
    }
    const std::uint32_t before = state;
    const unsigned bits = tables[context]->step(symbol, state);
    out.put(before & ((1U << bits) - 1), bits);
  }
  return static_cast<std::uint16_t>(state | (out.finish() << kUnusedShift));
}

// Heads, sizes and bits of all parts.
void write_parts(const Symbols& symbols, std::span<const EncodeTable* const, 2> tables,
                 Bytes& out) {
  const std::size_t count = symbols.values.size();
  const std::size_t room = (count / kParts + 1) * (kStateBitsMax + kExtraBitsMax) / 8 + 8;
  const auto buffer = std::make_unique_for_overwrite<std::uint8_t[]>(kParts * room);
  ByteWriter writer(out);
  std::array<ByteSpan, kParts> parts;
  for (std::size_t i = 0; i < kParts; ++i) {
    const std::span<std::uint8_t> space(buffer.get() + i * room, room);
    BackwardBits bits(space);
    writer.write_le(
        encode_part(symbols, part_begin(count, i), part_begin(count, i + 1), tables, bits));
    parts[i] = {bits.begin(), space.data() + space.size()};
  }
  for (std::size_t i = 0; i + 1 < kParts; ++i) {
    writer.write_le(static_cast<std::uint16_t>(parts[i].size()));
  }
  for (ByteSpan part : parts) writer.bytes(part);
}

}  // namespace

std::array<std::uint32_t, kTokenCount> SymbolCounts::of_both() const {
  std::array<std::uint32_t, kTokenCount> sum = counts_[0];
  for (std::size_t i = 0; i < kTokenCount; ++i) sum[i] += counts_[1][i];
  return sum;
}

bool SymbolCounts::wants_two() const {
  return table_bits(counts_[0]) + table_bits(counts_[1]) < table_bits(of_both());
}

double SymbolCounts::bits() const {
  const double two = table_bits(counts_[0]) + table_bits(counts_[1]);
  return std::min(two, table_bits(of_both())) + static_cast<double>(extra_bits_) + 8 * kHeadBytes;
}

void encode_entropy(std::span<const std::uint64_t> values, Alphabet alphabet, Bytes& out) {
  LS_ASSERT(!values.empty() && values.size() <= kEntropyValuesMax);
  const Symbols symbols{values, alphabet == Alphabet::kPlain};
  // Each part begins as if behind symbol 0, which the sum over all cannot know; the two tables are
  // made from counts that do.
  SymbolCounts counts;
  for (std::size_t part = 0; part < kParts; ++part) {
    counts.begin_part();
    const std::size_t end = part_begin(values.size(), part + 1);
    for (std::size_t i = part_begin(values.size(), part); i < end; ++i) {
      LS_ASSERT(!symbols.plain || values[i] < kTokenCount);
      counts.add(symbols.at(i), 0);
    }
  }
  const bool two = counts.wants_two();
  const auto both = counts.of_both();
  const unsigned state_bits = state_bits_for(values.size(), both);

  ByteWriter(out).u8(static_cast<std::uint8_t>(state_bits | (two ? kTwoTables : 0) |
                                               (symbols.plain ? kPlainSymbols : 0)));
  BitWriter bits(out);
  std::vector<EncodeTable> tables;
  for (std::size_t i = 0; i < (two ? 2U : 1U); ++i) {
    const Frequencies frequencies = normalise(two ? counts.of(i) : both, state_bits);
    write_frequencies(frequencies, state_bits, bits);
    tables.emplace_back(frequencies, state_bits);
  }
  bits.finish();
  write_parts(symbols, std::array{&std::as_const(tables.front()), &std::as_const(tables.back())},
              out);
}

}  // namespace lineshaft::codec
