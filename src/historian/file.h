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

// One block as the index of its file knows it.
struct BlockRef {
  SeriesKey key;
  std::uint64_t offset = 0;  // of the stored bytes
  std::uint32_t stored_bytes = 0;
  std::uint32_t raw_bytes = 0;  // equal to stored_bytes if not compressed
  Summary summary;
};

// Writes a new file, block after block. What is not finished is worth nothing and can be removed.
class FileWriter {
 public:
  // Errors of all: kIoError, kDiskFull.
  static Result<std::unique_ptr<FileWriter>> create(sys::FileSystem& files, const std::string& path,
                                                    std::uint64_t number);
  // Requires: keys in order; per key, points in order of time, at most kBlockPointsMax at a time.
  Status add(SeriesKey key, std::span<const Point> points);
  // Index, footer, sync. The name of the file is durable only after sync_directory.
  Status finish();
  std::uint64_t bytes() const { return offset_; }

 private:
  FileWriter(std::unique_ptr<sys::File> file, std::uint64_t number);
  Status append(ByteSpan bytes);

  std::unique_ptr<sys::File> file_;
  std::uint64_t number_;
  std::uint64_t offset_ = 0;
  std::vector<BlockRef> index_;
};

// Reads a finished file. Threads: any, at once.
class FileReader {
 public:
  // Reads footer and index. Errors: kCorrupt (with what is wrong), kFormatTooNew, kIoError.
  static Result<std::shared_ptr<const FileReader>> open(sys::FileSystem& files,
                                                        const std::string& path,
                                                        std::uint64_t number);

  // The blocks of a series, in order of time.
  std::span<const BlockRef> blocks(SeriesKey key) const;
  const std::vector<BlockRef>& all_blocks() const { return index_; }

  // Errors: kCorrupt: checksum, address or content are wrong; nothing of the block is believed.
  Result<std::vector<Point>> read(const BlockRef& block) const;

  std::uint64_t number() const { return number_; }
  std::uint64_t bytes() const { return bytes_; }
  const std::string& path() const { return path_; }

 private:
  FileReader() = default;

  std::unique_ptr<sys::File> file_;
  std::string path_;
  std::uint64_t number_ = 0;
  std::uint64_t bytes_ = 0;
  std::vector<BlockRef> index_;
};

}  // namespace lineshaft::historian
