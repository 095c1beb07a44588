// Memtables become files, files are merged. One such work at a time (flush_mutex_).
#include <algorithm>
#include <future>
#include <set>
#include <utility>

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
  const Status flushed = flush_locked();
  note_outcome(flushed, files_full_);
  return flushed;
}

void Store::flush_in_background() {
  std::unique_lock lock(wake_mutex_);
  while (!ending_) {
    wake_.wait(lock, [this] { return ending_ || flush_wanted_; });
    if (ending_) return;
    flush_wanted_ = false;
    lock.unlock();
    const Status flushed = flush();
    if (!flushed && !files_full_ && !poisoned_) log_error("historian", flushed.error().text());
    lock.lock();
    if (flushed || poisoned_) continue;
    // A full disk: what is in memory is in the log too; try again when there may be room.
    flush_wanted_ = true;
    wake_.wait_for(lock, kRetryPeriod, [this] { return ending_; });
  }
}

Status Store::flush_locked() {
  if (poisoned_) return Error{ErrorId::kStorePoisoned, "a sync failed before"};
  // What an earlier attempt could not write goes first.
  if (frozen_) {
    if (Status written = write_frozen(); !written) return written;
  }
  {
    const std::unique_lock lock(mutex_);
    frozen_through_ = applied_;
    if (!active_->empty()) frozen_ = std::exchange(active_, std::make_unique<Memtable>());
  }
  if (Status written = write_frozen(); !written) return written;
  return merge_small_files();
}

// Writes the frozen memtable and a changed catalogue, publishes both, trims the log.
Status Store::write_frozen() {
  if (frozen_through_ == manifest_.covered) return {};
  std::vector<FilePtr> files = open_files_;
  if (frozen_) {
    Result<FilePtr> file = write_file(*frozen_);
    if (!file) return file.error();
    files.push_back(*std::move(file));
  }
  Status written = write_changed_catalogue();
  const std::string path = frozen_ ? files.back()->path() : "";
  if (written) written = publish(frozen_through_, std::move(files));
  if (!written) {
    // On a full disk no manifest names the file; after another error one may.
    const bool is_unnamed = written.error().id == ErrorId::kDiskFull;
    if (!path.empty() && is_unnamed) static_cast<void>(files_.remove(path));
    return written;
  }
  trim_log();
  return {};
}

void Store::trim_log() {
  if (!log_) return;  // during the replay
  const auto done = std::make_shared<std::promise<void>>();
  log_->with_log([this, done, through = manifest_.covered](wal::Log& log) {
    if (Status trimmed = log.trim(through); !trimmed) {
      log_warn("historian", trimmed.error().text());
    }
    wal_bytes_ = log.bytes_on_disk();
    done->set_value();
  });
  done->get_future().wait();
}

// A file that is durable, and its name too, though nothing refers to it yet; or none.
Result<FilePtr> Store::make_file(FileId id, const std::function<Status(FileWriter&)>& fill) {
  const std::string path = file_path(id.number);
  Status made;
  {
    auto writer = FileWriter::create(files_, path, id);
    made = writer ? fill(**writer) : Status(writer.error());
    if (made) made = (*writer)->finish();
  }
  if (made) made = files_.sync_directory(options_.directory);
  Result<FilePtr> reader =
      made ? FileReader::open(files_, path, id.number) : Result<FilePtr>(made.error());
  // A part of it would only take space.
  if (!reader) static_cast<void>(files_.remove(path));
  return reader;
}

Result<FilePtr> Store::write_file(const Memtable& memtable) {
  const std::uint64_t number = manifest_.next_number++;
  return make_file({number, number}, [&](FileWriter& writer) -> Status {
    for (const SeriesKey& key : memtable.keys()) {
      BlockCutter cutter(writer, key);
      if (Status added = cutter.add(memtable.points(key, kAllTime)); !added) return added;
      if (Status cut = cutter.finish(); !cut) return cut;
    }
    return {};
  });
}

Status Store::write_changed_catalogue() {
  std::vector<TagEntry> tags;
  {
    const std::unique_lock lock(mutex_);
    if (!catalogue_changed_) return {};
    tags = catalogue_.after({}, SIZE_MAX);
    catalogue_changed_ = false;
  }
  const std::uint64_t number = manifest_.next_number++;
  const Status written = write_catalogue(files_, catalogue_path(number), tags);
  if (!written) {
    const std::unique_lock lock(mutex_);
    catalogue_changed_ = true;
    return written;
  }
  manifest_.catalogue = number;
  remove_old_catalogues();
  return {};
}

// From here on readers see these files instead of the frozen memtable, and so does the next start.
// Requires: the files hold everything up to `covered`. Errors: kDiskFull: no manifest names them;
// any other: one may.
Status Store::publish(wal::Lsn covered, std::vector<FilePtr> files) {
  Manifest next = manifest_;
  next.covered = covered;
  next.files = unread_;
  for (const FilePtr& file : files) next.files.push_back(file->id());
  std::stable_sort(next.files.begin(), next.files.end(),
                   [](const FileId& a, const FileId& b) { return a.order < b.order; });
  if (Status written = write_manifest(files_, options_.directory, next); !written) return written;
  manifest_ = std::move(next);
  const std::unique_lock lock(mutex_);
  open_files_ = std::move(files);
  frozen_.reset();
  return {};
}

Status Store::merge_small_files() {
  while (const std::optional<std::size_t> place = place_to_merge()) {
    const auto first = open_files_.begin() + static_cast<std::ptrdiff_t>(*place);
    const std::vector<FilePtr> inputs(first, first + kMergeWidth);
    const Result<FilePtr> merged = merge(inputs);
    if (!merged && merged.error().id == ErrorId::kCorrupt) {
      for (const FilePtr& input : inputs) kept_as_they_are_.insert(input->id().number);
      log_error("historian", "files are left as they are: " + merged.error().what);
      continue;
    }
    // Nothing is lost by not merging; the next flush tries again.
    if (!merged && merged.error().id == ErrorId::kDiskFull) return {};
    if (!merged) return merged.error();
    std::vector<FilePtr> files = open_files_;
    const auto from = files.begin() + static_cast<std::ptrdiff_t>(*place);
    *from = *merged;
    files.erase(from + 1, from + kMergeWidth);
    if (Status published = publish(manifest_.covered, std::move(files)); !published) {
      if (published.error().id != ErrorId::kDiskFull) return published;
      static_cast<void>(files_.remove((*merged)->path()));
      return {};
    }
    for (const FilePtr& input : inputs) static_cast<void>(files_.remove(input->path()));
  }
  return {};
}

// Index of the cheapest neighbours worth merging: neighbours, so that what is newer stays newer.
std::optional<std::size_t> Store::place_to_merge() const {
  if (open_files_.size() <= kFilesMax) return std::nullopt;
  std::optional<std::size_t> best;
  std::uint64_t best_bytes = kMergedBytesMax;
  for (std::size_t i = 0; i + kMergeWidth <= open_files_.size(); ++i) {
    const std::span<const FilePtr> files = std::span(open_files_).subspan(i, kMergeWidth);
    const auto is_kept = [&](const FilePtr& file) {
      return kept_as_they_are_.contains(file->id().number);
    };
    const auto lies_between = [&](const FileId& id) {
      return id.order > files.front()->id().order && id.order < files.back()->id().order;
    };
    if (std::any_of(files.begin(), files.end(), is_kept)) continue;
    if (std::any_of(unread_.begin(), unread_.end(), lies_between)) continue;
    std::uint64_t bytes = 0;
    for (const FilePtr& file : files) bytes += file->bytes();
    if (bytes < best_bytes) {
      best = i;
      best_bytes = bytes;
    }
  }
  // The log must not run out of space because of a merge.
  const Result<std::uint64_t> free = files_.free_bytes(options_.directory);
  if (best && free && *free < best_bytes + 2 * options_.wal_segment_bytes) return std::nullopt;
  return best;
}

// Errors: kCorrupt: an input cannot be read; nothing of it may be left out for good. Others: of
// writing.
Result<FilePtr> Store::merge(const std::vector<FilePtr>& inputs) {
  std::set<SeriesKey> keys;
  for (const FilePtr& input : inputs) {
    for (const BlockRef& block : input->all_blocks()) keys.insert(block.key);
  }
  const FileId id{manifest_.next_number++, inputs.back()->id().order};
  return make_file(id, [&](FileWriter& writer) -> Status {
    for (const SeriesKey& key : keys) {
      Status outcome;
      const SeriesView view{key, inputs, {}, [&](const Error& error) { outcome = error; }};
      BlockCutter cutter(writer, key);
      const Status read = visit_points(view, kAllTime, [&](std::span<const Point> points) {
        if (outcome) outcome = cutter.add(points);
        return outcome.ok();
      });
      if (!read) return Error{ErrorId::kCorrupt, read.error().what};
      if (outcome) outcome = cutter.finish();
      if (!outcome) return outcome;
    }
    return {};
  });
}

}  // namespace lineshaft::historian
