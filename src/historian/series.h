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

struct SeriesKeyHash {
  std::size_t operator()(const SeriesKey& key) const noexcept {
    // Ids are dense: spread them, so that neighbours do not share a bucket (Fibonacci hashing).
    const std::uint64_t whole = std::uint64_t{key.tenant.value} << 32 | key.tag.value;
    return static_cast<std::size_t>(whole * 0x9e3779b97f4a7c15U);
  }
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
