#include "connect/forward/entry_reader.h"

#include "wal/segment_files.h"
#include "wal/segment_reader.h"

namespace lineshaft::connect::forward {

// A segment whose header is damaged is known by its first record, as at the opening of the log.
Result<std::vector<EntryReader::Found>> EntryReader::look() const {
  const Result<wal::SegmentFiles> set = wal::SegmentFiles::look(files_, directory_);
  if (!set) return set.error();
  std::vector<Found> found;
  for (const wal::Segment& segment : set->segments()) {
    std::string path = set->path_of(segment.sequence);
    Result<std::unique_ptr<sys::File>> file = files_.open(path, sys::OpenMode::kRead);
    if (!file) return std::move(file).error();
    wal::SegmentReader reader(**file, segment.bytes);
    const Result<std::optional<wal::SegmentHeader>> header = reader.header();
    if (!header) return header.error();
    if (*header && (*header)->sequence == segment.sequence) {
      found.push_back({std::move(path), segment.bytes, (*header)->id, (*header)->first});
      continue;
    }
    wal::Wanted any;
    if (!found.empty()) any.from = found.back().first;
    const Result<std::optional<wal::Record>> record = reader.find(wal::kSegmentHeaderBytes, any);
    if (!record) return record.error();
    if (!*record || (*record)->is_marker()) continue;
    found.push_back(
        {std::move(path), segment.bytes, (*record)->header.segment_id, (*record)->header.lsn});
  }
  return found;
}

Result<bool> EntryReader::read_segment(const Found& segment, wal::Lsn& from, wal::Lsn through,
                                       const Visit& visit) {
  Result<std::unique_ptr<sys::File>> file = files_.open(segment.path, sys::OpenMode::kRead);
  if (!file) return std::move(file).error();
  wal::SegmentReader reader(**file, segment.bytes);
  Place at{segment.path, wal::kSegmentHeaderBytes, segment.id, 0, segment.first};
  if (place_ && place_->path == segment.path && place_->segment_id == segment.id &&
      place_->next <= from) {
    at = *place_;
  }
  while (at.next <= through) {
    Result<std::optional<wal::Record>> record = reader.read(at.offset);
    if (!record) return record.error();
    const bool is_next = *record && (*record)->header.segment_id == segment.id &&
                         !(*record)->is_marker() && (*record)->header.lsn == at.next &&
                         (*record)->header.life >= at.life;
    if (!is_next) {
      record = reader.find(at.offset, {segment.id, at.next, {through.value + 1}, at.life});
      if (!record) return record.error();
      if (!*record || (*record)->is_marker()) break;
    }
    const wal::Record& found = **record;
    at.offset = found.end;
    at.life = found.header.life;
    at.next = found.next();
    if (found.header.lsn < from) continue;
    const bool go_on = visit(found.header.lsn, found.payload);
    from = found.next();
    place_ = at;
    if (!go_on) return false;
  }
  return true;
}

Status EntryReader::read(wal::Lsn from, wal::Lsn through, const Visit& visit) {
  const Result<std::vector<Found>> segments = look();
  if (!segments) return segments.error();
  for (std::size_t i = 0; i < segments->size() && from <= through; ++i) {
    const bool is_before = i + 1 < segments->size() && (*segments)[i + 1].first <= from;
    if (is_before) continue;
    const Result<bool> go_on = read_segment((*segments)[i], from, through, visit);
    if (!go_on) return go_on.error();
    if (!*go_on) return {};
  }
  return {};
}

}  // namespace lineshaft::connect::forward
