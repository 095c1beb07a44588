// wal/segment_reader.h: reads the records of one segment file in bounded memory, and searches for
// them after damage. Trusts nothing in the file.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

#include "base/bytes.h"
#include "sys/file.h"
#include "wal/format.h"

namespace lineshaft::wal {

struct Record {
  std::uint64_t offset = 0;
  std::uint64_t end = 0;  // offset of what follows
  RecordHeader header;
  ByteSpan payload;  // borrowed from the reader until its next call

  bool is_marker() const { return header.type == kMarkerType; }
  // The Lsn that must come after this record.
  Lsn next() const { return {header.lsn.value + 1}; }
};

// Which records a search accepts.
struct Wanted {
  std::optional<std::uint64_t> segment_id;  // without it, of any segment
  Lsn from{1};                              // lsn >= from
  Lsn before{std::numeric_limits<std::uint64_t>::max()};
  std::uint32_t life_min = 0;
};

// What a look at the whole rest of a segment tells.
struct Remainder {
  Lsn proven;                  // the greatest `durable` of any record: that much was synced once
  std::uint32_t life_max = 0;  // of any record
  std::uint64_t fragments_end = 0;  // end of the last record here, whole or broken; no markers
};

// Errors of every call: kIoError if nothing of the file can be read. Single blocks that cannot be
// read count as zeros, and has_unreadable() says so.
class SegmentReader {
 public:
  // Borrows `file`, whose size is `bytes`.
  SegmentReader(sys::File& file, std::uint64_t bytes) : file_(file), bytes_(bytes) {}

  std::uint64_t bytes() const { return bytes_; }
  bool has_unreadable() const { return unreadable_; }

  // Nothing if the file does not start with a valid header.
  Result<std::optional<SegmentHeader>> header();

  // The intact record at exactly `offset`, if there is one.
  Result<std::optional<Record>> read(std::uint64_t offset);

  // The first intact record or marker at or after `offset` that is wanted.
  // Cost: with a segment id one pass; without one, gives up after checking 16 times the file.
  Result<std::optional<Record>> find(std::uint64_t offset, const Wanted& wanted);

  Result<Remainder> survey(std::uint64_t offset, std::uint64_t segment_id);

 private:
  // At least `count` bytes at `offset` (more if they are at hand), fewer only at the end.
  Result<ByteSpan> view(std::uint64_t offset, std::size_t count);
  Status fill_by_blocks(std::uint64_t offset, std::span<std::uint8_t> out);
  // Offset of the first place from `offset` where a record header of `segment_id` may start; the
  // file's end if none.
  Result<std::uint64_t> next_candidate(std::uint64_t offset,
                                       std::optional<std::uint64_t> segment_id);

  sys::File& file_;
  std::uint64_t bytes_;
  std::uint64_t window_offset_ = 0;
  Bytes window_;
  bool unreadable_ = false;
  bool any_read_ = false;
};

}  // namespace lineshaft::wal
