#include "wal/recovery.h"

#include <algorithm>
#include <deque>
#include <limits>

#include "base/assert.h"
#include "wal/segment_reader.h"

namespace lineshaft::wal {
namespace {

constexpr Lsn kLsnMax{std::numeric_limits<std::uint64_t>::max()};

// What the header of a segment file tells, or a search where the header is lost.
struct Inspected {
  bool header_valid = false;
  bool alive = false;  // has a valid header or at least one record
  std::uint64_t id = 0;
  std::uint64_t bytes_made = 0;  // size when it was made; 0 if not known
};

// Reads the records of one segment in order.
struct Position {
  std::uint64_t offset = kSegmentHeaderBytes;
  Lsn expected;
  std::uint32_t life = 0;
};

class Reader {
 public:
  Reader(sys::FileSystem& files, SegmentFiles& set, Lsn after, const Log::Replay& replay)
      : files_(files), set_(set), after_(after), replay_(replay) {}

  Result<ReadBack> run();

 private:
  struct Unproven {
    Lsn lsn;
    std::uint64_t offset;
  };

  Status inspect_all();
  Result<Inspected> inspect(Segment& segment, Lsn first_min);
  void find_lost_headers_records();

  Status read_segment(std::size_t index);
  void read_dead_segment(std::size_t index);
  Status deliver(const Record& record);
  Status finish_last(std::size_t index, SegmentReader& reader, const Position& at,
                     const Remainder& rest);
  // Moves `next_` up to `lsn`, reporting what is missing in between and not wanted any more.
  void skip_to(Lsn lsn, const std::string& file, std::uint64_t offset, std::uint64_t bytes);
  // The first Lsn of the segments after `index`, or kLsnMax.
  Lsn first_after(std::size_t index) const;
  bool is_last_alive(std::size_t index) const { return first_after(index) == kLsnMax; }

  sys::FileSystem& files_;
  SegmentFiles& set_;
  Lsn after_;
  const Log::Replay& replay_;
  std::vector<Inspected> inspected_;
  ReadBack result_;
  Lsn next_{1};                    // the Lsn that comes after everything delivered or given up
  Lsn proven_;                     // the greatest `durable` seen
  std::deque<Unproven> unproven_;  // records of the current segment after proven_
};

Result<ReadBack> Reader::run() {
  if (Status inspected = inspect_all(); !inspected) return std::move(inspected).error();
  for (std::size_t i = 0; i < inspected_.size(); ++i) {
    if (!inspected_[i].alive) {
      read_dead_segment(i);
    } else if (Status read = read_segment(i); !read) {
      return std::move(read).error();
    }
  }
  result_.report.last = {next_.value - 1};
  result_.next = std::max(next_, Lsn{after_.value + 1});
  // A jump of the sequence inside a segment would look like damage later.
  if (result_.next != next_) result_.tail.reset();
  return std::move(result_);
}

Status Reader::inspect_all() {
  Lsn first_min{1};
  for (Segment& segment : set_.segments()) {
    Result<Inspected> inspected = inspect(segment, first_min);
    if (!inspected) return std::move(inspected).error();
    if (inspected->alive) first_min = segment.first;
    inspected_.push_back(*inspected);
  }
  return {};
}

Result<Inspected> Reader::inspect(Segment& segment, Lsn first_min) {
  const std::string path = set_.path_of(segment.sequence);
  Result<std::unique_ptr<sys::File>> file = files_.open(path, sys::OpenMode::kRead);
  if (!file) return std::move(file).error();
  SegmentReader reader(**file, segment.bytes);
  const Result<std::optional<SegmentHeader>> header = reader.header();
  if (!header) return header.error();

  Inspected inspected;
  if (*header && (*header)->version > kFormatVersion) {
    return Error{ErrorId::kFormatTooNew, path + " has format version " +
                                             std::to_string((*header)->version) + ", known is " +
                                             std::to_string(kFormatVersion)};
  }
  if (*header && (*header)->sequence == segment.sequence) {
    inspected = {true, true, (*header)->id, (*header)->bytes};
    segment.first = (*header)->first;
    return inspected;
  }
  // The records carry the id too. Records of an earlier use of the file are older than every record
  // that the log still holds, and come later in the file.
  segment.damaged = true;
  const Result<std::optional<Record>> record =
      reader.find(kSegmentHeaderBytes, {std::nullopt, first_min, kLsnMax, 0});
  if (!record) return record.error();
  if (*record && !(*record)->is_marker()) {
    inspected = {false, true, (*record)->header.segment_id, 0};
    segment.first = (*record)->header.lsn;
  }
  return inspected;
}

Lsn Reader::first_after(std::size_t index) const {
  for (std::size_t i = index + 1; i < inspected_.size(); ++i) {
    if (inspected_[i].alive) return set_.segments()[i].first;
  }
  return kLsnMax;
}

void Reader::skip_to(Lsn lsn, const std::string& file, std::uint64_t offset, std::uint64_t bytes) {
  if (lsn <= next_) return;
  const Lsn wanted{after_.value + 1};
  if (lsn > wanted) {
    result_.report.damages.push_back({file, offset, bytes, std::max(next_, wanted), lsn});
  }
  next_ = lsn;
}

void Reader::read_dead_segment(std::size_t index) {
  Segment& segment = set_.segments()[index];
  segment.first = next_;
  const Lsn following = first_after(index);
  const std::string path = set_.path_of(segment.sequence);
  if (following == kLsnMax) {
    // Whether it held records, and how many, nobody knows.
    result_.report.damages.push_back({path, 0, segment.bytes, next_, next_});
    result_.tail.reset();
    result_.last_is_empty = false;
    return;
  }
  skip_to(following, path, 0, segment.bytes);
}

Status Reader::deliver(const Record& record) {
  proven_ = std::max(proven_, record.header.durable);
  while (!unproven_.empty() && unproven_.front().lsn <= proven_) unproven_.pop_front();
  unproven_.push_back({record.header.lsn, record.offset});
  if (record.header.lsn < next_) return {};  // a copy of what an earlier segment held
  LS_ASSERT(record.header.lsn == next_);
  next_ = record.next();
  if (record.header.lsn <= after_) return {};
  ++result_.report.records;
  return replay_(record.header.lsn, record.header.type, record.payload);
}

Status Reader::read_segment(std::size_t index) {
  Segment& segment = set_.segments()[index];
  const Inspected& inspected = inspected_[index];
  const Lsn limit = first_after(index);
  const std::string path = set_.path_of(segment.sequence);
  // Everything in it is in the caller's files already.
  if (limit <= Lsn{after_.value + 1}) return {};

  Result<std::unique_ptr<sys::File>> file = files_.open(path, sys::OpenMode::kRead);
  if (!file) return std::move(file).error();
  SegmentReader reader(**file, segment.bytes);
  // What is missing before it belongs to a file that is gone.
  const std::uint64_t before = segment.sequence - 1;
  skip_to(segment.first, set_.path_of(before), 0, 0);
  unproven_.clear();
  if (!inspected.header_valid) {
    const Lsn none_lost = std::max(next_, segment.first);
    result_.report.damages.push_back({path, 0, kSegmentHeaderBytes, none_lost, none_lost});
  }

  Position at{kSegmentHeaderBytes, segment.first, 0};
  std::optional<Remainder> rest;  // from the first place where no record is
  while (at.expected < limit) {
    const Result<std::optional<Record>> found = reader.read(at.offset);
    if (!found) return found.error();
    if (*found) {
      const Record& record = **found;
      const RecordHeader& header = record.header;
      if (header.segment_id == inspected.id && !record.is_marker() && header.lsn == at.expected &&
          header.life >= at.life) {
        if (Status delivered = deliver(record); !delivered) return delivered;
        at = {record.end, record.next(), header.life};
        continue;
      }
    }
    if (!rest) {
      Result<Remainder> surveyed = reader.survey(at.offset, inspected.id);
      if (!surveyed) return std::move(surveyed).error();
      rest = *surveyed;
      proven_ = std::max(proven_, rest->proven);
    }
    // Without proof that a later sync covered it, what is missing was being written: the tail.
    if (limit == kLsnMax && proven_ < at.expected) break;
    const Result<std::optional<Record>> later =
        reader.find(at.offset, {inspected.id, at.expected, limit, at.life});
    if (!later) return later.error();
    segment.damaged = true;
    if (!*later) break;
    const RecordHeader& header = (*later)->header;
    const Lsn present = (*later)->is_marker() ? (*later)->next() : header.lsn;
    skip_to(present, path, at.offset, (*later)->offset - at.offset);
    at = {(*later)->offset, present, header.life};
  }
  if (at.expected < limit && limit != kLsnMax) {
    // The lost end of this segment, or whole files between it and the next.
    const bool follows = index + 1 < inspected_.size() &&
                         set_.segments()[index + 1].sequence == segment.sequence + 1;
    if (follows && inspected_[index + 1].alive) {
      skip_to(limit, path, at.offset, segment.bytes - at.offset);
    }
    return {};
  }
  if (!is_last_alive(index)) return {};
  return finish_last(index, reader, at, rest.value_or(Remainder{}));
}

Status Reader::finish_last(std::size_t index, SegmentReader& reader, const Position& at,
                           const Remainder& rest) {
  Segment& segment = set_.segments()[index];
  const std::string path = set_.path_of(segment.sequence);
  const Inspected& inspected = inspected_[index];
  const bool cut_short = inspected.header_valid && segment.bytes < inspected.bytes_made;
  if (proven_ >= next_ || cut_short || reader.has_unreadable()) {
    // Records are lost at the end. Their number is known only if a marker or a segment tells.
    segment.damaged = true;
    const Lsn present{std::max(next_.value, proven_.value + 1)};
    if (present > next_) {
      skip_to(present, path, at.offset, segment.bytes - std::min(segment.bytes, at.offset));
    } else {
      result_.report.damages.push_back({path, at.offset, 0, next_, next_});
    }
    return {};
  }
  if (rest.fragments_end > at.offset)
    result_.report.torn_tail_bytes = rest.fragments_end - at.offset;
  if (!inspected.header_valid) return {};
  if (at.offset == kSegmentHeaderBytes) {
    result_.last_is_empty = true;
    return {};
  }
  const std::uint32_t life = std::max(at.life, rest.life_max);
  if (life == std::numeric_limits<std::uint32_t>::max()) return {};
  while (!unproven_.empty() && unproven_.front().lsn <= proven_) unproven_.pop_front();
  Tail tail;
  tail.offset = at.offset;
  tail.life = life + 1;
  tail.unproven_from = unproven_.empty() ? at.offset : unproven_.front().offset;
  tail.header.id = inspected.id;
  tail.header.sequence = segment.sequence;
  tail.header.first = segment.first;
  tail.header.bytes = segment.bytes;
  result_.tail = tail;
  return {};
}

}  // namespace

Result<ReadBack> read_back(sys::FileSystem& files, SegmentFiles& set, Lsn after,
                           const Log::Replay& replay) {
  return Reader(files, set, after, replay).run();
}

Result<Recovery> read_log(sys::FileSystem& files, const std::string& directory, Lsn after,
                          const Log::Replay& replay) {
  Result<SegmentFiles> set = SegmentFiles::look(files, directory);
  if (!set) return std::move(set).error();
  Result<ReadBack> found = read_back(files, *set, after, replay);
  if (!found) return std::move(found).error();
  return std::move(found->report);
}

}  // namespace lineshaft::wal
