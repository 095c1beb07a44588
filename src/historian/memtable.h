// historian/memtable.h: the samples that are in the log but not yet in a file, in the order of
// their coming. Memory follows what arrives, not how many tags there are.
#pragma once

#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "historian/by_key.h"
#include "historian/columns.h"
#include "historian/erasure.h"

namespace lineshaft::historian {

// Each point knows the one of its series that came before it: a series is read backwards.
// Threads: the owner's lock guards it; a frozen one is only read.
class Memtable {
 public:
  // Requires: all points of a key have values of one type; fewer than 2^32 - 1 points in all.
  void add(SeriesKey key, Timestamp time, Quality quality, const Value& value);
  void add(SeriesKey key, const Point& point) { add(key, point.time, point.quality, point.value); }
  // Takes away what was added so far and lies in the range. Cost: looks at every point of the
  // series.
  void erase(const Erasure& erasure);
  // What is to be taken away of everything older than this memtable: of a series, and of all.
  std::span<const TimeRange> erased(SeriesKey key) const;
  std::vector<Erasure> erasures() const;  // as joined() gives them

  // Points of a range in order of time; of several at one time the one that came last.
  // Cost: looks at every point of the series, or of its newest part if they came in order.
  // Nothing if there is none.
  std::optional<Columns> points(SeriesKey key, TimeRange range) const;
  // The same, but all of them in the order of their coming.
  std::vector<Point> arrivals(SeriesKey key, TimeRange range) const;
  // The newest point at or before `at`. Cost: the same.
  std::optional<Point> before(SeriesKey key, Timestamp at) const;

  // All series in order of their keys, each as `points` of all time would give it.
  // Cost: one pass over the points and one over the series. Returns early with an error of `visit`.
  Status each_series(const std::function<Status(SeriesKey, const Columns&)>& visit) const;

  std::vector<SeriesKey> keys() const;  // in order
  bool empty() const { return size_ == 0 && erased_.empty(); }
  std::uint64_t points_added() const { return size_; }
  std::size_t bytes() const;  // about what it takes of memory

  // How many bytes make it worth a file: `bytes_min`, or more if there are so many series that
  // their blocks would hold a few points each, but at most kGrowthMax times `bytes_min`.
  std::size_t bytes_wanted(std::size_t bytes_min) const;

 private:
  static constexpr std::size_t kGrowthMax = 8;
  static constexpr std::uint32_t kNone = UINT32_MAX;

  struct Series {
    std::uint32_t newest = kNone;  // place of its newest point
    std::uint32_t count = 0;
    std::int64_t last_added = 0;  // time of the newest point
    ValueType type = ValueType::kBool;
    bool sorted = true;  // the order of coming is also the order of time, strictly

    bool in_use() const { return count > 0; }
  };

  struct Entry {
    std::int64_t time = 0;
    std::uint64_t value = 0;  // the bits of a number; of a text its place in texts_
    Quality quality;
    std::uint32_t before = kNone;  // place of the point that came before in its series
  };
  static constexpr std::size_t kChunk = 1024;

  const Entry& entry(std::uint32_t place) const {
    return (*chunks_[place / kChunk])[place % kChunk];
  }
  Entry& entry(std::uint32_t place) { return (*chunks_[place / kChunk])[place % kChunk]; }
  Point point_of(const Series& series, const Entry& entry) const;
  // The points of a series in a range, in order of time, of several at one time the newest.
  void find(const Series& series, TimeRange range, std::vector<const Entry*>& found) const;
  Columns columns_of(const Series& series, std::span<const Entry* const> entries) const;

  ByKey<Series> series_;
  std::size_t series_count_ = 0;
  std::vector<std::unique_ptr<std::array<Entry, kChunk>>> chunks_;
  std::uint32_t size_ = 0;
  std::vector<std::string> texts_;
  std::size_t text_bytes_ = 0;
  std::map<SeriesKey, std::vector<TimeRange>> erased_;
  std::size_t erased_count_ = 0;
};

}  // namespace lineshaft::historian
