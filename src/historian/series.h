// historian/series.h: samples of one tag as the stores hold them: compact, typed, in order.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "model/sample.h"

namespace lineshaft::historian {

// Where a series belongs. Sorted by tenant, then tag: the order of everything on disk.
struct SeriesKey {
  TenantId tenant;
  TagId tag;
  friend auto operator<=>(const SeriesKey&, const SeriesKey&) = default;
};

// One sample without its tag; the type is that of the tag.
struct Point {
  Timestamp time;
  Quality quality;
  Value value;
};

// Of a run of points: what charts and aggregates need without looking at each.
// "Usable" is everything but bad quality; the numbers are as_double, NaN left out of min and max.
struct Summary {
  std::uint64_t count = 0;  // a window of fifty days at 1 kHz needs more than 32 bits
  std::uint64_t bad = 0;
  std::uint32_t last_quality = 0;
  Timestamp first_time, last_time;      // of all points; valid if count > 0
  Timestamp first_usable, last_usable;  // valid if count > bad, as are the rest
  double first = 0, last = 0, min = 0, max = 0, sum = 0;

  // Adds what follows in time.
  void add(const Point& point);
  void add(const Summary& later);
  bool usable() const { return count > bad; }
};

}  // namespace lineshaft::historian
