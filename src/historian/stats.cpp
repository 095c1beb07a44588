#include "historian/stats.h"

#include <algorithm>
#include <set>

#include "historian/catalogue_file.h"
#include "historian/file_format.h"
#include "historian/file_names.h"
#include "historian/manifest.h"
#include "wal/recovery.h"

namespace lineshaft::historian {

void StoreStats::add(const FileReader& file) {
  ++files;
  file_bytes += file.bytes();
  for (const BlockRef& block : file.all_blocks()) {
    Part& part = block.effort == codec::Effort::kSealed ? sealed : fresh;
    ++part.blocks;
    part.samples += block.summary.count;
    part.bytes += kBlockHeadBytes + block.stored_bytes;
    first_time = std::min(first_time, block.summary.first_time);
    last_time = std::max(last_time, block.summary.last_time);
  }
}

namespace {

using TagKeys = std::set<SeriesKey>;

void add_tags(std::span<const TagEntry> tags, TagKeys& keys) {
  for (const TagEntry& entry : tags) keys.insert({entry.tenant, entry.tag.id});
}

Status read_log_stats(sys::FileSystem& files, const std::string& directory, wal::Lsn covered,
                      StoreStats& stats, TagKeys& tags) {
  const std::string log = sys::join_path(directory, kLogName);
  const auto count = [&](wal::Lsn, std::uint8_t type, ByteSpan payload) -> Status {
    if (type == kSamplesRecord) {
      const Result<SampleBatch> batch = decode_batch(payload);
      if (batch) stats.log_samples += batch->samples.size();
    } else if (type == kTagsRecord) {
      const Result<std::vector<TagEntry>> entries = decode_tags(payload);
      if (entries) add_tags(*entries, tags);
    }
    return {};
  };
  const Result<wal::Recovery> found = wal::read_log(files, log, covered, count);
  if (!found) return found.error();
  stats.log_records = found->records;
  const Result<std::vector<std::string>> names = files.list(log);
  for (const std::string& name : names ? *names : std::vector<std::string>()) {
    const auto file = files.open(sys::join_path(log, name), sys::OpenMode::kRead);
    if (!file) continue;
    const Result<std::uint64_t> bytes = (*file)->size();
    if (bytes) stats.log_bytes += *bytes;
  }
  return {};
}

}  // namespace

Result<StoreStats> read_stats(sys::FileSystem& files, const std::string& directory) {
  const Result<Manifest> manifest = read_manifest(files, directory);
  if (!manifest) return manifest.error();
  StoreStats stats;
  for (const FileId& id : manifest->files) {
    const std::string path = sys::join_path(directory, numbered_name(id.number, kSamplesSuffix));
    const Result<FilePtr> file = FileReader::open(files, path, id.number);
    if (file) stats.add(**file);
    if (!file && file.error().id == ErrorId::kFormatTooNew) return file.error();
  }
  TagKeys tags;
  const std::string catalogue = numbered_name(manifest->catalogue, kCatalogueSuffix);
  static_cast<void>(read_catalogue(files, sys::join_path(directory, catalogue), manifest->catalogue,
                                   [&](std::span<const TagEntry> part) { add_tags(part, tags); }));
  if (Status read = read_log_stats(files, directory, manifest->covered, stats, tags); !read) {
    return read.error();
  }
  stats.tags = tags.size();
  return stats;
}

}  // namespace lineshaft::historian
