// historian/repair.h: repairs the files of a store that nobody has open, from their parity.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "historian/report.h"
#include "sys/file.h"

namespace lineshaft::historian {

enum class RepairOutcome : std::uint8_t {
  kWhole,       // nothing to do
  kRepaired,    // what was damaged is as it was
  kParityMade,  // the parity was missing or damaged and is made anew
  kDamaged,     // something is damaged still; what could be repaired is
};

struct FileRepair {
  std::string name;  // inside the store's directory
  RepairOutcome outcome = RepairOutcome::kWhole;
  std::uint64_t bytes = 0;
  std::uint64_t pages_repaired = 0;       // of 4 KiB
  std::uint64_t blocks_lost = 0;          // damaged still
  std::vector<std::string> damages = {};  // sentences, of what is damaged still
};

// The file `name` of the directory, by its number. Written anew beside, then renamed: a crash
// leaves the damaged file or the repaired one. The parity of a sealed file is made anew if need be,
// once the file is whole. Errors: kFileMissing, kDiskFull, kIoError: nothing was repaired.
Result<FileRepair> repair_samples(sys::FileSystem& files, const std::string& directory,
                                  const std::string& name, std::uint64_t number);

// All files of samples that the manifest names, and those that were set aside. The latter stay
// aside, even if they are whole again: files that were merged meanwhile may be newer than they are,
// and samples may have been removed on purpose. Damage elsewhere is not looked for: verify.h.
// Errors: kFileMissing: there is no store; as above. kCancelled.
Result<std::vector<FileRepair>> repair_store(sys::FileSystem& files, const std::string& directory,
                                             const Progress& go_on);

}  // namespace lineshaft::historian
