#include "codec/times.h"

#include <algorithm>
#include <array>
#include <bit>
#include <numeric>

#include "base/assert.h"
#include "codec/codec.h"
#include "codec/frames.h"
#include "codec/layout.h"

namespace lineshaft::codec {

namespace {

std::uint64_t bits(std::int64_t value) { return static_cast<std::uint64_t>(value); }
std::int64_t minus(std::int64_t a, std::int64_t b) {
  return static_cast<std::int64_t>(bits(a) - bits(b));
}
std::uint64_t magnitude(std::int64_t value) { return value < 0 ? 0 - bits(value) : bits(value); }

// Divides multiples of a divisor without division: a multiplication modulo 2^64 by the inverse of
// its odd part, which gives a large number for what is no multiple.
class ExactDivisor {
 public:
  explicit ExactDivisor(std::uint64_t divisor)
      : divisor_(divisor),
        zeros_(static_cast<unsigned>(std::countr_zero(divisor))),
        odd_(divisor >> zeros_),
        inverse_(odd_) {
    // Newton: 3 bits are right for any odd number, and each step doubles them.
    for (int step = 0; step < 5; ++step) inverse_ *= 2 - odd_ * inverse_;
  }

  std::uint64_t divisor() const { return divisor_; }
  bool divides(std::uint64_t value) const {
    return (value & ((std::uint64_t{1} << zeros_) - 1)) == 0 &&
           (value >> zeros_) * inverse_ <= ~std::uint64_t{0} / odd_;
  }
  // Requires: divides(magnitude of value).
  std::int64_t divide(std::int64_t value) const {
    return static_cast<std::int64_t>(bits(value >> zeros_) * inverse_);
  }

 private:
  std::uint64_t divisor_;
  unsigned zeros_;
  std::uint64_t odd_;
  std::uint64_t inverse_;
};

std::uint64_t common_divisor(std::span<const std::int64_t> times) {
  std::uint64_t common = 0;
  ExactDivisor divisor(1);
  for (std::size_t i = 1; i < times.size(); ++i) {
    const std::uint64_t difference = magnitude(minus(times[i], times[i - 1]));
    if (common == 1) break;
    if (difference == 0 || (common != 0 && divisor.divides(difference))) continue;
    common = std::gcd(common, difference);
    divisor = ExactDivisor(common);
  }
  return std::max<std::uint64_t>(common, 1);
}

// Of a sample: what the most usual step is, whatever gaps there are.
std::int64_t median_step(std::span<const std::int64_t> positions) {
  constexpr std::size_t kSampleSteps = 127;
  std::array<std::int64_t, kSampleSteps> steps{};
  const std::size_t all = positions.size() - 1;
  const std::size_t count = std::min(all, steps.size());
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = i * all / count;
    steps[i] = minus(positions[at + 1], positions[at]);
  }
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>(count / 2);
  std::nth_element(steps.begin(), middle, steps.begin() + static_cast<std::ptrdiff_t>(count));
  return *middle;
}

// What offsets from a grid of that step span, in bits, summed up over groups.
unsigned spread_around(std::span<const std::int64_t> positions, std::int64_t step) {
  unsigned sum = 0;
  for (std::size_t begin = 0; begin < positions.size(); begin += kGroupValues) {
    const std::size_t end = std::min(begin + kGroupValues, positions.size());
    std::int64_t least = INT64_MAX;
    std::int64_t greatest = INT64_MIN;
    for (std::size_t i = begin; i < end; ++i) {
      const auto offset = static_cast<std::int64_t>(bits(positions[i]) - bits(step) * i);
      least = std::min(least, offset);
      greatest = std::max(greatest, offset);
    }
    sum += static_cast<unsigned>(std::bit_width(bits(minus(greatest, least))));
  }
  return sum;
}

// The mean is not led astray by jitter, where the median of a sample may be off by a unit, and the
// offsets run away by one each; the median is not led astray by gaps.
std::int64_t best_step(std::span<const std::int64_t> positions) {
  const auto steps = static_cast<std::int64_t>(positions.size() - 1);
  const std::int64_t whole = positions.back();
  const std::int64_t mean = whole / steps + (whole % steps * 2) / steps;
  const std::int64_t median = median_step(positions);
  if (mean == median) return mean;
  return spread_around(positions, mean) < spread_around(positions, median) ? mean : median;
}

}  // namespace

void to_grid(std::span<const std::int64_t> times, TimeGrid& grid) {
  LS_ASSERT(!times.empty() && times.size() <= kValuesMax);
  grid = {};
  grid.start = times[0];
  grid.offsets.resize(times.size());
  if (times.size() == 1) return;
  grid.unit = common_divisor(times);
  const ExactDivisor unit(grid.unit);
  std::uint64_t position = 0;
  for (std::size_t i = 1; i < times.size(); ++i) {
    position += bits(unit.divide(minus(times[i], times[i - 1])));
    grid.offsets[i] = static_cast<std::int64_t>(position);
  }
  grid.step = best_step(grid.offsets);
  for (std::size_t i = 0; i < times.size(); ++i) {
    grid.offsets[i] = static_cast<std::int64_t>(bits(grid.offsets[i]) - bits(grid.step) * i);
  }
}

void from_grid(const TimeGrid& grid, std::span<std::int64_t> offsets) {
  const std::uint64_t step = grid.unit * bits(grid.step);
  std::uint64_t regular = bits(grid.start);
  for (std::int64_t& offset : offsets) {
    offset = static_cast<std::int64_t>(regular + grid.unit * bits(offset));
    regular += step;
  }
}

void write_grid_head(const TimeGrid& grid, Bytes& out) {
  ByteWriter writer(out);
  writer.varint(zigzag(grid.start));
  writer.varint(grid.unit);
  writer.varint(zigzag(grid.step));
}

Result<TimeGrid> read_grid_head(ByteReader& reader) {
  TimeGrid grid;
  grid.start = unzigzag(reader.varint());
  grid.unit = reader.varint();
  grid.step = unzigzag(reader.varint());
  if (!reader.ok()) return corrupt("a column of times that is cut short");
  return grid;
}

}  // namespace lineshaft::codec
