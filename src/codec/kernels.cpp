#include "codec/kernels.h"

#include <array>
#include <bit>
#include <cstring>
#include <vector>

#include "codec/bitpack.h"
#include "codec/frames.h"

// This file is compiled once for each kind of vectors. Scalable ones cannot be held in arrays, and
// machines with SSSE3 but not SSE4 are not worth the time.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec/kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "codec/float_kernels_inl.h"
#include "codec/number_kernels_inl.h"

HWY_BEFORE_NAMESPACE();
namespace lineshaft::codec::HWY_NAMESPACE {

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
