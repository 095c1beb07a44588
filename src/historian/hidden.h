// historian/hidden.h: what of a series does not count any more, because something newer says so.
#pragma once

#include <span>
#include <vector>

#include "historian/file.h"

namespace lineshaft::historian {

// Erasures hide everything that is older than they are. Rollups hide the points they were made of,
// which lie between their first and their last one, and older rollups.
class Hidden {
 public:
  // `erased` is hidden in all files.
  Hidden(SeriesKey key, std::span<const TimeRange> erased);
  void add(const FileReader& file);

  // Of the block's extent, in order of time; parts that touch are one.
  std::vector<TimeRange> of(const FileReader& file, const BlockRef& block) const;

 private:
  struct Part {
    TimeRange range;
    std::uint64_t order = 0;  // of the file that hides it
    bool by_rollups = false;
  };
  SeriesKey key_;
  std::vector<Part> parts_;
};

// Without the rollups whose first point is hidden.
void cut_out(std::vector<Summary>& rollups, std::span<const TimeRange> hidden);

}  // namespace lineshaft::historian
