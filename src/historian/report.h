// historian/report.h: what long work on a store tells about itself.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace lineshaft::historian {

// How far it is, in bytes of files. Returns false to stop.
using Progress = std::function<bool(std::uint64_t done, std::uint64_t total)>;
using BackupProgress = Progress;

struct BackupReport {
  std::uint64_t files = 0;  // of samples, in the copy
  std::uint64_t bytes = 0;  // of these
  std::uint64_t files_copied = 0;
  std::uint64_t bytes_copied = 0;
  std::uint64_t files_removed = 0;  // of the copy of before
  // Sentences: what is damaged in the store itself, and therefore in the copy, or missing there.
  std::vector<std::string> damages;
};

// Of files of samples, each block of which was read from the disk.
struct VerifyReport {
  std::uint64_t files = 0;
  std::uint64_t bytes = 0;
  std::uint64_t blocks = 0;
  std::uint64_t damaged_blocks = 0;   // that stay so: their samples are missing
  std::uint64_t repaired_blocks = 0;  // written anew from parity
  std::uint64_t parity_made = 0;      // files whose parity was missing or damaged
  std::vector<std::string> damages;   // sentences
};

}  // namespace lineshaft::historian
