// historian/store.h: the Historian itself: log, memtable, files, catalogue and last values
// together.
#pragma once

#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <thread>

#include "historian/catalogue.h"
#include "historian/files.h"
#include "historian/historian.h"
#include "historian/memtable.h"
#include "wal/group_commit.h"

namespace lineshaft::historian {

// Locks: `mutex_` guards everything that is read and changed in memory; it is never held while a
// disk works. `tags_mutex_` lets one change of tags through at a time; `flush_mutex_` one flush or
// merge. Order: flush_mutex_ or tags_mutex_ before mutex_.
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
  Status update_tag(TenantId tenant, TagId id, TagSpec spec) override;

  std::vector<LastValue> last_values(TenantId tenant, std::span<const TagId> tags) const override;
  std::uint64_t tick() const override { return tick_; }
  Status scan(TenantId tenant, TagId tag, TimeRange range, const Visit& visit) const override;
  Result<std::optional<Sample>> sample_before(TenantId tenant, TagId tag,
                                              Timestamp at) const override;
  Result<std::vector<PixelColumn>> pixels(TenantId tenant, TagId tag, TimeRange range,
                                          std::uint32_t columns) const override;
  Result<std::vector<AggregateWindow>> aggregate(TenantId tenant, TagId tag, TimeRange range,
                                                 Nanoseconds step) const override;

  Status flush() override;
  HistorianCounters counters() const override;
  const HistorianRecovery& recovery() const override { return recovery_; }

 private:
  // --- opening (store_open.cpp) ---
  Status load_files();
  Status load_manifest();
  void load_catalogue();
  void adopt_files_without_manifest(const Error& why);
  void remove_leftovers();
  void remove_old_catalogues();
  void set_aside(const std::string& path, const Error& why);
  Status replay(wal::Lsn lsn, std::uint8_t type, ByteSpan payload);

  // --- writing (store.cpp) ---
  Status check_batch(const SampleBatch& batch) const;
  Status check_room() const;
  void apply(const SampleBatch& batch, wal::Lsn lsn);
  bool stored_later(SeriesKey key, Timestamp time) const;
  void note_outcome(const Status& outcome);
  Status commit_tags(std::vector<TagEntry> entries);

  // --- files (store_flush.cpp) ---
  void flush_in_background();
  Status flush_locked();
  Status write_frozen();
  Result<std::optional<OrderedFile>> write_file(const Memtable& memtable, std::uint64_t number);
  Status write_changed_catalogue(Manifest& manifest);
  Status publish(const Manifest& manifest, std::vector<OrderedFile> files, bool frozen_is_stored);
  Status merge_small_files();
  Result<OrderedFile> merge(const std::vector<OrderedFile>& inputs, std::uint64_t number);
  std::string file_path(std::uint64_t number) const;
  std::string catalogue_path(std::uint64_t number) const;

  // --- reading (store_read.cpp) ---
  SeriesView view(SeriesKey key, TimeRange range) const;
  Status require_tag(TenantId tenant, TagId tag) const;

  sys::FileSystem& files_;
  sys::Clock& clock_;
  const HistorianOptions options_;
  HistorianRecovery recovery_;

  mutable std::shared_mutex mutex_;
  Catalogue catalogue_;
  bool catalogue_changed_ = false;  // since its file was written
  bool merging_stopped_ = false;    // a damaged block was met; merging would lose it for good
  std::unique_ptr<Memtable> active_ = std::make_unique<Memtable>();
  std::shared_ptr<const Memtable> frozen_;  // being written into a file
  wal::Lsn applied_;                        // of the newest record in memory
  wal::Lsn frozen_through_;
  std::vector<OrderedFile> open_files_;  // by order
  Manifest manifest_;
  mutable std::map<SeriesKey, LastValue> last_;  // filled from files when first asked for

  std::atomic<std::uint64_t> tick_ = 1;  // 1: values that were there at the start
  std::atomic<std::uint64_t> appended_ = 0;
  std::atomic<std::uint64_t> refused_ = 0;
  std::atomic<bool> poisoned_ = false;
  std::atomic<bool> disk_full_ = false;
  std::atomic<std::uint64_t> wal_bytes_ = 0;

  std::mutex tags_mutex_;
  std::mutex flush_mutex_;
  std::mutex wake_mutex_;
  std::condition_variable wake_;
  bool ending_ = false;        // guarded by wake_mutex_
  bool flush_wanted_ = false;  // guarded by wake_mutex_
  std::thread flusher_;
  std::unique_ptr<wal::GroupCommit> log_;  // ended first: its thread calls into all of the above
};

}  // namespace lineshaft::historian
