// Reading: a view of one series is taken under the lock, then read without it.
#include "base/log.h"
#include "historian/store.h"

namespace lineshaft::historian {
namespace {

constexpr std::uint32_t kColumnsMax = 10'000;
constexpr std::uint32_t kWindowsMax = 100'000;

Sample to_sample(TagId tag, const Point& point) {
  return {tag, point.time, point.quality, point.value};
}

PixelColumn to_column(const Summary& s) {
  PixelColumn column;
  column.count = s.count;
  column.bad = s.bad;
  column.ends_bad = s.count > 0 && Quality{s.last_quality}.bad();
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
  if (find_tag(tenant, tag)) return {};
  return Error{ErrorId::kNotFound, "tag " + std::to_string(tag.value)};
}

SeriesView Store::view(SeriesKey key, TimeRange range) const {
  SeriesView view;
  view.key = key;
  view.damaged = [](const Error& error) { log_warn("historian", error.text()); };
  const std::shared_lock lock(mutex_);
  view.files = open_files_;
  view.recent = active_->points(key, range);
  if (!frozen_) return view;
  std::vector<Point> recent = frozen_->points(key, range);
  if (recent.empty()) return view;
  recent.insert(recent.end(), view.recent.begin(), view.recent.end());
  sort_and_dedupe(recent);
  view.recent = std::move(recent);
  return view;
}

Status Store::scan(TenantId tenant, TagId tag, TimeRange range, const Visit& visit) const {
  if (Status known = require_tag(tenant, tag); !known) return known;
  std::vector<Sample> samples;
  return visit_points(view({tenant, tag}, range), range, [&](std::span<const Point> points) {
    samples.clear();
    for (const Point& point : points) samples.push_back(to_sample(tag, point));
    return visit(samples);
  });
}

Result<std::optional<Sample>> Store::sample_before(TenantId tenant, TagId tag, Timestamp at) const {
  if (Status known = require_tag(tenant, tag); !known) return known.error();
  const SeriesKey key{tenant, tag};
  SeriesView seen = view(key, {Timestamp{0}, Timestamp{0}});  // files only
  {
    const std::shared_lock lock(mutex_);
    std::optional<Point> newest = active_->before(key, at);
    if (frozen_) {
      const std::optional<Point> other = frozen_->before(key, at);
      if (other && (!newest || other->time > newest->time)) newest = other;
    }
    if (newest) seen.recent.push_back(*newest);
  }
  const Result<std::optional<Point>> found = point_before(seen, at);
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
      const auto found = last_.find({tenant, tags[i]});
      values[i].tag = tags[i];
      values[i].sample = {tags[i], {}, quality::kBadWaitingForInitialData, false};
      if (found != last_.end())
        values[i] = found->second;
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
    }
    const std::unique_lock lock(mutex_);
    values[i] = last_.try_emplace({tenant, tags[i]}, values[i]).first->second;
  }
  return values;
}

Result<std::vector<PixelColumn>> Store::pixels(TenantId tenant, TagId tag, TimeRange range,
                                               std::uint32_t columns) const {
  if (Status known = require_tag(tenant, tag); !known) return known.error();
  if (range.empty() || columns < 1 || columns > kColumnsMax) {
    return Error{ErrorId::kInvalidArgument, "columns: must be 1 to 10000 over a range of time"};
  }
  const auto summaries = fold(view({tenant, tag}, range), Windows::equal_parts(range, columns));
  if (!summaries) return summaries.error();
  std::vector<PixelColumn> drawn;
  drawn.reserve(columns);
  for (const Summary& summary : *summaries) drawn.push_back(to_column(summary));
  return drawn;
}

Result<std::vector<AggregateWindow>> Store::aggregate(TenantId tenant, TagId tag, TimeRange range,
                                                      Nanoseconds step) const {
  if (Status known = require_tag(tenant, tag); !known) return known.error();
  if (range.empty() || step.count() <= 0) {
    return Error{ErrorId::kInvalidArgument, "the range and the step must be longer than nothing"};
  }
  const std::int64_t windows_minus_one = ((range.to - range.from).count() - 1) / step.count();
  if (windows_minus_one >= kWindowsMax) {
    return Error{ErrorId::kInvalidArgument, "the range has more than 100000 windows of that step"};
  }
  const Windows windows =
      Windows::of_step(range, step, static_cast<std::uint32_t>(windows_minus_one + 1));
  const auto summaries = fold(view({tenant, tag}, range), windows);
  if (!summaries) return summaries.error();
  std::vector<AggregateWindow> result;
  result.reserve(summaries->size());
  for (std::uint32_t i = 0; i < windows.count(); ++i) {
    const Summary& s = (*summaries)[i];
    result.push_back(
        {windows.start(i), s.count - s.bad, s.bad, s.min, s.max, s.sum, s.first, s.last});
  }
  return result;
}

}  // namespace lineshaft::historian
