#include "intake/repeats.h"

#include <algorithm>

namespace lineshaft::intake {

// Distances are unsigned: two instants may lie further apart than int64 counts.
bool RepeatCounter::Run::contains(std::int64_t time) const {
  const auto low = static_cast<std::uint64_t>(std::min(first, last));
  const auto high = static_cast<std::uint64_t>(std::max(first, last));
  const std::uint64_t from_low = static_cast<std::uint64_t>(time) - low;
  if (from_low > high - low) return false;
  if (step == 0) return true;
  const auto stride = static_cast<std::uint64_t>(step);
  return from_low % (step > 0 ? stride : 0 - stride) == 0;
}

void RepeatCounter::extend(std::vector<Run>& runs, std::int64_t time, RepeatBudget& budget) {
  if (!runs.empty()) {
    Run& run = runs.back();
    std::int64_t step = 0;
    if (!__builtin_sub_overflow(time, run.last, &step) && (run.step == 0 || run.step == step)) {
      run.step = step;
      run.last = time;
      return;
    }
  }
  if (budget.entries_left == 0) {
    budget.exhausted = true;
    return;
  }
  --budget.entries_left;
  runs.push_back({time, time, 0});
}

bool RepeatCounter::find(const std::vector<Run>& runs, std::int64_t time, bool ascending) {
  const auto run = std::partition_point(runs.begin(), runs.end(), [&](const Run& candidate) {
    return ascending ? candidate.last < time : candidate.last > time;
  });
  return run != runs.end() && run->contains(time);
}

bool RepeatCounter::add(std::int64_t time, RepeatBudget& budget) {
  if (up_.empty() || time > up_.back().last) {
    extend(up_, time, budget);
    return false;
  }
  const std::int64_t lowest = down_.empty() ? up_.front().first : down_.back().last;
  if (time < lowest) {
    extend(down_, time, budget);
    return false;
  }
  if (find(up_, time, true) || find(down_, time, false)) return true;
  if (in_between_.count(time) > 0) return true;
  if (budget.entries_left == 0) {
    budget.exhausted = true;
    return false;
  }
  --budget.entries_left;
  in_between_.insert(time);
  return false;
}

}  // namespace lineshaft::intake
