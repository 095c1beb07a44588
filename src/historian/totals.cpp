#include "historian/totals.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace lineshaft::historian {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Independent sums and extremes, so that one addition need not wait for the other.
constexpr std::size_t kLanes = 8;

struct Extremes {
  double min = kInfinity, max = -kInfinity, sum = 0;
};

template <typename T>
Extremes extremes_of(std::span<const T> values) {
  std::array<double, kLanes> min;
  std::array<double, kLanes> max;
  std::array<double, kLanes> sum{};
  min.fill(kInfinity);
  max.fill(-kInfinity);
  std::size_t i = 0;
  for (; i + kLanes <= values.size(); i += kLanes) {
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      const auto value = static_cast<double>(values[i + lane]);
      min[lane] = value < min[lane] ? value : min[lane];  // false for NaN
      max[lane] = value > max[lane] ? value : max[lane];
      sum[lane] += value;
    }
  }
  for (std::size_t lane = 0; i < values.size(); ++i, ++lane) {
    const auto value = static_cast<double>(values[i]);
    min[lane] = value < min[lane] ? value : min[lane];
    max[lane] = value > max[lane] ? value : max[lane];
    sum[lane] += value;
  }
  Extremes all;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    all.min = std::min(all.min, min[lane]);
    all.max = std::max(all.max, max[lane]);
    all.sum += sum[lane];
  }
  // Nothing but NaN.
  if (all.min > all.max) all.min = all.max = std::numeric_limits<double>::quiet_NaN();
  return all;
}

// All of these points are Good.
Totals totals_of(const Columns& points, std::size_t from, std::size_t to) {
  Totals totals;
  totals.count = to - from;
  totals.first_usable = points.time(from);
  totals.last_usable = points.time(to - 1);
  totals.first = as_double(points.value(from));
  totals.last = as_double(points.value(to - 1));
  const Extremes extremes = std::visit(
      [&](const auto& values) -> Extremes {
        using T = typename std::decay_t<decltype(values)>::value_type;
        if constexpr (std::is_same_v<T, std::string>) {
          constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();
          return {kNotANumber, kNotANumber, kNotANumber};
        } else {
          return extremes_of(std::span<const T>(values).subspan(from, to - from));
        }
      },
      points.values());
  totals.min = extremes.min;
  totals.max = extremes.max;
  totals.sum = extremes.sum;
  return totals;
}

Totals totals_of(const Point& point) {
  Totals totals;
  totals.count = 1;
  totals.last_quality = point.quality;
  if (point.quality.bad()) {
    totals.bad = 1;
    return totals;
  }
  totals.first_usable = totals.last_usable = point.time;
  totals.first = totals.last = totals.min = totals.max = totals.sum = as_double(point.value);
  return totals;
}

// Hands every point to the window it falls into.
void add_points(const Columns& points, const Windows& windows, std::vector<Totals>& totals) {
  for (std::size_t from = 0; from < points.size();) {
    const std::uint32_t window = windows.index(points.time(from));
    std::size_t to = points.size();
    if (window + 1 < windows.count()) {
      to = points.index_of(windows.start(window + 1), from + 1);
    }
    totals[window].add(points, from, to);
    from = to;
  }
}

}  // namespace

void Totals::add(const Totals& later) {
  if (later.count == 0) return;
  if (later.usable()) {
    if (!usable()) {
      first_usable = later.first_usable;
      first = later.first;
      min = later.min;
      max = later.max;
      sum = later.sum;
    } else {
      min = std::fmin(min, later.min);
      max = std::fmax(max, later.max);
      sum += later.sum;
    }
    last_usable = later.last_usable;
    last = later.last;
  }
  count += later.count;
  bad += later.bad;
  last_quality = later.last_quality;
}

void Totals::add(const Summary& later) {
  add(Totals{later.count,
             later.bad,
             {later.last_quality},
             later.first_usable,
             later.last_usable,
             later.first,
             later.last,
             later.min,
             later.max,
             later.sum});
}

void Totals::add(const Columns& points, std::size_t from, std::size_t to) {
  if (from == to) return;
  if (points.all_good()) {
    add(totals_of(points, from, to));
    return;
  }
  for (std::size_t i = from; i < to; ++i) add(totals_of(points.point(i)));
}

Result<std::vector<Totals>> window_totals(const SeriesView& view, const Windows& windows) {
  std::vector<Totals> totals(windows.count());
  const auto lies_in_one = [&](const BlockRef& block) {
    return windows.holds(block.summary.first_time, block.summary.last_time);
  };
  const Status read =
      visit_pieces(view, windows.range(), lies_in_one, [&](const SeriesPiece& piece) {
        if (piece.block != nullptr) {
          totals[windows.index(piece.block->summary.first_time)].add(piece.block->summary);
        } else if (!piece.rollups.empty()) {
          for (const Summary& rollup : piece.rollups) {
            totals[windows.index(rollup.first_time)].add(rollup);
          }
        } else {
          add_points(piece.points, windows, totals);
        }
        return true;
      });
  if (!read) return read.error();
  return totals;
}

}  // namespace lineshaft::historian
