// Opening: files and catalogue from the manifest, the rest from the log. Whatever is damaged is set
// aside and named; nothing refuses to start.
#include <algorithm>
#include <charconv>

#include "base/log.h"
#include "historian/store.h"

namespace lineshaft::historian {
namespace {

// "000012.lsh" with the suffix ".lsh" -> 12.
std::optional<std::uint64_t> number_of(std::string_view name, std::string_view suffix) {
  if (!name.ends_with(suffix)) return std::nullopt;
  name.remove_suffix(suffix.size());
  std::uint64_t number = 0;
  const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (code != std::errc{} || end != name.data() + name.size()) return std::nullopt;
  return number;
}

std::vector<std::uint64_t> numbers_in(sys::FileSystem& files, const std::string& directory,
                                      std::string_view suffix) {
  std::vector<std::uint64_t> numbers;
  const Result<std::vector<std::string>> names = files.list(directory);
  if (!names) return numbers;
  for (const std::string& name : *names) {
    if (const auto number = number_of(name, suffix)) numbers.push_back(*number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

std::string padded(std::uint64_t number) {
  std::string digits = std::to_string(number);
  return std::string(digits.size() < 6 ? 6 - digits.size() : 0, '0') + digits;
}

}  // namespace

std::string Store::file_path(std::uint64_t number) const {
  return sys::join_path(options_.directory, padded(number) + ".lsh");
}
std::string Store::catalogue_path(std::uint64_t number) const {
  return sys::join_path(options_.directory, padded(number) + ".tags");
}

Status Store::open(sys::Random& random) {
  const std::string log_directory = sys::join_path(options_.directory, "wal");
  if (Status made = files_.create_directories(log_directory); !made) return made;
  if (Status loaded = load_manifest(); !loaded) return loaded;
  if (Status loaded = load_files(); !loaded) return loaded;
  load_catalogue();
  applied_ = manifest_.covered;

  wal::LogOptions log_options;
  log_options.directory = log_directory;
  log_options.segment_bytes = options_.wal_segment_bytes;
  auto log = wal::Log::open(files_, random, log_options, manifest_.covered,
                            [this](wal::Lsn lsn, std::uint8_t type, ByteSpan payload) {
                              return replay(lsn, type, payload);
                            });
  if (!log) return log.error();
  const wal::Recovery& found = (*log)->recovery();
  recovery_.records_replayed = found.records;
  recovery_.torn_tail_bytes = found.torn_tail_bytes;
  for (const wal::Damage& damage : found.damages) {
    recovery_.damages.push_back("the log is damaged in " + damage.file + " at " +
                                std::to_string(damage.offset) + ": records " +
                                std::to_string(damage.first_missing.value) + " to " +
                                std::to_string(damage.next_present.value - 1) + " are lost");
  }
  wal_bytes_ = (*log)->bytes_on_disk();
  remove_leftovers();
  wal::GroupCommitOptions group_options;
  group_options.queue_bytes_max = 16 * 1024 * 1024;
  log_ = wal::GroupCommit::start(*std::move(log), group_options);
  if (options_.background) flusher_ = std::thread([this] { flush_in_background(); });
  return {};
}

Status Store::load_manifest() {
  Result<Manifest> manifest = read_manifest(files_, options_.directory);
  if (manifest) {
    manifest_ = *std::move(manifest);
    return {};
  }
  const Error& error = manifest.error();
  if (error.id == ErrorId::kFormatTooNew || error.code() == ErrorCode::kIo) return error;
  if (error.id == ErrorId::kCorrupt) {
    set_aside(sys::join_path(options_.directory, "manifest"), error);
  }
  if (!numbers_in(files_, options_.directory, ".lsh").empty()) adopt_files_without_manifest(error);
  return {};
}

// The files say themselves whether they are whole. What a crashed merge left over holds the same
// points as its inputs, so taking all of them is right; the log is replayed from its beginning.
void Store::adopt_files_without_manifest(const Error& why) {
  for (std::uint64_t number : numbers_in(files_, options_.directory, ".lsh")) {
    manifest_.files.push_back({number, number});
    manifest_.next_number = number + 1;
  }
  for (std::uint64_t number : numbers_in(files_, options_.directory, ".tags")) {
    manifest_.catalogue = number;
    manifest_.next_number = std::max(manifest_.next_number, number + 1);
  }
  if (why.id == ErrorId::kFileMissing) {
    recovery_.damages.push_back("the manifest is missing; all files found are used");
  }
}

Status Store::load_files() {
  std::vector<ManifestFile> kept;
  for (const ManifestFile& entry : manifest_.files) {
    const std::string path = file_path(entry.number);
    auto reader = FileReader::open(files_, path, entry.number);
    if (reader) {
      kept.push_back(entry);
      open_files_.push_back({entry, *std::move(reader)});
      continue;
    }
    const Error& error = reader.error();
    if (error.id == ErrorId::kFormatTooNew || error.code() == ErrorCode::kIo) return error;
    if (error.id == ErrorId::kFileMissing) {
      recovery_.damages.push_back(path + " is missing: its samples are lost");
    } else {
      set_aside(path, error);
    }
  }
  manifest_.files = std::move(kept);
  return {};
}

// The newest catalogue that can be read; an older one still knows most tags.
void Store::load_catalogue() {
  std::vector<std::uint64_t> numbers = numbers_in(files_, options_.directory, ".tags");
  std::sort(numbers.rbegin(), numbers.rend());
  for (std::uint64_t number : numbers) {
    // One that the manifest does not name yet is as good: its tags were durable before it was made.
    const std::string path = catalogue_path(number);
    const Result<std::vector<TagEntry>> tags = read_catalogue(files_, path);
    if (tags) {
      for (const TagEntry& entry : *tags) catalogue_.put(entry);
      manifest_.catalogue = number;
      manifest_.next_number = std::max(manifest_.next_number, number + 1);
      return;
    }
    set_aside(path, tags.error());
    manifest_.next_number = std::max(manifest_.next_number, number + 1);
  }
  if (manifest_.catalogue != 0) {
    recovery_.damages.push_back("the catalogue of tags is lost; tags are made anew as they come");
  }
}

void Store::set_aside(const std::string& path, const Error& why) {
  const std::string aside = path + ".damaged";
  const Status renamed = files_.rename(path, aside);
  recovery_.damages.push_back(why.what + "; set aside as " + aside +
                              (renamed ? "" : " (which failed: " + renamed.error().what + ")"));
}

Status Store::replay(wal::Lsn lsn, std::uint8_t type, ByteSpan payload) {
  if (type == kSamplesRecord) {
    const Result<SampleBatch> batch = decode_batch(payload);
    if (batch) {
      apply(*batch, lsn);
    } else {
      recovery_.damages.push_back("record " + std::to_string(lsn.value) +
                                  " of the log: " + batch.error().what);
    }
  } else if (type == kTagsRecord) {
    const Result<std::vector<TagEntry>> tags = decode_tags(payload);
    if (tags) {
      for (const TagEntry& entry : *tags) catalogue_.put(entry);
      catalogue_changed_ = true;
    } else {
      recovery_.damages.push_back("record " + std::to_string(lsn.value) +
                                  " of the log: " + tags.error().what);
    }
  }
  applied_ = lsn;
  if (active_->bytes() < options_.memtable_bytes_max) return {};
  return flush();  // bounded memory, however long the log is
}

// What a crash left half done: files that the manifest does not name, and temporary ones.
void Store::remove_leftovers() {
  const auto named = [&](std::uint64_t number) {
    return std::any_of(open_files_.begin(), open_files_.end(),
                       [&](const OrderedFile& file) { return file.entry.number == number; });
  };
  for (std::uint64_t number : numbers_in(files_, options_.directory, ".lsh")) {
    if (!named(number)) static_cast<void>(files_.remove(file_path(number)));
    manifest_.next_number = std::max(manifest_.next_number, number + 1);
  }
  remove_old_catalogues();
}

// All but the newest two: if the newest is ever damaged, the one before still knows most tags.
void Store::remove_old_catalogues() {
  std::vector<std::uint64_t> numbers = numbers_in(files_, options_.directory, ".tags");
  for (std::size_t i = 0; i + 2 < numbers.size(); ++i) {
    static_cast<void>(files_.remove(catalogue_path(numbers[i])));
  }
}

}  // namespace lineshaft::historian
