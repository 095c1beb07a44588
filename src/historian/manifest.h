// historian/manifest.h: which files belong to the store, and up to where of the log they reach.
// Format: docs/formats/historian.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "historian/file.h"
#include "sys/file.h"
#include "wal/log.h"

namespace lineshaft::historian {

struct Manifest {
  wal::Lsn covered;               // records up to this are in the files
  std::uint64_t next_number = 1;  // of the next file
  std::uint64_t catalogue = 0;    // number of the catalogue file; 0: none yet
  std::vector<FileId> files;      // by order, oldest first
};

// Replaces the manifest in `directory`, durably. Errors: kDiskFull: the old one stands;
// kIoError: the old one or the new one stands.
Status write_manifest(sys::FileSystem& files, const std::string& directory,
                      const Manifest& manifest);
// Errors: kFileMissing, kCorrupt, kFormatTooNew, kIoError.
Result<Manifest> read_manifest(sys::FileSystem& files, const std::string& directory);

// A file in the form of the manifest, and its body. Errors: as above.
Status write_sealed_body(sys::FileSystem& files, const std::string& path, std::string_view magic,
                         ByteSpan body);
Result<Bytes> read_sealed_body(sys::FileSystem& files, const std::string& path,
                               std::string_view magic, std::size_t bytes_max);

}  // namespace lineshaft::historian
