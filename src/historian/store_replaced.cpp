// Samples that others of the same time replaced, where a rule says to keep them. They are found
// when a memtable becomes a file, and lie beside the samples that count.
#include <algorithm>
#include <map>

#include "historian/store.h"

namespace lineshaft::historian {
namespace {

using ByTime = std::map<std::int64_t, std::vector<Point>>;

bool same(const Point& a, const Point& b) {
  return a.quality == b.quality && same_bits(a.value, b.value);
}

// Of each time, in the order of coming, those that another followed which was not the same again.
std::vector<std::vector<Point>> replaced_of(const ByTime& arrivals) {
  std::vector<std::vector<Point>> replaced;
  for (const auto& [time, points] : arrivals) {
    std::vector<Point> of_time;
    for (std::size_t i = 0; i + 1 < points.size(); ++i) {
      if (!same(points[i], points[i + 1])) of_time.push_back(points[i]);
    }
    if (!of_time.empty()) replaced.push_back(std::move(of_time));
  }
  return replaced;
}

ByTime by_time(const std::vector<Point>& points) {
  ByTime arrivals;
  for (const Point& point : points) arrivals[point.time.ns].push_back(point);
  return arrivals;
}

// Puts what was there before in front of what came.
Status add_older(const SeriesView& older, ByTime& arrivals) {
  if (arrivals.empty()) return {};
  const TimeRange range{{arrivals.begin()->first},
                        Timestamp{arrivals.rbegin()->first} + Nanoseconds(1)};
  return visit_points(older, range, [&](const Columns& points) {
    for (std::size_t i = 0; i < points.size(); ++i) {
      const auto found = arrivals.find(points.time(i).ns);
      if (found != arrivals.end()) found->second.insert(found->second.begin(), points.point(i));
    }
    return true;
  });
}

}  // namespace

std::set<SeriesKey> Store::keys_that_keep_replaced() const {
  std::map<TenantId, std::vector<RetentionRule>> retention;
  {
    const std::lock_guard lock(retention_mutex_);
    retention = retention_;
  }
  std::set<SeriesKey> keys;
  for (const auto& [tenant, rules] : retention) {
    const auto keeps = [](const RetentionRule& rule) { return rule.keep_replaced; };
    if (std::none_of(rules.begin(), rules.end(), keeps)) continue;
    std::set<TagId> decided;
    const std::shared_lock lock(mutex_);
    for (const RetentionRule& rule : rules) {
      for (TagId tag : catalogue_.list_ids(tenant, {"", "", rule.pattern})) {
        if (decided.insert(tag).second && rule.keep_replaced) keys.insert({tenant, tag});
      }
    }
  }
  return keys;
}

// What a memtable replaces of what is in the files and of itself, into the file that it becomes.
// Each layer has one point a time.
Status Store::write_replaced(SeriesKey key, const Memtable& memtable, FileWriter& writer) {
  SeriesView files;
  files.key = key;
  {
    const std::lock_guard lock(files_mutex_);
    files.files = open_files_;
  }
  const std::span<const TimeRange> erased = memtable.erased(key);
  files.erased.assign(erased.begin(), erased.end());
  ByTime arrivals = by_time(memtable.arrivals(key, {}));
  if (Status added = add_older(files, arrivals); !added) return added;
  const std::vector<std::vector<Point>> replaced = replaced_of(arrivals);
  for (std::size_t layer = 0;; ++layer) {
    std::optional<Columns> points;
    for (const std::vector<Point>& of_time : replaced) {
      if (layer >= of_time.size()) continue;
      if (!points) points.emplace(type_of(of_time[layer].value));
      points->add(of_time[layer]);
    }
    if (!points) return {};
    if (Status written = writer.add_replaced(key, *points); !written) return written;
  }
}

Result<std::vector<Sample>> Store::replaced(TenantId tenant, TagId tag, TimeRange range) const {
  if (Status known = require_tag(tenant, tag); !known) return known.error();
  const SeriesKey key{tenant, tag};
  const bool keeps_new = keys_that_keep_replaced().contains(key);
  SeriesView files;
  std::vector<Point> frozen;
  std::vector<Point> active;
  {
    const std::shared_lock lock(mutex_);
    files = view_of_files(key);
    if (keeps_new && frozen_) frozen = frozen_->arrivals(key, range);
    if (keeps_new) active = active_->arrivals(key, range);
    for (TimeRange erased : active_->erased(key)) {
      std::erase_if(frozen, [&](const Point& point) { return erased.contains(point.time); });
    }
  }
  std::vector<Point> found;
  const Hidden hidden = hidden_of(files);
  for (const FilePtr& file : files.files) {
    for (const BlockRef& block : file->replaced(key)) {
      Result<std::optional<Columns>> points = file->read(block, key);
      if (!points && points.error().id != ErrorId::kCorrupt) return points.error();
      if (!points) {
        note_damaged_block(points.error());
        continue;
      }
      (*points)->cut_to(range);
      for (TimeRange part : hidden.of(*file, block)) (*points)->cut_out(part);
      for (std::size_t i = 0; i < (*points)->size(); ++i) found.push_back((*points)->point(i));
    }
  }
  ByTime arrivals = by_time(frozen);
  for (const Point& point : active) arrivals[point.time.ns].push_back(point);
  if (Status added = add_older(files, arrivals); !added) return added.error();
  for (const std::vector<Point>& of_time : replaced_of(arrivals)) {
    found.insert(found.end(), of_time.begin(), of_time.end());
  }
  std::stable_sort(found.begin(), found.end(),
                   [](const Point& a, const Point& b) { return a.time < b.time; });
  std::vector<Sample> samples;
  samples.reserve(found.size());
  for (const Point& point : found) samples.push_back({tag, point.time, point.quality, point.value});
  return samples;
}

}  // namespace lineshaft::historian
