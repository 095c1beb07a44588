// Aggregates and interpolation: what the windows hold comes from one pass over the range, what lies
// around it from a few looks to both sides.
#include <algorithm>

#include "historian/store.h"

namespace lineshaft::historian {
namespace {

constexpr std::uint64_t kWindowsMax = 100'000;
constexpr std::size_t kInstantsMax = 100'000;

// A usable sample is looked for in ranges that grow, so that one nearby is found without looking at
// the whole series.
constexpr Nanoseconds kFirstReach = std::chrono::minutes(1);
constexpr std::int64_t kReachGrowth = 16;

constexpr Nanoseconds kReachMax = std::chrono::days(365);  // beyond it: all there is

Seen seen(const Point& point, const Opinion& opinion) {
  const double number = as_double(point.value);
  return {point.time, point.quality, number, opinion.usable(point.quality, number)};
}

bool needs_raw(std::span<const Aggregate> aggregates) {
  return std::any_of(aggregates.begin(), aggregates.end(), [](Aggregate aggregate) {
    return aggregate == Aggregate::kStart || aggregate == Aggregate::kEnd;
  });
}

// The summaries that a WindowedSeries looks at; empty where another one is the same or not needed.
struct Folds {
  std::vector<Summary> runs, good, raw;
};

Result<Folds> fold_all(const SeriesView& view, const Windows& windows, const Opinion& opinion,
                       bool raw) {
  Folds folds;
  auto runs = fold(view, windows, opinion);
  if (!runs) return runs.error();
  folds.runs = *std::move(runs);
  if (!opinion.uncertain_is_bad) {
    auto good = fold(view, windows, {true, opinion.not_finite_is_bad});
    if (!good) return good.error();
    folds.good = *std::move(good);
  }
  if (raw) {
    auto all = fold(view, windows);
    if (!all) return all.error();
    folds.raw = *std::move(all);
  }
  return folds;
}

bool is_stepped(const Tag& tag) {
  return tag.spec.interpolation == Interpolation::kStep || tag.spec.type == ValueType::kBool ||
         tag.spec.type == ValueType::kString;
}

}  // namespace

Result<Tag> Store::require_numbers(TenantId tenant, TagId id, std::span<const Aggregate> aggregates,
                                   const AggregateOptions& options) const {
  if (Status sound = options.check(); !sound) return sound.error();
  const std::optional<Tag> tag = find_tag(tenant, id);
  if (!tag) return Error{ErrorId::kNotFound, "tag " + std::to_string(id.value)};
  if (tag->spec.type != ValueType::kString) return *tag;
  for (Aggregate aggregate : aggregates) {
    if (applies_to_text(aggregate)) continue;
    return Error{ErrorId::kTypeMismatch, std::string(aggregate_name(aggregate)) +
                                             " needs numbers, and the tag holds texts"};
  }
  return *tag;
}

// The last usable sample before an instant.
Result<std::optional<Seen>> Store::last_usable(SeriesKey key, Timestamp before,
                                               const Opinion& opinion) const {
  TimeRange range{before, before};
  for (Nanoseconds reach = kFirstReach; range.from > kTimestampMin; reach *= kReachGrowth) {
    range = {reach > kReachMax ? kTimestampMin : before + -reach, range.from};
    const auto run = fold(view(key, range), Windows::equal_parts(range, 1), opinion);
    if (!run) return run.error();
    Past past;
    past.pass(run->front());
    if (past.usable) return past.usable;
  }
  return std::optional<Seen>();
}

// The first usable sample at an instant or after it.
Result<std::optional<Seen>> Store::first_usable(SeriesKey key, Timestamp from,
                                                const Opinion& opinion) const {
  TimeRange range{from, from};
  for (Nanoseconds reach = kFirstReach; range.to < kTimestampMax; reach *= kReachGrowth) {
    range = {range.to, reach > kReachMax ? kTimestampMax : from + reach};
    const auto run = fold(view(key, range), Windows::equal_parts(range, 1), opinion);
    if (!run) return run.error();
    Future future;
    future.pass(run->front());
    if (future.usable) return future.usable;
  }
  return std::optional<Seen>();
}

Result<Past> Store::past_of(SeriesKey key, Timestamp before, const Opinion& opinion) const {
  Past past;
  if (before == kTimestampMin) return past;
  const Timestamp at = before + Nanoseconds(-1);
  const auto point = point_before(view_before(key, at), at);
  if (!point) return point.error();
  if (!*point) return past;
  past.raw = past.usable = seen(**point, opinion);
  if (past.raw->usable) return past;
  auto usable = last_usable(key, past.raw->time, opinion);
  if (!usable) return usable.error();
  past.usable = *usable;
  return past;
}

Result<Future> Store::future_of(SeriesKey key, Timestamp from, const Opinion& opinion) const {
  Future future;
  const auto point = point_after(view(key, {from, kTimestampMax}), from);
  if (!point) return point.error();
  if (!*point) return future;
  future.raw = future.usable = seen(**point, opinion);
  if (future.raw->usable) return future;
  auto usable = first_usable(key, future.raw->time, opinion);
  if (!usable) return usable.error();
  future.usable = *usable;
  return future;
}

// What lies before and after the range of the windows.
Status Store::look_around(SeriesKey key, const Opinion& opinion, bool slope,
                          WindowedSeries& series) const {
  const TimeRange range = series.windows.range();
  const Result<Past> before = past_of(key, range.from, opinion);
  if (!before) return before.error();
  const Result<Future> after = future_of(key, range.to, opinion);
  if (!after) return after.error();
  series.before = *before;
  series.after = *after;
  if (!slope || series.stepped || series.after.usable) return {};
  Past end = series.before;
  for (const Summary& run : series.runs) end.pass(run);
  if (!end.usable) return {};
  const auto slope_from = last_usable(key, end.usable->time, opinion);
  if (!slope_from) return slope_from.error();
  series.slope_from = *slope_from;
  return {};
}

Result<std::vector<AggregateValue>> Store::aggregates(TenantId tenant, TagId id, TimeRange range,
                                                      Nanoseconds step,
                                                      std::span<const Aggregate> aggregates,
                                                      const AggregateOptions& options) const {
  const Result<Tag> tag = require_numbers(tenant, id, aggregates, options);
  if (!tag) return tag.error();
  if (range.empty() || step.count() <= 0) {
    return Error{ErrorId::kInvalidArgument, "the range and the step must be longer than nothing"};
  }
  const std::uint64_t count = Windows::steps_in(range, step);
  if (count > kWindowsMax) {
    return Error{ErrorId::kInvalidArgument, "the range has more than 100000 windows of that step"};
  }
  const SeriesKey key{tenant, id};
  const Opinion opinion = options.opinion(tag->spec.type);
  WindowedSeries series;
  series.stepped = is_stepped(*tag);
  series.windows = Windows::of_step(range, step, static_cast<std::uint32_t>(count));
  const Result<Folds> folds =
      fold_all(view(key, range), series.windows, opinion, needs_raw(aggregates));
  if (!folds) return folds.error();
  series.runs = folds->runs;
  series.good = opinion.uncertain_is_bad ? folds->runs : folds->good;
  series.raw = folds->raw;
  Status around = look_around(key, opinion, options.use_sloped_extrapolation, series);
  if (!around) return around.error();
  return evaluate(series, aggregates, options);
}

Result<std::vector<AggregateValue>> Store::interpolated(TenantId tenant, TagId id,
                                                        std::span<const Timestamp> times,
                                                        const AggregateOptions& options) const {
  constexpr Aggregate wanted[] = {Aggregate::kInterpolative};
  const Result<Tag> tag = require_numbers(tenant, id, wanted, options);
  if (!tag) return tag.error();
  if (times.size() > kInstantsMax) {
    return Error{ErrorId::kInvalidArgument, "more than 100000 instants"};
  }
  if (times.empty()) return std::vector<AggregateValue>();
  std::vector<Timestamp> instants(times.begin(), times.end());
  std::sort(instants.begin(), instants.end());
  instants.erase(std::unique(instants.begin(), instants.end()), instants.end());
  if (instants.back() == kTimestampMax) {
    return Error{ErrorId::kInvalidArgument, "an instant is the end of time"};
  }
  const SeriesKey key{tenant, id};
  const Opinion opinion = options.opinion(tag->spec.type);
  WindowedSeries series;
  series.stepped = is_stepped(*tag);
  series.windows = Windows::between(std::move(instants));
  const auto runs = fold(view(key, series.windows.range()), series.windows, opinion);
  if (!runs) return runs.error();
  series.runs = series.good = *runs;
  Status around = look_around(key, opinion, options.use_sloped_extrapolation, series);
  if (!around) return around.error();
  const std::vector<AggregateValue> at_instants = evaluate(series, wanted, options);
  std::vector<AggregateValue> values;
  values.reserve(times.size());
  for (Timestamp time : times) values.push_back(at_instants[series.windows.index(time)]);
  return values;
}

}  // namespace lineshaft::historian
