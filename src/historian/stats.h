// historian/stats.h: what a store holds, from the indexes of its files and its log.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "sys/file.h"

namespace lineshaft::historian {

class FileReader;

// Samples that a newer one of the same time hides are counted until files are merged.
struct StoreStats {
  struct Part {
    std::uint64_t blocks = 0;
    std::uint64_t samples = 0;
    std::uint64_t bytes = 0;  // of the blocks
  };
  std::uint64_t files = 0;
  std::uint64_t file_bytes = 0;
  Part fresh, sealed;  // by how their blocks are encoded
  Timestamp first_time = kTimestampMax, last_time = kTimestampMin;  // valid if samples() > 0
  std::uint64_t tags = 0;
  std::uint64_t log_records = 0;  // that are in no file yet
  std::uint64_t log_samples = 0;
  std::uint64_t log_bytes = 0;  // preallocated ones too

  std::uint64_t samples() const { return fresh.samples + sealed.samples; }  // in files
  void add(const FileReader& file);
};

// Of a store that nobody has open. Changes nothing; damaged parts are left out.
// Errors: kFileMissing: there is no store; kIoError, kFormatTooNew. Cost: reads the log, and of
// files the indexes.
Result<StoreStats> read_stats(sys::FileSystem& files, const std::string& directory);

}  // namespace lineshaft::historian
