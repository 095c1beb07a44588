// connect/forward/entry_reader.h: reads records of a queue's log back from the disk, around damage.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "sys/file.h"
#include "wal/log.h"

namespace lineshaft::connect::forward {

// One thread, the one that appends to and trims the log: nothing changes under a read.
class EntryReader {
 public:
  EntryReader(sys::FileSystem& files, std::string directory)
      : files_(files), directory_(std::move(directory)) {}

  // False ends the reading. The record is borrowed for the call.
  using Visit = std::function<bool(wal::Lsn, ByteSpan record)>;

  // Visits the records `from` to `through` in order; those that are damaged are passed over, which
  // shows in the numbers. Requires: `through` is durable. Errors: kIoError.
  // Cost: goes on where it ended if `from` follows; else reads a segment from its start.
  Status read(wal::Lsn from, wal::Lsn through, const Visit& visit);

 private:
  struct Place {  // of the record that was read last
    std::string path;
    std::uint64_t offset = 0;  // behind it
    std::uint64_t segment_id = 0;
    std::uint32_t life = 0;
    wal::Lsn next;
  };
  struct Found {  // a segment
    std::string path;
    std::uint64_t bytes = 0;
    std::uint64_t id = 0;
    wal::Lsn first;
  };

  Result<std::vector<Found>> look() const;
  // False: `visit` has had enough.
  Result<bool> read_segment(const Found& segment, wal::Lsn& from, wal::Lsn through,
                            const Visit& visit);

  sys::FileSystem& files_;
  const std::string directory_;
  std::optional<Place> place_;
};

}  // namespace lineshaft::connect::forward
