// wal/record_reader.h: reads records by their number, also from a log that is being written to.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "wal/log.h"
#include "wal/segment_reader.h"

namespace lineshaft::wal {

// Remembers where every 256th record stands, as far as it has read. Threads: any. Not for a log
// that is trimmed at the same time.
class RecordReader {
 public:
  RecordReader(sys::FileSystem& files, std::string directory)
      : files_(files), directory_(std::move(directory)) {}

  // Calls `visit` for the records `from` to `through`, in order; the payload is borrowed for the
  // call. Requires: from >= 1; the log's owner knows that all of them are durable.
  // Errors: kCorrupt, naming the first that cannot be read; kIoError; and of `visit`.
  // Cost: one open of a file and 256 KiB read for a record near others that were read; up to one
  // segment for the first one of a segment.
  Status read(Lsn from, Lsn through, const Log::Replay& visit);

 private:
  struct Indexed {
    std::string path;
    std::uint64_t bytes = 0;
    SegmentHeader header;
    std::vector<std::uint64_t> offsets;  // of the records first, first + 256, first + 512...
  };
  struct Place {
    Lsn lsn;
    std::uint64_t offset = 0;
  };

  Status look();  // lists the segments anew
  // The segment that must hold `lsn`, without its offsets, and the first Lsn of the one after it.
  std::optional<Indexed> segment_of(Lsn lsn, Lsn* next_first);
  Place nearest(const Indexed& segment, Lsn lsn);
  void remember(const Indexed& segment, const Record& record);
  // Reads on in one segment. The Lsn that comes next: at most `before`.
  Result<Lsn> read_segment(const Indexed& segment, Lsn from, Lsn before, const Log::Replay& visit);

  sys::FileSystem& files_;
  const std::string directory_;
  std::mutex mutex_;               // guards what follows
  std::vector<Indexed> segments_;  // in order
};

}  // namespace lineshaft::wal
