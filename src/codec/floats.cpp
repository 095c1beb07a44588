#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <type_traits>

#include "base/assert.h"
#include "codec/codec.h"
#include "codec/dictionary.h"
#include "codec/floats.h"
#include "codec/frames.h"
#include "codec/integers.h"
#include "codec/kernels.h"
#include "codec/layout.h"
#include "codec/seal.h"
#include "codec/zstd_frame.h"

namespace lineshaft::codec {

namespace {

template <typename T>
using BitsOf = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

constexpr int kFreshLevel = 1;  // of zstd

void put_layout(Layout layout, Bytes& out) { out.push_back(static_cast<std::uint8_t>(layout)); }

// Stretches from all over the column, enough to compare two forms of it.
std::vector<std::int64_t> sample_of(std::span<const std::int64_t> numbers) {
  constexpr std::size_t kStretches = 4;
  constexpr std::size_t kStretch = 512;
  if (numbers.size() <= kStretches * kStretch) return {numbers.begin(), numbers.end()};
  std::vector<std::int64_t> sample;
  for (std::size_t i = 0; i < kStretches; ++i) {
    const auto part = numbers.subspan(i * (numbers.size() - kStretch) / (kStretches - 1), kStretch);
    sample.insert(sample.end(), part.begin(), part.end());
  }
  return sample;
}

// Folded numbers are closer to each other, but differences across decades are not what they were.
void fold_if_smaller(Decimals& decimals, Effort effort) {
  const FoldShape shape = find_fold(decimals.numbers);
  if (shape.digits == 0) return;
  std::vector<std::int64_t> folded = decimals.numbers;
  fold(shape, folded);
  if (effort == Effort::kSealed &&
      sealed_bits(sample_of(folded)) >= sealed_bits(sample_of(decimals.numbers))) {
    return;
  }
  decimals.fold = shape;
  decimals.numbers.swap(folded);
}

void encode_decimals(Decimals& decimals, Effort effort, Bytes& out) {
  put_layout(Layout::kDecimals, out);
  fold_if_smaller(decimals, effort);
  write_decimals_head(decimals, effort, out);
  encode_int64(decimals.numbers, effort, out);
}

// Of values that are no decimals: their patterns as whole numbers, or packed by zstd if that is
// smaller by enough to be worth the slower reading.
template <typename T>
void encode_patterns(std::span<const T> values, Effort effort, Bytes& out) {
  std::array<std::int64_t, kValuesMax> bits;
  for (std::size_t i = 0; i < values.size(); ++i)
    bits[i] = static_cast<std::int64_t>(std::bit_cast<BitsOf<T>>(values[i]));
  const std::size_t begin = out.size();
  put_layout(Layout::kBits, out);
  encode_int64(std::span(bits).first(values.size()), effort, out);
  Bytes packed;
  put_layout(Layout::kPackedFloats, packed);
  append_zstd({reinterpret_cast<const std::uint8_t*>(values.data()), values.size_bytes()},
              kFreshLevel, packed);
  const std::size_t bits_size = out.size() - begin;
  if (packed.size() >= (effort == Effort::kSealed ? bits_size : bits_size / 20 * 19)) return;
  out.resize(begin);
  ByteWriter(out).bytes(packed);
}

template <typename T>
bool are_few(std::span<const T> values) {
  std::vector<std::int64_t> patterns;
  patterns.reserve(values.size());
  for (const T value : values) {
    patterns.push_back(static_cast<std::int64_t>(std::bit_cast<BitsOf<T>>(value)));
  }
  Dictionary dictionary;
  return to_dictionary(patterns, kDictionaryMax, dictionary);
}

template <typename T>
Status decode_bits(ByteSpan bytes, std::span<T> out) {
  std::array<std::int64_t, kValuesMax> bits;
  if (Status read = decode_integers(bytes, std::span(bits).first(out.size())); !read) return read;
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = std::bit_cast<T>(static_cast<BitsOf<T>>(static_cast<std::uint64_t>(bits[i])));
  }
  return {};
}

bool is_frames(ByteSpan bytes) {
  if (bytes.empty()) return false;
  const auto layout = static_cast<Layout>(bytes[0]);
  return layout == Layout::kFrames || layout == Layout::kSteps;
}

Status read_frames(ByteSpan bytes, std::size_t count, FramesReader& frames) {
  ByteReader reader(bytes);
  const auto layout = static_cast<Layout>(reader.u8());
  return frames.read(reader, count, layout == Layout::kSteps);
}

// Numbers in any layout, divided.
template <typename T>
Status decode_scaled(ByteSpan bytes, const Scale& scale, std::span<T> out) {
  if (is_frames(bytes)) {
    FramesReader frames;
    if (Status read = read_frames(bytes, out.size(), frames); !read) return read;
    decode_column(frames.column(), scale, out.data());
    return {};
  }
  std::array<std::int64_t, kValuesMax> numbers;
  const std::span used = std::span(numbers).first(out.size());
  if (Status read = decode_integers(bytes, used); !read) return read;
  scale_numbers(used, scale, out.data());
  return {};
}

template <typename T>
Status decode_decimals(ByteReader& reader, std::span<T> out) {
  Result<Decimals> head = read_decimals_head(reader, out.size());
  if (!head) return std::move(head).error();
  const ByteSpan numbers = reader.bytes(reader.remaining());
  if (Status read = decode_scaled(numbers, {head->exponent, head->fold}, out); !read) return read;
  finish_decimals(*head, out);
  return {};
}

}  // namespace

template <typename T>
void encode_floats(std::span<const T> values, Effort effort, Bytes& out) {
  Decimals decimals;
  if (!to_decimals(values, decimals)) {
    encode_patterns(values, effort, out);
    return;
  }
  Bytes best;
  encode_decimals(decimals, effort, best);
  // Few distinct values that are no decimals: their patterns are better looked up.
  const bool exact = decimals.corrections.empty() && decimals.exceptions.empty();
  if (effort == Effort::kSealed && !exact && are_few(values)) {
    Bytes bits;
    encode_patterns(values, effort, bits);
    if (bits.size() < best.size()) best.swap(bits);
  }
  ByteWriter(out).bytes(best);
}

template <typename T>
Status decode_floats(ByteSpan bytes, std::span<T> out) {
  LS_ASSERT(!out.empty() && out.size() <= kValuesMax);
  ByteReader reader(bytes);
  const auto layout = static_cast<Layout>(reader.u8());
  if (layout == Layout::kDecimals) return decode_decimals(reader, out);
  if (layout == Layout::kBits) return decode_bits(reader.bytes(reader.remaining()), out);
  if (layout == Layout::kPackedFloats) {
    return read_zstd(reader.bytes(reader.remaining()),
                     {reinterpret_cast<std::uint8_t*>(out.data()), out.size_bytes()});
  }
  return corrupt("floats in a layout that is not known here");
}

namespace {

// The common case: frames or steps of decimals that need no more work, one value after the other.
// False if it is not that.
bool total_directly(ByteSpan bytes, std::size_t count, Totals& totals) {
  ByteReader reader(bytes);
  if (static_cast<Layout>(reader.u8()) != Layout::kDecimals) return false;
  const Result<Decimals> head = read_decimals_head(reader, count);
  if (!head || head->rounded_to_float || !head->corrections.empty() || !head->exceptions.empty()) {
    return false;
  }
  const ByteSpan numbers = reader.bytes(reader.remaining());
  FramesReader frames;
  if (!is_frames(numbers) || !read_frames(numbers, count, frames)) return false;
  PartialTotals partial;
  total_column(frames.column(), {head->exponent, head->fold}, partial);
  totals = partial.total();
  return std::isfinite(totals.sum);  // what is not finite is no decimal: the long way sorts it out
}

}  // namespace

Result<Totals> total_floats(ByteSpan bytes, std::size_t count) {
  LS_ASSERT(count > 0 && count <= kValuesMax);
  Totals totals;
  if (total_directly(bytes, count, totals)) return totals;
  std::array<double, kValuesMax> values;
  const std::span out = std::span(values).first(count);
  if (Status read = decode_floats(bytes, out); !read) return std::move(read).error();
  return total_of(out);
}

template void encode_floats(std::span<const double>, Effort, Bytes&);
template void encode_floats(std::span<const float>, Effort, Bytes&);
template Status decode_floats(ByteSpan, std::span<double>);
template Status decode_floats(ByteSpan, std::span<float>);

}  // namespace lineshaft::codec
