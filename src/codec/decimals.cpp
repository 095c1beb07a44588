#include "codec/floats.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "base/assert.h"
#include "codec/codec.h"
#include "codec/encode_kernels.h"
#include "codec/integers.h"
#include "codec/layout.h"
#include "codec/powers.h"
#include "codec/seal.h"

namespace lineshaft::codec {

namespace {

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

// Bits that a sample takes; more than `limit` once that is clear.
template <typename T>
double cost_of(std::span<const T> sample, unsigned exponent, const Rule& rule, double limit) {
  constexpr double kBitsOfDigit = 3.32;
  constexpr double kBitsOfException = 80;
  constexpr double kBitsOfPosition = 6;
  double bits = kBitsOfDigit * exponent * static_cast<double>(sample.size());
  for (std::size_t i = 0; i < sample.size() && bits < limit; ++i) {
    std::int64_t number = 0;
    std::int64_t correction = kCorrectionLimit;
    if (rule.number(static_cast<double>(sample[i]), number)) {
      correction = correction_of(sample[i], number, rule);
    }
    if (correction == kCorrectionLimit) {
      bits += kBitsOfException;
    } else if (correction != 0) {
      bits += kBitsOfPosition + static_cast<double>(std::bit_width(zigzag(correction)));
    }
  }
  return bits;
}

// The values whose scale is looked for. Zeros and what is not finite fit all powers or none.
template <typename T>
std::vector<T> take_sample(std::span<const T> values) {
  std::vector<T> sample;
  const std::size_t size = std::min(values.size(), kSampleValues);
  for (std::size_t i = 0; i < size; ++i) {
    const T value = values[i * values.size() / size];
    if (std::isfinite(value) && value != 0) sample.push_back(value);
  }
  return sample;
}

template <typename T>
bool is_exact(T value, const Rule& rule) {
  std::int64_t number = 0;
  return rule.number(static_cast<double>(value), number) && correction_of(value, number, rule) == 0;
}

// The least power of ten that makes a whole number of every value of the sample, if there is one:
// a power that does for a value does for it with more zeros too.
template <typename T>
bool find_exact_scale(std::span<const T> sample, bool rounded, Decimals& decimals) {
  unsigned exponent = 0;
  for (const T value : sample) {
    while (!is_exact(value, Rule{kPowersOfTen[exponent], rounded})) {
      if (++exponent > kExponentMax) return false;
    }
  }
  const Rule rule{kPowersOfTen[exponent], rounded};
  decimals.exponent = exponent;
  decimals.rounded_to_float = rounded;
  return std::all_of(sample.begin(), sample.end(), [&](T value) { return is_exact(value, rule); });
}

// The scale that misses least, by what the misses cost.
template <typename T>
void find_best_scale(std::span<const T> sample, bool rounded, double& best_bits,
                     Decimals& decimals) {
  for (unsigned exponent = 0; exponent <= kExponentMax; ++exponent) {
    const double bits = cost_of(sample, exponent, Rule{kPowersOfTen[exponent], rounded}, best_bits);
    if (bits >= best_bits) continue;
    best_bits = bits;
    decimals.exponent = exponent;
    decimals.rounded_to_float = rounded;
  }
}

template <typename T>
void choose_scale(std::span<const T> values, Decimals& decimals) {
  constexpr bool kIsFloat = std::is_same_v<T, float>;
  const std::vector<T> taken = take_sample(values);
  const std::span<const T> sample(taken);
  if (!kIsFloat && find_exact_scale(sample, false, decimals)) return;
  if (find_exact_scale(sample, true, decimals)) return;
  double best_bits = std::numeric_limits<double>::infinity();
  if (!kIsFloat) find_best_scale(sample, false, best_bits, decimals);
  find_best_scale(sample, true, best_bits, decimals);
}

// What to do with a value that its number does not give.
template <typename T>
void mend(std::span<const T> values, std::size_t i, const Rule& rule, Decimals& decimals) {
  std::int64_t number = 0;
  if (rule.number(static_cast<double>(values[i]), number)) {
    const std::int64_t correction = correction_of(values[i], number, rule);
    if (correction != kCorrectionLimit) {
      decimals.corrections.resize(values.size());
      decimals.corrections[i] = correction;
      decimals.numbers[i] = number;
      return;
    }
  }
  decimals.exceptions.push_back(static_cast<std::int64_t>(i));
  decimals.patterns.push_back(std::bit_cast<BitsOf<T>>(values[i]));
  decimals.numbers[i] = i == 0 ? 0 : decimals.numbers[i - 1];
}

template <typename T>
void make_numbers(std::span<const T> values, Decimals& decimals) {
  Marks missed;
  const auto find = [&](std::span<const double> doubles) {
    return find_numbers(doubles, decimals.exponent, decimals.rounded_to_float,
                        decimals.numbers.data(), missed);
  };
  bool any = false;
  if constexpr (std::is_same_v<T, double>) {
    any = find(values);
  } else {
    std::array<double, kValuesMax> doubles;
    std::copy(values.begin(), values.end(), doubles.begin());
    any = find(std::span(doubles).first(values.size()));
  }
  if (!any) return;
  const Rule rule{kPowersOfTen[decimals.exponent], decimals.rounded_to_float};
  for (std::size_t begin = 0; begin < values.size(); begin += 8) {
    for (unsigned marks = missed[begin / 8]; marks != 0; marks &= marks - 1) {
      mend(values, begin + static_cast<unsigned>(std::countr_zero(marks)), rule, decimals);
    }
  }
}

}  // namespace

template <typename T>
bool to_decimals(std::span<const T> values, Decimals& decimals) {
  LS_ASSERT(!values.empty() && values.size() <= kValuesMax);
  decimals = {};
  decimals.numbers.resize(values.size());
  choose_scale(values, decimals);
  make_numbers(values, decimals);
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
