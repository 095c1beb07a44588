// historian/scrub_record.h: where the reader that looks for damage was, kept over a restart.
// Format: docs/formats/historian.md.
#pragma once

#include <cstdint>
#include <string>

#include "base/time.h"
#include "sys/file.h"

namespace lineshaft::historian {

struct ScrubRecord {
  std::uint64_t position = 0;  // files up to this number were read in this pass
  Timestamp started;           // of this pass; 0: none has begun
  Timestamp finished;          // of the last complete pass; 0: there was none
};

// A record that is missing or damaged is as good as none: the pass begins anew.
ScrubRecord read_scrub_record(sys::FileSystem& files, const std::string& directory);
Status write_scrub_record(sys::FileSystem& files, const std::string& directory,
                          const ScrubRecord& record);

}  // namespace lineshaft::historian
