// wal/recovery.h: reads a log back after a stop of any kind and finds where it goes on.
// The rules are in docs/formats/wal.md, "Reading back".
#pragma once

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "wal/segment_files.h"

namespace lineshaft::wal {

// Where the newest segment can be appended to.
struct Tail {
  std::uint64_t offset = 0;
  std::uint32_t life = 0;           // for the records to come
  std::uint64_t unproven_from = 0;  // records in [unproven_from, offset) may not be on the disk
  SegmentHeader header;
};

struct ReadBack {
  Recovery report;
  Lsn next{1};                 // of the record to append next; greater than `after`
  std::optional<Tail> tail;    // nothing: a new segment must be made
  bool last_is_empty = false;  // the newest segment is intact and holds no record
};

// Reads only. Fills in `first` and `damaged` of the segments of `set`, calls `replay` for every
// record after `after`. Errors: kIoError, kFormatTooNew, and of `replay`.
Result<ReadBack> read_back(sys::FileSystem& files, SegmentFiles& set, Lsn after,
                           const Log::Replay& replay);

// What Log::open would find in a log that nobody has open, read without changing anything. No
// directory counts as an empty log. Errors: as above.
Result<Recovery> read_log(sys::FileSystem& files, const std::string& directory, Lsn after,
                          const Log::Replay& replay);

}  // namespace lineshaft::wal
