// intake/repeats.h: how often a series of times names an instant again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

namespace lineshaft::intake {

// Shared by all series of one analysis, so that their memory is bounded together. When it is used
// up, later out-of-order times are no longer found, and the report says so.
struct RepeatBudget {
  std::size_t entries_left = 1'000'000;  // about 50 MB at the very worst
  bool exhausted = false;
};

// Exact while the budget lasts. Regular series cost next to nothing: times with a constant step are
// one entry, however many.
class RepeatCounter {
 public:
  // True if this instant was there before.
  bool add(std::int64_t time, RepeatBudget& budget);

 private:
  // first, first + step, ... last; step 0 when it is one instant.
  struct Run {
    std::int64_t first;
    std::int64_t last;
    std::int64_t step;
    bool contains(std::int64_t time) const;
  };

  static void extend(std::vector<Run>& runs, std::int64_t time, RepeatBudget& budget);
  static bool find(const std::vector<Run>& runs, std::int64_t time, bool ascending);

  std::vector<Run> up_;                // ascending from the first time on
  std::vector<Run> down_;              // descending below it: a file may begin with the newest
  std::set<std::int64_t> in_between_;  // came late, between times that were there
};

}  // namespace lineshaft::intake
