#include "codec/floats.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <type_traits>

#include "base/assert.h"
#include "codec/codec.h"
#include "codec/integers.h"
#include "codec/layout.h"
#include "codec/seal.h"

namespace lineshaft::codec {

namespace {

constexpr std::array<double, kExponentMax + 1> kPowers = [] {
  std::array<double, kExponentMax + 1> powers{1};
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

// Added to a number below 2^51, this makes a double whose lowest mantissa bit is worth one.
constexpr double kRounder = 6755399441055744.0;  // 2^52 + 2^51

constexpr std::size_t kSampleValues = 64;
constexpr std::int64_t kCorrectionLimit = std::int64_t{1} << 19;

template <typename T>
using BitsOf = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;

template <typename T>
std::int64_t bits_of(T value) {
  return static_cast<std::int64_t>(std::bit_cast<BitsOf<T>>(value));
}

double to_double(std::int64_t number) {
  const auto bits = static_cast<std::uint64_t>(number) + std::bit_cast<std::uint64_t>(kRounder);
  return std::bit_cast<double>(bits) - kRounder;
}

// How a column's values follow from its numbers.
struct Rule {
  double power = 1;
  bool rounded_to_float = false;

  template <typename T>
  T value(std::int64_t number) const {
    const double quotient = to_double(number) / power;
    return static_cast<T>(rounded_to_float ? static_cast<float>(quotient) : quotient);
  }

  // False if no number stands for something near the value.
  bool number(double value, std::int64_t& number) const {
    const double scaled = value * power;
    if (!(std::abs(scaled) < static_cast<double>(kDecimalLimit))) return false;  // NaN too
    number = static_cast<std::int64_t>(std::bit_cast<std::uint64_t>(scaled + kRounder) -
                                       std::bit_cast<std::uint64_t>(kRounder));
    return number < kDecimalLimit && number > -kDecimalLimit;
  }
};

// What has to be added to the bit pattern of the scaled number; kCorrectionLimit if that is too
// much.
template <typename T>
std::int64_t correction_of(T value, std::int64_t number, const Rule& rule) {
  const auto difference =
      static_cast<std::int64_t>(static_cast<std::uint64_t>(bits_of(value)) -
                                static_cast<std::uint64_t>(bits_of(rule.value<T>(number))));
  return difference < kCorrectionLimit && difference > -kCorrectionLimit ? difference
                                                                         : kCorrectionLimit;
}

struct SampleCost {
  double bits = 0;
  bool exact = true;
};

template <typename T>
SampleCost cost_of(std::span<const T> sample, unsigned exponent, const Rule& rule) {
  constexpr double kBitsOfDigit = 3.32;
  SampleCost cost;
  for (const T value : sample) {
    std::int64_t number = 0;
    std::int64_t correction = kCorrectionLimit;
    if (rule.number(static_cast<double>(value), number)) {
      correction = correction_of(value, number, rule);
    }
    cost.bits += kBitsOfDigit * exponent;
    if (correction == 0) continue;
    cost.exact = false;
    cost.bits += correction == kCorrectionLimit
                     ? 80
                     : 6 + static_cast<double>(std::bit_width(zigzag(correction)));
  }
  return cost;
}

// The least power of ten that makes whole numbers of the sample, or the one that misses least.
template <typename T>
void choose_scale(std::span<const T> values, Decimals& decimals) {
  std::array<T, kSampleValues> taken;
  const std::size_t size = std::min(values.size(), taken.size());
  for (std::size_t i = 0; i < size; ++i) taken[i] = values[i * values.size() / size];
  const auto sample = std::span<const T>(taken).first(size);

  const bool is_float = std::is_same_v<T, float>;
  SampleCost best{1e300, false};
  for (const bool rounded : {is_float, true}) {
    for (unsigned exponent = 0; exponent <= kExponentMax && !best.exact; ++exponent) {
      const SampleCost cost = cost_of(sample, exponent, Rule{kPowers[exponent], rounded});
      if (cost.bits >= best.bits && !cost.exact) continue;
      best = cost;
      decimals.exponent = exponent;
      decimals.rounded_to_float = rounded;
    }
    if (is_float) break;
  }
}

template <typename T>
void find_numbers(std::span<const T> values, Decimals& decimals) {
  const Rule rule{kPowers[decimals.exponent], decimals.rounded_to_float};
  std::int64_t before = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::int64_t number = 0;
    std::int64_t correction = kCorrectionLimit;
    if (rule.number(static_cast<double>(values[i]), number)) {
      correction = correction_of(values[i], number, rule);
    }
    if (correction == kCorrectionLimit) {
      decimals.exceptions.push_back(static_cast<std::int64_t>(i));
      decimals.patterns.push_back(std::bit_cast<BitsOf<T>>(values[i]));
      number = before;
    } else if (correction != 0) {
      decimals.corrections.resize(values.size());
      decimals.corrections[i] = correction;
    }
    decimals.numbers[i] = before = number;
  }
}

}  // namespace

template <typename T>
bool to_decimals(std::span<const T> values, Decimals& decimals) {
  LS_ASSERT(!values.empty() && values.size() <= kValuesMax);
  decimals = {};
  decimals.numbers.resize(values.size());
  choose_scale(values, decimals);
  find_numbers(values, decimals);
  return decimals.exceptions.size() <= values.size() / 3;
}

template <typename T>
void finish_decimals(const Decimals& decimals, std::span<T> out) {
  if (decimals.rounded_to_float) {
    for (T& value : out) value = static_cast<T>(static_cast<float>(value));
  }
  for (std::size_t i = 0; i < decimals.corrections.size(); ++i) {
    out[i] = std::bit_cast<T>(
        static_cast<BitsOf<T>>(static_cast<std::uint64_t>(bits_of(out[i])) +
                               static_cast<std::uint64_t>(decimals.corrections[i])));
  }
  for (std::size_t i = 0; i < decimals.exceptions.size(); ++i) {
    out[static_cast<std::size_t>(decimals.exceptions[i])] =
        std::bit_cast<T>(static_cast<BitsOf<T>>(decimals.patterns[i]));
  }
}

namespace {

// The byte behind the layout: the exponent and what else is there.
constexpr std::uint8_t kExponentBits = 0x1F;
constexpr std::uint8_t kRoundedToFloat = 0x20;
constexpr std::uint8_t kHasExceptions = 0x40;
constexpr std::uint8_t kHasCorrections = 0x80;

// Few distinct patterns (-0, one NaN) are common: each is written once.
void write_exceptions(const Decimals& decimals, Bytes& out) {
  std::vector<std::uint64_t> distinct = decimals.patterns;
  std::sort(distinct.begin(), distinct.end());
  distinct.erase(std::unique(distinct.begin(), distinct.end()), distinct.end());
  std::vector<std::int64_t> ranks;
  for (const std::uint64_t pattern : decimals.patterns) {
    ranks.push_back(std::lower_bound(distinct.begin(), distinct.end(), pattern) - distinct.begin());
  }
  ByteWriter writer(out);
  writer.varint(decimals.exceptions.size());
  encode_sized_integers(decimals.exceptions, out);
  writer.varint(distinct.size());
  for (const std::uint64_t pattern : distinct) writer.write_le(pattern);
  encode_sized_integers(ranks, out);
}

Status read_exceptions(ByteReader& reader, std::size_t values, Decimals& decimals) {
  const std::uint64_t count = reader.varint();
  if (count == 0 || count > values) return corrupt("a number of exceptions that cannot be");
  decimals.exceptions.resize(static_cast<std::size_t>(count));
  if (Status read = decode_sized_integers(reader, decimals.exceptions); !read) return read;
  for (const std::int64_t position : decimals.exceptions) {
    if (static_cast<std::uint64_t>(position) >= values) return corrupt("an exception outside");
  }
  const std::uint64_t size = reader.varint();
  if (size == 0 || size > count) return corrupt("a number of patterns that cannot be");
  std::vector<std::uint64_t> distinct(static_cast<std::size_t>(size));
  for (std::uint64_t& pattern : distinct) pattern = reader.read_le<std::uint64_t>();
  std::vector<std::int64_t> ranks(decimals.exceptions.size());
  if (Status read = decode_sized_integers(reader, ranks); !read) return read;
  for (const std::int64_t rank : ranks) {
    if (static_cast<std::uint64_t>(rank) >= size) return corrupt("an exception without pattern");
    decimals.patterns.push_back(distinct[static_cast<std::size_t>(rank)]);
  }
  return {};
}

}  // namespace

void write_decimals_head(const Decimals& decimals, Effort effort, Bytes& out) {
  LS_ASSERT(decimals.exponent <= kExponentMax);
  auto flags = static_cast<std::uint8_t>(decimals.exponent);
  if (decimals.rounded_to_float) flags |= kRoundedToFloat;
  if (!decimals.exceptions.empty()) flags |= kHasExceptions;
  if (!decimals.corrections.empty()) flags |= kHasCorrections;
  ByteWriter writer(out);
  writer.u8(flags);
  writer.u8(static_cast<std::uint8_t>(decimals.fold.digits | decimals.fold.decades << 4));
  if (!decimals.exceptions.empty()) write_exceptions(decimals, out);
  if (!decimals.corrections.empty()) {
    encode_sized_column(decimals.corrections, effort, out);
  }
}

Result<Decimals> read_decimals_head(ByteReader& reader, std::size_t count) {
  Decimals decimals;
  const std::uint8_t flags = reader.u8();
  const std::uint8_t fold = reader.u8();
  decimals.exponent = flags & kExponentBits;
  decimals.rounded_to_float = (flags & kRoundedToFloat) != 0;
  decimals.fold = {static_cast<std::uint8_t>(fold & 0x0F), static_cast<std::uint8_t>(fold >> 4)};
  if (!reader.ok() || decimals.exponent > kExponentMax) return corrupt("a power of ten too large");
  if (fold != 0 && (decimals.fold.digits < kFoldDigitsMin || decimals.fold.decades == 0 ||
                    decimals.fold.decades > kFoldDecadesMax)) {
    return corrupt("a fold that cannot be");
  }
  if ((flags & kHasExceptions) != 0) {
    if (Status read = read_exceptions(reader, count, decimals); !read) {
      return std::move(read).error();
    }
  }
  if ((flags & kHasCorrections) != 0) {
    decimals.corrections.resize(count);
    if (Status read = decode_sized_integers(reader, decimals.corrections, Nesting::kAny); !read) {
      return std::move(read).error();
    }
  }
  return decimals;
}

template bool to_decimals(std::span<const double>, Decimals&);
template bool to_decimals(std::span<const float>, Decimals&);
template void finish_decimals(const Decimals&, std::span<double>);
template void finish_decimals(const Decimals&, std::span<float>);

}  // namespace lineshaft::codec
