#include "historian/backup.h"

#include <algorithm>
#include <set>

#include "historian/catalogue_file.h"
#include "historian/file_format.h"
#include "historian/file_names.h"
#include "historian/parity_file.h"
#include "historian/repair.h"

namespace lineshaft::historian {
namespace {

constexpr std::size_t kChunkBytes = 1024 * 1024;
constexpr std::size_t kPageBytes = 4096;  // what a disk gives up at once when a sector is bad
constexpr std::string_view kUnfinishedSuffix = ".tmp";

// Reads at most a chunk. What the disk cannot give is zero: its checksum will tell.
Result<std::size_t> read_chunk(sys::File& file, std::uint64_t offset, std::span<std::uint8_t> out) {
  Result<std::size_t> got = file.read_at(offset, out);
  if (got) return got;
  for (std::size_t at = 0; at < out.size(); at += kPageBytes) {
    const auto page = out.subspan(at, std::min(kPageBytes, out.size() - at));
    if (!file.read_at(offset + at, page)) std::fill(page.begin(), page.end(), std::uint8_t{0});
  }
  return out.size();
}

Status copy_bytes(sys::File& from, sys::File& to) {
  const Result<std::uint64_t> size = from.size();
  if (!size) return size.error();
  if (Status emptied = to.truncate(0); !emptied) return emptied;
  Bytes chunk(kChunkBytes);
  for (std::uint64_t at = 0; at < *size;) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, *size - at));
    const Result<std::size_t> got = read_chunk(from, at, std::span(chunk).first(wanted));
    if (!got) return got.error();
    if (*got == 0) break;
    if (Status written = to.write_at(at, ByteSpan(chunk).first(*got)); !written) return written;
    at += *got;
  }
  return to.sync();
}

// The first block that does not have its checksum. Errors: kCorrupt, kIoError.
Status check_blocks(const FileReader& file) {
  for (const BlockRef& block : file.all_blocks()) {
    if (const Result<Bytes> stored = file.read_stored(block); !stored) return stored.error();
  }
  for (const BlockRef& block : file.all_replaced()) {
    if (const Result<Bytes> stored = file.read_stored(block); !stored) return stored.error();
  }
  return {};
}

bool same_bytes(sys::File& a, sys::File& b, std::uint64_t offset, std::size_t count) {
  Bytes of_a(count);
  Bytes of_b(count);
  const Result<std::size_t> got_a = a.read_at(offset, of_a);
  const Result<std::size_t> got_b = b.read_at(offset, of_b);
  return got_a && got_b && of_a == of_b;
}

bool same_file(sys::FileSystem& files, const std::string& a, const std::string& b) {
  const auto file_a = files.open(a, sys::OpenMode::kRead);
  const auto file_b = files.open(b, sys::OpenMode::kRead);
  if (!file_a || !file_b) return false;
  const Result<std::uint64_t> size_a = (*file_a)->size();
  const Result<std::uint64_t> size_b = (*file_b)->size();
  if (!size_a || !size_b || *size_a != *size_b) return false;
  for (std::uint64_t at = 0; at < *size_a; at += kChunkBytes) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, *size_a - at));
    if (!same_bytes(**file_a, **file_b, at, count)) return false;
  }
  return true;
}

// On the disk, without help from parity.
bool is_whole(const FileReader& file) { return check_blocks(file).ok() && !file.needs_repair(); }

// By size, footer (with the checksum of the index) and the checksum of each block.
bool same_content(sys::FileSystem& files, const FileReader& a, const FileReader& b) {
  if (!(a.id() == b.id()) || a.bytes() != b.bytes()) return false;
  const auto file_a = files.open(a.path(), sys::OpenMode::kRead);
  const auto file_b = files.open(b.path(), sys::OpenMode::kRead);
  if (!file_a || !file_b) return false;
  if (!same_bytes(**file_a, **file_b, a.bytes() - kFooterBytes, kFooterBytes)) return false;
  return std::ranges::all_of(a.all_blocks(), [&](const BlockRef& block) {
    return same_bytes(**file_a, **file_b, block.offset, sizeof(std::uint32_t));
  });
}

// Anything else may be well the next time, or for those who read only a part.
bool is_lost(const Error& error) {
  return error.id == ErrorId::kCorrupt || error.id == ErrorId::kFileMissing;
}

class Copier {
 public:
  Copier(sys::FileSystem& files, const std::string& from, const Manifest& manifest,
         const std::string& to, const BackupProgress& go_on)
      : files_(files), from_(from), to_(to), go_on_(go_on), wanted_(manifest) {
    next_ = manifest;
    next_.files.clear();
  }

  Result<BackupReport> run() {
    if (Status made = files_.create_directories(to_); !made) return made.error();
    Status done = look_at_copy_of_before();
    if (done) done = measure();
    for (std::size_t i = 0; done && i < wanted_.files.size(); ++i) {
      done = take_samples(wanted_.files[i]);
    }
    if (done) done = take_catalogue();
    if (done) done = files_.sync_directory(to_);
    if (done) done = write_manifest(files_, to_, next_);
    if (!done) return done.error();
    remove_the_rest();
    return report_;
  }

 private:
  std::string source(const std::string& name) const { return sys::join_path(from_, name); }
  std::string target(const std::string& name) const { return sys::join_path(to_, name); }

  Status look_at_copy_of_before() {
    const Result<Manifest> before = read_manifest(files_, to_);
    if (before) {
      if (before->covered > wanted_.covered) {
        return Error{ErrorId::kConflict, to_ + " holds a newer copy, or one of another store"};
      }
      for (const FileId& id : before->files) named_before_.insert(id.number);
      return {};
    }
    // Without one that can be read nothing there counts; whole files are used all the same.
    const ErrorId id = before.error().id;
    if (id == ErrorId::kFileMissing || id == ErrorId::kCorrupt) return {};
    return before.error();
  }

  Status measure() {
    for (const FileId& id : wanted_.files) {
      total_ += size_of(numbered_name(id.number, kSamplesSuffix));
    }
    return proceed(0);
  }

  std::uint64_t size_of(const std::string& name) const {
    const auto file = files_.open(source(name), sys::OpenMode::kRead);
    if (!file) return 0;
    const Result<std::uint64_t> size = (*file)->size();
    return size ? *size : 0;
  }

  Status proceed(std::uint64_t bytes) {
    done_ += bytes;
    if (go_on_(done_, total_)) return {};
    return Error{ErrorId::kCancelled, "the copy was stopped"};
  }

  Status take_samples(const FileId& id) {
    const std::string name = numbered_name(id.number, kSamplesSuffix);
    const Result<FilePtr> original = FileReader::open(files_, source(name), id.number);
    const Result<FilePtr> kept = open_repaired(id.number);
    const bool kept_is_whole = kept && is_whole(**kept);
    const bool differs = original && kept_is_whole && !same_content(files_, **original, **kept);
    const bool is_named = named_before_.contains(id.number);
    // Not damage, but a sound file that is another one.
    if (differs && is_named && is_whole(**original)) {
      return Error{ErrorId::kConflict, to_ + " holds another store: " + name + " differs"};
    }
    if (kept_is_whole && (is_named || !differs)) {
      if (!original) {
        report_.damages.push_back(original.error().what + "; the copy made before is kept");
      }
      if (Status taken = take_parity(id.number); !taken) return taken;
      return count(id, **kept);
    }
    if (!original && is_lost(original.error())) {
      report_.damages.push_back(original.error().what + "; it is missing in the copy");
      return {};
    }
    if (Status taken = take_parity(id.number); !taken) return taken;
    if (Status copied = copy_file(files_, source(name), target(name)); !copied) return copied;
    return check_copy(id, original);
  }

  // Before what it protects: so the copy of a damaged file is repaired.
  Status take_parity(std::uint64_t number) {
    const std::string name = numbered_name(number, kParitySuffix);
    if (!files_.exists(source(name)) || same_file(files_, source(name), target(name))) return {};
    const std::string samples = source(numbered_name(number, kSamplesSuffix));
    const auto parity = ParityFile::open(files_, samples, number);
    const auto all = [](std::uint64_t) { return true; };
    if (!parity || (*parity)->find_damage(all).parity_pages > 0) return {};
    return copy_file(files_, source(name), target(name));
  }

  // A file of the copy; what has rotted in it is repaired if its parity can do it.
  Result<FilePtr> open_repaired(std::uint64_t number) {
    const std::string name = numbered_name(number, kSamplesSuffix);
    Result<FilePtr> file = FileReader::open(files_, target(name), number);
    if (!file || !check_blocks(**file) || !(*file)->needs_repair()) return file;
    static_cast<void>(repair_samples(files_, to_, name, number));  // reading it again tells
    return FileReader::open(files_, target(name), number);
  }

  // From what the disk holds now, not from what was to be written.
  Status check_copy(const FileId& id, const Result<FilePtr>& original) {
    const Result<FilePtr> copy = open_repaired(id.number);
    if (!copy && original) return copy.error();
    if (!copy) {
      report_.damages.push_back(original.error().what + "; it is missing in the copy");
      return {};
    }
    if (Status whole = check_blocks(**copy); !whole) {
      const Status at_home = original ? check_blocks(**original) : Status(original.error());
      if (at_home) return Error{whole.error().id, whole.error().what + " after copying"};
      report_.damages.push_back(at_home.error().what + "; so it is in the copy");
    }
    ++report_.files_copied;
    report_.bytes_copied += (*copy)->bytes();
    return count(id, **copy);
  }

  Status count(const FileId& id, const FileReader& file) {
    next_.files.push_back(id);
    ++report_.files;
    report_.bytes += file.bytes();
    return proceed(file.bytes());
  }

  Status take_catalogue() {
    if (wanted_.catalogue == 0) return {};
    const std::string name = numbered_name(wanted_.catalogue, kCatalogueSuffix);
    if (!same_file(files_, source(name), target(name))) {
      if (Status copied = copy_file(files_, source(name), target(name)); !copied) return copied;
    }
    return read_catalogue(files_, target(name), wanted_.catalogue, [](auto) {});
  }

  // What the manifest does not name. Nothing depends on it, so errors are left for the next time.
  // A file that the store has set aside as damaged may be whole here: it stays.
  void remove_the_rest() {
    std::set<std::string> named{numbered_name(next_.catalogue, kCatalogueSuffix)};
    for (const FileId& id : next_.files) {
      named.insert(numbered_name(id.number, kSamplesSuffix));
      named.insert(numbered_name(id.number, kParitySuffix));
    }
    const auto names = files_.list(to_);
    // What the store has lost may be whole in files of before, under other names.
    const bool keeps_all = !report_.damages.empty();
    for (const std::string& name : names ? *names : std::vector<std::string>()) {
      const auto parity = number_of(name, kParitySuffix);
      const bool ours = number_of(name, kSamplesSuffix) || number_of(name, kCatalogueSuffix) ||
                        parity || name.ends_with(kUnfinishedSuffix);
      if (!ours || keeps_all || named.contains(name)) continue;
      const std::string samples = numbered_name(parity.value_or(0), kSamplesSuffix);
      if (parity && files_.exists(source(samples + std::string(kDamagedSuffix)))) continue;
      if (files_.exists(source(name + std::string(kDamagedSuffix)))) {
        report_.damages.push_back(source(name) + " was set aside; the copy made before is kept");
        continue;
      }
      if (files_.remove(target(name))) ++report_.files_removed;
    }
  }

  sys::FileSystem& files_;
  const std::string from_;
  const std::string to_;
  const BackupProgress& go_on_;
  const Manifest wanted_;
  Manifest next_;  // of the copy
  std::set<std::uint64_t> named_before_;
  std::uint64_t done_ = 0;
  std::uint64_t total_ = 0;
  BackupReport report_;
};

}  // namespace

Status copy_file(sys::FileSystem& files, const std::string& from, const std::string& to) {
  const std::string unfinished = to + std::string(kUnfinishedSuffix);
  Status copied;
  {
    const auto source = files.open(from, sys::OpenMode::kRead);
    if (!source) return source.error();
    const auto target = files.open(unfinished, sys::OpenMode::kCreate);
    if (!target) return target.error();
    copied = copy_bytes(**source, **target);
  }
  if (copied) copied = files.rename(unfinished, to);
  if (!copied) static_cast<void>(files.remove(unfinished));
  return copied;
}

Result<BackupReport> copy_store(sys::FileSystem& files, const std::string& from,
                                const Manifest& manifest, const std::string& to,
                                const BackupProgress& go_on) {
  return Copier(files, from, manifest, to, go_on).run();
}

Result<BackupReport> restore_store(sys::FileSystem& files, const std::string& backup,
                                   const std::string& to, const BackupProgress& go_on) {
  const Result<Manifest> manifest = read_manifest(files, backup);
  if (!manifest) return manifest.error();
  return copy_store(files, backup, *manifest, to, go_on);
}

}  // namespace lineshaft::historian
