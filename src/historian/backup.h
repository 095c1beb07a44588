// historian/backup.h: copies a store into another directory, file by file, so that a crash at any
// moment leaves there the copy of before (whose tags may be newer ones already) or the new one.
// What is there already is not copied again.
#pragma once

#include <string>

#include "historian/manifest.h"
#include "historian/report.h"
#include "sys/file.h"

namespace lineshaft::historian {

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

// The same of a copy that nobody has open. Errors: also kFileMissing: it is none.
Result<BackupReport> restore_store(sys::FileSystem& files, const std::string& backup,
                                   const std::string& to, const BackupProgress& go_on);

// Makes `to` equal to `from`, durable but for its name. What the disk cannot read is zero. A crash
// leaves there what was before, or the copy. Errors: kFileMissing, kIoError, kDiskFull.
Status copy_file(sys::FileSystem& files, const std::string& from, const std::string& to);

}  // namespace lineshaft::historian
