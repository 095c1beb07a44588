#include "historian/repair.h"

#include <algorithm>

#include "historian/file.h"
#include "historian/file_names.h"
#include "historian/manifest.h"
#include "historian/parity_file.h"

namespace lineshaft::historian {
namespace {

constexpr std::size_t kChunkBytes = 1024 * 1024;
constexpr std::size_t kSentencesMax = 100;

void note(FileRepair& repair, const std::string& damage) {
  repair.outcome = RepairOutcome::kDamaged;
  if (repair.damages.size() < kSentencesMax) repair.damages.push_back(damage);
}

// What the disk gives; the rest, which it cannot read or which is not there, stays zero.
void read_what_is_there(sys::File& file, std::uint64_t offset, std::span<std::uint8_t> out) {
  std::fill(out.begin(), out.end(), std::uint8_t{0});
  if (file.read_at(offset, out)) return;
  for (std::size_t at = 0; at < out.size(); at += codec::kPageBytes) {
    const auto page = out.subspan(at, std::min(codec::kPageBytes, out.size() - at));
    if (!file.read_at(offset + at, page)) std::fill(page.begin(), page.end(), std::uint8_t{0});
  }
}

// The file as it was, as far as parity can tell. Returns how many pages it made.
Result<std::uint64_t> write_repaired(sys::File& from, const ParityFile& parity,
                                     std::span<const std::uint64_t> damaged, sys::File& to) {
  std::uint64_t made = 0;
  std::size_t next = 0;
  Bytes chunk(kChunkBytes);
  for (std::uint64_t at = 0; at < parity.data_bytes(); at += kChunkBytes) {
    const std::uint64_t left = parity.data_bytes() - at;
    const auto part = std::span(chunk).first(
        static_cast<std::size_t>(std::min<std::uint64_t>(kChunkBytes, left)));
    read_what_is_there(from, at, part);
    for (; next < damaged.size() && damaged[next] * codec::kPageBytes < at + part.size(); ++next) {
      const Result<Bytes> page = parity.page(damaged[next]);
      if (!page) continue;
      const std::uint64_t offset = damaged[next] * codec::kPageBytes - at;
      std::ranges::copy(*page, part.begin() + static_cast<std::ptrdiff_t>(offset));
      ++made;
    }
    if (Status written = to.write_at(at, part); !written) return written.error();
  }
  return made;
}

class Repairer {
 public:
  Repairer(sys::FileSystem& files, const std::string& directory, const std::string& name,
           std::uint64_t number)
      : files_(files), path_(sys::join_path(directory, name)), number_(number) {
    repair_.name = name;
  }

  Result<FileRepair> run() {
    if (Status done = repair_pages(); !done) return done.error();
    const Result<FilePtr> file = FileReader::open(files_, path_, number_);
    if (!file) {
      if (file.error().id == ErrorId::kFileMissing) return file.error();
      note(repair_, file.error().what);
      return std::move(repair_);
    }
    repair_.bytes = (*file)->bytes();
    look_at_blocks(**file);
    if (Status done = renew_parity(**file); !done) return done.error();
    return std::move(repair_);
  }

 private:
  Status repair_pages() {
    const auto parity = ParityFile::open(files_, path_, number_);
    if (!parity) return {};
    const codec::Damage damage = (*parity)->find_damage([](std::uint64_t) { return true; });
    parity_is_whole_ = damage.parity_pages == 0;
    if (damage.pages.empty() && (*parity)->same_size()) return {};
    const auto from = files_.open(path_, sys::OpenMode::kRead);
    if (!from) return from.error();
    // Without anything to repair the file stays: a bad sector may still be read by others.
    const bool can = std::ranges::any_of(
        damage.pages, [&](std::uint64_t page) { return (*parity)->page(page).ok(); });
    if (!can && (*parity)->same_size()) return {};
    const Status written = sys::write_file_in_parts(files_, path_, [&](sys::File& to) {
      const Result<std::uint64_t> made = write_repaired(**from, **parity, damage.pages, to);
      if (made) repair_.pages_repaired = *made;
      return made ? Status() : Status(made.error());
    });
    if (written) repair_.outcome = RepairOutcome::kRepaired;
    return written;
  }

  void look_at_blocks(const FileReader& file) {
    if (file.needs_repair()) note(repair_, path_ + " could not be written anew");
    for (const BlockRef* block : file.every_block()) {
      const Status whole = file.check_block(*block);
      if (whole) continue;
      ++repair_.blocks_lost;
      note(repair_, whole.error().what);
    }
  }

  // Parity of a damaged file is kept: it may repair what is readable another time.
  Status renew_parity(const FileReader& file) {
    if (repair_.outcome == RepairOutcome::kDamaged || !file.is_sealed() || parity_is_whole_) {
      return {};
    }
    const Status made = write_parity(files_, file);
    if (made && repair_.outcome == RepairOutcome::kWhole) {
      repair_.outcome = RepairOutcome::kParityMade;
    }
    return made;
  }

  sys::FileSystem& files_;
  const std::string path_;
  const std::uint64_t number_;
  bool parity_is_whole_ = false;
  FileRepair repair_;
};

// "000012.lsh.damaged" -> 12.
std::optional<std::uint64_t> number_set_aside(std::string_view name) {
  if (!name.ends_with(kDamagedSuffix)) return std::nullopt;
  return number_of(name.substr(0, name.size() - kDamagedSuffix.size()), kSamplesSuffix);
}

struct Wanted {
  std::string name;
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
};

Result<std::vector<Wanted>> files_to_repair(sys::FileSystem& files, const std::string& directory) {
  const Result<std::vector<std::string>> names = files.list(directory);
  if (!names) return names.error();
  const Result<Manifest> manifest = read_manifest(files, directory);
  std::vector<Wanted> wanted;
  if (manifest) {
    for (const FileId& id : manifest->files) {
      wanted.push_back({numbered_name(id.number, kSamplesSuffix), id.number});
    }
  } else if (manifest.error().id == ErrorId::kCorrupt) {
    for (const std::string& name : *names) {  // as at a start without it: all files count
      if (const auto number = number_of(name, kSamplesSuffix)) wanted.push_back({name, *number});
    }
  } else {
    return manifest.error();
  }
  for (const std::string& name : *names) {
    if (const auto number = number_set_aside(name)) wanted.push_back({name, *number});
  }
  for (Wanted& one : wanted) {
    const auto file = files.open(sys::join_path(directory, one.name), sys::OpenMode::kRead);
    const Result<std::uint64_t> bytes =
        file ? (*file)->size() : Result<std::uint64_t>(file.error());
    if (bytes) one.bytes = *bytes;
  }
  return wanted;
}

}  // namespace

Result<FileRepair> repair_samples(sys::FileSystem& files, const std::string& directory,
                                  const std::string& name, std::uint64_t number) {
  return Repairer(files, directory, name, number).run();
}

Result<std::vector<FileRepair>> repair_store(sys::FileSystem& files, const std::string& directory,
                                             const Progress& go_on) {
  const Result<std::vector<Wanted>> wanted = files_to_repair(files, directory);
  if (!wanted) return wanted.error();
  std::uint64_t total = 0;
  for (const Wanted& one : *wanted) total += one.bytes;
  std::vector<FileRepair> repairs;
  std::uint64_t done = 0;
  for (const Wanted& one : *wanted) {
    Result<FileRepair> repair = repair_samples(files, directory, one.name, one.number);
    if (!repair && repair.error().id != ErrorId::kFileMissing) return repair.error();
    if (!repair) {
      repairs.push_back({.name = one.name});
      note(repairs.back(), repair.error().what);
    } else {
      repairs.push_back(*std::move(repair));
    }
    done += one.bytes;
    if (!go_on(done, total)) return Error{ErrorId::kCancelled, "the repair was stopped"};
  }
  return repairs;
}

}  // namespace lineshaft::historian
