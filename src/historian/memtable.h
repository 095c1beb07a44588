// historian/memtable.h: the samples that are in the log but not yet in a file. Memory follows what
// arrives, not how many tags there are.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "historian/series.h"

namespace lineshaft::historian {

// Threads: the owner's lock guards it; a frozen one is only read.
class Memtable {
 public:
  void add(SeriesKey key, Point point);

  // Points of a range in order of time; of several at one time the one that came last.
  std::vector<Point> points(SeriesKey key, TimeRange range) const;
  // The newest point at or before `at`.
  std::optional<Point> before(SeriesKey key, Timestamp at) const;

  bool empty() const { return series_.empty(); }
  std::size_t bytes() const { return bytes_; }  // about what it takes of memory

  // All keys in order, for writing a file.
  std::vector<SeriesKey> keys() const;

 private:
  struct Series {
    std::vector<Point> points;  // in order of arrival
    bool sorted = true;         // and that is also the order of time, strictly
  };
  std::map<SeriesKey, Series> series_;
  std::size_t bytes_ = 0;
};

// Sorts by time and keeps of several points at one time the last.
void sort_and_dedupe(std::vector<Point>& points);

}  // namespace lineshaft::historian
