// historian/fold.h: divides a range of time into windows and sums up what falls into each.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "historian/series.h"

namespace lineshaft::historian {

// What counts as usable, beside bad quality, which never does.
struct Opinion {
  bool uncertain_is_bad = false;
  bool not_finite_is_bad = false;

  bool usable(Quality quality, double number) const;
  // Does a summary that was made without an opinion say the same as one made with this?
  bool agrees_with(const Summary& summary) const;
};

// `count` windows over [range.from, range.to): equal parts of it, of a fixed step, or from each of
// some instants to the next.
class Windows {
 public:
  // Requires: count >= 1, range not empty.
  static Windows equal_parts(TimeRange range, std::uint32_t count);
  // Requires: step > 0, range not empty, count == steps_in(range, step). The last window may reach
  // past the range.
  static Windows of_step(TimeRange range, Nanoseconds step, std::uint32_t count);
  // The last window is as short as can be. Requires: instants in order, each once, none of them
  // kTimestampMax, at least one.
  static Windows between(std::vector<Timestamp> instants);
  // How many windows it takes to cover the range; exact for ranges of more than 292 years too.
  static std::uint64_t steps_in(TimeRange range, Nanoseconds step);

  TimeRange range() const { return range_; }
  std::uint32_t count() const { return count_; }
  // Requires: range().contains(time).
  std::uint32_t index(Timestamp time) const;
  Timestamp start(std::uint32_t index) const;
  // Do both ends lie in the range and in one window?
  bool holds(Timestamp first, Timestamp last) const {
    return range_.contains(first) && range_.contains(last) && index(first) == index(last);
  }

 private:
  TimeRange range_;
  std::uint32_t count_ = 1;
  std::int64_t step_ns_ = 0;         // 0: equal parts
  std::vector<Timestamp> instants_;  // not empty: between them
};

}  // namespace lineshaft::historian
