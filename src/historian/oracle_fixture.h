// historian/oracle_fixture.h: what a historian must answer, kept and computed in the plainest way;
// for tests.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "historian/columns.h"
#include "historian/historian.h"
#include "historian/series.h"
#include "sys/sim/disk.h"
#include "sys/sim/loop.h"

namespace lineshaft::historian {

// Requires: at least one point.
Columns columns_of(const std::vector<Point>& points);
std::vector<Point> points_of(const Columns& columns);
bool same_points(const std::vector<Point>& a, const std::vector<Point>& b);
// NaN with payloads, zeros of both signs, denormals, the ends of the range, odd texts.
std::vector<Value> strange_values(ValueType type);

bool same_sample(const Sample& a, const Sample& b);
std::string text_of(const Sample& sample);

class Oracle {
 public:
  void append(const SampleBatch& batch);
  void erase(SeriesKey key, TimeRange range);
  void put_tag(TenantId tenant, const Tag& tag) { tags_[{tenant, tag.id}] = tag; }

  std::vector<Sample> scan(SeriesKey key, TimeRange range) const;
  std::optional<Sample> before(SeriesKey key, Timestamp at) const;
  std::vector<PixelColumn> pixels(SeriesKey key, TimeRange range, std::uint32_t columns) const;
  std::vector<AggregateWindow> aggregate(SeriesKey key, TimeRange range, Nanoseconds step) const;
  const std::map<SeriesKey, Tag>& tags() const { return tags_; }

  // Compares all tags, all samples and all last values. Empty, or the first difference in words.
  std::string difference(const Historian& historian) const;
  // Is every sample of `historian` one that was appended, though some may be missing?
  std::string invented(const Historian& historian) const;
  // Is everything there, though there may be more samples, and tags may have been changed again?
  std::string missing(const Historian& historian) const;

 private:
  std::map<SeriesKey, std::map<std::int64_t, Sample>> series_;
  std::map<SeriesKey, std::vector<Sample>> ever_;  // overwritten ones too
  std::map<SeriesKey, Tag> tags_;
};

// Everything of one tag. Fails the test on an error.
std::vector<Sample> scan_all(const Historian& historian, SeriesKey key,
                             TimeRange range = TimeRange{});

// Waits for the outcome.
Status append(Historian& historian, SampleBatch batch);

TagSpec spec_of(const std::string& path, ValueType type = ValueType::kFloat64);

// A historian on a simulated disk, flushed by hand.
class OnDisk {
 public:
  explicit OnDisk(sys::SimDisk& disk, std::uint64_t seed = 1) : disk_(disk), random_(seed) {
    options_.directory = "/data/history";
    options_.background = false;
    options_.seal_after = Nanoseconds::max();  // by compact() alone
    options_.memtable_bytes_max = 1 << 20;
    options_.wal_segment_bytes = 16 * 1024;
  }
  // Opens it, again if it is open.
  Status open();
  void close() { historian_.reset(); }
  void pass(Nanoseconds time) { loop_.run_for(time); }
  Historian& operator*() { return *historian_; }
  Historian* operator->() { return historian_.get(); }
  sys::SimLoop& loop() { return loop_; }
  HistorianOptions& options() { return options_; }

 private:
  sys::SimDisk& disk_;
  sys::SimRandom random_;
  sys::SimLoop loop_;
  sys::SimClock clock_{loop_};
  HistorianOptions options_;
  std::unique_ptr<Historian> historian_;
};

}  // namespace lineshaft::historian
