// historian/file.h: an immutable file of blocks sorted by tenant, tag and time.
// Format: docs/formats/historian.md.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "historian/codec.h"
#include "sys/file.h"

namespace lineshaft::historian {

// Which file it is. Stands in its name, in the file and in the manifest.
struct FileId {
  std::uint64_t number = 0;
  // Among points of one time, that of the file with the greater order is the newer one. A merged
  // file takes the greatest order of what it was made of.
  std::uint64_t order = 0;
  friend bool operator==(const FileId&, const FileId&) = default;
};

// One block as the index of its file knows it.
struct BlockRef {
  SeriesKey key;
  std::uint64_t offset = 0;  // of the block's head
  std::uint32_t stored_bytes = 0;
  std::uint32_t raw_bytes = 0;  // equal to stored_bytes if not compressed
  Summary summary;
};

// Writes a new file, block after block. What is not finished is worth nothing and can be removed.
class FileWriter {
 public:
  // Errors of all: kIoError, kDiskFull.
  static Result<std::unique_ptr<FileWriter>> create(sys::FileSystem& files, const std::string& path,
                                                    FileId id);
  ~FileWriter();
  // Requires: keys in order; per key, points in order of time, one per time, at most
  // kBlockPointsMax and about a MiB of text at a time.
  Status add(SeriesKey key, std::span<const Point> points);
  // Index, footer, sync. The name of the file is durable only after sync_directory.
  Status finish();
  std::uint64_t bytes() const { return offset_; }

 private:
  FileWriter(std::unique_ptr<sys::File> file, FileId id);
  Status append(ByteSpan bytes);

  struct Packer;

  std::unique_ptr<sys::File> file_;
  FileId id_;
  std::uint64_t offset_ = 0;
  std::unique_ptr<Packer> packer_;
  std::vector<BlockRef> index_;
};

// Reads a finished file. Threads: any, at once.
class FileReader {
 public:
  // Reads footer and index; what they say is checked, so that readers may rely on it.
  // Errors: kFileMissing, kCorrupt (with what is wrong), kFormatTooNew, kIoError.
  static Result<std::shared_ptr<const FileReader>> open(sys::FileSystem& files,
                                                        const std::string& path,
                                                        std::uint64_t number);

  // The blocks of a series, in order of time.
  std::span<const BlockRef> blocks(SeriesKey key) const;
  const std::vector<BlockRef>& all_blocks() const { return index_; }

  // Errors: kCorrupt: checksum, address or content are wrong; nothing of the block is believed.
  Result<std::vector<Point>> read(const BlockRef& block) const;

  const FileId& id() const { return id_; }
  std::uint64_t bytes() const { return bytes_; }
  const std::string& path() const { return path_; }

 private:
  FileReader() = default;
  Status check_index(std::uint64_t index_offset) const;

  std::unique_ptr<sys::File> file_;
  std::string path_;
  FileId id_;
  std::uint64_t bytes_ = 0;
  std::vector<BlockRef> index_;
};

using FilePtr = std::shared_ptr<const FileReader>;  // shared: readers go on while files are merged

}  // namespace lineshaft::historian
