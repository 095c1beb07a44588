// Sampled Shapley values: how many orders are needed, and the walk through them.
#include <algorithm>
#include <numeric>
#include <string>

#include "base/assert.h"
#include "settlement/division.h"
#include "settlement/exact.h"

namespace lineshaft::settlement {
namespace {

Error refused(const std::string& why) { return {ErrorId::kInvalidArgument, "sample: " + why}; }

constexpr unsigned kLogBits = 32;
constexpr unsigned kRangeBits = 16;
constexpr Int128 kRangeMax = Int128{1} << 41;  // 2^25 errors: far more than kPermutationsMax allows

// log2(above / below) * 2^32, never too small. Integers only, so that every machine finds the same
// number of orders. Requires: above >= below.
Int128 log2_above(Int128 above, Int128 below) {
  Int128 whole = 0;
  while (below * 2 <= above) {
    below *= 2;
    ++whole;
  }
  // 1 <= mantissa <= 2, in units of 2^-62. Squaring it doubles its logarithm, and the next bit of
  // that is whether the square reaches two.
  constexpr UInt128 kOne = UInt128{1} << 62;
  const std::optional<Int128> first =
      multiply_divide(above, static_cast<Int128>(kOne), below, Rounding::kCeiling);
  auto mantissa = static_cast<UInt128>(first.value_or(0));
  Int128 log = whole;
  for (unsigned i = 0; i < kLogBits; ++i) {
    mantissa = (mantissa * mantissa + kOne - 1) >> 62;
    log *= 2;
    if (mantissa >= 2 * kOne) {
      mantissa = (mantissa + 1) / 2;
      ++log;
    }
  }
  return log + 1;
}

// The generator SplitMix64 (Steele, Lea, Flood 2014): small, and the same everywhere.
class SplitMix64 {
 public:
  explicit SplitMix64(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9U;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBU;
    return z ^ (z >> 31);
  }

  // Each of 0..bound-1 equally often: what would favour the small ones is drawn again.
  std::uint64_t below(std::uint64_t bound) {
    const std::uint64_t uneven = (0 - bound) % bound;
    std::uint64_t drawn = next();
    while (drawn < uneven) drawn = next();
    return drawn % bound;
  }

 private:
  std::uint64_t state_;
};

void shuffle(std::vector<std::size_t>& order, SplitMix64& random) {
  for (std::size_t i = order.size() - 1; i > 0; --i)
    std::swap(order[i], order[random.below(i + 1)]);
}

}  // namespace

Result<std::uint64_t> permutations_needed(const SamplePlan& plan, std::size_t parties) {
  if (parties < 1 || parties > kPartiesMax) {
    return refused(std::to_string(parties) + " parties, not 1 to " + std::to_string(kPartiesMax));
  }
  if (plan.adds_min >= plan.adds_max) return refused("adds_min must be below adds_max");
  if (plan.error <= Ratio()) return refused("the error must be above 0");
  if (plan.risk <= Ratio() || plan.risk.numerator() >= plan.risk.denominator()) {
    return refused("the risk must be between 0 and 1");
  }
  const Int128 range = Int128{plan.adds_max} - plan.adds_min;
  // range / error, in units of 2^-16, rounded up.
  const std::optional<Int128> errors = multiply_divide(
      range << kRangeBits, plan.error.denominator(), plan.error.numerator(), Rounding::kCeiling);
  const Error too_many = refused("the error needs more than " + std::to_string(kPermutationsMax) +
                                 " orders; allow a larger one");
  if (!errors || *errors > kRangeMax) return too_many;
  const Int128 above = Int128{plan.risk.denominator()} * 2 * static_cast<Int128>(parties);
  // ln 2, rounded up in the 18th digit.
  const std::optional<Int128> log =
      multiply_divide(log2_above(above, plan.risk.numerator()), 693'147'180'559'945'310,
                      1'000'000'000'000'000'000, Rounding::kCeiling);
  const std::optional<Int128> needed =
      multiply_divide(*errors * *errors, log.value_or(0), Int128{2} << (2 * kRangeBits + kLogBits),
                      Rounding::kCeiling);
  if (!needed || *needed > Int128{kPermutationsMax}) return too_many;
  return static_cast<std::uint64_t>(*needed);
}

Result<SampledDivision> sampled_shapley(std::size_t parties, const LargeWorth& worth,
                                        const SamplePlan& plan) {
  const Result<std::uint64_t> needed = permutations_needed(plan, parties);
  if (!needed) return needed.error();
  SampledDivision division{plan, *needed, std::vector<Int128>(parties)};
  std::vector<std::uint8_t> in(parties, 0);
  if (worth(in) != 0) return refused("the coalition of nobody must be worth 0");
  std::vector<std::size_t> order(parties);
  std::iota(order.begin(), order.end(), std::size_t{0});
  SplitMix64 random(plan.seed);
  for (std::uint64_t i = 0; i < *needed; ++i) {
    shuffle(order, random);
    std::ranges::fill(in, std::uint8_t{0});
    std::int64_t before = 0;
    for (const std::size_t party : order) {
      in[party] = 1;
      const std::int64_t after = worth(in);
      const Int128 added = Int128{after} - before;
      if (added < plan.adds_min || added > plan.adds_max) {
        return refused("party " + std::to_string(party) + " adds " + int128_text(added) +
                       ", outside of " + std::to_string(plan.adds_min) + " to " +
                       std::to_string(plan.adds_max));
      }
      division.sums[party] += added;
      before = after;
    }
  }
  return division;
}

}  // namespace lineshaft::settlement
