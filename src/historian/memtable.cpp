#include "historian/memtable.h"

#include <algorithm>

namespace lineshaft::historian {
namespace {

bool earlier(const Point& point, Timestamp time) { return point.time < time; }

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

void Memtable::add(SeriesKey key, Point point) {
  auto [found, is_new] = series_.try_emplace(key);
  if (is_new) bytes_ += sizeof(*found) + 64;
  Series& series = found->second;
  bytes_ += sizeof(Point);
  if (const auto* text = std::get_if<std::string>(&point.value)) bytes_ += text->capacity();
  series.sorted =
      series.sorted && (series.points.empty() || series.points.back().time < point.time);
  series.points.push_back(std::move(point));
}

std::vector<Point> Memtable::points(SeriesKey key, TimeRange range) const {
  const auto found = series_.find(key);
  if (found == series_.end()) return {};
  const Series& series = found->second;
  if (series.sorted) {
    const auto first =
        std::lower_bound(series.points.begin(), series.points.end(), range.from, earlier);
    const auto last = std::lower_bound(first, series.points.end(), range.to, earlier);
    return {first, last};
  }
  std::vector<Point> points;
  for (const Point& point : series.points) {
    if (range.contains(point.time)) points.push_back(point);
  }
  sort_and_dedupe(points);
  return points;
}

std::optional<Point> Memtable::before(SeriesKey key, Timestamp at) const {
  const auto found = series_.find(key);
  if (found == series_.end()) return std::nullopt;
  const Point* best = nullptr;
  for (const Point& point : found->second.points) {
    if (point.time <= at && (best == nullptr || best->time <= point.time)) best = &point;
  }
  if (best == nullptr) return std::nullopt;
  return *best;
}

std::vector<SeriesKey> Memtable::keys() const {
  std::vector<SeriesKey> keys;
  for (const auto& [key, series] : series_) keys.push_back(key);
  return keys;
}

}  // namespace lineshaft::historian
