#include "historian/memtable.h"

#include <algorithm>

#include "base/assert.h"

namespace lineshaft::historian {
namespace {

// What a node of the map takes beside its content: link, hash, its share of buckets, allocation.
constexpr std::size_t kMapNodeBytes = 48;
// Some forty points of a float a second: below that a block's entry in the index outweighs it.
constexpr std::size_t kSeriesBytesWanted = 512;

}  // namespace

void sort_and_dedupe(std::vector<Point>& points) {
  std::stable_sort(points.begin(), points.end(),
                   [](const Point& a, const Point& b) { return a.time < b.time; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool overwritten = i + 1 < points.size() && points[i + 1].time == points[i].time;
    if (overwritten) continue;
    if (kept != i) points[kept] = std::move(points[i]);
    ++kept;
  }
  points.resize(kept);
}

template <typename Visit>
void Memtable::each_point(const Series& series, Visit visit) {
  ByteReader reader(series.encoded);
  Timestamp before{0};
  while (!reader.at_end()) {
    Point point = take_point(reader, before, series.type);
    LS_ASSERT(reader.ok());
    before = point.time;
    if (!visit(std::move(point))) return;
  }
}

void Memtable::add(SeriesKey key, const Point& point) {
  auto [found, is_new] = series_.try_emplace(key);
  Series& series = found->second;
  if (is_new) {
    bytes_ += sizeof(*found) + kMapNodeBytes;
    series.type = type_of(point.value);
  }
  LS_ASSERT(series.type == type_of(point.value));
  series.sorted = series.sorted && (is_new || series.last_added < point.time);
  const std::size_t capacity_before = series.encoded.capacity();
  append_point(is_new ? Timestamp{0} : series.last_added, point, series.encoded);
  bytes_ += series.encoded.capacity() - capacity_before;
  series.last_added = point.time;
}

std::vector<Point> Memtable::points(SeriesKey key, TimeRange range) const {
  std::vector<Point> points;
  const auto found = series_.find(key);
  if (found == series_.end()) return points;
  const Series& series = found->second;
  each_point(series, [&](Point&& point) {
    if (series.sorted && point.time >= range.to) return false;
    if (range.contains(point.time)) points.push_back(std::move(point));
    return true;
  });
  if (!series.sorted) sort_and_dedupe(points);
  return points;
}

std::optional<Point> Memtable::before(SeriesKey key, Timestamp at) const {
  const auto found = series_.find(key);
  if (found == series_.end()) return std::nullopt;
  std::optional<Point> best;
  each_point(found->second, [&](Point&& point) {
    if (point.time <= at && (!best || best->time <= point.time)) best = std::move(point);
    return true;
  });
  return best;
}

std::size_t Memtable::bytes_wanted(std::size_t bytes_min) const {
  return std::clamp(series_.size() * kSeriesBytesWanted, bytes_min, bytes_min * kGrowthMax);
}

std::vector<SeriesKey> Memtable::keys() const {
  std::vector<SeriesKey> keys;
  keys.reserve(series_.size());
  for (const auto& [key, series] : series_) keys.push_back(key);
  std::sort(keys.begin(), keys.end());
  return keys;
}

}  // namespace lineshaft::historian
