#include "historian/scrub_record.h"

#include "historian/file_names.h"
#include "historian/manifest.h"

namespace lineshaft::historian {
namespace {

constexpr std::string_view kMagic = "LSSCRUBS";
constexpr std::size_t kBytesMax = 4096;

std::string path_in(const std::string& directory) { return sys::join_path(directory, kScrubName); }

}  // namespace

ScrubRecord read_scrub_record(sys::FileSystem& files, const std::string& directory) {
  const Result<Bytes> body = read_sealed_body(files, path_in(directory), kMagic, kBytesMax);
  if (!body) return {};
  ByteReader reader(*body);
  ScrubRecord record;
  record.position = reader.read_le<std::uint64_t>();
  record.started.ns = static_cast<std::int64_t>(reader.read_le<std::uint64_t>());
  record.finished.ns = static_cast<std::int64_t>(reader.read_le<std::uint64_t>());
  return reader.ok() ? record : ScrubRecord();
}

Status write_scrub_record(sys::FileSystem& files, const std::string& directory,
                          const ScrubRecord& record) {
  Bytes body;
  ByteWriter writer(body);
  writer.write_le(record.position);
  writer.write_le(static_cast<std::uint64_t>(record.started.ns));
  writer.write_le(static_cast<std::uint64_t>(record.finished.ns));
  return write_sealed_body(files, path_in(directory), kMagic, body);
}

}  // namespace lineshaft::historian
