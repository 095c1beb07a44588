// historian/manifest.h: which files belong to the store, and up to where of the log they reach.
// Format: docs/formats/historian.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "historian/codec.h"
#include "sys/file.h"
#include "wal/log.h"

namespace lineshaft::historian {

struct ManifestFile {
  std::uint64_t number = 0;
  // Among points of one time, that of the file with the greater order is the newer one. A merged
  // file takes the greatest order of what it was made of.
  std::uint64_t order = 0;
  friend bool operator==(const ManifestFile&, const ManifestFile&) = default;
};

struct Manifest {
  wal::Lsn covered;                 // records up to this are in the files
  std::uint64_t next_number = 1;    // of the next file
  std::uint64_t catalogue = 0;      // number of the catalogue file; 0: none yet
  std::vector<ManifestFile> files;  // by order, oldest first
};

// Replaces the manifest in `directory`, durably. Errors: kIoError, kDiskFull.
Status write_manifest(sys::FileSystem& files, const std::string& directory,
                      const Manifest& manifest);
// Errors: kFileMissing, kCorrupt, kFormatTooNew, kIoError.
Result<Manifest> read_manifest(sys::FileSystem& files, const std::string& directory);

// A file of tags, durably. Errors as above.
Status write_catalogue(sys::FileSystem& files, const std::string& path,
                       const std::vector<TagEntry>& tags);
Result<std::vector<TagEntry>> read_catalogue(sys::FileSystem& files, const std::string& path);

}  // namespace lineshaft::historian
