#include "codec/residues.h"

#include <array>
#include <cstring>

#include "base/assert.h"

// See kernels.cpp.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec/residue_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "codec/number_kernels_inl.h"

HWY_BEFORE_NAMESPACE();
namespace lineshaft::codec::HWY_NAMESPACE {

HWY_INLINE void undo_zigzag(Numbers& numbers) {
  const VecU one = hn::Set(TagU(), 1);
  for (VecU& number : numbers.of) {
    const VecU sign = hn::Sub(hn::Zero(TagU()), hn::And(number, one));
    number = hn::Xor(hn::ShiftRight<1>(number), sign);
  }
}

// `Slope` and `Value` are Running where the column is made of differences.
template <bool kZigzag, typename Slope, typename Value>
HWY_INLINE void undo(const Residues& how, const std::uint64_t* residues, std::size_t count,
                     std::uint64_t* out) {
  const VecU middle = hn::Set(TagU(), static_cast<std::uint64_t>(how.middle));
  Slope slope(static_cast<std::uint64_t>(how.slope));
  Value value(static_cast<std::uint64_t>(how.start));
  const auto take = [&](const std::uint64_t* from, std::uint64_t* to) HWY_ATTR {
    Numbers numbers;
    for (std::size_t v = 0; v < kVectors; ++v) {
      numbers.of[v] = hn::LoadU(TagU(), from + v * kLanes);
    }
    if (kZigzag) undo_zigzag(numbers);
    for (VecU& number : numbers.of) number = hn::Add(number, middle);
    slope.add(numbers);
    value.add(numbers);
    for (std::size_t v = 0; v < kVectors; ++v) {
      hn::StoreU(numbers.of[v], TagU(), to + v * kLanes);
    }
  };
  std::size_t i = 0;
  for (; i + kUnit <= count; i += kUnit) take(residues + i, out + i);
  if (i == count) return;
  std::array<std::uint64_t, kUnit> last{};
  std::memcpy(last.data(), residues + i, (count - i) * sizeof(*residues));
  take(last.data(), last.data());
  std::memcpy(out + i, last.data(), (count - i) * sizeof(*out));
}

void undo_residues(const Residues& how, const std::uint64_t* residues, std::size_t count,
                   std::uint64_t* out) {
  if (how.plain) {
    undo<false, Standing, Standing>(how, residues, count, out);
  } else if (how.differences == 0) {
    undo<true, Standing, Standing>(how, residues, count, out);
  } else if (how.differences == 1) {
    undo<true, Standing, Running>(how, residues, count, out);
  } else {
    undo<true, Running, Running>(how, residues, count, out);
  }
}

}  // namespace lineshaft::codec::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineshaft::codec {

HWY_EXPORT(undo_residues);

void from_residues(const Residues& how, std::span<const std::uint64_t> residues,
                   std::span<std::int64_t> out) {
  LS_ASSERT(residues.size() == out.size());
  HWY_DYNAMIC_DISPATCH(undo_residues)
  (how, residues.data(), residues.size(), reinterpret_cast<std::uint64_t*>(out.data()));
}

}  // namespace lineshaft::codec
#endif
