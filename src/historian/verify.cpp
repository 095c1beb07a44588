#include "historian/verify.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/crc32c.h"
#include "historian/catalogue_file.h"
#include "historian/file_format.h"
#include "historian/file_names.h"
#include "historian/manifest.h"
#include "historian/parity_file.h"
#include "historian/path_list.h"
#include "wal/recovery.h"

namespace lineshaft::historian {
namespace {

// Sums may be added up in another order by another build; a wrong one is far off.
constexpr double kSumTolerance = 1e-9;
constexpr const char* kByParity = "its parity has it: historian repair";

void note(FileFinding& finding, const std::string& damage) {
  finding.state = FileState::kDamaged;
  if (finding.damages.size() < kSentencesMax) finding.damages.push_back(damage);
}

bool same_number(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }
bool near(double a, double b, double scale) {
  return same_number(a, b) || std::abs(a - b) <= kSumTolerance * scale;
}

bool same_counts(const Summary& a, const Summary& b) {
  return a.count == b.count && a.bad == b.bad && a.uncertain == b.uncertain &&
         a.not_finite == b.not_finite && a.changes == b.changes &&
         a.first_quality == b.first_quality && a.last_quality == b.last_quality &&
         a.worst_quality == b.worst_quality && a.worst_repeats == b.worst_repeats &&
         a.first_time == b.first_time && a.last_time == b.last_time;
}

bool same_extremes(const Summary& a, const Summary& b) {
  return a.first_usable_quality == b.first_usable_quality &&
         a.last_usable_quality == b.last_usable_quality && a.first_usable == b.first_usable &&
         a.last_usable == b.last_usable && a.min_time == b.min_time && a.max_time == b.max_time &&
         a.min_repeats == b.min_repeats && a.max_repeats == b.max_repeats &&
         same_number(a.first, b.first) && same_number(a.last, b.last) &&
         same_number(a.min, b.min) && same_number(a.max, b.max);
}

bool same_sums(const Summary& a, const Summary& b) {
  const double largest = std::max(std::abs(a.min), std::abs(a.max));
  const double count = static_cast<double>(a.count);
  const double area = largest * static_cast<double>(a.usable_ns);
  return near(a.sum, b.sum, largest * count) &&
         near(a.squares, b.squares, largest * largest * count) && near(a.held, b.held, area) &&
         near(a.sloped, b.sloped, area) &&
         near(a.sloped_over_bad, b.sloped_over_bad,
              largest * (static_cast<double>(a.last_usable.ns) -
                         static_cast<double>(a.first_usable.ns))) &&
         a.usable_ns == b.usable_ns && a.unsound_ns == b.unsound_ns && a.zero_ns == b.zero_ns;
}

bool same_summary(const Summary& told, const Summary& found) {
  if (!same_counts(told, found)) return false;
  if (!told.usable()) return true;
  if (!same_extremes(told, found)) return false;
  return told.not_finite > 0 || same_sums(told, found);
}

Status verify_block(const FileReader& file, const BlockRef& block) {
  const Error contradiction{
      ErrorId::kCorrupt,
      file.path() + ": the index contradicts the block at " + std::to_string(block.offset)};
  if (block.rollup) {
    const Result<std::vector<Summary>> rollups = file.read_rollups(block);
    if (!rollups) return rollups.error();
    Summary found;
    for (const Summary& rollup : *rollups) found.add(rollup);
    return same_summary(block.summary, found) ? Status() : contradiction;
  }
  // A block of several tags tells less about itself; the reader compares that.
  if (!block.is_of_one()) {
    const Result<FileReader::Few> few = file.read_few(block);
    return few ? Status() : Status(few.error());
  }
  const Result<std::optional<Columns>> points = file.read(block, block.first);
  if (!points) return points.error();
  Summary found;
  for (std::size_t i = 0; i < (*points)->size(); ++i) found.add((*points)->point(i));
  return same_summary(block.summary, found) ? Status() : contradiction;
}

// Readers do without it, so opening the file does not tell.
Status verify_header(sys::FileSystem& files, const std::string& path, std::uint64_t number) {
  const auto file = files.open(path, sys::OpenMode::kRead);
  if (!file) return file.error();
  Bytes header(kHeaderBytes);
  const Result<std::size_t> got = (*file)->read_at(0, header);
  if (!got) return got.error();
  const ByteSpan all(header);
  ByteReader reader(all.subspan(kFileMagic.size() + sizeof kFileVersion));
  const bool intact = *got == kHeaderBytes && as_text(all.first(kFileMagic.size())) == kFileMagic &&
                      reader.read_le<std::uint64_t>() == number &&
                      reader.read_le<std::uint32_t>() == crc32c(all.first(kHeaderBytes - 4));
  if (intact) return {};
  return Error{ErrorId::kCorrupt, path + ": has a damaged header; nothing is lost by that"};
}

std::uint64_t bytes_of(sys::FileSystem& files, const std::string& path) {
  const auto file = files.open(path, sys::OpenMode::kRead);
  if (!file) return 0;
  const Result<std::uint64_t> bytes = (*file)->size();
  return bytes ? *bytes : 0;
}

class Verifier {
 public:
  Verifier(sys::FileSystem& files, const std::string& directory, const VerifyProgress& progress)
      : files_(files), directory_(directory), progress_(progress) {}

  Result<std::vector<FileFinding>> run() {
    const Result<std::vector<std::string>> names = files_.list(directory_);
    if (!names) return names.error();
    Status done = read_manifest_file();
    if (done) done = read_catalogues(*names);
    if (done) done = read_files();
    if (done) done = read_log_files();
    if (done) done = list_the_rest(*names);
    if (!done && done.error().id != ErrorId::kCancelled) return done.error();
    return std::move(found_);
  }

 private:
  std::string path(std::string_view name) const { return sys::join_path(directory_, name); }

  Status add(FileFinding finding) {
    seen_.insert(finding.name);
    found_.push_back(std::move(finding));
    if (progress_(found_.back())) return {};
    return Error{ErrorId::kCancelled, "the check was stopped"};
  }

  Status read_manifest_file() {
    const Result<Manifest> manifest = read_manifest(files_, directory_);
    FileFinding finding{.name = std::string(kManifestName),
                        .bytes = bytes_of(files_, path(kManifestName))};
    if (manifest) {
      manifest_ = *manifest;
      return add(std::move(finding));
    }
    if (manifest.error().id == ErrorId::kFormatTooNew) return manifest.error();
    // As at a start without it: all files count. Without any there is no store.
    const auto numbers = numbers_in(files_, directory_, kSamplesSuffix);
    if (!numbers) return numbers.error();
    if (manifest.error().id == ErrorId::kFileMissing && numbers->empty()) return manifest.error();
    for (std::uint64_t number : *numbers) manifest_.files.push_back({number, number});
    note(finding, manifest.error().what);
    return add(std::move(finding));
  }

  // The newest, which the manifest names, and the one before, which is its reserve.
  Status read_catalogues(const std::vector<std::string>& names) {
    std::set<std::uint64_t> wanted;
    if (manifest_.catalogue != 0) wanted.insert(manifest_.catalogue);
    for (const std::string& name : names) {
      if (const auto number = number_of(name, kCatalogueSuffix)) wanted.insert(*number);
    }
    for (const std::uint64_t number : wanted) {
      const std::string name = numbered_name(number, kCatalogueSuffix);
      FileFinding finding{.name = name, .bytes = bytes_of(files_, path(name))};
      const Status whole = read_catalogue(files_, path(name), number, [](auto) {});
      if (!whole) note(finding, whole.error().what);
      if (Status added = add(std::move(finding)); !added) return added;
    }
    return {};
  }

  Status read_files() {
    for (const FileId& id : manifest_.files) {
      if (Status added = add(verify_samples(files_, directory_, id.number)); !added) return added;
      if (!files_.exists(path(numbered_name(id.number, kParitySuffix)))) continue;
      if (!files_.exists(path(numbered_name(id.number, kSamplesSuffix)))) continue;
      if (Status added = add(verify_parity(files_, directory_, id.number)); !added) return added;
    }
    return {};
  }

  Status read_log_files() {
    FileFinding finding{.name = std::string(kLogName)};
    const auto check = [&](wal::Lsn lsn, std::uint8_t type, ByteSpan payload) -> Status {
      const auto unreadable = [&](const Error& error) {
        note(finding, "record " + std::to_string(lsn.value) + ": " + error.what);
      };
      if (type == kSamplesRecord) {
        const Result<SampleBatch> batch = decode_batch(payload);
        batch ? static_cast<void>(finding.samples += batch->samples.size())
              : unreadable(batch.error());
      } else if (type == kTagsRecord) {
        const auto tags = decode_tags(payload);
        if (!tags) unreadable(tags.error());
      } else if (type == kPathsRecord) {
        const auto paths = PathList::read(payload);
        if (!paths) unreadable(paths.error());
      } else if (type == kErasuresRecord) {
        const auto erasures = decode_erasures(payload);
        if (!erasures) unreadable(erasures.error());
      }
      return {};
    };
    const auto read = wal::read_log(files_, path(kLogName), manifest_.covered, check);
    if (!read) note(finding, read.error().what);
    // Without the manifest nobody knows how much of the log is in the files and was trimmed.
    const bool may_be_trimmed = manifest_.covered.value == 0 && !manifest_.files.empty();
    for (const wal::Damage& damage : read ? read->damages : std::vector<wal::Damage>()) {
      if (may_be_trimmed && damage.first_missing.value == 1) continue;
      note(finding, damage.file + " is damaged at " + std::to_string(damage.offset));
    }
    return add(std::move(finding));
  }

  Status list_the_rest(const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const bool aside = name.ends_with(kDamagedSuffix);
      const bool samples = number_of(name, kSamplesSuffix).has_value();
      const auto parity = number_of(name, kParitySuffix);
      if (seen_.contains(name) || !(aside || samples || parity || name.ends_with(".tmp"))) continue;
      const bool of_aside =
          parity &&
          files_.exists(path(numbered_name(*parity, kSamplesSuffix) + std::string(kDamagedSuffix)));
      const FileState state = aside || of_aside ? FileState::kSetAside : FileState::kUnused;
      if (Status added = add({.name = name, .state = state, .bytes = bytes_of(files_, path(name))});
          !added) {
        return added;
      }
    }
    return {};
  }

  sys::FileSystem& files_;
  const std::string directory_;
  const VerifyProgress& progress_;
  Manifest manifest_;
  std::vector<FileFinding> found_;
  std::set<std::string, std::less<>> seen_;
};

}  // namespace

FileFinding verify_samples(sys::FileSystem& files, const std::string& directory,
                           std::uint64_t number) {
  FileFinding finding{.name = numbered_name(number, kSamplesSuffix)};
  const std::string path = sys::join_path(directory, finding.name);
  finding.bytes = bytes_of(files, path);
  const Result<FilePtr> file = FileReader::open(files, path, number);
  if (!file) {
    note(finding, file.error().what);
    return finding;
  }
  if (Status header = verify_header(files, path, number); !header)
    note(finding, header.error().what);
  if ((*file)->needs_repair()) note(finding, path + ": the index is damaged; " + kByParity);
  const std::vector<const BlockRef*> blocks = (*file)->every_block();
  finding.blocks = blocks.size();
  for (const BlockRef* one : blocks) {
    const BlockRef& block = *one;
    const std::uint64_t mended = (*file)->mended_blocks();
    const Status whole = verify_block(**file, block);
    if (whole) finding.samples += block.summary.count;
    if (whole && (*file)->mended_blocks() == mended) continue;
    ++finding.damaged_blocks;
    note(finding, whole ? path + ": the block at " + std::to_string(block.offset) +
                              " is damaged; " + kByParity
                        : whole.error().what);
  }
  return finding;
}

FileFinding verify_parity(sys::FileSystem& files, const std::string& directory,
                          std::uint64_t number) {
  FileFinding finding{.name = numbered_name(number, kParitySuffix)};
  const std::string path = sys::join_path(directory, finding.name);
  finding.bytes = bytes_of(files, path);
  const auto parity = ParityFile::open(
      files, sys::join_path(directory, numbered_name(number, kSamplesSuffix)), number);
  if (!parity) {
    note(finding, parity.error().what);
    return finding;
  }
  const codec::Damage damage = (*parity)->find_damage([](std::uint64_t) { return true; });
  if (damage.parity_pages > 0) {
    note(finding, path + ": " + std::to_string(damage.parity_pages) +
                      " pages are damaged; historian repair makes them anew");
  }
  return finding;
}

Result<std::vector<FileFinding>> verify_store(sys::FileSystem& files, const std::string& directory,
                                              const VerifyProgress& progress) {
  return Verifier(files, directory, progress).run();
}

}  // namespace lineshaft::historian
