#include "wal/segment_files.h"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "base/assert.h"

namespace lineshaft::wal {
namespace {

constexpr std::string_view kSegmentSuffix = ".wal";
constexpr std::string_view kSparePrefix = "spare-";
constexpr std::string_view kDamagedSuffix = ".damaged";
constexpr std::size_t kNumberDigits = 16;
// A spare grows by this share of a segment per step: short enough to hide between two groups.
constexpr std::uint64_t kSpareSteps = 64;
constexpr std::uint64_t kSpareStepBytesMin = 4096;

std::string number_text(std::uint64_t number) {
  std::string digits = std::to_string(number);
  if (digits.size() < kNumberDigits) digits.insert(0, kNumberDigits - digits.size(), '0');
  return digits;
}

// "0000000000000012.wal" -> 12. Only names that number_text makes.
std::optional<std::uint64_t> number_of(std::string_view name, std::string_view prefix) {
  if (name.size() != prefix.size() + kNumberDigits + kSegmentSuffix.size()) return std::nullopt;
  if (!name.starts_with(prefix) || !name.ends_with(kSegmentSuffix)) return std::nullopt;
  std::uint64_t number = 0;
  for (char digit : name.substr(prefix.size(), kNumberDigits)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return number;
}

}  // namespace

SegmentFiles::SegmentFiles(sys::FileSystem& files, sys::Random* random, const LogOptions& options)
    : files_(&files), random_(random), options_(options) {}

std::string SegmentFiles::path_of(std::uint64_t sequence) const {
  return sys::join_path(options_.directory, number_text(sequence) + std::string(kSegmentSuffix));
}

std::string SegmentFiles::spare_path(std::uint64_t number) const {
  return sys::join_path(options_.directory, std::string(kSparePrefix) + number_text(number) +
                                                std::string(kSegmentSuffix));
}

std::uint64_t SegmentFiles::bytes() const {
  std::uint64_t sum = 0;
  for (const Segment& segment : segments_) sum += segment.bytes;
  for (const Spare& spare : spares_) sum += spare.bytes;
  return sum;
}

Result<SegmentFiles> SegmentFiles::load(sys::FileSystem& files, sys::Random& random,
                                        const LogOptions& options) {
  SegmentFiles loaded(files, &random, options);
  if (Status made = files.create_directories(options.directory); !made) {
    return std::move(made).error();
  }
  const Result<std::vector<std::string>> names = files.list(options.directory);
  if (!names) return names.error();
  for (const std::string& name : *names) {
    if (Status known = loaded.take_stock(name); !known) return std::move(known).error();
  }
  return loaded;
}

Result<SegmentFiles> SegmentFiles::look(sys::FileSystem& files, const std::string& directory) {
  LogOptions options;
  options.directory = directory;
  SegmentFiles seen(files, nullptr, options);
  const Result<std::vector<std::string>> names = files.list(directory);
  if (!names && names.error().id == ErrorId::kFileMissing) return seen;
  if (!names) return names.error();
  for (const std::string& name : *names) {
    const std::optional<std::uint64_t> sequence = number_of(name, "");
    if (!sequence) continue;
    const Result<std::uint64_t> size = seen.size_of(name);
    if (!size) return size.error();
    seen.segments_.push_back({*sequence, *size, {}, false});
  }
  return seen;
}

Result<std::uint64_t> SegmentFiles::size_of(const std::string& name) const {
  const std::string path = sys::join_path(options_.directory, name);
  Result<std::unique_ptr<sys::File>> file = files_->open(path, sys::OpenMode::kRead);
  if (!file) return std::move(file).error();
  return (*file)->size();
}

Status SegmentFiles::take_stock(const std::string& name) {
  const std::optional<std::uint64_t> sequence = number_of(name, "");
  const std::optional<std::uint64_t> spare = number_of(name, kSparePrefix);
  if (!sequence && !spare) return {};
  const std::string path = sys::join_path(options_.directory, name);
  const Result<std::uint64_t> size = size_of(name);
  if (!size) return size.error();
  if (sequence) {
    segments_.push_back({*sequence, *size, {}, false});
    return {};
  }
  next_spare_ = std::max(next_spare_, *spare + 1);
  // Of another size: half made when the process died, or the size of segments was changed.
  if (*size != options_.segment_bytes) return files_->remove(path);
  spares_.push_back({*spare, *size});
  return {};
}

bool SegmentFiles::has_whole_spare() const {
  return !spares_.empty() && spares_.front().bytes == options_.segment_bytes;
}

Status SegmentFiles::grow_spare(std::uint64_t bytes) {
  if (!growing_) {
    Result<std::unique_ptr<sys::File>> file =
        files_->open(spare_path(next_spare_), sys::OpenMode::kCreateNew);
    if (!file) return std::move(file).error();
    growing_ = std::move(*file);
    spares_.push_back({next_spare_++, 0});
  }
  if (Status grown = growing_->allocate(bytes); !grown) return grown;
  // Now, step by step: the first sync of the segment would have to write all the zeros.
  if (Status synced = growing_->sync(); !synced) return synced;
  spares_.back().bytes = bytes;
  if (bytes == options_.segment_bytes) growing_.reset();
  return {};
}

Status SegmentFiles::prepare_spare() {
  if (has_whole_spare()) return {};
  const std::uint64_t step = std::max(options_.segment_bytes / kSpareSteps, kSpareStepBytesMin);
  const std::uint64_t done = spares_.empty() ? 0 : spares_.back().bytes;
  Status grown = grow_spare(std::min<std::uint64_t>(done + step, options_.segment_bytes));
  if (!grown && grown.error().id == ErrorId::kDiskFull) return {};  // later, when there is space
  return grown;
}

Result<OpenSegment> SegmentFiles::make(Lsn first) {
  if (!has_whole_spare()) {
    if (Status grown = grow_spare(options_.segment_bytes); !grown) return std::move(grown).error();
  }
  OpenSegment made;
  made.header.sequence = segments_.empty() ? 1 : segments_.back().sequence + 1;
  made.header.first = first;
  made.header.bytes = options_.segment_bytes;
  while (made.header.id == 0) made.header.id = random_->next_u64();

  const std::string spare = spare_path(spares_.front().number);
  Result<std::unique_ptr<sys::File>> file = files_->open(spare, sys::OpenMode::kReadWrite);
  if (!file) return std::move(file).error();
  made.file = std::move(*file);
  const Bytes header = encode_segment_header(made.header);
  if (Status written = made.file->write_at(0, header); !written) return std::move(written).error();
  if (Status synced = made.file->sync(); !synced) return std::move(synced).error();

  if (Status named = files_->rename(spare, path_of(made.header.sequence)); !named) {
    return std::move(named).error();
  }
  spares_.erase(spares_.begin());
  segments_.push_back({made.header.sequence, made.header.bytes, first, false});
  if (Status synced = files_->sync_directory(options_.directory); !synced) {
    return std::move(synced).error();
  }
  return made;
}

Status SegmentFiles::unmake_last() {
  LS_ASSERT(!segments_.empty());
  const Segment last = segments_.back();
  segments_.pop_back();
  if (Status given_up = give_up(last); !given_up) return given_up;
  return files_->sync_directory(options_.directory);
}

Status SegmentFiles::give_up(const Segment& segment) {
  const std::string path = path_of(segment.sequence);
  if (segment.damaged) return files_->rename(path, path + std::string(kDamagedSuffix));
  const auto whole = static_cast<std::size_t>(
      std::count_if(spares_.begin(), spares_.end(),
                    [&](const Spare& spare) { return spare.bytes == options_.segment_bytes; }));
  if (segment.bytes != options_.segment_bytes || whole >= options_.spare_segments_max) {
    return files_->remove(path);
  }
  const std::uint64_t number = next_spare_++;
  if (Status renamed = files_->rename(path, spare_path(number)); !renamed) return renamed;
  spares_.insert(spares_.begin(), {number, segment.bytes});
  return {};
}

Status SegmentFiles::drop_before(std::size_t keep_from) {
  LS_ASSERT(keep_from <= segments_.size());
  if (keep_from == 0) return {};
  // The oldest first, so that what a crash leaves behind is a suffix of the log.
  for (std::size_t i = 0; i < keep_from; ++i) {
    const Segment oldest = segments_.front();
    if (Status given_up = give_up(oldest); !given_up) return given_up;
    segments_.erase(segments_.begin());
  }
  // Before a spare is written to: else a crash could show the new header under the old name.
  return files_->sync_directory(options_.directory);
}

}  // namespace lineshaft::wal
