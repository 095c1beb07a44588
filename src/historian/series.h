// historian/series.h: samples of one tag as the stores hold them: compact, typed, in order.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
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
//
// "Usable" is everything but bad quality; the numbers are as_double. A *stretch* is the time from
// one point to the next: it counts for what its first point says, and ends with the last point.
// Durations and areas take nothing from outside the run.
//
// Summaries of runs that follow each other add up to the summary of the whole, the stretch between
// them included: counts, times, durations and extremes exactly, sums up to rounding. The sums are
// plain ones, because a block has few points and blocks are added up as blocks: the relative error
// of a sum of numbers of one sign is at most (points of a block + blocks) * 2^-53. `squares` is
// updated by the formulas of Youngs and Cramer and of Chan, Golub and LeVeque ("Algorithms for
// computing the sample variance", 1983), which do not cancel when the mean is far from zero.
struct Summary {
  std::uint64_t count = 0;  // a window of fifty days at 1 kHz needs more than 32 bits
  std::uint64_t bad = 0;
  std::uint64_t uncertain = 0;   // usable, but of uncertain quality
  std::uint64_t not_finite = 0;  // usable, but NaN or infinite
  std::uint64_t changes = 0;     // from one usable point to the next that has another value

  // StatusCodes; valid if count > 0, those of usable points if count > bad.
  std::uint32_t first_quality = 0, last_quality = 0;
  std::uint32_t first_usable_quality = 0, last_usable_quality = 0;
  std::uint32_t worst_quality = 0;  // the first of the worst severity
  bool worst_repeats = false;       // more than one point is of that severity
  bool min_repeats = false;         // the least number occurs more than once
  bool max_repeats = false;

  Timestamp first_time, last_time;      // of all points; valid if count > 0
  Timestamp first_usable, last_usable;  // valid if count > bad, as are the rest
  Timestamp min_time, max_time;         // of the first occurrence
  // NaN is left out of min and max, unless there is nothing else.
  double first = 0, last = 0, min = 0, max = 0, sum = 0;

  // From here on valid if not_finite is 0.
  double squares = 0;  // of the distances from the mean, summed up
  // Areas under the line in value * ns: held until the next point, or sloped towards it. Of the
  // stretches that begin usable; a slope towards a bad point is held.
  double held = 0, sloped = 0;
  // Sloped as if bad points were not there: from the first usable point to the last.
  double sloped_over_bad = 0;
  // Of the stretches that begin usable, in ns.
  std::uint64_t usable_ns = 0;
  std::uint64_t unsound_ns = 0;  // that do not both begin and end good
  std::uint64_t zero_ns = 0;     // that begin with zero

  // Adds what follows in time.
  void add(const Point& point) { add(point.time, point.quality, as_double(point.value)); }
  void add(Timestamp time, Quality quality, double number) {
    add(time, quality, number, !quality.bad());
  }
  // The same with another opinion on what is usable. A point that is not counts as bad; its quality
  // stays what it is.
  void add(Timestamp time, Quality quality, double number, bool is_usable);
  void add(const Summary& later);

  bool usable() const { return count > bad; }
  bool begins_usable() const { return usable() && first_usable == first_time; }
  bool ends_usable() const { return usable() && last_usable == last_time; }

 private:
  // The stretch from the last point to the next one. Requires: count > 0.
  void add_stretch(Timestamp to, double number, Quality quality, bool is_usable);
  // From the last usable point to the next one. Requires: usable().
  void add_step(Timestamp to, double number);
  void worsen(std::uint32_t quality, bool repeats);
};

// The bytes of a summary in the index of a file, as docs/formats/historian.md describes them.
inline constexpr std::size_t kSummaryBytes = 188;
// Requires: at most UINT32_MAX points.
void encode_summary(const Summary& summary, ByteWriter& writer);
// Anything that the bytes say: whether it is possible is for the caller to check.
Summary decode_summary(ByteReader& reader);

}  // namespace lineshaft::historian
