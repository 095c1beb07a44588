// codec/float_kernels_inl.h: vectors of whole numbers made floats: unfolded, over a power of ten.
// Included by files that are compiled once for each kind of vectors, and then once in each.
#if defined(LS_CODEC_FLOAT_KERNELS_INL_H) == defined(HWY_TARGET_TOGGLE)
#ifdef LS_CODEC_FLOAT_KERNELS_INL_H
#undef LS_CODEC_FLOAT_KERNELS_INL_H
#else
#define LS_CODEC_FLOAT_KERNELS_INL_H
#endif

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "codec/kernels.h"
#include "codec/number_kernels_inl.h"
#include "codec/powers.h"

HWY_BEFORE_NAMESPACE();
namespace lineshaft::codec::HWY_NAMESPACE {

using TagD = hn::ScalableTag<double>;
using VecD = hn::Vec<TagD>;

struct Doubles {
  VecD of[kVectors];
};

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

}  // namespace lineshaft::codec::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();
#endif
