#include "codec/encode_kernels.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "codec/powers.h"

// See kernels.cpp.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec/encode_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace lineshaft::codec::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using TagI = hn::ScalableTag<std::int64_t>;
using TagU = hn::ScalableTag<std::uint64_t>;
using TagD = hn::ScalableTag<double>;
constexpr std::size_t kLanes = HWY_LANES(std::int64_t);
constexpr std::size_t kUnit = 8;

Range range_of(const std::int64_t* values, std::size_t count) {
  Range range{values[0], values[0]};
  std::size_t i = 0;
  if (count >= kLanes) {
    auto least = hn::LoadU(TagI(), values);
    auto greatest = least;
    for (; i + kLanes <= count; i += kLanes) {
      const auto loaded = hn::LoadU(TagI(), values + i);
      least = hn::Min(least, loaded);
      greatest = hn::Max(greatest, loaded);
    }
    alignas(64) std::array<std::int64_t, kLanes> lanes;
    hn::Store(least, TagI(), lanes.data());
    for (const std::int64_t lane : lanes) range.least = lane < range.least ? lane : range.least;
    hn::Store(greatest, TagI(), lanes.data());
    for (const std::int64_t lane : lanes) {
      range.greatest = lane > range.greatest ? lane : range.greatest;
    }
  }
  for (; i < count; ++i) {
    range.least = values[i] < range.least ? values[i] : range.least;
    range.greatest = values[i] > range.greatest ? values[i] : range.greatest;
  }
  return range;
}

void ranges(const std::int64_t* values, std::size_t count, Range* out) {
  constexpr std::size_t kGroup = 128;
  for (std::size_t begin = 0; begin < count; begin += kGroup) {
    const std::size_t left = count - begin;
    *out++ = range_of(values + begin, left < kGroup ? left : kGroup);
  }
}

std::size_t wide(const std::int64_t* values, std::size_t count, std::uint64_t base,
                 unsigned width) {
  const auto bases = hn::Set(TagU(), base);
  const auto zero = hn::Zero(TagU());
  auto narrow = zero;  // in each lane how many, negative
  std::size_t i = 0;
  for (; i + kLanes <= count; i += kLanes) {
    const auto loaded = hn::LoadU(TagU(), reinterpret_cast<const std::uint64_t*>(values) + i);
    const auto high = hn::ShiftRightSame(hn::Sub(loaded, bases), static_cast<int>(width));
    narrow = hn::Add(narrow, hn::VecFromMask(TagU(), hn::Eq(high, zero)));
  }
  alignas(64) std::array<std::uint64_t, kLanes> lanes;
  hn::Store(narrow, TagU(), lanes.data());
  std::size_t found = i;
  for (const std::uint64_t lane : lanes) found += static_cast<std::size_t>(lane);
  for (; i < count; ++i) found += ((static_cast<std::uint64_t>(values[i]) - base) >> width) != 0;
  return found;
}

std::size_t differences(const std::int64_t* values, std::size_t count, std::int64_t* out) {
  const auto zero = hn::Zero(TagI());
  auto same = zero;
  std::size_t i = 1;
  for (; i + kLanes <= count; i += kLanes) {
    const auto difference =
        hn::Sub(hn::LoadU(TagI(), values + i), hn::LoadU(TagI(), values + i - 1));
    same = hn::Sub(same, hn::VecFromMask(TagI(), hn::Eq(difference, zero)));
    hn::StoreU(difference, TagI(), out + i);
  }
  alignas(64) std::array<std::int64_t, kLanes> lanes;
  hn::Store(same, TagI(), lanes.data());
  std::size_t changes = i - 1;
  for (const std::int64_t lane : lanes) changes -= static_cast<std::size_t>(lane);
  for (; i < count; ++i) {
    out[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(values[i]) -
                                       static_cast<std::uint64_t>(values[i - 1]));
    changes += out[i] != 0;
  }
  return changes;
}

struct Converter {
  hn::Vec<TagD> power;
  hn::Vec<TagD> limit = hn::Set(TagD(), 2251799813685248.0);  // 2^51
  hn::Vec<TagD> rounder = hn::Set(TagD(), kRounder);

  explicit Converter(unsigned exponent) : power(hn::Set(TagD(), kPowersOfTen[exponent])) {}

  // A bit for each of eight values that is missed.
  template <bool kRoundedToFloat>
  HWY_INLINE unsigned convert(const double* values, std::int64_t* numbers) const {
    unsigned missed = 0;
    for (std::size_t i = 0; i < kUnit; i += kLanes) {
      const auto value = hn::LoadU(TagD(), values + i);
      const auto scaled = hn::Mul(value, power);
      const auto moved = hn::Add(scaled, rounder);
      const auto number = hn::Sub(moved, rounder);
      auto quotient = hn::Div(number, power);
      if constexpr (kRoundedToFloat) {
        const hn::Rebind<float, TagD> floats;
        quotient = hn::PromoteTo(TagD(), hn::DemoteTo(floats, quotient));
      }
      // As integers: -0 is not 0, and a NaN is nothing that a number stands for.
      const auto small = hn::Lt(hn::Abs(number), limit);
      const auto equal =
          hn::RebindMask(TagD(), hn::Eq(hn::BitCast(TagI(), quotient), hn::BitCast(TagI(), value)));
      const auto integer = hn::Sub(hn::BitCast(TagI(), moved), hn::BitCast(TagI(), rounder));
      hn::StoreU(hn::And(integer, hn::VecFromMask(TagI(), hn::RebindMask(TagI(), small))), TagI(),
                 numbers + i);
      alignas(8) std::array<std::uint8_t, 8> bits{};
      hn::StoreMaskBits(TagD(), hn::And(small, equal), bits.data());
      const auto found = static_cast<unsigned>(bits[0]) & ((1U << kLanes) - 1);
      missed |= (found ^ ((1U << kLanes) - 1)) << i;
    }
    return missed;
  }
};

template <bool kRoundedToFloat>
bool convert_all(const double* values, std::size_t count, unsigned exponent, std::int64_t* numbers,
                 std::uint8_t* missed) {
  const Converter converter(exponent);
  unsigned any = 0;
  const std::size_t units = count / kUnit;
  for (std::size_t unit = 0; unit < units; ++unit) {
    const unsigned marks =
        converter.convert<kRoundedToFloat>(values + unit * kUnit, numbers + unit * kUnit);
    missed[unit] = static_cast<std::uint8_t>(marks);
    any |= marks;
  }
  if (const std::size_t rest = count % kUnit; rest > 0) {
    std::array<double, kUnit> last{};
    std::array<std::int64_t, kUnit> last_numbers;
    std::memcpy(last.data(), values + units * kUnit, rest * sizeof(double));
    const unsigned marks = converter.convert<kRoundedToFloat>(last.data(), last_numbers.data());
    std::memcpy(numbers + units * kUnit, last_numbers.data(), rest * sizeof(std::int64_t));
    missed[units] = static_cast<std::uint8_t>(marks);  // 0 misses nothing
    any |= marks;
  }
  return any != 0;
}

bool numbers_of(const double* values, std::size_t count, unsigned exponent, bool rounded_to_float,
                std::int64_t* numbers, std::uint8_t* missed) {
  return rounded_to_float ? convert_all<true>(values, count, exponent, numbers, missed)
                          : convert_all<false>(values, count, exponent, numbers, missed);
}

}  // namespace lineshaft::codec::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineshaft::codec {

HWY_EXPORT(ranges);
HWY_EXPORT(wide);
HWY_EXPORT(differences);
HWY_EXPORT(numbers_of);

void find_ranges(std::span<const std::int64_t> values, Range* out) {
  HWY_DYNAMIC_DISPATCH(ranges)(values.data(), values.size(), out);
}
std::size_t count_wide(std::span<const std::int64_t> values, std::int64_t base, unsigned width) {
  return HWY_DYNAMIC_DISPATCH(wide)(values.data(), values.size(), static_cast<std::uint64_t>(base),
                                    width);
}
std::size_t find_differences(std::span<const std::int64_t> values, std::int64_t* out) {
  return HWY_DYNAMIC_DISPATCH(differences)(values.data(), values.size(), out);
}
bool find_numbers(std::span<const double> values, unsigned exponent, bool rounded_to_float,
                  std::int64_t* numbers, Marks& missed) {
  return HWY_DYNAMIC_DISPATCH(numbers_of)(values.data(), values.size(), exponent, rounded_to_float,
                                          numbers, missed.data());
}

}  // namespace lineshaft::codec
#endif
