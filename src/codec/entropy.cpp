#include "codec/entropy.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "base/assert.h"
#include "codec/tans.h"

namespace lineshaft::codec {
namespace {

// A value's chain of table look-ups is long, so four parts of the values are coded by themselves: a
// processor walks their chains at once.
constexpr std::size_t kParts = 4;
constexpr std::size_t kHeadBytes = 1 + 2 * kParts + 2 * (kParts - 1);
constexpr unsigned kPadShift = 13;  // of a part's first state: above it, how many bits are unused

// About what a symbol takes in the table.
constexpr double kTableBits = 7;

constexpr std::uint8_t kStateBitsMask = 0x0f;
constexpr std::uint8_t kTwoTables = 0x10;
constexpr std::uint8_t kPlainSymbols = 0x20;

// The first parts hold one value more where the count does not divide.
std::size_t part_begin(std::size_t count, std::size_t part) {
  return part * (count / kParts) + std::min(part, count % kParts);
}

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
  return static_cast<std::uint16_t>(state | (out.finish() << kPadShift));
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

std::uint64_t load_le64(const std::uint8_t* p) {
  std::uint64_t word = 0;
  std::memcpy(&word, p, sizeof(word));
  return detail::to_order(word, std::endian::little);
}

constexpr unsigned kReadBits = 57;  // of a word of 64, when up to 7 bits are before those wanted

std::uint64_t low_bits(std::uint64_t word, unsigned count) {
  return word & ((std::uint64_t{1} << count) - 1);
}

struct Part {
  std::uint64_t at = 0;   // in bits from the begin of the stream
  std::uint64_t end = 0;  // likewise
  std::uint32_t state = 0;
  std::uint64_t* to = nullptr;

  // Requires: the step's bits lie before `end`.
  template <bool kWide>
  void step(const std::uint8_t* bytes, const DecodeStep* steps) {
    const DecodeStep& now = steps[state];
    const std::uint64_t word = load_le64(bytes + (at >> 3)) >> (at & 7);
    std::uint64_t extra = 0;
    if (kWide && now.bits > kReadBits) {
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
  bool has_next(const DecodeStep* steps) const { return at + steps[state].bits <= end; }
};

struct Decoder {
  const std::uint8_t* bytes = nullptr;
  std::array<DecodeStep, std::size_t{2} << kStateBitsMax> steps;
  unsigned step_bits_max = 0;
  std::array<Part, kParts> parts;

  // As many rounds as surely fit before the nearest end, at most `rounds`.
  std::size_t safe_rounds(std::size_t rounds) const {
    std::uint64_t left = ~std::uint64_t{0};
    for (const Part& part : parts) left = std::min(left, part.end - part.at);
    return step_bits_max == 0
               ? rounds
               : static_cast<std::size_t>(std::min<std::uint64_t>(rounds, left / step_bits_max));
  }

  template <bool kWide>
  void run(std::size_t rounds) {
    Part a = parts[0];
    Part b = parts[1];
    Part c = parts[2];
    Part d = parts[3];
    for (; rounds > 0; --rounds) {
      a.step<kWide>(bytes, steps.data());
      b.step<kWide>(bytes, steps.data());
      c.step<kWide>(bytes, steps.data());
      d.step<kWide>(bytes, steps.data());
    }
    parts = {a, b, c, d};
  }

  // One value of one part; false if its bits are not all there.
  bool careful(Part& part) {
    if (!part.has_next(steps.data())) return false;
    part.step<true>(bytes, steps.data());
    return true;
  }
};

bool decode_all(Decoder& decoder, std::size_t count) {
  std::size_t rounds = count / kParts;
  while (rounds > 0) {
    const std::size_t safe = decoder.safe_rounds(rounds);
    if (decoder.step_bits_max > kReadBits) {
      decoder.run<true>(safe);
    } else {
      decoder.run<false>(safe);
    }
    rounds -= safe;
    if (safe > 0) continue;
    for (Part& part : decoder.parts) {
      if (!decoder.careful(part)) return false;
    }
    --rounds;
  }
  for (std::size_t i = 0; i < count % kParts; ++i) {
    if (!decoder.careful(decoder.parts[i])) return false;
  }
  return true;
}

Status corrupt(const char* what) { return Error{ErrorId::kCorrupt, what}; }

// The steps of one or two tables.
Status read_tables(std::uint8_t head, ByteReader& reader, Decoder& decoder) {
  const unsigned state_bits = head & kStateBitsMask;
  if (state_bits < kStateBitsMin || state_bits > kStateBitsMax ||
      (head & ~(kStateBitsMask | kTwoTables | kPlainSymbols)) != 0) {
    return corrupt("the head of an entropy-coded column is not known");
  }
  const std::size_t states = std::size_t{1} << state_bits;
  const std::size_t tables = (head & kTwoTables) != 0 ? 2 : 1;
  BitReader bits(reader);
  for (std::size_t i = 0; i < tables; ++i) {
    const Result<Frequencies> frequencies = read_frequencies(state_bits, bits);
    if (!frequencies) return frequencies.error();
    build_decoder(*frequencies, state_bits, (head & kPlainSymbols) != 0,
                  {0, static_cast<std::uint16_t>((tables - 1) * states)},
                  std::span(decoder.steps).subspan(i * states, states));
  }
  if (!bits.finish()) return corrupt("bits behind the frequencies of a column");
  for (const DecodeStep& step : std::span(decoder.steps).first(tables * states)) {
    decoder.step_bits_max = std::max<unsigned>(decoder.step_bits_max, step.bits);
  }
  return {};
}

Status read_parts(std::uint8_t head, ByteReader& reader, Decoder& decoder,
                  std::span<std::uint64_t> values) {
  const std::uint32_t states = 1U << (head & kStateBitsMask);
  std::array<std::uint16_t, kParts> heads{};
  std::array<std::size_t, kParts> sizes{};
  for (std::uint16_t& of : heads) of = reader.read_le<std::uint16_t>();
  for (std::size_t i = 0; i + 1 < kParts; ++i) sizes[i] = reader.read_le<std::uint16_t>();
  const std::size_t known = sizes[0] + sizes[1] + sizes[2];
  if (!reader.ok() || known > reader.remaining()) return corrupt("a column's parts are cut off");
  sizes[kParts - 1] = reader.remaining() - known;
  std::uint64_t byte = reader.position();
  for (std::size_t i = 0; i < kParts; ++i) {
    Part& part = decoder.parts[i];
    const unsigned unused = heads[i] >> kPadShift;
    part.at = 8 * byte + unused;
    byte += sizes[i];
    part.end = 8 * byte;
    part.state = heads[i] & ((1U << kPadShift) - 1);
    part.to = values.data() + part_begin(values.size(), i);
    if (part.state >= states || part.at > part.end) return corrupt("a column's part is not known");
  }
  return {};
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

Status decode_entropy(ByteSpan bytes, std::span<std::uint64_t> values) {
  LS_ASSERT(!values.empty() && values.size() <= kEntropyValuesMax);
  ByteReader reader(bytes);
  const std::uint8_t head = reader.u8();
  Decoder decoder;
  decoder.bytes = bytes.data();
  if (Status read = read_tables(head, reader, decoder); !read) return read;
  if (Status read = read_parts(head, reader, decoder, values); !read) return read;
  if (!decode_all(decoder, values.size())) return corrupt("a column's part ends too early");
  const std::uint32_t states = 1U << (head & kStateBitsMask);
  for (const Part& part : decoder.parts) {
    if (part.at != part.end || part.state % states != 0) {
      return corrupt("a column's part does not end where it should");
    }
  }
  return {};
}

}  // namespace lineshaft::codec
