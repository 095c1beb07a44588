// Reading: a view of one series is taken under the lock, then read without it.
#include <algorithm>
#include <iterator>

#include "base/log.h"
#include "historian/store.h"
#include "historian/totals.h"

namespace lineshaft::historian {
namespace {

constexpr std::uint32_t kColumnsMax = 10'000;
constexpr std::size_t kRunMax = 8192;  // samples handed over at a time
constexpr std::uint32_t kWindowsMax = 100'000;
constexpr std::size_t kDamagedBlocksMax = 10'000;  // that are counted; each takes some 100 bytes

Sample to_sample(TagId tag, const Point& point) {
  return {tag, point.time, point.quality, point.value};
}

std::uint32_t at_most_32_bits(std::uint64_t count) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(count, UINT32_MAX));
}

PixelColumn to_column(const Totals& s) {
  PixelColumn column;
  column.count = at_most_32_bits(s.count);
  column.bad = at_most_32_bits(s.bad);
  column.ends_bad = s.count > 0 && s.last_quality.bad();
  if (!s.usable()) return column;
  column.first_time = s.first_usable;
  column.last_time = s.last_usable;
  column.first = s.first;
  column.last = s.last;
  column.min = s.min;
  column.max = s.max;
  return column;
}

}  // namespace

Status Store::require_tag(TenantId tenant, TagId tag) const {
  const std::shared_lock lock(mutex_);
  if (catalogue_.type_of(tenant, tag)) return {};
  return Error{ErrorId::kNotFound, "tag " + std::to_string(tag.value)};
}

// Said once for each block, however often it is read.
void Store::note_damaged_block(const Error& error) const {
  {
    const std::lock_guard lock(damaged_mutex_);
    if (damaged_blocks_.size() >= kDamagedBlocksMax) return;
    if (!damaged_blocks_.insert(error.what).second) return;
  }
  log_error("historian", error.text());
}

// Requires: mutex_ is held.
SeriesView Store::view_of_files(SeriesKey key) const {
  SeriesView view;
  view.key = key;
  view.damaged = [this](const Error& error) { note_damaged_block(error); };
  view.files = open_files_;
  view.type = catalogue_.type_of(key.tenant, key.tag).value_or(ValueType::kFloat64);
  for (const Memtable* memtable : {static_cast<const Memtable*>(active_.get()), frozen_.get()}) {
    if (memtable == nullptr) continue;
    const std::span<const TimeRange> erased = memtable->erased(key);
    view.erased.insert(view.erased.end(), erased.begin(), erased.end());
  }
  return view;
}

// What the memtable that is being written still has of a series. Requires: mutex_ is held.
std::optional<Columns> Store::frozen_points(SeriesKey key, TimeRange range) const {
  if (!frozen_) return std::nullopt;
  std::optional<Columns> points = frozen_->points(key, range);
  if (!points) return points;
  for (TimeRange erased : active_->erased(key)) points->cut_out(erased);
  return points->empty() ? std::nullopt : std::move(points);
}

SeriesView Store::view(SeriesKey key, TimeRange range) const {
  const std::shared_lock lock(mutex_);
  SeriesView view = view_of_files(key);
  view.recent = active_->points(key, range);
  std::optional<Columns> older = frozen_points(key, range);
  if (!older) return view;
  view.recent =
      view.recent ? overlay(*std::move(older), *std::move(view.recent)) : std::move(older);
  return view;
}

// Of the memtables only the newest point at or before `at`. Files and memtables under one lock:
// between two of them a flush could move the point from where it is not looked for any more.
SeriesView Store::view_before(SeriesKey key, Timestamp at) const {
  const std::shared_lock lock(mutex_);
  SeriesView view = view_of_files(key);
  std::optional<Point> newest = active_->before(key, at);
  if (frozen_ && active_->erased(key).empty()) {
    std::optional<Point> other = frozen_->before(key, at);
    if (other && (!newest || other->time > newest->time)) newest = std::move(other);
  } else if (std::optional<Columns> points =
                 frozen_points(key, {kTimestampMin, at + Nanoseconds(1)})) {
    Point other = points->point(points->size() - 1);
    if (!newest || other.time > newest->time) newest = std::move(other);
  }
  if (!newest) return view;
  view.recent.emplace(type_of(newest->value));
  view.recent->add(*newest);
  return view;
}

Status Store::scan_columns(TenantId tenant, TagId tag, TimeRange range,
                           const VisitColumns& visit) const {
  if (Status known = require_tag(tenant, tag); !known) return known;
  return visit_points(view({tenant, tag}, range), range, visit);
}

Status Store::scan(TenantId tenant, TagId tag, TimeRange range, const Visit& visit) const {
  std::vector<Sample> samples;
  return scan_columns(tenant, tag, range, [&](const Columns& points) {
    for (std::size_t from = 0; from < points.size(); from += kRunMax) {
      samples.clear();
      const std::size_t to = std::min(points.size(), from + kRunMax);
      for (std::size_t i = from; i < to; ++i) samples.push_back(to_sample(tag, points.point(i)));
      if (!visit(samples)) return false;
    }
    return true;
  });
}

Result<std::optional<Sample>> Store::sample_before(TenantId tenant, TagId tag, Timestamp at) const {
  if (Status known = require_tag(tenant, tag); !known) return known.error();
  const Result<std::optional<Point>> found = point_before(view_before({tenant, tag}, at), at);
  if (!found) return found.error();
  if (!*found) return std::optional<Sample>();
  return std::optional<Sample>(to_sample(tag, **found));
}

std::vector<LastValue> Store::last_values(TenantId tenant, std::span<const TagId> tags) const {
  std::vector<LastValue> values(tags.size());
  std::vector<std::size_t> unknown;
  {
    const std::shared_lock lock(mutex_);
    for (std::size_t i = 0; i < tags.size(); ++i) {
      const KeptLast* found = last_.find({tenant, tags[i]});
      values[i].tag = tags[i];
      values[i].sample = {tags[i], {}, quality::kBadWaitingForInitialData, false};
      if (found != nullptr)
        values[i] = *found;
      else
        unknown.push_back(i);
    }
  }
  // Asked for the first time since the start: the files know.
  for (std::size_t i : unknown) {
    const auto stored = sample_before(tenant, tags[i], kTimestampMax);
    if (!stored) continue;
    if (*stored) {
      values[i].sample = **stored;
      values[i].tick = 1;
      values[i].exists = true;
    }
    const std::unique_lock lock(mutex_);
    KeptLast& last = last_.at({tenant, tags[i]});
    if (!last.in_use()) last = {values[i]};
    values[i] = last;
  }
  return values;
}

Result<std::vector<PixelColumn>> Store::pixels(TenantId tenant, TagId tag, TimeRange range,
                                               std::uint32_t columns) const {
  if (Status known = require_tag(tenant, tag); !known) return known.error();
  if (range.empty() || columns < 1 || columns > kColumnsMax) {
    return Error{ErrorId::kInvalidArgument, "columns: must be 1 to 10000 over a range of time"};
  }
  const auto totals =
      window_totals(view({tenant, tag}, range), Windows::equal_parts(range, columns));
  if (!totals) return totals.error();
  std::vector<PixelColumn> drawn;
  drawn.reserve(columns);
  for (const Totals& of_column : *totals) drawn.push_back(to_column(of_column));
  return drawn;
}

Result<std::vector<AggregateWindow>> Store::windows_of(SeriesKey key, TimeRange range,
                                                       Nanoseconds step, TotalsFrom from) const {
  if (Status known = require_tag(key.tenant, key.tag); !known) return known.error();
  if (range.empty() || step.count() <= 0) {
    return Error{ErrorId::kInvalidArgument, "the range and the step must be longer than nothing"};
  }
  const std::uint64_t count = Windows::steps_in(range, step);
  if (count > kWindowsMax) {
    return Error{ErrorId::kInvalidArgument, "the range has more than 100000 windows of that step"};
  }
  const Windows windows = Windows::of_step(range, step, static_cast<std::uint32_t>(count));
  const auto totals = window_totals(view(key, range), windows, from);
  if (!totals) return totals.error();
  std::vector<AggregateWindow> result;
  result.reserve(totals->size());
  for (std::uint32_t i = 0; i < windows.count(); ++i) {
    const Totals& s = (*totals)[i];
    result.push_back(
        {windows.start(i), s.count - s.bad, s.bad, s.min, s.max, s.sum, s.first, s.last});
  }
  return result;
}

Result<std::vector<AggregateWindow>> Store::aggregate(TenantId tenant, TagId tag, TimeRange range,
                                                      Nanoseconds step) const {
  return windows_of({tenant, tag}, range, step, TotalsFrom::kSummaries);
}

Result<std::vector<AggregateWindow>> Store::aggregate_values(TenantId tenant, TagId tag,
                                                             TimeRange range,
                                                             Nanoseconds step) const {
  return windows_of({tenant, tag}, range, step, TotalsFrom::kValues);
}

StoreStats Store::stats() const {
  const wal::Lsn in_files = covered();
  StoreStats stats;
  stats.log_bytes = wal_bytes_;
  const std::shared_lock lock(mutex_);
  for (const FilePtr& file : open_files_) stats.add(*file);
  stats.tags = catalogue_.size();
  stats.log_records = applied_.value - std::min(applied_.value, in_files.value);
  stats.log_samples = active_->points_added() + (frozen_ ? frozen_->points_added() : 0);
  return stats;
}

}  // namespace lineshaft::historian
