// Memtables become files. One at a time (flush_mutex_).
#include <algorithm>
#include <future>
#include <set>
#include <utility>

#include "base/log.h"
#include "historian/catalogue_file.h"
#include "historian/parity_file.h"
#include "historian/store.h"

namespace lineshaft::historian {
namespace {

constexpr Nanoseconds kRetryPeriod = std::chrono::seconds(1);
}  // namespace

Status Store::flush() {
  Status flushed;
  {
    const std::lock_guard one_at_a_time(flush_mutex_);
    flushed = flush_locked();
    note_outcome(flushed, files_full_);
  }
  if (flushed && !options_.background) {
    if (log_) expire_daily();
    flushed = merge_files(kFilesMax, clock_.now() + -options_.seal_after);
  }
  if (options_.background) wake(merge_wanted_);
  return flushed;
}

void Store::wake(bool& wanted) {
  {
    const std::lock_guard lock(wake_mutex_);
    wanted = true;
  }
  wake_.notify_all();
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
  return write_frozen();
}

// Writes the frozen memtable and a changed catalogue, publishes both, trims the log.
Status Store::write_frozen() {
  if (frozen_through_ == covered()) return {};
  FilePtr made;
  if (frozen_) {
    Result<FilePtr> file = write_file(*frozen_);
    if (!file) return file.error();
    made = *std::move(file);
  }
  Status written = write_changed_catalogue();
  if (written) {
    const std::lock_guard lock(files_mutex_);
    written = publish(frozen_through_, with_file(made));
    if (written) {
      const std::unique_lock memory(mutex_);
      frozen_.reset();
    }
  }
  if (!written) {
    // On a full disk no manifest names the file; after another error one may.
    const bool is_unnamed = written.error().id == ErrorId::kDiskFull;
    if (made && is_unnamed) remove_with_parity(files_, made->path());
    return written;
  }
  trim_log();
  return {};
}

wal::Lsn Store::covered() const {
  const std::lock_guard lock(files_mutex_);
  return manifest_.covered;
}

std::uint64_t Store::take_number() {
  const std::lock_guard lock(files_mutex_);
  return manifest_.next_number++;
}

void Store::trim_log() {
  if (!log_) return;  // during the replay
  const auto done = std::make_shared<std::promise<void>>();
  log_->with_log([this, done, through = covered()](wal::Log& log) {
    if (Status trimmed = log.trim(through); !trimmed) {
      log_warn("historian", trimmed.error().text());
    }
    wal_bytes_ = log.bytes_on_disk();
    done->set_value();
  });
  done->get_future().wait();
}

// The name of a new file, and its parity. What is not sealed yet is soon written anew anyway.
Status Store::make_durable(const FileReader& file) {
  if (file.is_sealed()) {
    if (Status written = write_parity(files_, file); !written) return written;
  }
  return files_.sync_directory(options_.directory);
}

// A file that is durable, and its name too, though nothing refers to it yet; or none.
Result<FilePtr> Store::make_file(FileId id, FileOptions options,
                                 const std::function<Status(FileWriter&)>& fill) {
  const std::string path = file_path(id.number);
  Status made;
  {
    auto writer = FileWriter::create(files_, path, id, options);
    made = writer ? fill(**writer) : Status(writer.error());
    if (made) made = (*writer)->finish();
  }
  Result<FilePtr> reader =
      made ? FileReader::open(files_, path, id.number) : Result<FilePtr>(made.error());
  if (reader) made = make_durable(**reader);
  if (reader && made) return reader;
  // A part of it would only take space.
  remove_with_parity(files_, path);
  return reader ? Result<FilePtr>(made.error()) : reader;
}

Result<FilePtr> Store::write_file(const Memtable& memtable) {
  const std::uint64_t number = take_number();
  const std::set<SeriesKey> keeping = keys_that_keep_replaced();
  return make_file({number, number}, {codec::Effort::kFresh}, [&](FileWriter& writer) {
    writer.set_erasures(memtable.erasures());
    return memtable.each_series([&](SeriesKey key, const Columns& points) {
      Status added = writer.add(key, points);
      if (added && keeping.contains(key)) added = write_replaced(key, memtable, writer);
      return added;
    });
  });
}

// Part by part, each under the lock: a tag that is changed meanwhile is in the log after what this
// flush covers, and is read from there again.
Status Store::write_changed_catalogue() {
  {
    const std::unique_lock lock(mutex_);
    if (!catalogue_changed_) return {};
    catalogue_changed_ = false;
  }
  const std::uint64_t number = take_number();
  SeriesKey last;
  const Status written = write_catalogue(files_, catalogue_path(number), number, [&] {
    const std::shared_lock lock(mutex_);
    std::vector<TagEntry> tags = catalogue_.after(last, kCataloguePartTags);
    if (!tags.empty()) last = {tags.back().tenant, tags.back().tag.id};
    return tags;
  });
  if (!written) {
    const std::unique_lock lock(mutex_);
    catalogue_changed_ = true;
    return written;
  }
  {
    const std::lock_guard lock(files_mutex_);
    manifest_.catalogue = number;
  }
  remove_old_catalogues();
  return {};
}

// The files with another one in its place by order; none is left out.
// Requires: files_mutex_ is held.
std::vector<FilePtr> Store::with_file(FilePtr file) const {
  std::vector<FilePtr> files = open_files_;
  if (!file) return files;
  const auto place = std::upper_bound(
      files.begin(), files.end(), file,
      [](const FilePtr& a, const FilePtr& b) { return a->id().order < b->id().order; });
  files.insert(place, std::move(file));
  return files;
}

// From here on readers see these files, and so does the next start.
// Requires: files_mutex_ is held; the files hold everything up to `covered`. Errors: kDiskFull: no
// manifest names them; any other: one may.
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
  return {};
}

}  // namespace lineshaft::historian
