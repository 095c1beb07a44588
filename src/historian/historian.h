// historian/historian.h: keeps every sample of every tag, durably, and finds it again.
// Layout on disk: docs/formats/historian.md. Log: wal/.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "historian/aggregate.h"
#include "historian/columns.h"
#include "historian/disk_watch.h"
#include "historian/report.h"
#include "historian/retention.h"
#include "historian/stats.h"
#include "model/sample.h"
#include "model/tag.h"
#include "sys/clock.h"
#include "sys/file.h"
#include "wal/log.h"

namespace lineshaft::historian {

struct HistorianOptions {
  std::string directory;
  // A memtable larger than this becomes an immutable file.
  std::size_t memtable_bytes_max = 8 * 1024 * 1024;
  // Files whose newest sample is older are encoded anew for the fewest bytes, which takes longer to
  // write and to read.
  Nanoseconds seal_after = std::chrono::hours(7 * 24);
  // Every block is read again once in this time, and repaired if it has rotted. 0: never.
  Nanoseconds scrub_period = std::chrono::hours(7 * 24);
  // With less space than this people are warned; with less than that no samples are taken, so that
  // there is room for everything else.
  DiskMark disk_low = {};
  DiskMark disk_critical = {};
  // False in tests: flush() is called by hand and everything runs on the caller's thread.
  bool background = true;
  std::size_t wal_segment_bytes = wal::kSegmentBytes;
  // As set_retention, for what the start itself writes into files.
  std::map<TenantId, std::vector<RetentionRule>> retention = {};
};

// The newest sample of a tag (by source time; but one of now counts as newer than one from the
// future), with the tick at which it changed.
struct LastValue {
  TagId tag;
  Sample sample;           // time 0 and quality BadWaitingForInitialData if there is none yet
  Timestamp received;      // 0 if it is from before the start and no longer in the log
  std::uint64_t tick = 0;  // grows with every change of any tag of the historian
  bool exists = false;     // else there is no sample, or none any more
};

// One pixel column of a chart. Counts every sample of the column; the rest is of not-bad samples.
struct PixelColumn {
  std::uint32_t count = 0;
  std::uint32_t bad = 0;            // samples with bad quality in the column
  bool ends_bad = false;            // the last sample of the column has bad quality: a gap begins
  Timestamp first_time, last_time;  // valid if count > bad, as is the rest
  double first = 0, last = 0, min = 0, max = 0;
};

struct AggregateWindow {
  Timestamp from;
  std::uint64_t count = 0;  // good and uncertain samples
  std::uint64_t bad_count = 0;
  double min = 0, max = 0, sum = 0, first = 0, last = 0;  // valid if count > 0
};

// Which tags; all of it must hold. The case of ASCII letters is ignored in text and pattern.
struct TagFilter {
  std::string text;    // every word must occur in path or description
  std::string prefix;  // path starts with this, at a level boundary
  // Like a path: `*` is any part of a level, the level `**` is any levels or none.
  std::string pattern = {};
  // The path is at or below one of these; empty: anywhere. Requires: none is below another.
  std::vector<std::string> within = {};
};

// Errors: kInvalidArgument: more words and levels than are looked for at once, some 60.
Status check_tag_filter(const TagFilter& filter);

struct TagPage {
  std::vector<Tag> tags;    // sorted by path, level by level
  std::uint64_t total = 0;  // matching, in all pages
};

// Where the reader in the background is that looks for damage.
struct ScrubState {
  Timestamp started;   // of the present pass
  Timestamp finished;  // of the last complete pass; 0 if there was none
  std::uint64_t bytes_done = 0, bytes_total = 0;
};

struct HistorianCounters {
  std::uint64_t tags = 0;
  std::uint64_t samples_appended = 0;  // durable, since start
  std::uint64_t samples_refused = 0;
  // Taken, but older than what retention has summed up already, and therefore left out.
  std::uint64_t samples_too_late = 0;
  std::uint64_t memtable_bytes = 0;
  std::uint64_t files = 0;
  std::uint64_t file_bytes = 0;
  std::uint64_t wal_bytes = 0;
  std::uint64_t wal_syncs = 0;
  bool poisoned = false;
  // The last write, of the log or of a file, found no space; or none is taken (disk_critical).
  bool disk_full = false;
  DiskState disk_state = DiskState::kEnough;
  std::uint64_t disk_free_bytes = 0;
  std::uint64_t damaged_blocks = 0;   // met since the start; their samples are missing
  std::uint64_t repaired_blocks = 0;  // written anew from parity since the start
  std::uint64_t merges = 0;           // since the start
  ScrubState scrub;
};

// What start-up found; shown on the home page and by `doctor` until acknowledged by a restart.
struct HistorianRecovery {
  std::uint64_t records_replayed = 0;
  std::uint64_t torn_tail_bytes = 0;
  std::vector<std::string> damages;  // sentences: what is lost, which file was set aside
};

class Historian : public SampleSink, public TagDirectory {
 public:
  // Never refuses to open because of damaged files: they are set aside (renamed to *.damaged),
  // named in recovery(), and the rest is served. Errors: kIoError, kDiskFull, kFormatTooNew.
  // `files`, `clock`, `random` must outlive the historian.
  static Result<std::unique_ptr<Historian>> open(sys::FileSystem& files, sys::Clock& clock,
                                                 sys::Random& random, HistorianOptions options);

  // --- tags --- (Threads: any, here and below)
  virtual std::optional<Tag> find_tag(TenantId tenant, TagId id) const = 0;
  virtual std::optional<Tag> find_tag(TenantId tenant, std::string_view path) const = 0;
  // Nothing for a filter that check_tag_filter refuses.
  virtual TagPage list_tags(TenantId tenant, const TagFilter& filter, std::uint64_t offset,
                            std::uint64_t limit) const = 0;
  // All that match, in the order of their paths. Cost: 4 bytes each, where a page of all of them
  // would be some 500.
  virtual std::vector<TagId> list_tag_ids(TenantId tenant, const TagFilter& filter) const = 0;
  // Replaces all but the type. Errors: kNotFound, kInvalidArgument, kConflict (the path is taken),
  // kTypeMismatch.
  virtual Status update_tag(TenantId tenant, TagId id, TagSpec spec) = 0;
  // Moves the tag `from`, and all tags below it, to the path `to`, all at once; their ids and
  // samples stay theirs. Returns how many. Errors: kNotFound (no tag is there), kInvalidArgument (a
  // path that is not allowed; too many for one record of the log), kConflict (a path is taken by
  // a tag that does not move), and those of a write; then nothing is changed.
  virtual Result<std::uint64_t> move_tags(TenantId tenant, const std::string& from,
                                          const std::string& to) = 0;

  // Has grown when a tag has got another path: whoever keeps ids by path then looks again.
  virtual std::uint64_t path_changes() const = 0;

  // --- reading --- Bad blocks are skipped and counted, never guessed. Errors: kNotFound (tag),
  // kIoError. Cost: blocks of the range; bounded memory.
  virtual std::vector<LastValue> last_values(TenantId tenant,
                                             std::span<const TagId> tags) const = 0;
  // The tick of the newest change that may concern the tenant; its last values with a greater tick
  // than one seen are news.
  virtual std::uint64_t tick(TenantId tenant) const = 0;

  // Hands over the samples of one tag column by column, in order of time, duplicates resolved, in
  // runs of some thousands. `visit` returns false to stop. The fastest way to all values.
  using VisitColumns = std::function<bool(const Columns&)>;
  virtual Status scan_columns(TenantId tenant, TagId tag, TimeRange range,
                              const VisitColumns& visit) const = 0;

  // The same, sample by sample, in runs of at most 8192.
  using Visit = std::function<bool(std::span<const Sample>)>;
  virtual Status scan(TenantId tenant, TagId tag, TimeRange range, const Visit& visit) const = 0;

  // The last sample at or before `at`, for steps that began before a chart does.
  virtual Result<std::optional<Sample>> sample_before(TenantId tenant, TagId tag,
                                                      Timestamp at) const = 0;

  // Samples that others of the same time replaced, older ones first at each time, if a rule says to
  // keep them (RetentionRule); those that came again unchanged do not count. Memory: all of them.
  virtual Result<std::vector<Sample>> replaced(TenantId tenant, TagId tag,
                                               TimeRange range) const = 0;

  // Divides [from, to) into `columns` equal parts. Requires: 1 <= columns <= 10'000.
  virtual Result<std::vector<PixelColumn>> pixels(TenantId tenant, TagId tag, TimeRange range,
                                                  std::uint32_t columns) const = 0;

  // Windows of `step` from range.from. Errors: kInvalidArgument for more than 100'000 windows.
  virtual Result<std::vector<AggregateWindow>> aggregate(TenantId tenant, TagId tag,
                                                         TimeRange range,
                                                         Nanoseconds step) const = 0;

  // The same from the values alone, where aggregate() takes what the index tells of whole blocks:
  // decodes every block of the range.
  virtual Result<std::vector<AggregateWindow>> aggregate_values(TenantId tenant, TagId tag,
                                                                TimeRange range,
                                                                Nanoseconds step) const = 0;

  // Aggregates of OPC UA Part 13 over windows of `step` from range.from, of which the last ends
  // with the range: for each window in turn one value for each of `aggregates`. Between samples the
  // value is held or slopes as the tag says. Errors: kInvalidArgument for more than 100'000 windows
  // or impossible options; kTypeMismatch for a text and an aggregate that needs numbers.
  virtual Result<std::vector<AggregateValue>> aggregates(TenantId tenant, TagId tag,
                                                         TimeRange range, Nanoseconds step,
                                                         std::span<const Aggregate> aggregates,
                                                         const AggregateOptions& options) const = 0;

  // The value at each of at most 100'000 instants in any order: of a sample of just that time, or
  // estimated from the usable samples around it. Errors: as for aggregates.
  virtual Result<std::vector<AggregateValue>> interpolated(
      TenantId tenant, TagId tag, std::span<const Timestamp> times,
      const AggregateOptions& options) const = 0;

  // --- taking away ---
  // Takes away what is there of these tags in a range of time, rollups included (as wholes, by
  // their first sample). What arrives afterwards for the same time stays. Gone from every answer
  // when it returns, from the disk with later merges, and from the log when that is trimmed;
  // backups keep what they have. Errors: kNotFound (tag), kInvalidArgument (an empty range; too
  // many tags for one record of the log), and those of a write; then nothing is changed.
  virtual Status erase(TenantId tenant, std::span<const TagId> tags, TimeRange range) = 0;
  // From now on; kept by the caller, who sets them again after a start. The first rule that matches
  // a tag counts; without one everything stays. Errors: those of check_retention.
  virtual Status set_retention(TenantId tenant, std::vector<RetentionRule> rules) = 0;
  // Does what the rules say; otherwise that happens once a day, unless the clock says that the last
  // time was more than a month ago: then it is left to people, for the clock may be wrong; setting
  // other rules asks for it. The
  // newest sample of a tag stays, however old. Blocks for long; appends and reads go on. Errors: as
  // flush; kCancelled at the end.
  virtual Result<RetentionReport> apply_retention() = 0;

  // --- running ---
  // Writes the memtable into files and trims the log. Blocks. Errors: kDiskFull: all is as before,
  // and is tried again; kIoError, kStorePoisoned: no more writes until a restart.
  virtual Status flush() = 0;
  // The same, and merges files into as few as there can be, encoded for size. Blocks for long;
  // appends and reads go on. Errors: as flush; on a full disk files stay as they are.
  virtual Status compact() = 0;
  // Makes `directory` a copy of the store as it is after a flush: all that was acknowledged before
  // the call, and perhaps more. Blocks for long, one at a time; appends and reads go on. What is
  // merged away meanwhile takes space until the end. A full or failing disk of the copy leaves the
  // store alone. Errors: those of copy_store (backup.h) and of flush.
  virtual Result<BackupReport> back_up(const std::string& directory, const Progress& go_on) = 0;
  // Reads every block of every file from the disk, now and as fast as it goes, and repairs what
  // parity can repair, as is done slowly in the background all the time. Blocks for long, one at a
  // time; appends and reads go on. Errors: kCancelled.
  virtual Result<VerifyReport> verify(const Progress& go_on) = 0;
  virtual StoreStats stats() const = 0;
  virtual HistorianCounters counters() const = 0;
  virtual const HistorianRecovery& recovery() const = 0;
};

}  // namespace lineshaft::historian
