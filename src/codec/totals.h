// codec/totals.h: adding up a column, in the one order that all ways of decoding keep to.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

#include "codec/codec.h"

namespace lineshaft::codec {

// Eight columns of partial results, value i in column i % 8: what fits vectors of any machine.
struct PartialTotals {
  static constexpr std::size_t kLanes = 8;
  std::array<double, kLanes> sum;
  std::array<double, kLanes> min;
  std::array<double, kLanes> max;
  std::uint64_t numbers = 0;

  PartialTotals() {
    sum.fill(0);
    min.fill(std::numeric_limits<double>::infinity());
    max.fill(-std::numeric_limits<double>::infinity());
  }

  void add(std::size_t index, double value) {
    const std::size_t lane = index % kLanes;
    if (value != value) return;
    ++numbers;
    sum[lane] += value;
    min[lane] = value < min[lane] ? value : min[lane];
    max[lane] = value > max[lane] ? value : max[lane];
  }

  Totals total() const;
};

}  // namespace lineshaft::codec
