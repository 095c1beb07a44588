// historian/interpolate.h: the value of a series at an instant between its samples, with quality,
// as OPC UA Part 13 defines it (3.1.8 interpolated, 3.1.9 simple bounding values). Pure functions:
// no clock, no I/O, callable from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "historian/fold.h"
#include "historian/series.h"

namespace lineshaft::historian {

// OPC UA Part 4, 7.39: what the low bits of a StatusCode say of a value from a historian.
namespace history_bits {
inline constexpr std::uint32_t kDataValue = 0x400;  // the others mean something: InfoType
inline constexpr std::uint32_t kCalculated = 0x01;
inline constexpr std::uint32_t kInterpolated = 0x02;
inline constexpr std::uint32_t kPartial = 0x04;
inline constexpr std::uint32_t kMultiValue = 0x10;
}  // namespace history_bits

// One sample as aggregates look at it.
struct Seen {
  Timestamp time;
  Quality quality;
  double number = 0;  // valid if usable
  bool usable = false;
};

// What lies before an instant: the last sample, and the last usable one.
struct Past {
  std::optional<Seen> raw, usable;

  // Goes on to the end of a run of samples that follows.
  void pass(const Summary& run);
};

// What lies at an instant or after it: the first sample, and the first usable one.
struct Future {
  std::optional<Seen> raw, usable;

  // Goes back to the beginning of a run of samples that comes before.
  void pass(const Summary& run);
};

// A value at an instant. Without one the quality is bad.
struct Bound {
  Quality quality;
  double number = 0;
  bool interpolated = false;  // not a sample of just that time

  bool usable() const { return !quality.bad(); }
  // With the bits that tell where it comes from.
  Quality status() const;
};

// Looks at the samples next to the instant, even if they are bad.
Bound simple_bound(Timestamp at, const Past& past, const Future& future, bool stepped);

// Looks at the usable samples next to the instant. After the last of them the value is held, or, if
// `slope_from` tells the usable sample before that one, goes on straight.
Bound interpolated_bound(Timestamp at, const Past& past, const Future& future, bool stepped,
                         const std::optional<Seen>& slope_from);

// The surroundings of the starts of all windows, and of the end of the range: count() + 1 of each.
// `runs` are the summaries of the windows.
std::vector<Past> pasts_of(std::span<const Summary> runs, const Past& before);
std::vector<Future> futures_of(std::span<const Summary> runs, const Future& after);

}  // namespace lineshaft::historian
