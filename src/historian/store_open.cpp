// Opening: files and catalogue from the manifest, the rest from the log. Whatever is damaged is set
// aside and named; nothing refuses to start.
#include <algorithm>

#include "base/log.h"
#include "historian/catalogue_file.h"
#include "historian/file_names.h"
#include "historian/parity_file.h"
#include "historian/store.h"

namespace lineshaft::historian {
namespace {

constexpr std::size_t kQueueBytesMax = 16 * 1024 * 1024;  // that wait for the log

}  // namespace

std::string Store::file_path(std::uint64_t number) const {
  return sys::join_path(options_.directory, numbered_name(number, kSamplesSuffix));
}
std::string Store::catalogue_path(std::uint64_t number) const {
  return sys::join_path(options_.directory, numbered_name(number, kCatalogueSuffix));
}

Status Store::open(sys::Random& random) {
  const std::string log_directory = sys::join_path(options_.directory, kLogName);
  if (Status made = files_.create_directories(log_directory); !made) return made;
  // The process may have died between a new manifest and the sync of its name. What is removed now
  // because that manifest does not name it must not be missed by the one before.
  if (Status synced = files_.sync_directory(options_.directory); !synced) return synced;
  const Result<bool> has_manifest = load_manifest();
  if (!has_manifest) return has_manifest.error();
  if (Status loaded = load_files(); !loaded) return loaded;
  if (Status loaded = load_catalogue(); !loaded) return loaded;
  remove_leftovers();
  if (!*has_manifest) {
    // Before any file is made: files without a manifest are a sign of damage. On a full disk the
    // next flush tries again.
    const std::lock_guard lock(files_mutex_);
    const Status written = publish(manifest_.covered, open_files_);
    if (!written && written.error().id != ErrorId::kDiskFull) return written;
  }
  applied_ = frozen_through_ = manifest_.covered;
  scrub_ = read_scrub_record(files_, options_.directory);

  wal::LogOptions log_options;
  log_options.directory = log_directory;
  log_options.segment_bytes = options_.wal_segment_bytes;
  auto log = wal::Log::open(files_, random, log_options, manifest_.covered,
                            [this](wal::Lsn lsn, std::uint8_t type, ByteSpan payload) {
                              return replay(lsn, type, payload);
                            });
  if (!log) return log.error();
  too_late_ = 0;  // counted when they came
  name_damages((*log)->recovery());
  if (!recovery_.damages.empty()) reserve_ids_of_lost_tags();
  wal_bytes_ = (*log)->bytes_on_disk();
  flush_wanted_ = memtable_is_full();  // the disk was full
  wal::GroupCommitOptions group_options;
  group_options.queue_bytes_max = kQueueBytesMax;
  log_ = wal::GroupCommit::start(*std::move(log), group_options);
  if (options_.background) {
    flusher_ = std::thread([this] { flush_in_background(); });
    merger_ = std::thread([this] { merge_in_background(); });
    scrubber_ = std::thread([this] { scrub_in_background(); });
  }
  return {};
}

// Was there one that could be read?
Result<bool> Store::load_manifest() {
  Result<Manifest> manifest = read_manifest(files_, options_.directory);
  if (manifest) {
    manifest_ = *std::move(manifest);
    return true;
  }
  const Error& error = manifest.error();
  const bool missing = error.id == ErrorId::kFileMissing;
  if (!missing && error.id != ErrorId::kCorrupt) return error;
  if (!missing) set_aside(sys::join_path(options_.directory, "manifest"), error);
  // The files say themselves whether they are whole and how new they are. What a crashed merge left
  // over holds the same points as its inputs, so taking all of them is right; the log is replayed
  // from its beginning.
  const auto numbers = numbers_in(files_, options_.directory, kSamplesSuffix);
  if (!numbers) return numbers.error();
  for (std::uint64_t number : *numbers) manifest_.files.push_back({number, number});
  if (missing && !numbers->empty()) {
    recovery_.damages.push_back("the manifest is missing; all files found are used");
  }
  return false;
}

Status Store::load_files() {
  for (const FileId& id : manifest_.files) {
    const std::string path = file_path(id.number);
    auto reader = FileReader::open(files_, path, id.number);
    if (reader) {
      open_files_.push_back(*std::move(reader));
      continue;
    }
    const Error& error = reader.error();
    if (error.id == ErrorId::kFormatTooNew) return error;
    if (error.id == ErrorId::kFileMissing) {
      recovery_.damages.push_back(path + " is missing: its samples are lost");
    } else if (error.id == ErrorId::kCorrupt) {
      if (!set_aside(path, error)) unread_.push_back(id);
    } else {
      // Perhaps only for now, so it stays where it is.
      unread_.push_back(id);
      recovery_.damages.push_back(error.what + "; its samples are missing until it can be read");
    }
  }
  std::stable_sort(open_files_.begin(), open_files_.end(), [](const FilePtr& a, const FilePtr& b) {
    return a->id().order < b->id().order;
  });
  load_boundaries();
  return {};
}

// The newest catalogue that can be read; an older one still knows most tags.
Status Store::load_catalogue() {
  const auto numbers = numbers_in(files_, options_.directory, kCatalogueSuffix);
  if (!numbers) return numbers.error();
  std::uint64_t used = 0;
  for (std::uint64_t number : std::vector(numbers->rbegin(), numbers->rend())) {
    // One that the manifest does not name yet is as good: its tags were durable before it was made.
    const std::string path = catalogue_path(number);
    const Status read = read_catalogue(
        files_, path, number, [this](std::span<const TagEntry> tags) { catalogue_.put(tags); });
    if (read) {
      used = number;
      break;
    }
    catalogue_ = Catalogue();  // of a damaged one nothing counts
    const Error& error = read.error();
    if (error.id != ErrorId::kCorrupt) return error;
    set_aside(path, error);
  }
  if (used < manifest_.catalogue) {
    recovery_.damages.push_back(
        used == 0 ? "the catalogue of tags is lost; tags are made anew as they come"
                  : "the newest catalogue of tags is lost; an older one is used: tags made or "
                    "changed since may be missing");
  }
  manifest_.catalogue = used;
  return {};
}

// Success if the file has its new name; named among the damages in any case.
bool Store::set_aside(const std::string& path, const Error& why) {
  const std::string aside = path + std::string(kDamagedSuffix);
  const Status renamed = files_.rename(path, aside);
  recovery_.damages.push_back(why.what + "; set aside as " + aside +
                              (renamed ? "" : " (which failed: " + renamed.error().what + ")"));
  return renamed.ok();
}

Status Store::replay(wal::Lsn lsn, std::uint8_t type, ByteSpan payload) {
  const auto unreadable = [&](const Error& error) {
    recovery_.damages.push_back("record " + std::to_string(lsn.value) +
                                " of the log: " + error.what);
  };
  if (type == kSamplesRecord) {
    const Result<SampleBatch> batch = decode_batch(payload);
    batch ? apply(*batch, lsn) : unreadable(batch.error());
  } else if (type == kTagsRecord) {
    const Result<std::vector<TagEntry>> tags = decode_tags(payload);
    if (!tags) unreadable(tags.error());
    if (tags) {
      catalogue_.put(*tags);
      catalogue_changed_ = true;
    }
  } else if (type == kPathsRecord) {
    const Result<PathList> paths = PathList::read(payload);
    if (!paths) unreadable(paths.error());
    if (paths) {
      catalogue_.rename(*paths);
      catalogue_changed_ = true;
    }
  } else if (type == kErasuresRecord) {
    const Result<std::vector<Erasure>> erasures = decode_erasures(payload);
    erasures ? apply(*erasures, lsn) : unreadable(erasures.error());
  }
  applied_ = lsn;
  // Bounded memory, however long the log is. On a full disk it is bounded by what append() takes
  // before it refuses, and starting to read is worth it.
  if (!memtable_is_full() || files_full_) return {};
  const Status flushed = flush();
  return files_full_ ? Status() : flushed;
}

void Store::name_damages(const wal::Recovery& found) {
  // Without the manifest nobody knew how much of the log is in the files. What was trimmed from its
  // beginning is.
  const bool beginning_is_in_files = manifest_.covered.value == 0 && !manifest_.files.empty();
  recovery_.records_replayed = found.records;
  recovery_.torn_tail_bytes = found.torn_tail_bytes;
  for (const wal::Damage& damage : found.damages) {
    if (beginning_is_in_files && damage.first_missing.value == 1) continue;
    const std::uint64_t first = damage.first_missing.value;
    const std::uint64_t next = damage.next_present.value;
    recovery_.damages.push_back("the log is damaged in " + damage.file + " at " +
                                std::to_string(damage.offset) +
                                (first < next ? ": records " + std::to_string(first) + " to " +
                                                    std::to_string(next - 1) + " are lost"
                                              : "; no lost record is known of"));
  }
}

// Samples of a tag that nobody knows any more must not turn up under a new tag of the same id.
void Store::reserve_ids_of_lost_tags() {
  std::set<SeriesKey> lost;
  const auto note = [&](SeriesKey key) {
    if (!catalogue_.type_of(key.tenant, key.tag)) lost.insert(key);
  };
  for (const FilePtr& file : open_files_) {
    for (const BlockRef& block : file->all_blocks()) {
      note({block.first.tenant, block.last});
      if (block.is_of_one()) continue;
      const Result<FileReader::Few> few = file->read_few(block);
      if (!few) continue;  // damaged; ids up to its last one are reserved
      for (const SeriesPoints& one : **few) note({block.first.tenant, one.tag});
    }
  }
  for (const Memtable* memtable : {static_cast<const Memtable*>(active_.get()), frozen_.get()}) {
    if (memtable == nullptr) continue;
    for (const SeriesKey& key : memtable->keys()) note(key);
  }
  for (const SeriesKey& key : lost) catalogue_.reserve(key.tenant, key.tag);
  if (lost.empty()) return;
  recovery_.damages.push_back("the tags of " + std::to_string(lost.size()) +
                              " series are lost; their samples are kept but have no name");
}

// What a crash left half done: files that the manifest does not name, and temporary ones.
void Store::remove_leftovers() {
  std::set<std::uint64_t> named;
  for (const FileId& id : manifest_.files) named.insert(id.number);
  std::uint64_t& next = manifest_.next_number;
  const auto files = numbers_in(files_, options_.directory, kSamplesSuffix);
  for (std::uint64_t number : files ? *files : std::vector<std::uint64_t>()) {
    if (!named.contains(number)) static_cast<void>(files_.remove(file_path(number)));
    next = std::max(next, number + 1);
  }
  // What was set aside keeps its parity: it may be repaired yet.
  const auto parities = numbers_in(files_, options_.directory, kParitySuffix);
  for (std::uint64_t number : parities ? *parities : std::vector<std::uint64_t>()) {
    next = std::max(next, number + 1);
    const bool is_aside = files_.exists(file_path(number) + std::string(kDamagedSuffix));
    if (named.contains(number) || is_aside) continue;
    static_cast<void>(files_.remove(parity_path(file_path(number))));
  }
  const auto catalogues = numbers_in(files_, options_.directory, kCatalogueSuffix);
  if (catalogues && !catalogues->empty()) next = std::max(next, catalogues->back() + 1);
  const auto names = files_.list(options_.directory);
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    if (!name.ends_with(".tmp")) continue;
    static_cast<void>(files_.remove(sys::join_path(options_.directory, name)));
  }
  remove_old_catalogues();
}

// All but the newest two: if the newest is ever damaged, the one before still knows most tags.
void Store::remove_old_catalogues() {
  const auto numbers = numbers_in(files_, options_.directory, kCatalogueSuffix);
  for (std::size_t i = 0; numbers && i + 2 < numbers->size(); ++i) {
    remove_unneeded(catalogue_path((*numbers)[i]));
  }
}

}  // namespace lineshaft::historian
