// The file of a segment as a stranger, or a broken disk, may leave it: the log always opens, takes
// a record, and gives back the same records and that one when it is opened again.
//
// Input: one byte of options, then the file. Option 1: the checksums are made right first, so that
// the search goes behind them; option 2: the file is filled up with zeros to the size of a segment.
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "base/assert.h"
#include "base/crc32c.h"
#include "sys/sim/disk.h"
#include "sys/sim/loop.h"
#include "wal/format.h"
#include "wal/log.h"

namespace {

using namespace lineshaft;

constexpr std::size_t kSmallSegment = 4096;
constexpr std::size_t kFileBytesMax = 4 * kSmallSegment;

using Records = std::map<std::uint64_t, std::pair<std::uint8_t, std::string>>;

void put_checksum(Bytes& file, std::size_t at, std::uint32_t crc) {
  for (std::size_t i = 0; i < 4; ++i) file[at + i] = static_cast<std::uint8_t>(crc >> (8 * i));
}

void mend_checksums(Bytes& file) {
  if (file.size() < wal::kSegmentHeaderBytes) return;
  const std::size_t header_crc = wal::kSegmentHeaderBytes - 4;
  put_checksum(file, header_crc, crc32c(ByteSpan(file).first(header_crc)));
  std::size_t at = wal::kSegmentHeaderBytes;
  while (file.size() - at >= wal::kRecordHeaderBytes) {
    const ByteSpan rest = ByteSpan(file).subspan(at);
    const std::uint64_t bytes = wal::record_bytes(wal::parse_record_header(rest).payload_bytes);
    if (bytes > rest.size()) return;
    const auto whole = static_cast<std::size_t>(bytes);
    put_checksum(file, at, crc32c(rest.subspan(4, whole - 4)));
    at += whole;
  }
}

Result<std::unique_ptr<wal::Log>> open(sys::SimDisk& disk, sys::Random& random, Records& records) {
  wal::LogOptions options;
  options.directory = "/wal";
  options.segment_bytes = kSmallSegment;
  return wal::Log::open(disk, random, options, {},
                        [&records](wal::Lsn lsn, std::uint8_t type, ByteSpan payload) -> Status {
                          LS_ASSERT(records.empty() || lsn.value > records.rbegin()->first);
                          LS_ASSERT(type != wal::kMarkerType);
                          records[lsn.value] = {type, std::string(as_text(payload))};
                          return {};
                        });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > kFileBytesMax) return 0;
  Bytes content(data + 1, data + size);
  if ((data[0] & 1) != 0) mend_checksums(content);
  if ((data[0] & 2) != 0 && content.size() < kSmallSegment) content.resize(kSmallSegment);

  sys::SimDisk disk;
  LS_ASSERT(disk.create_directories("/wal").ok());
  {
    const auto file = disk.open("/wal/0000000000000001.wal", sys::OpenMode::kCreateNew).value();
    LS_ASSERT(file->write_at(0, content).ok() && file->sync().ok());
    LS_ASSERT(disk.sync_directory("/wal").ok());
  }
  // Ids of new segments that no file can hold beforehand: an old record with the id of its file's
  // next use would count as written since.
  sys::SimRandom random(crc32c({data, size}));
  Records records;
  Result<std::unique_ptr<wal::Log>> log = open(disk, random, records);
  if (!log) {
    LS_ASSERT(log.error().id == ErrorId::kFormatTooNew);
    return 0;
  }
  // A log that takes a million records a second gets here after 290,000 years.
  if ((*log)->last().value >= std::uint64_t{1} << 63) return 0;
  const Result<wal::Lsn> lsn = (*log)->append(9, as_bytes("more"));
  LS_ASSERT(lsn.ok() && (*log)->sync().ok());
  LS_ASSERT(records.empty() || lsn->value > records.rbegin()->first);
  log->reset();

  sys::SimDisk after(disk.durable_image());
  Records again;
  log = open(after, random, again);
  LS_ASSERT(log.ok());
  records[lsn->value] = {9, "more"};
  LS_ASSERT(again == records);
  return 0;
}
