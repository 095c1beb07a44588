#include "wal/record_reader.h"

#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "wal/segment_files.h"

namespace lineshaft::wal {
namespace {

constexpr std::uint64_t kRemembered = 256;  // one record of so many

}  // namespace

Status RecordReader::look() {
  const Result<SegmentFiles> set = SegmentFiles::look(files_, directory_);
  if (!set) return set.error();
  std::vector<Indexed> found;
  for (const Segment& segment : set->segments()) {
    std::string path = set->path_of(segment.sequence);
    Result<std::unique_ptr<sys::File>> file = files_.open(path, sys::OpenMode::kRead);
    if (!file) return std::move(file).error();
    SegmentReader reader(**file, segment.bytes);
    const Result<std::optional<SegmentHeader>> header = reader.header();
    if (!header) return header.error();
    // One without a header is a hole: its records are reported when they are asked for.
    if (!*header || (*header)->sequence != segment.sequence) continue;
    found.push_back({std::move(path), segment.bytes, **header, {}});
  }
  const std::lock_guard lock(mutex_);
  for (Indexed& one : found) {
    for (Indexed& known : segments_) {
      if (known.header.id == one.header.id) one.offsets = std::move(known.offsets);
    }
  }
  segments_ = std::move(found);
  return {};
}

std::optional<RecordReader::Indexed> RecordReader::segment_of(Lsn lsn, Lsn* next_first) {
  const std::lock_guard lock(mutex_);
  const auto after = std::find_if(segments_.begin(), segments_.end(),
                                  [&](const Indexed& one) { return one.header.first > lsn; });
  if (after == segments_.begin()) return std::nullopt;
  *next_first = after == segments_.end() ? Lsn{std::numeric_limits<std::uint64_t>::max()}
                                         : after->header.first;
  const Indexed& segment = *(after - 1);
  return Indexed{segment.path, segment.bytes, segment.header, {}};
}

RecordReader::Place RecordReader::nearest(const Indexed& segment, Lsn lsn) {
  const std::lock_guard lock(mutex_);
  for (const Indexed& known : segments_) {
    if (known.header.id != segment.header.id || known.offsets.empty()) continue;
    const std::uint64_t steps = std::min<std::uint64_t>(
        (lsn.value - segment.header.first.value) / kRemembered, known.offsets.size() - 1);
    return {{segment.header.first.value + steps * kRemembered}, known.offsets[steps]};
  }
  return {segment.header.first, kSegmentHeaderBytes};
}

void RecordReader::remember(const Indexed& segment, const Record& record) {
  const std::uint64_t distance = record.header.lsn.value - segment.header.first.value;
  if (distance % kRemembered != 0) return;
  const std::lock_guard lock(mutex_);
  for (Indexed& known : segments_) {
    if (known.header.id == segment.header.id && known.offsets.size() == distance / kRemembered) {
      known.offsets.push_back(record.offset);
    }
  }
}

Result<Lsn> RecordReader::read_segment(const Indexed& segment, Lsn from, Lsn before,
                                       const Log::Replay& visit) {
  Result<std::unique_ptr<sys::File>> file = files_.open(segment.path, sys::OpenMode::kRead);
  if (!file) return std::move(file).error();
  SegmentReader reader(**file, segment.bytes);
  Place at = nearest(segment, from);
  while (at.lsn < before) {
    const Result<std::optional<Record>> found = reader.read(at.offset);
    if (!found) return found.error();
    if (!*found) break;
    const Record& record = **found;
    if (record.header.segment_id != segment.header.id || record.is_marker() ||
        record.header.lsn != at.lsn) {
      break;
    }
    remember(segment, record);
    if (at.lsn >= from) {
      if (Status seen = visit(at.lsn, record.header.type, record.payload); !seen) {
        return std::move(seen).error();
      }
    }
    at = {record.next(), record.end};
  }
  return at.lsn;
}

Status RecordReader::read(Lsn from, Lsn through, const Log::Replay& visit) {
  LS_ASSERT(from.value >= 1);
  bool fresh = false;  // the list of segments was made after the last record was read
  while (from <= through) {
    Lsn next_first;
    const std::optional<Indexed> segment = segment_of(from, &next_first);
    Lsn next = from;
    if (segment) {
      const Lsn before = std::min(next_first, Lsn{through.value + 1});
      Result<Lsn> read = read_segment(*segment, from, before, visit);
      if (!read) return std::move(read).error();
      next = std::max(from, *read);
    }
    if (next == from) {
      if (fresh) {
        return Error{ErrorId::kCorrupt, "record " + std::to_string(from.value) + " of the log " +
                                            directory_ + " cannot be read"};
      }
      if (Status looked = look(); !looked) return looked;
      fresh = true;
      continue;
    }
    fresh = false;
    from = next;
  }
  return {};
}

}  // namespace lineshaft::wal
