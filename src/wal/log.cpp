#include "wal/log.h"

#include <algorithm>
#include <optional>

#include "base/assert.h"
#include "wal/format.h"
#include "wal/recovery.h"
#include "wal/segment_files.h"

namespace lineshaft::wal {
namespace {

constexpr std::size_t kRewriteBytes = 1024 * 1024;
constexpr std::size_t kWriteBytes = 1024 * 1024;  // of many records at once

class LogImpl final : public Log {
 public:
  LogImpl(sys::FileSystem& files, std::size_t segment_bytes, SegmentFiles set, ReadBack found)
      : files_(files),
        segment_bytes_(segment_bytes),
        set_(std::move(set)),
        report_(std::move(found.report)),
        next_(found.next),
        durable_{found.next.value - 1} {}

  // Makes what was read back durable and opens the segment to go on in.
  Status go_on(const std::optional<Tail>& tail, bool last_is_empty);

  Result<Lsn> append(std::uint8_t type, ByteSpan payload) override;
  Status append_all(std::uint8_t type, std::span<const ByteSpan> payloads) override;
  Status sync() override;
  Status trim(Lsn through) override;

  Lsn last() const override { return {next_.value - 1}; }
  Lsn durable() const override { return durable_; }
  bool poisoned() const override { return poisoned_; }
  std::uint64_t bytes_on_disk() const override { return set_.bytes(); }
  const Recovery& recovery() const override { return report_; }

 private:
  Status rewrite(const Tail& tail);
  Status start_segment();
  Status sync_segment();
  void mark_durable();
  RecordHeader next_header(std::uint8_t type) const;
  Status keep_or_poison(Status outcome);

  sys::FileSystem& files_;
  const std::size_t segment_bytes_;
  SegmentFiles set_;
  Recovery report_;
  OpenSegment segment_;
  std::uint64_t offset_ = 0;  // where the next record goes
  std::uint32_t life_ = 1;
  Lsn next_;
  Lsn durable_;
  bool dirty_ = false;  // appended to since the last sync
  bool poisoned_ = false;
  Bytes scratch_;
};

Error poisoned_error() { return {ErrorId::kStorePoisoned, "the log stopped after a disk error"}; }

// After an error of the disk nobody knows what is on it; only a full disk leaves all as it was.
Status LogImpl::keep_or_poison(Status outcome) {
  if (!outcome && outcome.error().id != ErrorId::kDiskFull) poisoned_ = true;
  return outcome;
}

Status LogImpl::go_on(const std::optional<Tail>& tail, bool last_is_empty) {
  if (last_is_empty) {
    if (Status unmade = set_.unmake_last(); !unmade) return unmade;
  }
  if (!tail) {
    const Status started = start_segment();
    if (started || started.error().id != ErrorId::kDiskFull) return started;
    // What is there can be read; the first append tries again, as it would at the end of a segment.
    segment_.header.bytes = segment_bytes_;
    offset_ = segment_bytes_;
    return {};
  }
  Result<std::unique_ptr<sys::File>> file =
      files_.open(set_.path_of(tail->header.sequence), sys::OpenMode::kReadWrite);
  if (!file) return std::move(file).error();
  segment_ = {std::move(*file), tail->header};
  offset_ = tail->offset;
  life_ = tail->life;
  if (Status kept = rewrite(*tail); !kept) return kept;
  // Its name may be as young as its last records.
  return files_.sync_directory(set_.directory());
}

// Records that were read may stand in the memory of the operating system only, and a sync that
// failed earlier may have made it forget that they are not on the disk: written again, they are.
Status LogImpl::rewrite(const Tail& tail) {
  Bytes piece;
  for (std::uint64_t at = tail.unproven_from; at < tail.offset; at += piece.size()) {
    piece.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(kRewriteBytes, tail.offset - at)));
    const Result<std::size_t> count = segment_.file->read_at(at, piece);
    if (!count) return count.error();
    if (*count != piece.size()) {
      return Error{ErrorId::kIoError, set_.path_of(tail.header.sequence) + " became shorter"};
    }
    if (Status written = segment_.file->write_at(at, piece); !written) return written;
  }
  return segment_.file->sync();
}

Status LogImpl::start_segment() {
  Result<OpenSegment> made = set_.make(next_);
  if (!made) return std::move(made).error();
  segment_ = *std::move(made);
  offset_ = kSegmentHeaderBytes;
  life_ = 1;
  return {};
}

RecordHeader LogImpl::next_header(std::uint8_t type) const {
  RecordHeader header;
  header.segment_id = segment_.header.id;
  header.lsn = next_;
  header.durable = durable_;
  header.life = life_;
  header.type = type;
  return header;
}

Result<Lsn> LogImpl::append(std::uint8_t type, ByteSpan payload) {
  LS_ASSERT(type != kMarkerType);
  LS_ASSERT(payload.size() <= kRecordBytesMax);
  LS_ASSERT(kSegmentHeaderBytes + record_bytes(payload.size()) <= segment_.header.bytes);
  if (poisoned_) return poisoned_error();
  if (offset_ + record_bytes(payload.size()) > segment_.header.bytes) {
    // A new segment says by its being there that everything before it is durable.
    if (Status synced = sync_segment(); !synced) return std::move(synced).error();
    if (Status started = keep_or_poison(start_segment()); !started) {
      return std::move(started).error();
    }
  }
  scratch_.clear();
  encode_record(next_header(type), payload, scratch_);
  if (Status written = keep_or_poison(segment_.file->write_at(offset_, scratch_)); !written) {
    return std::move(written).error();
  }
  dirty_ = true;
  offset_ += scratch_.size();
  const Lsn lsn = next_;
  ++next_.value;
  return lsn;
}

Status LogImpl::append_all(std::uint8_t type, std::span<const ByteSpan> payloads) {
  while (!payloads.empty()) {
    // The first one starts a new segment where it must, and says why it cannot.
    if (Result<Lsn> first = append(type, payloads.front()); !first) {
      return std::move(first).error();
    }
    payloads = payloads.subspan(1);
    scratch_.clear();
    std::size_t taken = 0;
    RecordHeader header = next_header(type);
    for (; taken < payloads.size() && scratch_.size() < kWriteBytes; ++taken, ++header.lsn.value) {
      const std::uint64_t end = offset_ + scratch_.size() + record_bytes(payloads[taken].size());
      if (end > segment_.header.bytes) break;
      encode_record(header, payloads[taken], scratch_);
    }
    if (taken == 0) continue;
    if (Status written = keep_or_poison(segment_.file->write_at(offset_, scratch_)); !written) {
      return written;
    }
    offset_ += scratch_.size();
    next_ = header.lsn;
    payloads = payloads.subspan(taken);
  }
  return {};
}

Status LogImpl::sync_segment() {
  if (!dirty_) return {};
  if (Status synced = segment_.file->sync(); !synced) {
    poisoned_ = true;
    // Not kDiskFull, even if that was it: free space would not bring back what is unknown now.
    return Error{ErrorId::kIoError, std::move(synced).error().what};
  }
  dirty_ = false;
  durable_ = last();
  return {};
}

Status LogImpl::sync() {
  if (poisoned_) return poisoned_error();
  if (!dirty_) return {};
  if (Status synced = sync_segment(); !synced) return synced;
  mark_durable();
  // Half a segment ahead, so that the change to the next one does not wait for 64 MiB of zeros.
  // What was asked for is done: trouble here is the next caller's.
  if (offset_ > segment_.header.bytes / 2 && !poisoned_) {
    static_cast<void>(keep_or_poison(set_.prepare_spare()));
  }
  return {};
}

// Behind the last record, where the next one will overwrite it. Gets to the disk with the next
// sync, or when the operating system pleases; until then the last records are as good as without
// it.
void LogImpl::mark_durable() {
  RecordHeader header = next_header(kMarkerType);
  header.lsn = durable_;
  if (offset_ + record_bytes(0) > segment_.header.bytes) return;
  scratch_.clear();
  encode_record(header, {}, scratch_);
  static_cast<void>(keep_or_poison(segment_.file->write_at(offset_, scratch_)));
}

Status LogImpl::trim(Lsn through) {
  if (poisoned_) return poisoned_error();
  const std::vector<Segment>& segments = set_.segments();
  std::size_t keep_from = 0;
  while (keep_from + 1 < segments.size() &&
         segments[keep_from + 1].first.value <= through.value + 1) {
    ++keep_from;
  }
  return keep_or_poison(set_.drop_before(keep_from));
}

}  // namespace

Result<std::unique_ptr<Log>> Log::open(sys::FileSystem& files, sys::Random& random,
                                       LogOptions options, Lsn after, const Replay& replay) {
  LS_ASSERT(options.segment_bytes >= 4096);
  Result<SegmentFiles> set = SegmentFiles::load(files, random, options);
  if (!set) return std::move(set).error();
  Result<ReadBack> found = read_back(files, *set, after, replay);
  if (!found) return std::move(found).error();
  const std::optional<Tail> tail = found->tail;
  const bool last_is_empty = found->last_is_empty;
  auto log =
      std::make_unique<LogImpl>(files, options.segment_bytes, *std::move(set), *std::move(found));
  if (Status ready = log->go_on(tail, last_is_empty); !ready) return std::move(ready).error();
  return std::unique_ptr<Log>(std::move(log));
}

}  // namespace lineshaft::wal
