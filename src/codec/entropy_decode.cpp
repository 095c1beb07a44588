#include <algorithm>
#include <array>

#include "base/assert.h"
#include "codec/entropy.h"
#include "codec/entropy_steps.h"
#include "codec/layout.h"

namespace lineshaft::codec {
namespace {

struct Decoder {
  const std::uint8_t* bytes = nullptr;
  std::array<DecodeStep, std::size_t{2} << kStateBitsMax> steps;
  unsigned step_bits_max = 0;
  std::array<EntropyPart, kParts> parts;
  std::array<std::uint64_t, kParts * kPartRoom> values;

  // As many rounds as surely fit before the nearest end, at most `rounds`.
  std::size_t safe_rounds(std::size_t rounds) const {
    std::uint64_t left = ~std::uint64_t{0};
    for (const EntropyPart& part : parts) left = std::min(left, part.end - part.at);
    return step_bits_max == 0
               ? rounds
               : static_cast<std::size_t>(std::min<std::uint64_t>(rounds, left / step_bits_max));
  }

  // One value of one part; false if its bits are not all there.
  bool careful(EntropyPart& part) {
    if (part.at + steps[part.state].bits > part.end) return false;
    part.step(bytes, steps.data());
    return true;
  }
};

bool decode_all(Decoder& decoder, std::size_t count) {
  std::size_t rounds = count / kParts;
  while (rounds > 0) {
    const std::size_t safe = decoder.safe_rounds(rounds);
    walk_parts(decoder.bytes, decoder.steps.data(), decoder.step_bits_max, safe, decoder.parts);
    rounds -= safe;
    if (safe > 0) continue;
    for (EntropyPart& part : decoder.parts) {
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

Status read_parts(std::uint8_t head, ByteReader& reader, Decoder& decoder) {
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
    EntropyPart& part = decoder.parts[i];
    const unsigned unused = heads[i] >> kUnusedShift;
    part.at = 8 * byte + unused;
    byte += sizes[i];
    part.end = 8 * byte;
    part.state = heads[i] & ((1U << kUnusedShift) - 1);
    part.to = decoder.values.data() + i * kPartRoom;
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
  if (Status read = read_parts(head, reader, decoder); !read) return read;
  if (!decode_all(decoder, values.size())) return corrupt("a column's part ends too early");
  const std::uint32_t states = 1U << (head & kStateBitsMask);
  for (const EntropyPart& part : decoder.parts) {
    if (part.at != part.end || part.state % states != 0) {
      return corrupt("a column's part does not end where it should");
    }
  }
  for (std::size_t i = 0; i < kParts; ++i) {
    const std::size_t begin = part_begin(values.size(), i);
    std::copy_n(decoder.values.begin() + static_cast<std::ptrdiff_t>(i * kPartRoom),
                part_begin(values.size(), i + 1) - begin,
                values.begin() + static_cast<std::ptrdiff_t>(begin));
  }
  return {};
}

}  // namespace lineshaft::codec
