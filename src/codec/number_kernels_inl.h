// codec/number_kernels_inl.h: vectors of whole numbers from packed bytes, and sums that run over
// them. Included by files that are compiled once for each kind of vectors, and then once in each.
#if defined(LS_CODEC_NUMBER_KERNELS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LS_CODEC_NUMBER_KERNELS_INL_H
#undef LS_CODEC_NUMBER_KERNELS_INL_H
#else
#define LS_CODEC_NUMBER_KERNELS_INL_H
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include <hwy/highway.h>
#include "codec/spread.h"

HWY_BEFORE_NAMESPACE();
namespace lineshaft::codec::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using TagU = hn::ScalableTag<std::uint64_t>;
using VecU = hn::Vec<TagU>;

// Eight values are handled together: they begin and end at whole bytes, whatever their width.
constexpr std::size_t kUnit = 8;
constexpr std::size_t kLanes = HWY_LANES(std::uint64_t);
constexpr std::size_t kVectors = kUnit / kLanes;

struct Numbers {
  VecU of[kVectors];
};
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

}  // namespace lineshaft::codec::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
