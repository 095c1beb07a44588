// Memtables become files, files are merged. One such work at a time (flush_mutex_).
#include <algorithm>
#include <set>

#include "base/log.h"
#include "historian/store.h"

namespace lineshaft::historian {
namespace {

constexpr Nanoseconds kRetryPeriod = std::chrono::seconds(1);
// More files than this are merged, a few neighbours at a time. Reading a tag opens none of them
// anew, but looks into each one's index.
constexpr std::size_t kFilesMax = 8;
constexpr std::size_t kMergeWidth = 4;
constexpr std::uint64_t kMergedBytesMax = 1ULL << 30;
// Blocks of long texts hold fewer points.
constexpr std::size_t kBlockTextBytesMax = 1024 * 1024;

constexpr TimeRange kAllTime{kTimestampMin, kTimestampMax};

// Cuts points into blocks and writes them.
class BlockCutter {
 public:
  BlockCutter(FileWriter& writer, SeriesKey key) : writer_(writer), key_(key) {}

  Status add(std::span<const Point> points) {
    for (const Point& point : points) {
      const auto* text = std::get_if<std::string>(&point.value);
      pending_.push_back(point);
      text_bytes_ += text == nullptr ? 0 : text->size();
      if (pending_.size() == kBlockPointsMax || text_bytes_ > kBlockTextBytesMax) {
        if (Status cut = finish(); !cut) return cut;
      }
    }
    return {};
  }
  Status finish() {
    if (pending_.empty()) return {};
    const Status written = writer_.add(key_, pending_);
    pending_.clear();
    text_bytes_ = 0;
    return written;
  }

 private:
  FileWriter& writer_;
  SeriesKey key_;
  std::vector<Point> pending_;
  std::size_t text_bytes_ = 0;
};

}  // namespace

Status Store::flush() {
  const std::lock_guard one_at_a_time(flush_mutex_);
  return flush_locked();
}

void Store::flush_in_background() {
  std::unique_lock lock(wake_mutex_);
  while (!ending_) {
    wake_.wait(lock, [this] { return ending_ || flush_wanted_; });
    if (ending_) return;
    flush_wanted_ = false;
    lock.unlock();
    const Status flushed = flush();
    if (!flushed) log_warn("historian", flushed.error().text());
    lock.lock();
    if (flushed || poisoned_) continue;
    // A full disk: what is in memory is in the log too; try again when there may be room.
    flush_wanted_ = true;
    wake_.wait_for(lock, kRetryPeriod, [this] { return ending_; });
  }
}

Status Store::flush_locked() {
  if (poisoned_) return Error{ErrorId::kStorePoisoned, "a sync failed before"};
  {
    const std::unique_lock lock(mutex_);
    if (!frozen_ && !active_->empty()) {
      frozen_ = std::move(active_);
      active_ = std::make_unique<Memtable>();
      frozen_through_ = applied_;
    }
  }
  const Status written = write_frozen();
  note_outcome(written);
  if (!written) return written;
  const Status merged = merge_small_files();
  note_outcome(merged);
  return merged;
}

// Writes the frozen memtable and a changed catalogue, publishes both, trims the log.
Status Store::write_frozen() {
  Manifest manifest = manifest_;
  std::vector<OrderedFile> files = open_files_;
  wal::Lsn through = manifest.covered;
  if (frozen_) {
    through = frozen_through_;
    auto file = write_file(*frozen_, manifest.next_number++);
    if (!file) return file.error();
    if (*file) {
      manifest.files.push_back((*file)->entry);
      files.push_back(**std::move(file));
    }
  } else if (!catalogue_changed_) {
    return {};
  }
  if (Status written = write_changed_catalogue(manifest); !written) return written;
  manifest.covered = through;
  if (Status published = publish(manifest, std::move(files), true); !published) {
    const std::unique_lock lock(mutex_);
    catalogue_changed_ = true;  // its file is not named by any manifest
    return published;
  }
  remove_old_catalogues();
  if (!log_) return {};  // during the replay
  log_->with_log([this, through](wal::Log& log) {
    if (Status trimmed = log.trim(through); !trimmed) {
      log_warn("historian", trimmed.error().text());
    }
    wal_bytes_ = log.bytes_on_disk();
  });
  return {};
}

Result<std::optional<OrderedFile>> Store::write_file(const Memtable& memtable,
                                                     std::uint64_t number) {
  if (memtable.empty()) return std::optional<OrderedFile>();
  auto writer = FileWriter::create(files_, file_path(number), number);
  if (!writer) return writer.error();
  for (const SeriesKey& key : memtable.keys()) {
    BlockCutter cutter(**writer, key);
    if (Status added = cutter.add(memtable.points(key, kAllTime)); !added) return added.error();
    if (Status cut = cutter.finish(); !cut) return cut.error();
  }
  if (Status finished = (*writer)->finish(); !finished) return finished.error();
  if (Status synced = files_.sync_directory(options_.directory); !synced) return synced.error();
  auto reader = FileReader::open(files_, file_path(number), number);
  if (!reader) return reader.error();
  return std::optional<OrderedFile>({{number, number}, *std::move(reader)});
}

Status Store::write_changed_catalogue(Manifest& manifest) {
  std::vector<TagEntry> tags;
  {
    const std::unique_lock lock(mutex_);
    if (!catalogue_changed_) return {};
    tags = catalogue_.all();
    catalogue_changed_ = false;
  }
  const std::uint64_t number = manifest.next_number++;
  const Status written = write_catalogue(files_, catalogue_path(number), tags);
  if (!written) {
    const std::unique_lock lock(mutex_);
    catalogue_changed_ = true;
    return written;
  }
  manifest.catalogue = number;
  return {};
}

// From here on readers see the new files, and so does the next start.
Status Store::publish(const Manifest& manifest, std::vector<OrderedFile> files,
                      bool frozen_is_stored) {
  if (Status written = write_manifest(files_, options_.directory, manifest); !written) {
    return written;
  }
  const std::unique_lock lock(mutex_);
  manifest_ = manifest;
  open_files_ = std::move(files);
  if (frozen_is_stored) frozen_.reset();
  return {};
}

Status Store::merge_small_files() {
  while (open_files_.size() > kFilesMax && !merging_stopped_) {
    // The cheapest neighbours: neighbours, so that what is newer stays newer.
    std::size_t best = 0;
    std::uint64_t best_bytes = UINT64_MAX;
    for (std::size_t i = 0; i + kMergeWidth <= open_files_.size(); ++i) {
      std::uint64_t bytes = 0;
      for (std::size_t k = 0; k < kMergeWidth; ++k) bytes += open_files_[i + k].reader->bytes();
      if (bytes < best_bytes) {
        best = i;
        best_bytes = bytes;
      }
    }
    if (best_bytes > kMergedBytesMax) return {};
    const auto first = open_files_.begin() + static_cast<std::ptrdiff_t>(best);
    const std::vector<OrderedFile> inputs(first, first + kMergeWidth);
    Manifest manifest = manifest_;
    const Result<OrderedFile> merged = merge(inputs, manifest.next_number++);
    if (!merged && merged.error().id == ErrorId::kCorrupt) {
      merging_stopped_ = true;
      log_error("historian", "files are no longer merged: " + merged.error().text());
      return {};
    }
    if (!merged) return merged.error();
    std::vector<OrderedFile> files = open_files_;
    const auto place = files.begin() + static_cast<std::ptrdiff_t>(best);
    *place = *merged;
    files.erase(place + 1, place + kMergeWidth);
    manifest.files.clear();
    for (const OrderedFile& file : files) manifest.files.push_back(file.entry);
    if (Status published = publish(manifest, std::move(files), false); !published) return published;
    for (const OrderedFile& input : inputs) {
      static_cast<void>(files_.remove(input.reader->path()));
    }
  }
  return {};
}

Result<OrderedFile> Store::merge(const std::vector<OrderedFile>& inputs, std::uint64_t number) {
  std::set<SeriesKey> keys;
  for (const OrderedFile& input : inputs) {
    for (const BlockRef& block : input.reader->all_blocks()) keys.insert(block.key);
  }
  auto writer = FileWriter::create(files_, file_path(number), number);
  if (!writer) return writer.error();
  for (const SeriesKey& key : keys) {
    std::optional<Error> failed;
    SeriesView view{key, inputs, {}, [&](const Error& error) { failed = error; }};
    BlockCutter cutter(**writer, key);
    const Status read = visit_points(view, kAllTime, [&](std::span<const Point> points) {
      if (Status added = cutter.add(points); !added) failed = added.error();
      return !failed;
    });
    if (!read) return read.error();
    if (Status cut = cutter.finish(); !cut && !failed) failed = cut.error();
    if (failed) return *failed;
  }
  if (Status finished = (*writer)->finish(); !finished) return finished.error();
  if (Status synced = files_.sync_directory(options_.directory); !synced) return synced.error();
  auto reader = FileReader::open(files_, file_path(number), number);
  if (!reader) return reader.error();
  return OrderedFile{{number, inputs.back().entry.order}, *std::move(reader)};
}

}  // namespace lineshaft::historian
