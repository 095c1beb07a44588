// wal/log.h: a checksummed append-only log in preallocated segments, with replay and trimming.
// Format: docs/formats/wal.md. The thread that groups commits is wal/group_commit.h.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "sys/clock.h"
#include "sys/file.h"

namespace lineshaft::wal {

// Sequence number of a record: from 1, without gaps, for the life of the store.
using Lsn = StrongId<struct LsnName, std::uint64_t>;

inline constexpr std::size_t kSegmentBytes = 64 * 1024 * 1024;
// A record must fit into a segment with room to spare, and into memory at replay.
inline constexpr std::size_t kRecordBytesMax = 16 * 1024 * 1024;

struct LogOptions {
  std::string directory;
  std::size_t segment_bytes = kSegmentBytes;  // smaller in tests; >= 4096
  std::size_t spare_segments_max = 2;         // trimmed segments kept for reuse
};

// A stretch of the log that could not be read although valid records follow it.
struct Damage {
  std::string file;  // renamed copy or segment that holds the bytes, kept for repair
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  Lsn first_missing;  // records first_missing .. next_present - 1 are lost
  Lsn next_present;
};

struct Recovery {
  Lsn last;  // of the last record replayed; 0 if none
  std::uint64_t records = 0;
  std::uint64_t torn_tail_bytes = 0;  // cut off the end: never acknowledged
  std::vector<Damage> damages;  // acknowledged records lost to damage; the server starts and tells
};

// One writer thread. Never refuses to open because of what is in the files: a torn tail is cut, a
// damaged stretch in the middle is set aside, named in Recovery and skipped.
class Log {
 public:
  // Called for every record in order of Lsn. The payload is borrowed for the call.
  // An error stops the replay and is returned by open.
  using Replay = std::function<Status(Lsn lsn, std::uint8_t type, ByteSpan payload)>;

  // Opens or creates the log, replays what is after `after` (what the caller already has in files),
  // and is ready to append. Memory: one record at a time.
  // On a full disk it opens all the same; appends are refused until there is space for a segment.
  // Errors: kIoError, kFormatTooNew, and of `replay`.
  static Result<std::unique_ptr<Log>> open(sys::FileSystem& files, sys::Random& random,
                                           LogOptions options, Lsn after, const Replay& replay);
  virtual ~Log() = default;

  // Writes a record to the current segment. Not durable before sync() has returned success.
  // Requires: payload.size() <= kRecordBytesMax, and fits into a segment; type >= 1.
  // Errors: kDiskFull: the record does not count and its Lsn is given to the next one, the log goes
  // on (a crash before that may still bring it back); kIoError / kStorePoisoned: the log is
  // poisoned, every later append and sync fails.
  virtual Result<Lsn> append(std::uint8_t type, ByteSpan payload) = 0;

  // As append for each of `payloads` in turn, with one write for as many as a segment takes: for
  // thousands of small records. After kDiskFull those up to last() are appended and stay.
  virtual Status append_all(std::uint8_t type, std::span<const ByteSpan> payloads) = 0;

  // Everything appended so far is durable when this returns success. An error poisons the log.
  virtual Status sync() = 0;

  // Records up to and including `through` are no longer needed: whole segments of them are
  // recycled.
  virtual Status trim(Lsn through) = 0;

  virtual Lsn last() const = 0;     // appended
  virtual Lsn durable() const = 0;  // synced
  virtual bool poisoned() const = 0;
  virtual std::uint64_t bytes_on_disk() const = 0;
  virtual const Recovery& recovery() const = 0;
};

}  // namespace lineshaft::wal
