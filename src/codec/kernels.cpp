#include "codec/kernels.h"

#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "codec/bitpack.h"
#include "codec/frames.h"
#include "codec/powers.h"
#include "codec/spread.h"

// This file is compiled once for each kind of vectors. Scalable ones cannot be held in arrays, and
// machines with SSSE3 but not SSE4 are not worth the time.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec/kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace lineshaft::codec::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using TagU = hn::ScalableTag<std::uint64_t>;
using TagD = hn::ScalableTag<double>;
using VecU = hn::Vec<TagU>;
using VecD = hn::Vec<TagD>;

// Eight values are handled together: they begin and end at whole bytes, whatever their width.
constexpr std::size_t kUnit = 8;
constexpr std::size_t kLanes = HWY_LANES(std::uint64_t);
constexpr std::size_t kVectors = kUnit / kLanes;

struct Numbers {
  VecU of[kVectors];
};
struct Doubles {
  VecD of[kVectors];
};

// ---- From bytes to numbers

HWY_INLINE Numbers load_words(const std::uint8_t* from) {
  Numbers numbers;
  for (std::size_t v = 0; v < kVectors; ++v) {
#if HWY_TARGET == HWY_SCALAR
    std::uint64_t word = 0;
    std::memcpy(&word, from + v * sizeof(word), sizeof(word));
    numbers.of[v] = hn::Set(TagU(), word);
#else
    const hn::Repartition<std::uint8_t, TagU> bytes;
    numbers.of[v] = hn::BitCast(TagU(), hn::LoadU(bytes, from + v * kLanes * 8));
#endif
  }
  return numbers;
}

// Numbers of 64 bits.
struct WordSource {
  const std::uint8_t* from;

  HWY_INLINE Numbers load(std::size_t unit) const { return load_words(from + unit * kUnit * 8); }
};

#if HWY_TARGET == HWY_SCALAR

// Numbers of up to 56 bits.
struct PackedSource {
  const std::uint8_t* from;
  unsigned width;
  std::uint64_t mask;

  PackedSource(const std::uint8_t* numbers, unsigned bits)
      : from(numbers), width(bits), mask((std::uint64_t{1} << bits) - 1) {}
  HWY_INLINE Numbers load(std::size_t unit) const {
    const std::uint8_t* at = from + unit * width;
    Numbers numbers;
    for (std::size_t i = 0; i < kUnit; ++i) {
      std::uint64_t word = 0;
      std::memcpy(&word, at + i * width / 8, sizeof(word));
      numbers.of[i] = hn::Set(TagU(), (word >> (i * width % 8)) & mask);
    }
    return numbers;
  }
};

// As below.
struct Running {
  std::uint64_t at;

  explicit Running(std::uint64_t start) : at(start) {}
  HWY_INLINE void add(Numbers& numbers) {
    for (VecU& number : numbers.of) {
      at += hn::GetLane(number);
      number = hn::Set(TagU(), at);
    }
  }
};

#else

struct PackedSource {
  const std::uint8_t* from;
  std::size_t width;
  std::array<std::size_t, 4> offset;
  VecU shuffle[kVectors];
  VecU shift[kVectors];
  VecU mask;

  PackedSource(const std::uint8_t* numbers, unsigned bits) : from(numbers), width(bits) {
    const Spread& spread = kSpreads[bits];
    offset = spread.offset;
    mask = hn::Load(TagU(), spread.mask.data());
    for (std::size_t v = 0; v < kVectors; ++v) {
      const hn::Repartition<std::uint8_t, TagU> bytes;
      shuffle[v] = hn::BitCast(TagU(), hn::Load(bytes, spread.shuffle.data() + v * kLanes * 8));
      shift[v] = hn::Load(TagU(), spread.shift.data() + v * kLanes);
    }
  }

  HWY_INLINE Numbers load(std::size_t unit) const {
    const std::uint8_t* at = from + unit * width;
    Numbers numbers;
    for (std::size_t v = 0; v < kVectors; ++v) {
      const VecU loaded = load_pairs(at, v);
      const hn::Repartition<std::uint8_t, TagU> bytes;
      const VecU spread = hn::BitCast(
          TagU(), hn::TableLookupBytes(hn::BitCast(bytes, loaded), hn::BitCast(bytes, shuffle[v])));
      numbers.of[v] = hn::And(hn::Shr(spread, shift[v]), mask);
    }
    return numbers;
  }

 private:
  using Tag128 = hn::Full128<std::uint64_t>;

  HWY_INLINE hn::Vec<Tag128> load_pair(const std::uint8_t* at, std::size_t pair) const {
    const hn::Repartition<std::uint8_t, Tag128> bytes;
    return hn::BitCast(Tag128(), hn::LoadU(bytes, at + offset[pair]));
  }
#if HWY_MAX_BYTES == 16
  HWY_INLINE VecU load_pairs(const std::uint8_t* at, std::size_t vector) const {
    return load_pair(at, vector);
  }
#elif HWY_MAX_BYTES == 32
  HWY_INLINE VecU load_pairs(const std::uint8_t* at, std::size_t vector) const {
    return hn::Combine(TagU(), load_pair(at, 2 * vector + 1), load_pair(at, 2 * vector));
  }
#else
  HWY_INLINE VecU load_pairs(const std::uint8_t* at, std::size_t /*vector*/) const {
    const hn::Half<TagU> half;
    return hn::Combine(TagU(), hn::Combine(half, load_pair(at, 3), load_pair(at, 2)),
                       hn::Combine(half, load_pair(at, 1), load_pair(at, 0)));
  }
#endif
};

// Makes differences values: each number becomes the sum of all up to it.
struct Running {
  VecU at;  // the last sum, in every lane
#if HWY_MAX_BYTES >= 32
  using Indices = decltype(hn::SetTableIndices(TagU(), static_cast<const std::uint64_t*>(nullptr)));
  Indices last;
  Indices second;
  VecU second_mask;
#endif
#if HWY_MAX_BYTES >= 64
  Indices fourth;
  VecU fourth_mask;
#endif

  explicit Running(std::uint64_t start)
      : at(hn::Set(TagU(), start))
#if HWY_MAX_BYTES >= 32
        ,
        last(hn::SetTableIndices(TagU(), kLast.data())),
        second(hn::SetTableIndices(TagU(), kSecond.data())),
        second_mask(hn::Load(TagU(), kSecondMask.data()))
#endif
#if HWY_MAX_BYTES >= 64
        ,
        fourth(hn::SetTableIndices(TagU(), kFourth.data())),
        fourth_mask(hn::Load(TagU(), kFourthMask.data()))
#endif
  {
  }

  // The sums inside of a vector do not wait for the vector before: only `at` does, by one addition.
  HWY_INLINE void add(Numbers& numbers) {
    for (VecU& sums : numbers.of) {
      sums = hn::Add(sums, hn::ShiftLeftLanes<1>(TagU(), sums));
#if HWY_MAX_BYTES == 16
      const VecU all = hn::InterleaveUpper(TagU(), sums, sums);
#else
      sums = hn::Add(sums, hn::And(hn::TableLookupLanes(sums, second), second_mask));
#if HWY_MAX_BYTES >= 64
      sums = hn::Add(sums, hn::And(hn::TableLookupLanes(sums, fourth), fourth_mask));
#endif
      const VecU all = hn::TableLookupLanes(sums, last);
#endif
      sums = hn::Add(sums, at);
      at = hn::Add(at, all);
    }
  }

#if HWY_MAX_BYTES >= 32
 private:
  static constexpr std::uint64_t kAll = ~std::uint64_t{0};
  alignas(64) static constexpr std::array<std::uint64_t, 8> kLast = {
      kLanes - 1, kLanes - 1, kLanes - 1, kLanes - 1,
      kLanes - 1, kLanes - 1, kLanes - 1, kLanes - 1};
  alignas(64) static constexpr std::array<std::uint64_t, 8> kSecond = {
      1, 1, 1, 1, 5 % kLanes, 5 % kLanes, 5 % kLanes, 5 % kLanes};
  alignas(64) static constexpr std::array<std::uint64_t, 8> kSecondMask = {0, 0, kAll, kAll,
                                                                           0, 0, kAll, kAll};
  alignas(64) static constexpr std::array<std::uint64_t, 8> kFourth = {3, 3, 3, 3, 3, 3, 3, 3};
  alignas(64) static constexpr std::array<std::uint64_t, 8> kFourthMask = {0,    0,    0,    0,
                                                                           kAll, kAll, kAll, kAll};
#endif
};

#endif

// Frames: the numbers are the values.
struct Standing {
  explicit Standing(std::uint64_t /*start*/) {}
  HWY_INLINE void add(Numbers& /*numbers*/) {}
};

// ---- From numbers to floats

// n / 10^e, correctly rounded on every machine. Where products are added without rounding, the
// quotient by the reciprocal is corrected by its exact remainder instead of dividing, which is
// several times faster. Why that is right: the corrected quotient, before its rounding, is within
// 2^-50 of a unit in the last place of the true one. n / 10^e lies at least 1 / (2 * 5^e) of such
// a unit away from any middle between two doubles, as the difference is a whole number over a
// multiple of 5^e and 54 bits; for e <= 17 that is 2^-41. So both round to the same side.
struct Divider {
  VecD power;
  VecD inverse;

  explicit Divider(unsigned exponent)
      : power(hn::Set(TagD(), kPowersOfTen[exponent])),
        inverse(hn::Set(TagD(), 1.0 / kPowersOfTen[exponent])) {}

  HWY_INLINE void divide(Doubles& values) const {
#if HWY_NATIVE_FMA
    for (VecD& value : values.of) {
      const VecD quotient = hn::Mul(value, inverse);
      const VecD remainder = hn::NegMulAdd(quotient, power, value);
      value = hn::MulAdd(remainder, inverse, quotient);
    }
#elif HWY_TARGET == HWY_SCALAR
    // Through memory, so that the compiler divides two at a time.
    std::array<double, kUnit> all;
    const double by = hn::GetLane(power);
    for (std::size_t i = 0; i < kUnit; ++i) all[i] = hn::GetLane(values.of[i]);
    for (double& value : all) value /= by;
    for (std::size_t i = 0; i < kUnit; ++i) values.of[i] = hn::Set(TagD(), all[i]);
#else
    for (VecD& value : values.of) value = hn::Div(value, power);
#endif
  }
};

HWY_INLINE Doubles to_doubles(const Numbers& numbers) {
  const VecU bits = hn::Set(TagU(), std::bit_cast<std::uint64_t>(kRounder));
  const VecD rounder = hn::Set(TagD(), kRounder);
  Doubles doubles;
  for (std::size_t v = 0; v < kVectors; ++v) {
    doubles.of[v] = hn::Sub(hn::BitCast(TagD(), hn::Add(numbers.of[v], bits)), rounder);
  }
  return doubles;
}

struct PlainScaler {
  Divider divider;

  explicit PlainScaler(const Scale& scale) : divider(scale.exponent) {}
  HWY_INLINE Doubles apply(const Numbers& numbers) const {
    Doubles values = to_doubles(numbers);
    divider.divide(values);
    return values;
  }
};

// Undoes the fold first: whole numbers below 2^53 all the way, so nothing is rounded.
struct UnfoldingScaler {
  Divider divider;
  unsigned decades;
  double first;           // magnitude from which on numbers are folded
  double decade_numbers;  // how many numbers a decade takes

  explicit UnfoldingScaler(const Scale& scale)
      : divider(scale.exponent),
        decades(scale.fold.decades),
        first(kPowersOfTen[scale.fold.digits]),
        decade_numbers(9 * kPowersOfTen[scale.fold.digits - 1U]) {}

  HWY_INLINE Doubles apply(const Numbers& numbers) const {
    Doubles values = to_doubles(numbers);
    for (VecD& value : values.of) value = unfolded(value);
    divider.divide(values);
    return values;
  }

 private:
#if HWY_TARGET == HWY_SCALAR
  // Counts instead of choosing: a branch for each threshold would be guessed wrong.
  HWY_INLINE VecD unfolded(VecD value) const {
    const double size = hn::GetLane(hn::Abs(value));
    unsigned decade = 0;
    for (unsigned k = 0; k < decades; ++k) decade += size >= first + k * decade_numbers;
    const double number = (size - decade * decade_numbers) * kPowersOfTen[decade];
    return hn::CopySignToAbs(hn::Set(TagD(), number), value);
  }
#else
  HWY_INLINE VecD unfolded(VecD value) const {
    const VecD size = hn::Abs(value);
    VecD taken = hn::Zero(TagD());
    VecD factor = hn::Set(TagD(), 1.0);
    for (unsigned decade = 1; decade <= decades; ++decade) {
      const VecD begin = hn::Set(TagD(), first + (decade - 1) * decade_numbers);
      const auto reached = hn::Ge(size, begin);
      taken = hn::IfThenElse(reached, hn::Set(TagD(), decade * decade_numbers), taken);
      factor = hn::IfThenElse(reached, hn::Set(TagD(), kPowersOfTen[decade]), factor);
    }
    return hn::CopySignToAbs(hn::Mul(hn::Sub(size, taken), factor), value);
  }
#endif
};

// ---- What becomes of them

HWY_INLINE void store(const Doubles& values, double* out) {
  for (std::size_t v = 0; v < kVectors; ++v) hn::StoreU(values.of[v], TagD(), out + v * kLanes);
}
struct IntegerSink {
  std::int64_t* out;

  HWY_INLINE void take(const Numbers& numbers, std::size_t index) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      hn::StoreU(numbers.of[v], TagU(), reinterpret_cast<std::uint64_t*>(out) + index + v * kLanes);
    }
  }
  HWY_INLINE void take_last(const Numbers& numbers, std::size_t index, std::size_t count) {
    std::array<std::int64_t, kUnit> all;
    IntegerSink{all.data()}.take(numbers, 0);
    std::memcpy(out + index, all.data(), count * sizeof(*out));
  }
};

template <typename Scaler>
struct DoubleSink {
  Scaler scaler;
  double* out;

  HWY_INLINE void take(const Numbers& numbers, std::size_t index) {
    store(scaler.apply(numbers), out + index);
  }
  HWY_INLINE void take_last(const Numbers& numbers, std::size_t index, std::size_t count) {
    std::array<double, kUnit> all;
    store(scaler.apply(numbers), all.data());
    std::memcpy(out + index, all.data(), count * sizeof(*out));
  }
};

template <typename Scaler>
struct TotalSink {
  Scaler scaler;
  PartialTotals& totals;
  VecD sum[kVectors];
  VecD min[kVectors];
  VecD max[kVectors];

  TotalSink(const Scaler& s, PartialTotals& t) : scaler(s), totals(t) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      sum[v] = hn::LoadU(TagD(), totals.sum.data() + v * kLanes);
      min[v] = hn::LoadU(TagD(), totals.min.data() + v * kLanes);
      max[v] = hn::LoadU(TagD(), totals.max.data() + v * kLanes);
    }
  }

  HWY_INLINE void take(const Numbers& numbers, std::size_t /*index*/) {
    const Doubles values = scaler.apply(numbers);
    for (std::size_t v = 0; v < kVectors; ++v) {
      sum[v] = hn::Add(sum[v], values.of[v]);
      min[v] = hn::Min(min[v], values.of[v]);
      max[v] = hn::Max(max[v], values.of[v]);
    }
  }
  // Once, and as the last: what is in the vectors goes back.
  HWY_INLINE void take_last(const Numbers& numbers, std::size_t index, std::size_t count) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      hn::StoreU(sum[v], TagD(), totals.sum.data() + v * kLanes);
      hn::StoreU(min[v], TagD(), totals.min.data() + v * kLanes);
      hn::StoreU(max[v], TagD(), totals.max.data() + v * kLanes);
    }
    totals.numbers += index;
    std::array<double, kUnit> all;
    store(scaler.apply(numbers), all.data());
    for (std::size_t i = 0; i < count; ++i) totals.add(index + i, all[i]);
  }
};

// ---- Columns

template <typename Source, typename Order, typename Sink>
HWY_INLINE void take_units(const Source& source, VecU base, Order& order, std::size_t index,
                           std::size_t units, Sink& sink) {
  for (std::size_t unit = 0; unit < units; ++unit) {
    Numbers numbers = source.load(unit);
    for (VecU& number : numbers.of) number = hn::Add(number, base);
    order.add(numbers);
    sink.take(numbers, index + unit * kUnit);
  }
}

template <typename Source, typename Order, typename Sink>
HWY_INLINE void take_rest(const Source& source, VecU base, Order& order, std::size_t index,
                          std::size_t count, Sink& sink) {
  Numbers numbers = source.load(0);
  for (VecU& number : numbers.of) number = hn::Add(number, base);
  order.add(numbers);
  sink.take_last(numbers, index, count);
}

// The group unpacked, with its patches, as words.
HWY_INLINE void patch(const Group& group, std::size_t units, std::uint64_t* words) {
  const PackedSource source(group.numbers, group.width);
  for (std::size_t unit = 0; unit < units; ++unit) {
    IntegerSink{reinterpret_cast<std::int64_t*>(words)}.take(source.load(unit), unit * kUnit);
  }
  for (std::size_t i = 0; i < group.patches; ++i) {
    words[group.patch_positions[i]] |= unpack_one(group.patch_bits, group.patch_width, i)
                                       << group.width;
  }
}

template <typename Order, typename Sink>
HWY_INLINE void take_group(const Group& group, Order& order, std::size_t index, std::size_t count,
                           bool is_last, Sink& sink) {
  const VecU base = hn::Set(TagU(), group.base);
  const std::size_t units = count / kUnit;
  const std::size_t rest = count % kUnit;
  alignas(64) std::array<std::uint64_t, kGroupValues> words;
  const std::uint8_t* from = group.numbers;
  const bool patched = group.patches > 0;
  if (patched) {
    patch(group, units + (rest > 0), words.data());
    from = reinterpret_cast<const std::uint8_t*>(words.data());
  }
  if (patched || group.width == 64) {
    take_units(WordSource{from}, base, order, index, units, sink);
    if (!is_last) return;
    std::array<std::uint8_t, kUnit * 8> last{};
    std::memcpy(last.data(), from + units * kUnit * 8, rest * 8);
    take_rest(WordSource{last.data()}, base, order, index + units * kUnit, rest, sink);
  } else {
    const PackedSource source(from, group.width);
    take_units(source, base, order, index, units, sink);
    if (!is_last) return;
    const PackedSource behind(from + units * group.width, group.width);
    take_rest(behind, base, order, index + units * kUnit, rest, sink);
  }
}

template <typename Order, typename Sink>
HWY_INLINE void take_groups(const Frames& column, Sink sink) {
  Order order(column.start);
  std::size_t index = 0;
  for (std::size_t i = 0; i < column.groups.size(); ++i) {
    const bool is_last = i + 1 == column.groups.size();
    const std::size_t count = is_last ? column.count - index : kGroupValues;
    take_group(column.groups[i], order, index, count, is_last, sink);
    index += count;
  }
}

template <typename Sink>
HWY_INLINE void take_column(const Frames& column, const Sink& sink) {
  if (column.running) {
    take_groups<Running>(column, sink);
  } else {
    take_groups<Standing>(column, sink);
  }
}

void integers(const Frames& column, std::int64_t* out) { take_column(column, IntegerSink{out}); }

void doubles(const Frames& column, const Scale& scale, double* out) {
  if (scale.fold.digits != 0) {
    take_column(column, DoubleSink<UnfoldingScaler>{UnfoldingScaler(scale), out});
  } else {
    take_column(column, DoubleSink<PlainScaler>{PlainScaler(scale), out});
  }
}

void totals(const Frames& column, const Scale& scale, PartialTotals& partial) {
  if (scale.fold.digits != 0) {
    take_column(column, TotalSink<UnfoldingScaler>(UnfoldingScaler(scale), partial));
  } else {
    take_column(column, TotalSink<PlainScaler>(PlainScaler(scale), partial));
  }
}

// Any doubles; as PartialTotals::add does.
void add_doubles(const double* values, std::size_t units, PartialTotals& partial) {
  VecD sum[kVectors];
  VecD min[kVectors];
  VecD max[kVectors];
  VecU missing = hn::Zero(TagU());  // in each lane how many NaN, negative
  for (std::size_t v = 0; v < kVectors; ++v) {
    sum[v] = hn::LoadU(TagD(), partial.sum.data() + v * kLanes);
    min[v] = hn::LoadU(TagD(), partial.min.data() + v * kLanes);
    max[v] = hn::LoadU(TagD(), partial.max.data() + v * kLanes);
  }
  for (std::size_t unit = 0; unit < units; ++unit) {
    for (std::size_t v = 0; v < kVectors; ++v) {
      const VecD value = hn::LoadU(TagD(), values + unit * kUnit + v * kLanes);
      const auto is_nan = hn::IsNaN(value);
      missing = hn::Add(missing, hn::BitCast(TagU(), hn::VecFromMask(TagD(), is_nan)));
      // Minus zero changes no sum, not even that of nothing but minus zeros, which begins with 0.
      sum[v] = hn::Add(sum[v], hn::IfThenZeroElse(is_nan, value));
      min[v] = hn::IfThenElse(hn::Lt(value, min[v]), value, min[v]);
      max[v] = hn::IfThenElse(hn::Gt(value, max[v]), value, max[v]);
    }
  }
  alignas(64) std::array<std::uint64_t, kLanes> lanes;
  hn::Store(missing, TagU(), lanes.data());
  partial.numbers += units * kUnit;
  for (const std::uint64_t lane : lanes) partial.numbers += lane;
  for (std::size_t v = 0; v < kVectors; ++v) {
    hn::StoreU(sum[v], TagD(), partial.sum.data() + v * kLanes);
    hn::StoreU(min[v], TagD(), partial.min.data() + v * kLanes);
    hn::StoreU(max[v], TagD(), partial.max.data() + v * kLanes);
  }
}

}  // namespace lineshaft::codec::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineshaft::codec {

HWY_EXPORT(integers);
HWY_EXPORT(doubles);
HWY_EXPORT(totals);
HWY_EXPORT(add_doubles);

void decode_column(const Frames& column, std::int64_t* out) {
  HWY_DYNAMIC_DISPATCH(integers)(column, out);
}
void decode_column(const Frames& column, const Scale& scale, double* out) {
  HWY_DYNAMIC_DISPATCH(doubles)(column, scale, out);
}
void decode_column(const Frames& column, const Scale& scale, float* out) {
  std::array<double, kValuesMax> values;
  decode_column(column, scale, values.data());
  for (std::size_t i = 0; i < column.count; ++i) out[i] = static_cast<float>(values[i]);
}
void total_column(const Frames& column, const Scale& scale, PartialTotals& partial) {
  HWY_DYNAMIC_DISPATCH(totals)(column, scale, partial);
}

Totals total_of(std::span<const double> values) {
  PartialTotals partial;
  const std::size_t units = values.size() / PartialTotals::kLanes;
  HWY_DYNAMIC_DISPATCH(add_doubles)(values.data(), units, partial);
  for (std::size_t i = units * PartialTotals::kLanes; i < values.size(); ++i) {
    partial.add(i, values[i]);
  }
  return partial.total();
}

namespace {

// Numbers in memory are a column of groups of 64 bits.
struct WordFrames {
  explicit WordFrames(std::span<const std::int64_t> numbers) {
    const std::size_t count = groups_of(numbers.size());
    for (std::size_t i = 0; i < count; ++i) {
      groups[i].numbers = reinterpret_cast<const std::uint8_t*>(numbers.data() + i * kGroupValues);
      groups[i].width = 64;
    }
    column = {std::span<const Group>(groups).first(count), numbers.size(), false, 0};
  }

  std::array<Group, kGroupsMax> groups;
  Frames column;
};

}  // namespace

void scale_numbers(std::span<const std::int64_t> numbers, const Scale& scale, double* out) {
  decode_column(WordFrames(numbers).column, scale, out);
}
void scale_numbers(std::span<const std::int64_t> numbers, const Scale& scale, float* out) {
  decode_column(WordFrames(numbers).column, scale, out);
}

std::span<const std::int64_t> vector_targets() {
  static const std::vector<std::int64_t> targets = hwy::SupportedAndGeneratedTargets();
  return targets;
}
const char* vector_target_name(std::int64_t target) { return hwy::TargetName(target); }
void use_vector_target(std::int64_t target) { hwy::SetSupportedTargetsForTest(target); }

}  // namespace lineshaft::codec
#endif
