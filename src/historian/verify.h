// historian/verify.h: reads a whole store that nobody has open, changes nothing, and says of each
// file what is right and what is damaged.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "historian/file.h"
#include "sys/file.h"

namespace lineshaft::historian {

enum class FileState : std::uint8_t {
  kWhole,
  kDamaged,
  kSetAside,  // damaged, and found so at an earlier start
  kUnused,    // no manifest names it; the next start removes it
};

struct FileFinding {
  std::string name;  // inside the store's directory
  FileState state = FileState::kWhole;
  std::uint64_t bytes = 0;
  std::uint64_t blocks = 0, damaged_blocks = 0;  // of a file of samples; repairable ones too
  std::uint64_t samples = 0;                     // in what is whole or repairable
  std::vector<std::string> damages = {};         // sentences; at most kSentencesMax
};
inline constexpr std::size_t kSentencesMax = 100;

// Every block: its checksum and address, its content, and what the index says about it, computed
// anew.
FileFinding verify_samples(sys::FileSystem& files, const std::string& directory,
                           std::uint64_t number);

// The parity beside it. Requires: it is there.
FileFinding verify_parity(sys::FileSystem& files, const std::string& directory,
                          std::uint64_t number);

// Called after each file; false stops.
using VerifyProgress = std::function<bool(const FileFinding&)>;

// Manifest, catalogues, all files of samples, the log, and what else lies there, in this order.
// Errors: kFileMissing: there is no store; kFormatTooNew of the manifest; kIoError if the directory
// cannot be listed: a file that cannot be read counts as damaged.
Result<std::vector<FileFinding>> verify_store(
    sys::FileSystem& files, const std::string& directory,
    const VerifyProgress& progress = [](const FileFinding&) { return true; });

}  // namespace lineshaft::historian
