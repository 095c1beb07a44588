#include "codec/entropy_steps.h"

#include <bit>
#include <cstring>

// This file is compiled once for each kind of vectors: not for them, but because machines that have
// the wider ones also shift by any count, and mask, in one instruction each.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "codec/entropy_kernels.cpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace lineshaft::codec::HWY_NAMESPACE {

// Above all bits that a part may read before the next refill.
constexpr std::uint64_t kMark = std::uint64_t{1} << 63;

// A part with the bits that come next in a register, so that a step waits for the table alone. How
// many were read shows where the mark has moved to: one register less to keep for each part.
struct Walker {
  std::uint64_t word = kMark;
  std::size_t state;
  std::uint64_t at;

  explicit Walker(const EntropyPart& part) : state(part.state), at(part.at) {}

  HWY_INLINE std::uint64_t position() const {
    return at + static_cast<std::uint64_t>(std::countl_zero(word));
  }
  HWY_INLINE void refill(const std::uint8_t* bytes) {
    at = position();
    std::uint64_t loaded = 0;
    std::memcpy(&loaded, bytes + (at >> 3), sizeof(loaded));
    word = detail::to_order(loaded, std::endian::little) >> (at & 7) | kMark;
  }
  HWY_INLINE std::uint64_t step(const DecodeStep* steps) {
    const DecodeStep now = steps[state];
    const std::uint64_t extra =
        (word >> now.state_bits) & ((std::uint64_t{1} << now.extra_bits) - 1);
    state = now.next + (word & now.mask);
    word >>= now.bits;
    return (std::uint64_t{now.mantissa} << now.extra_bits) | extra;
  }
  HWY_INLINE void put_back(std::size_t values, EntropyPart& part) const {
    part.at = position();
    part.state = static_cast<std::uint32_t>(state);
    part.to += values;
  }
};

// As many rounds as there are, kSteps at a time.
template <std::size_t kSteps>
HWY_INLINE std::size_t walk_by(const std::uint8_t* bytes, const DecodeStep* steps,
                               std::size_t rounds, std::array<EntropyPart, kParts>& parts) {
  static_assert(kParts == 4);
  Walker a(parts[0]);
  Walker b(parts[1]);
  Walker c(parts[2]);
  Walker d(parts[3]);
  std::uint64_t* to = parts[0].to;
  std::size_t done = 0;
  for (; done + kSteps <= rounds; done += kSteps) {
    a.refill(bytes);
    b.refill(bytes);
    c.refill(bytes);
    d.refill(bytes);
    for (std::size_t i = 0; i < kSteps; ++i, ++to) {
      to[0] = a.step(steps);
      to[kPartRoom] = b.step(steps);
      to[2 * kPartRoom] = c.step(steps);
      to[3 * kPartRoom] = d.step(steps);
    }
  }
  a.put_back(done, parts[0]);
  b.put_back(done, parts[1]);
  c.put_back(done, parts[2]);
  d.put_back(done, parts[3]);
  return done;
}

void walk(const std::uint8_t* bytes, const DecodeStep* steps, unsigned step_bits_max,
          std::size_t rounds, std::array<EntropyPart, kParts>& parts) {
  if (5 * step_bits_max <= kReadBits) {
    rounds -= walk_by<5>(bytes, steps, rounds, parts);
  } else if (4 * step_bits_max <= kReadBits) {
    rounds -= walk_by<4>(bytes, steps, rounds, parts);
  } else if (3 * step_bits_max <= kReadBits) {
    rounds -= walk_by<3>(bytes, steps, rounds, parts);
  } else if (2 * step_bits_max <= kReadBits) {
    rounds -= walk_by<2>(bytes, steps, rounds, parts);
  }
  walk_by<1>(bytes, steps, rounds, parts);
}

}  // namespace lineshaft::codec::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace lineshaft::codec {

HWY_EXPORT(walk);

void walk_parts(const std::uint8_t* bytes, const DecodeStep* steps, unsigned step_bits_max,
                std::size_t rounds, std::array<EntropyPart, kParts>& parts) {
  if (step_bits_max <= kReadBits) {
    HWY_DYNAMIC_DISPATCH(walk)(bytes, steps, step_bits_max, rounds, parts);
    return;
  }
  for (; rounds > 0; --rounds) {
    for (EntropyPart& part : parts) part.step(bytes, steps);
  }
}

}  // namespace lineshaft::codec
#endif
