// Bytes as a file of samples. The first byte says whether checksums are made to fit, so that what
// is behind them is tried too. Whatever the file says, blocks that can be read keep their order.
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "base/assert.h"
#include "base/crc32c.h"
#include "historian/file_format.h"
#include "historian/files.h"
#include "historian/totals.h"
#include "sys/sim/disk.h"

namespace {

using namespace lineshaft;
using namespace lineshaft::historian;

constexpr std::uint64_t kNumber = 12;

void put(Bytes& file, std::size_t offset, ByteSpan bytes) {
  std::copy(bytes.begin(), bytes.end(), file.begin() + static_cast<std::ptrdiff_t>(offset));
}
void put_u32(Bytes& file, std::size_t offset, std::uint32_t value) {
  Bytes bytes;
  ByteWriter(bytes).write_le(value);
  put(file, offset, bytes);
}

void repair_blocks(Bytes& file, ByteSpan index) {
  ByteReader reader(index);
  while (reader.remaining() >= kIndexEntryBytes) {
    const BlockRef block = read_entry(reader);
    const std::uint64_t size = std::uint64_t{kBlockHeadBytes} + block.stored_bytes;
    if (block.offset > file.size() || size > file.size() - block.offset) continue;
    const auto at = static_cast<std::size_t>(block.offset);
    const ByteSpan stored = ByteSpan(file).subspan(at + kBlockHeadBytes, block.stored_bytes);
    put_u32(file, at, block_crc(kNumber, block, stored));
    put(file, at + 4, head_of(block));
  }
}

void repair(Bytes& file) {
  if (file.size() < kHeaderBytes + kFooterBytes) return;
  const std::size_t footer = file.size() - kFooterBytes;
  ByteReader reader(ByteSpan(file).subspan(footer));
  const auto offset = reader.read_le<std::uint64_t>();
  if (offset <= footer) {
    const ByteSpan part = ByteSpan(file).subspan(static_cast<std::size_t>(offset),
                                                 footer - static_cast<std::size_t>(offset));
    const Bytes index(part.begin(), part.end());
    repair_blocks(file, index);
    put_u32(file, footer + 32, crc32c(index));
  }
  Bytes number;
  ByteWriter(number).write_le(kNumber);
  put(file, footer + 16, number);
  put_u32(file, footer + 40, kFileVersion);
  put_u32(file, footer + kFooterCrcOffset,
          crc32c(ByteSpan(file).subspan(footer, kFooterCrcOffset)));
  put(file, file.size() - kFileMagic.size(), as_bytes(kFileMagic));
}

void read_series(const FilePtr& file, SeriesKey key, Timestamp last) {
  SeriesView view;
  view.key = key;
  view.files = {file};
  Timestamp before = kTimestampMin;
  static_cast<void>(visit_points(view, {}, [&](const Columns& points) {
    for (std::size_t i = 0; i < points.size(); ++i) {
      LS_ASSERT(before <= points.time(i));
      before = points.time(i);
    }
    return true;
  }));
  const Windows windows = Windows::equal_parts(TimeRange{}, 7);
  static_cast<void>(fold(view, windows));
  for (TotalsFrom from : {TotalsFrom::kSummaries, TotalsFrom::kValues}) {
    static_cast<void>(window_totals(view, windows, from));
  }
  static_cast<void>(point_before(view, last));
  static_cast<void>(point_after(view, kTimestampMin));
}

void read_all(const FilePtr& file) {
  for (const BlockRef& block : file->all_blocks()) {
    if (block.rollup) {
      const Result<std::vector<Summary>> rollups = file->read_rollups(block);
      if (!rollups) continue;
      LS_ASSERT(!rollups->empty() && rollups->size() <= kRollupsMax);
      read_series(file, block.first, block.summary.last_time);
      continue;
    }
    if (block.is_of_one()) {
      const Result<std::optional<Columns>> points = file->read(block, block.first);
      if (!points) continue;
      LS_ASSERT(points->value().size() == block.summary.count);
      read_series(file, block.first, block.summary.last_time);
      continue;
    }
    const Result<FileReader::Few> few = file->read_few(block);
    if (!few) continue;
    for (const SeriesPoints& one : **few) {
      read_series(file, {block.first.tenant, one.tag}, block.summary.last_time);
    }
  }
  for (const BlockRef& block : file->all_replaced()) {
    static_cast<void>(file->read(block, block.first));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  Bytes content(data + 1, data + size);
  if (data[0] != 0) repair(content);
  sys::SimDisk disk;
  LS_ASSERT(sys::write_file_atomically(disk, "/000012.lsh", content).ok());
  const Result<FilePtr> file = FileReader::open(disk, "/000012.lsh", kNumber);
  if (file) read_all(*file);
  return 0;
}
