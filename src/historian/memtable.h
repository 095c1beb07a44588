// historian/memtable.h: the samples that are in the log but not yet in a file. Memory follows what
// arrives, not how many tags there are: each series is a run of bytes in order of arrival.
#pragma once

#include <optional>
#include <unordered_map>
#include <vector>

#include "historian/codec.h"
#include "historian/series.h"

namespace lineshaft::historian {

// Threads: the owner's lock guards it; a frozen one is only read.
class Memtable {
 public:
  // Requires: all points of a key have values of one type.
  void add(SeriesKey key, const Point& point);

  // Points of a range in order of time; of several at one time the one that came last.
  // Cost: looks at every point of the series.
  std::vector<Point> points(SeriesKey key, TimeRange range) const;
  // The newest point at or before `at`. Cost: the same.
  std::optional<Point> before(SeriesKey key, Timestamp at) const;

  bool empty() const { return series_.empty(); }
  std::size_t bytes() const { return bytes_; }  // about what it takes of memory

  // How many bytes make it worth a file: `bytes_min`, or more if there are so many series that
  // their blocks would hold a few points each, but at most kGrowthMax times `bytes_min`.
  std::size_t bytes_wanted(std::size_t bytes_min) const;

  // All keys in order, for writing a file.
  std::vector<SeriesKey> keys() const;

 private:
  static constexpr std::size_t kGrowthMax = 8;

  struct Series {
    Bytes encoded;  // see append_point
    Timestamp last_added;
    ValueType type = ValueType::kBool;
    bool sorted = true;  // the order of arrival is also the order of time, strictly
  };
  // Visits the points of a series in order of arrival until `visit` returns false.
  template <typename Visit>
  static void each_point(const Series& series, Visit visit);

  std::unordered_map<SeriesKey, Series, SeriesKeyHash> series_;
  std::size_t bytes_ = 0;
};

// Sorts by time and keeps of several points at one time the last.
void sort_and_dedupe(std::vector<Point>& points);

}  // namespace lineshaft::historian
