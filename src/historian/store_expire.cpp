// Retention: what is older than its rule allows becomes rollups, or goes. One at a time, and no
// merge meanwhile (merge_mutex_).
#include <algorithm>
#include <map>

#include "base/log.h"
#include "historian/file_format.h"
#include "historian/file_names.h"
#include "historian/hidden.h"
#include "historian/parity_file.h"
#include "historian/store.h"

namespace lineshaft::historian {
namespace {

// A file of which so much does not count any more is written anew without it: 1 / this.
constexpr std::uint64_t kHiddenShare = 4;

// The rules are not applied by themselves when that was done so long ago: the clock may be wrong,
// and what it would let go does not come back.
constexpr std::int64_t kDaysAheadMax = 31;
constexpr std::string_view kRecordMagic = "LSRETENT";
constexpr std::size_t kRecordBytesMax = 4096;

std::int64_t day_of(Timestamp time) { return time.ns / Nanoseconds(std::chrono::days(1)).count(); }

// The day up to which rules were applied; nothing if they never were, or nobody knows any more.
std::optional<std::int64_t> read_applied_day(sys::FileSystem& files, const std::string& path) {
  const Result<Bytes> body = read_sealed_body(files, path, kRecordMagic, kRecordBytesMax);
  if (!body) return std::nullopt;
  ByteReader reader(*body);
  const auto day = static_cast<std::int64_t>(reader.read_le<std::uint64_t>());
  return reader.ok() ? std::optional(day) : std::nullopt;
}

Status write_applied_day(sys::FileSystem& files, const std::string& path, std::int64_t day) {
  Bytes body;
  ByteWriter writer(body);
  writer.write_le(static_cast<std::uint64_t>(day));
  return write_sealed_body(files, path, kRecordMagic, body);
}

Timestamp floor_to(Timestamp time, Nanoseconds step) {
  const std::int64_t into = time.ns % step.count();
  return time + -Nanoseconds(into < 0 ? into + step.count() : into);
}

}  // namespace

// One series: what is to become of it. A view is of the files alone.
class Store::Expiry {
 public:
  Expiry(SeriesKey key, RetentionPlan plan) : key_(key), plan_(plan) {}
  SeriesKey key() const { return key_; }

  // Finds out what there is to do, first from the indices. The newest sample stays as it is,
  // however old: it is what the tag says. Errors: kIoError.
  Result<bool> has_work(const SeriesView& view) {
    const Timestamp last = look_at_indices(view);
    if (first_ >= plan_.samples_from) return false;
    if (last < plan_.samples_from) {
      const auto newest = point_before(view, kTimestampMax);
      if (!newest) return newest.error();
      if (!*newest) return false;
      plan_.samples_from = std::min(plan_.samples_from, (*newest)->time);
      plan_.minutes_from = std::min(plan_.minutes_from, plan_.samples_from);
      plan_.hours_from = std::min(plan_.hours_from, plan_.minutes_from);
    }
    if (Status looked = look_closer(view); !looked) return looked.error();
    return first_ < plan_.hours_from || first_sample_ < plan_.samples_from ||
           first_minute_ < plan_.minutes_from;
  }

  // The part that goes for good.
  std::optional<Erasure> erasure() const {
    if (first_ >= plan_.hours_from) return std::nullopt;
    return Erasure{key_, {kTimestampMin, plan_.hours_from}};
  }

  // Sums up what is to be: hours first. Errors: kIoError, those of writing.
  Result<std::uint64_t> write_rollups(const SeriesView& view, FileWriter& writer) const {
    const Timestamp finer = std::min(first_sample_, first_minute_);
    const TimeRange hours{std::max(finer, plan_.hours_from), plan_.minutes_from};
    const TimeRange minutes{std::max(first_sample_, plan_.minutes_from), plan_.samples_from};
    std::uint64_t count = 0;
    Status done;
    if (plan_.keeps_hours()) done = write_steps(view, RollupStep::kHour, hours, writer, count);
    if (done && plan_.keeps_minutes()) {
      done = write_steps(view, RollupStep::kMinute, minutes, writer, count);
    }
    if (!done) return done.error();
    return count;
  }

 private:
  // Where the kinds begin at the earliest. Returns where everything ends.
  Timestamp look_at_indices(const SeriesView& view) {
    const Hidden hidden = hidden_of(view);
    Timestamp last = kTimestampMin;
    for (const FilePtr& file : view.files) {
      for (const BlockRef& block : file->blocks(key_)) {
        last = std::max(last, block.summary.last_time);
        const std::vector<TimeRange> parts = hidden.of(*file, block);
        Timestamp first = block.summary.first_time;
        if (!parts.empty() && parts.front().from == first) first = parts.front().to;
        if (first < block.extent().to) note(block, first);
      }
    }
    return last;
  }

  void note(const BlockRef& block, Timestamp time) {
    first_ = std::min(first_, time);
    if (!block.rollup) first_sample_ = std::min(first_sample_, time);
    if (block.rollup == RollupStep::kMinute) first_minute_ = std::min(first_minute_, time);
  }

  // Where they really do, as far as it matters.
  Status look_closer(const SeriesView& view) {
    const auto first_in = [&](Timestamp from, Timestamp to, auto wanted) -> Result<Timestamp> {
      Timestamp found = kTimestampMax;
      if (from >= to) return found;
      const auto no_block = [](const BlockRef&) { return false; };
      const Status read = visit_pieces(view, {from, to}, no_block, [&](const SeriesPiece& piece) {
        if (!wanted(piece)) return true;
        found = piece.points.empty() ? piece.rollups.front().first_time : piece.points.front();
        return false;
      });
      if (!read) return read.error();
      return found;
    };
    const auto any = first_in(first_, plan_.hours_from, [](const SeriesPiece&) { return true; });
    if (!any) return any.error();
    const auto sample = first_in(first_sample_, plan_.samples_from,
                                 [](const SeriesPiece& piece) { return !piece.points.empty(); });
    if (!sample) return sample.error();
    const auto minute = first_in(first_minute_, plan_.minutes_from, [](const SeriesPiece& piece) {
      return !piece.rollups.empty() && piece.step == RollupStep::kMinute;
    });
    if (!minute) return minute.error();
    first_ = *any;
    first_sample_ = *sample;
    first_minute_ = *minute;
    return {};
  }

  Status write_steps(const SeriesView& view, RollupStep step, TimeRange range, FileWriter& writer,
                     std::uint64_t& count) const {
    const Nanoseconds length = length_of(step);
    std::vector<Summary> rollups;
    for (Timestamp at = range.from; at < range.to;) {
      const Timestamp from = floor_to(at, length);
      const Timestamp to = std::min(range.to, from + length * std::int64_t{kRollupsMax});
      // Cut at full steps: the first may begin late and the last end early, but none reaches over.
      std::vector<Timestamp> starts{at};
      for (Timestamp next = from + length; next < to; next = next + length) starts.push_back(next);
      starts.push_back(to);
      if (Status folded = fold_into(view, starts, rollups); !folded) return folded;
      at = to;
    }
    count += rollups.size();
    return writer.add_rollups(key_, step, rollups);
  }

  // The summaries from each instant to the next.
  static Status fold_into(const SeriesView& view, std::vector<Timestamp> starts,
                          std::vector<Summary>& rollups) {
    const std::size_t count = starts.size() - 1;
    Result<std::vector<Summary>> folded = fold(view, Windows::between(std::move(starts)));
    if (!folded) return folded.error();
    for (std::size_t i = 0; i < count; ++i) {
      if ((*folded)[i].count > 0) rollups.push_back((*folded)[i]);
    }
    return {};
  }

  SeriesKey key_;
  RetentionPlan plan_;
  Timestamp first_ = kTimestampMax;         // of all that is there
  Timestamp first_sample_ = kTimestampMax;  // of what is not summed up
  Timestamp first_minute_ = kTimestampMax;  // of what is, by the minute
};

Status Store::set_retention(TenantId tenant, std::vector<RetentionRule> rules) {
  if (Status sound = check_retention(rules); !sound) return sound;
  {
    const std::lock_guard lock(retention_mutex_);
    std::vector<RetentionRule>& known = retention_[tenant];
    if (known == rules) return {};
    known = std::move(rules);
  }
  retention_is_new_ = true;
  retention_day_ = INT64_MIN;
  wake(merge_wanted_);
  return {};
}

std::string Store::retention_path() const {
  return sys::join_path(options_.directory, kRetentionName);
}

// On the thread of merges, if there is one.
void Store::expire_daily() {
  const std::int64_t day = day_of(clock_.now());
  if (retention_day_.exchange(day) == day) return;
  const auto applied = read_applied_day(files_, retention_path());
  const bool is_asked_for = retention_is_new_.exchange(false);
  if (!is_asked_for && applied && day > *applied + kDaysAheadMax) {
    log_warn("historian",
             "retention rules were last applied " + std::to_string(day - *applied) +
                 " days ago by this clock; if it is right, apply them by hand (retention apply)");
    return;
  }
  const Result<RetentionReport> done = apply_retention();
  if (done && done->tags > 0) {
    log_info("historian", "retention: of " + std::to_string(done->tags) + " tags, " +
                              std::to_string(done->rollups) + " summaries made");
  }
  if (done || poisoned_ || giving_up_merges_) return;
  retention_day_ = INT64_MIN;  // with the next flush again
  if (done.error().id != ErrorId::kDiskFull) log_error("historian", done.error().text());
}

// The first rule that matches a tag counts.
std::map<SeriesKey, RetentionPlan> Store::retention_plans(Timestamp now) const {
  std::map<TenantId, std::vector<RetentionRule>> retention;
  {
    const std::lock_guard lock(retention_mutex_);
    retention = retention_;
  }
  std::map<SeriesKey, RetentionPlan> plans;
  const std::shared_lock lock(mutex_);
  for (const auto& [tenant, rules] : retention) {
    for (const RetentionRule& rule : rules) {
      const RetentionPlan of_numbers = plan_of(rule, true, now);
      const RetentionPlan of_texts = plan_of(rule, false, now);
      for (TagId tag : catalogue_.list_ids(tenant, {"", "", rule.pattern})) {
        const bool is_text = catalogue_.type_of(tenant, tag) == ValueType::kString;
        plans.try_emplace({tenant, tag}, is_text ? of_texts : of_numbers);
      }
    }
  }
  std::erase_if(plans, [](const auto& plan) { return plan.second.keeps_all(); });
  return plans;
}

Result<RetentionReport> Store::apply_retention() {
  const Timestamp now = clock_.now();
  const std::map<SeriesKey, RetentionPlan> plans = retention_plans(now);
  RetentionReport report;
  const std::lock_guard one_at_a_time(merge_mutex_);
  if (!plans.empty()) {
    if (Status expired = expire(plans, report); !expired) return expired.error();
    Status noted = write_applied_day(files_, retention_path(), day_of(now));
    if (!noted) return noted.error();
  }
  const Result<std::uint64_t> reclaimed = reclaim();
  if (!reclaimed) return reclaimed.error();
  report.files_rewritten = *reclaimed;
  return report;
}

// Late samples cannot get into rollups any more.
void Store::refuse_late(const std::map<SeriesKey, RetentionPlan>& plans) {
  const std::unique_lock lock(mutex_);
  for (const auto& [key, plan] : plans) {
    if (plan.keeps_minutes() || plan.keeps_hours()) refuse_before(key, plan.samples_from);
  }
}

// Requires: mutex_ is held, or nobody else is there yet.
void Store::refuse_before(SeriesKey key, Timestamp time) {
  Boundary& boundary = refused_before_.at(key);
  boundary.time = std::max(boundary.time, time);
  latest_boundary_ = std::max(latest_boundary_, time);
}

// Requires: mutex_ is held.
bool Store::is_too_late(SeriesKey key, Timestamp time) const {
  if (time >= latest_boundary_) return false;
  const Boundary* boundary = refused_before_.find(key);
  return boundary != nullptr && time < boundary->time;
}

// After a start: what rollups say.
void Store::load_boundaries() {
  for (const FilePtr& file : open_files_) {
    if (!file->has_rollups()) continue;
    for (const BlockRef& block : file->all_blocks()) {
      if (block.rollup) refuse_before(block.first, block.extent().to);
    }
  }
}

// Requires: merge_mutex_ is held.
Status Store::expire(const std::map<SeriesKey, RetentionPlan>& plans, RetentionReport& report) {
  refuse_late(plans);
  std::uint64_t number = 0;
  std::vector<FilePtr> files;
  {
    // What came before that must be in files: what is flushed later holds nothing that expires, and
    // has a greater number.
    const std::lock_guard no_flush(flush_mutex_);
    Status flushed = flush_locked();
    note_outcome(flushed, files_full_);
    if (!flushed) return flushed;
    number = take_number();
    const std::lock_guard lock(files_mutex_);
    files = open_files_;
  }
  const auto view = [&](SeriesKey key) {
    SeriesView of_series;
    of_series.key = key;
    of_series.files = files;
    of_series.damaged = [this](const Error& error) { note_damaged_block(error); };
    return of_series;
  };
  std::vector<Expiry> work;
  std::vector<Erasure> erasures;
  for (const auto& [key, plan] : plans) {
    Expiry expiry(key, plan);
    const Result<bool> has_work = expiry.has_work(view(key));
    if (!has_work) return has_work.error();
    if (!*has_work) continue;
    if (const auto erasure = expiry.erasure()) erasures.push_back(*erasure);
    work.push_back(expiry);
  }
  if (work.empty()) return {};
  report.tags = work.size();
  report.erasures = erasures.size();
  Result<FilePtr> made =
      make_file({number, number}, {codec::Effort::kSealed}, [&](FileWriter& writer) -> Status {
        writer.set_erasures(joined(std::move(erasures)));
        for (const Expiry& expiry : work) {
          if (giving_up_merges_) return Error{ErrorId::kCancelled, "the server ends"};
          const auto count = expiry.write_rollups(view(expiry.key()), writer);
          if (!count) return count.error();
          report.rollups += *count;
        }
        return {};
      });
  if (!made) return made.error();
  const std::lock_guard lock(files_mutex_);
  const Status published = publish(manifest_.covered, with_file(*made));
  const bool is_unnamed = !published && published.error().id == ErrorId::kDiskFull;
  if (is_unnamed) remove_with_parity(files_, (*made)->path());
  return published;
}

// Files of which much is hidden are written anew without that. Requires: merge_mutex_ is held.
Result<std::uint64_t> Store::reclaim() {
  std::uint64_t rewritten = 0;
  std::vector<FilePtr> files;
  {
    const std::lock_guard lock(files_mutex_);
    files = open_files_;
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    const std::span<const FilePtr> newer = std::span(files).subspan(i + 1);
    if (kept_as_they_are_.contains(files[i]->id().number)) continue;
    if (hidden_bytes(*files[i], newer) * kHiddenShare < files[i]->bytes()) continue;
    const Result<FilePtr> made = merge({files[i]}, kTimestampMin);
    Status outcome = made ? replace({files[i]}, *made) : Status(made.error());
    if (!outcome && outcome.error().id == ErrorId::kCorrupt) {
      kept_as_they_are_.insert(files[i]->id().number);
      continue;
    }
    if (!outcome) return outcome.error();
    ++rewritten;
  }
  return rewritten;
}

// About how much of a file does not count any more, taking points to be spread evenly in time.
std::uint64_t Store::hidden_bytes(const FileReader& file, std::span<const FilePtr> newer) {
  const auto hides = [](const FilePtr& other) {
    return other->has_rollups() || !other->erasures().empty();
  };
  if (std::none_of(newer.begin(), newer.end(), hides)) return 0;
  // Subtracted as whole numbers: of one nanosecond, the extent of a single sample, doubles lose
  // all.
  const auto length = [](TimeRange range) {
    return static_cast<double>(static_cast<std::uint64_t>(range.to.ns) -
                               static_cast<std::uint64_t>(range.from.ns));
  };
  double bytes = 0;
  std::optional<SeriesKey> key;
  Hidden hidden({}, {});
  for (const BlockRef& block : file.all_blocks()) {
    if (key != block.first) {
      key = block.first;
      hidden = Hidden(*key, {});
      for (const FilePtr& other : newer) hidden.add(*other);
    }
    const double of_block =
        static_cast<double>(kBlockHeadBytes + block.stored_bytes + kIndexEntryBytes);
    for (TimeRange part : hidden.of(file, block)) {
      bytes += of_block * length(part) / length(block.extent());
    }
  }
  return static_cast<std::uint64_t>(bytes);
}

}  // namespace lineshaft::historian
