#include <algorithm>
#include <array>

#include "base/assert.h"
#include "codec/entropy.h"
#include "codec/entropy_parts.h"
#include "codec/layout.h"
#include "codec/tans.h"

namespace lineshaft::codec {
namespace {

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
    const unsigned unused = heads[i] >> kUnusedShift;
    part.at = 8 * byte + unused;
    byte += sizes[i];
    part.end = 8 * byte;
    part.state = heads[i] & ((1U << kUnusedShift) - 1);
    part.to = values.data() + part_begin(values.size(), i);
    if (part.state >= states || part.at > part.end) return corrupt("a column's part is not known");
  }
  return {};
}

}  // namespace

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
