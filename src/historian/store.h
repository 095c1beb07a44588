// historian/store.h: the Historian itself: log, memtable, files, catalogue and last values
// together.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <shared_mutex>
#include <thread>

#include "historian/backup.h"
#include "historian/by_key.h"
#include "historian/catalogue.h"
#include "historian/files.h"
#include "historian/historian.h"
#include "historian/manifest.h"
#include "historian/memtable.h"
#include "historian/parity_file.h"
#include "historian/scrub_record.h"
#include "sys/shared_mutex.h"
#include "wal/group_commit.h"

namespace lineshaft::historian {

enum class TotalsFrom : std::uint8_t;

// Locks: `mutex_` guards everything that is read and changed in memory; it is never held while a
// disk works. `tags_mutex_` lets one change of tags through at a time, `flush_mutex_` one flush,
// `merge_mutex_` one merge or expiry; the latter two guard what only they use. `files_mutex_`
// guards the manifest. `backup_mutex_` lets one backup through, `scrub_mutex_` one look for damage.
// `retention_mutex_` guards the rules. Order: tags_mutex_, backup_mutex_ or scrub_mutex_,
// merge_mutex_, flush_mutex_, then files_mutex_, then mutex_.
class Store final : public Historian {
 public:
  Store(sys::FileSystem& files, sys::Clock& clock, HistorianOptions options);
  ~Store() override;
  Status open(sys::Random& random);

  void append(SampleBatch batch, Durable durable) override;
  Result<std::vector<TagId>> ensure_tags(TenantId tenant, std::vector<TagSpec> specs) override;

  std::optional<Tag> find_tag(TenantId tenant, TagId id) const override;
  std::optional<Tag> find_tag(TenantId tenant, std::string_view path) const override;
  TagPage list_tags(TenantId tenant, const TagFilter& filter, std::uint64_t offset,
                    std::uint64_t limit) const override;
  std::vector<TagId> list_tag_ids(TenantId tenant, const TagFilter& filter) const override;
  Status update_tag(TenantId tenant, TagId id, TagSpec spec) override;
  Result<std::uint64_t> move_tags(TenantId tenant, const std::string& from,
                                  const std::string& to) override;
  std::uint64_t path_changes() const override { return path_changes_; }

  std::vector<LastValue> last_values(TenantId tenant, std::span<const TagId> tags) const override;
  std::uint64_t tick(TenantId) const override { return tick_; }
  Status scan_columns(TenantId tenant, TagId tag, TimeRange range,
                      const VisitColumns& visit) const override;
  Status scan(TenantId tenant, TagId tag, TimeRange range, const Visit& visit) const override;
  Result<std::optional<Sample>> sample_before(TenantId tenant, TagId tag,
                                              Timestamp at) const override;
  Result<std::vector<PixelColumn>> pixels(TenantId tenant, TagId tag, TimeRange range,
                                          std::uint32_t columns) const override;
  Result<std::vector<AggregateWindow>> aggregate(TenantId tenant, TagId tag, TimeRange range,
                                                 Nanoseconds step) const override;
  Result<std::vector<AggregateWindow>> aggregate_values(TenantId tenant, TagId tag, TimeRange range,
                                                        Nanoseconds step) const override;
  Result<std::vector<AggregateValue>> aggregates(TenantId tenant, TagId tag, TimeRange range,
                                                 Nanoseconds step,
                                                 std::span<const Aggregate> aggregates,
                                                 const AggregateOptions& options) const override;
  Result<std::vector<AggregateValue>> interpolated(TenantId tenant, TagId tag,
                                                   std::span<const Timestamp> times,
                                                   const AggregateOptions& options) const override;

  Result<std::vector<Sample>> replaced(TenantId tenant, TagId tag, TimeRange range) const override;
  Status erase(TenantId tenant, std::span<const TagId> tags, TimeRange range) override;
  Status set_retention(TenantId tenant, std::vector<RetentionRule> rules) override;
  Result<RetentionReport> apply_retention() override;

  Status flush() override;
  Status compact() override;
  Result<BackupReport> back_up(const std::string& directory, const Progress& go_on) override;
  Result<VerifyReport> verify(const Progress& go_on) override;
  StoreStats stats() const override;
  HistorianCounters counters() const override;
  const HistorianRecovery& recovery() const override { return recovery_; }

 private:
  // --- opening (store_open.cpp) ---
  Result<bool> load_manifest();
  Status load_files();
  Status load_catalogue();
  void remove_leftovers();
  void remove_old_catalogues();
  bool set_aside(const std::string& path, const Error& why);
  Status replay(wal::Lsn lsn, std::uint8_t type, ByteSpan payload);
  void name_damages(const wal::Recovery& found);
  void reserve_ids_of_lost_tags();

  // --- writing (store.cpp) ---
  Status check_batch(const SampleBatch& batch) const;
  Status check_room() const;
  bool memtable_is_full() const;
  void apply(const SampleBatch& batch, wal::Lsn lsn);
  bool stored_later(SeriesKey key, Timestamp time) const;
  void note_outcome(const Status& outcome, std::atomic<bool>& full);
  Status commit_tags(std::vector<TagEntry> entries);
  Status commit_tags_record(std::vector<TagEntry> entries);
  std::size_t record_bytes_max() const;

  // --- erasing (store_erase.cpp) ---
  void apply(std::span<const Erasure> erasures, wal::Lsn lsn);
  void renew_last_values(std::span<const Erasure> erasures);

  // --- replaced samples (store_replaced.cpp) ---
  std::set<SeriesKey> keys_that_keep_replaced() const;
  Status write_replaced(SeriesKey key, const Memtable& memtable, FileWriter& writer);

  // --- retention (store_expire.cpp) ---
  class Expiry;
  std::map<SeriesKey, RetentionPlan> retention_plans(Timestamp now) const;
  void refuse_late(const std::map<SeriesKey, RetentionPlan>& plans);
  void refuse_before(SeriesKey key, Timestamp time);
  bool is_too_late(SeriesKey key, Timestamp time) const;
  void load_boundaries();
  std::string retention_path() const;
  Status expire(const std::map<SeriesKey, RetentionPlan>& plans, RetentionReport& report);
  Result<std::uint64_t> reclaim();
  static std::uint64_t hidden_bytes(const FileReader& file, std::span<const FilePtr> newer);

  // --- moving tags (store_move.cpp) ---
  Result<PathList> paths_after_move(TenantId tenant, const std::string& from,
                                    const std::string& to) const;
  Status commit_paths(PathList paths);
  Status commit_to_catalogue(std::uint8_t type, Bytes record, std::function<void()> change);

  // --- files (store_flush.cpp) ---
  void flush_in_background();
  Status flush_locked();
  Status write_frozen();
  void trim_log();
  wal::Lsn covered() const;
  std::uint64_t take_number();
  Result<FilePtr> make_file(FileId id, FileOptions options,
                            const std::function<Status(FileWriter&)>& fill);
  Status make_durable(const FileReader& file);
  Result<FilePtr> write_file(const Memtable& memtable);
  Status write_changed_catalogue();
  std::vector<FilePtr> with_file(FilePtr file) const;
  Status publish(wal::Lsn covered, std::vector<FilePtr> files);
  void wake(bool& wanted);

  // --- merging (store_merge.cpp) ---
  // More files than this are merged, a few neighbours at a time. Reading a tag opens none of them
  // anew, but looks into each one's index.
  static constexpr std::size_t kFilesMax = 8;
  void merge_in_background();
  void expire_daily();
  Status merge_files(std::size_t files_max, Timestamp seal_before);
  std::vector<FilePtr> next_inputs(std::size_t files_max, Timestamp seal_before) const;
  std::vector<FilePtr> neighbours_to_merge(std::size_t files_max) const;
  Result<FilePtr> merge(const std::vector<FilePtr>& inputs, Timestamp seal_before);
  Status replace(const std::vector<FilePtr>& inputs, FilePtr merged);
  Status rewrite(const FileId& id);
  bool has_room_for(std::uint64_t bytes) const;
  std::string file_path(std::uint64_t number) const;
  std::string catalogue_path(std::uint64_t number) const;

  // --- backup (store_backup.cpp) ---
  Manifest pin_files();
  void unpin_files();
  Status renew_damaged_catalogue();
  // Now, or when the backup that may still read it has ended.
  void remove_unneeded(const std::string& path);

  // --- looking for damage (store_scrub.cpp) ---
  // Called after each part of a file that was read. Returns false to stop.
  using Pace = std::function<bool(std::uint64_t bytes)>;
  void scrub_in_background();
  void scrub_pass_on();
  void begin_pass_when_due();
  bool read_slowly(std::uint64_t bytes);
  FilePtr next_to_scrub() const;
  void repair_what_readers_met();
  Status verify_file(const FilePtr& file, const Pace& pace, VerifyReport& report);
  Result<codec::Damage> find_damage(const FileReader& file, const Pace& pace) const;
  Status repair(const FilePtr& file);
  Status renew_parity(const FilePtr& file);
  FilePtr open_file(const FileId& id) const;
  bool ends_within(Nanoseconds time);
  ScrubState scrub_state() const;

  // --- reading (store_read.cpp) ---
  SeriesView view_of_files(SeriesKey key) const;
  std::optional<Columns> frozen_points(SeriesKey key, TimeRange range) const;
  SeriesView view(SeriesKey key, TimeRange range) const;
  Result<std::vector<AggregateWindow>> windows_of(SeriesKey key, TimeRange range, Nanoseconds step,
                                                  TotalsFrom from) const;
  SeriesView view_before(SeriesKey key, Timestamp at) const;
  void note_damaged_block(const Error& error) const;
  Status require_tag(TenantId tenant, TagId tag) const;

  // --- aggregates (store_aggregate.cpp) ---
  Result<Tag> require_numbers(TenantId tenant, TagId tag, std::span<const Aggregate> aggregates,
                              const AggregateOptions& options) const;
  Result<std::optional<Seen>> last_usable(SeriesKey key, Timestamp before,
                                          const Opinion& opinion) const;
  Result<std::optional<Seen>> first_usable(SeriesKey key, Timestamp from,
                                           const Opinion& opinion) const;
  Result<Past> past_of(SeriesKey key, Timestamp before, const Opinion& opinion) const;
  Result<Future> future_of(SeriesKey key, Timestamp from, const Opinion& opinion) const;
  Status look_around(SeriesKey key, const Opinion& opinion, bool slope,
                     WindowedSeries& series) const;

  sys::FileSystem& files_;
  sys::Clock& clock_;
  const HistorianOptions options_;
  HistorianRecovery recovery_;

  mutable sys::SharedMutex mutex_;
  Catalogue catalogue_;
  bool catalogue_changed_ = false;  // since its file was written
  std::unique_ptr<Memtable> active_ = std::make_unique<Memtable>();
  std::shared_ptr<const Memtable> frozen_;  // being written into a file
  wal::Lsn applied_;                        // of the newest record in memory
  std::vector<FilePtr> open_files_;  // by order; changed under files_mutex_ and mutex_ together
  // Filled from files when first asked for.
  struct KeptLast : LastValue {
    bool in_use() const { return tag.value != 0; }
  };
  mutable ByKey<KeptLast> last_;
  // Samples of a series before this are summed up already.
  struct Boundary {
    Timestamp time = kTimestampMin;
    bool in_use() const { return time > kTimestampMin; }
  };
  ByKey<Boundary> refused_before_;
  Timestamp latest_boundary_ = kTimestampMin;  // of all series

  std::map<TenantId, std::vector<RetentionRule>> retention_;  // guarded by retention_mutex_
  // Of UTC, when the rules were last gone through; nothing: there are new ones.
  std::atomic<std::int64_t> retention_day_ = INT64_MIN;
  std::atomic<bool> retention_is_new_ = false;  // somebody has just set the rules

  // Guarded by files_mutex_.
  Manifest manifest_;                    // `files` is as last published
  std::vector<FileId> unread_;           // named by the manifest, but the disk did not give them
  bool is_pinned_ = false;               // a backup reads the files
  std::set<std::string> removed_later_;  // paths of those no longer needed meanwhile
  wal::Lsn
      frozen_through_;  // records up to this are in the files, in frozen_ or tags; flush_mutex_
  // Files with damage: merging would lose it for good. Guarded by merge_mutex_.
  std::set<std::uint64_t> kept_as_they_are_;

  std::atomic<std::uint64_t> tick_ = 1;  // 1: values that were there at the start
  std::atomic<std::uint64_t> path_changes_ = 0;
  std::atomic<std::uint64_t> appended_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
  std::atomic<std::uint64_t> too_late_ = 0;
  std::atomic<bool> poisoned_ = false;
  std::atomic<bool> log_full_ = false;    // no space for the log at the last attempt
  std::atomic<bool> files_full_ = false;  // no space for a file at the last attempt
  std::atomic<std::uint64_t> wal_bytes_ = 0;
  std::atomic<std::uint64_t> merges_ = 0;
  std::atomic<std::uint64_t> repaired_ = 0;  // blocks
  mutable DiskWatch disk_;

  mutable std::mutex damaged_mutex_;
  mutable std::set<std::string> damaged_blocks_;  // met by readers; guarded by damaged_mutex_

  mutable std::mutex scrub_record_mutex_;
  ScrubRecord scrub_;                     // guarded by scrub_record_mutex_
  std::set<std::uint64_t> repair_tried_;  // of scrubber_ alone: numbers of files

  std::mutex tags_mutex_;
  std::mutex flush_mutex_;
  std::mutex merge_mutex_;
  std::mutex backup_mutex_;
  mutable std::mutex retention_mutex_;
  std::mutex scrub_mutex_;
  mutable std::mutex files_mutex_;
  std::mutex wake_mutex_;
  std::condition_variable wake_;
  bool ending_ = false;        // guarded by wake_mutex_
  bool flush_wanted_ = false;  // guarded by wake_mutex_
  bool merge_wanted_ = false;  // guarded by wake_mutex_
  std::atomic<bool> giving_up_merges_ = false;
  std::thread flusher_;
  std::thread merger_;
  std::thread scrubber_;
  // Its thread calls into all of the above; null while the log is replayed.
  std::unique_ptr<wal::GroupCommit> log_;
};

}  // namespace lineshaft::historian
