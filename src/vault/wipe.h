// vault/wipe.h: files whose former content is not to stay on the disk.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "sys/file.h"

namespace lineshaft::vault {

// As sys::write_file_atomically; then the bytes of the file that was there are overwritten with
// zeros. That reaches the old blocks where the file system writes in place: not on those that copy
// on write, nor inside an SSD that moves blocks. Errors: as write_file_atomically.
Status replace_and_wipe(sys::FileSystem& files, const std::string& path, ByteSpan content);

// Zeros over what the file holds, synced. Errors: of the disk.
Status overwrite(sys::File& file);
// The same, if it is no longer needed under any name: best effort, what fails goes to the log.
void wipe(sys::File& file);

}  // namespace lineshaft::vault
