// historian/backup.h: copies a store into another directory, file by file, so that a crash at any
// moment leaves there the copy of before (whose tags may be newer ones already) or the new one.
// What is there already is not copied again.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "historian/manifest.h"
#include "sys/file.h"

namespace lineshaft::historian {

struct BackupReport {
  std::uint64_t files = 0;  // of samples, in the copy
  std::uint64_t bytes = 0;  // of these
  std::uint64_t files_copied = 0;
  std::uint64_t bytes_copied = 0;
  std::uint64_t files_removed = 0;  // of the copy of before
  // Sentences: what is damaged in the store itself, and therefore in the copy, or missing there.
  std::vector<std::string> damages;
};

// How far it is, in bytes of files. Returns false to stop.
using BackupProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

// Makes `to` a store that holds what `manifest` names of the store in `from`. The manifest is
// replaced last, when everything else is on the disk and every checksum in it was read again.
// Requires: `to` is new or holds an earlier copy of the same store; the files stay until the end.
// Errors: kConflict: `to` holds another store, or a newer copy; kDiskFull, kIoError; kCorrupt: what
// was copied reads back wrong; kCancelled. After each of them the copy of before is whole.
// Cost: reads all of `to`, of `from` what is new and a little of each block, and writes what is
// new.
Result<BackupReport> copy_store(sys::FileSystem& files, const std::string& from,
                                const Manifest& manifest, const std::string& to,
                                const BackupProgress& go_on);

class Historian;

// Flushes, then makes `directory` a copy of the store as it is then: all that was acknowledged
// before the call, and perhaps more. Blocks for long, one at a time; appends and reads go on. What
// is merged away meanwhile takes space until the end. A full or failing disk of the copy leaves the
// store alone. Errors: as above, and those of Historian::flush. Threads: any.
Result<BackupReport> back_up(Historian& historian, const std::string& directory,
                             const BackupProgress& go_on);

// The same of a copy that nobody has open. Errors: also kFileMissing: it is none.
Result<BackupReport> restore_store(sys::FileSystem& files, const std::string& backup,
                                   const std::string& to, const BackupProgress& go_on);

// Makes `to` equal to `from`, durable but for its name. What the disk cannot read is zero. A crash
// leaves there what was before, or the copy. Errors: kFileMissing, kIoError, kDiskFull.
Status copy_file(sys::FileSystem& files, const std::string& from, const std::string& to);

}  // namespace lineshaft::historian
