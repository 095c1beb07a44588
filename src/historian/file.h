// historian/file.h: an immutable file of blocks sorted by tenant, tag and time.
// Format: docs/formats/historian.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "historian/block.h"
#include "historian/erasure.h"
#include "historian/record.h"
#include "historian/rollup.h"
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
  SeriesKey first;  // the block holds points of this tag
  TagId last;       // and, if this is another one, of some tags up to this
  // If set, the block holds no points but the summaries of each step; it is of one tag.
  std::optional<RollupStep> rollup;
  std::uint64_t offset = 0;        // of the block's head
  std::uint32_t stored_bytes = 0;  // without the head
  codec::Effort effort = codec::Effort::kFresh;
  // Of several tags only count, first_time and last_time.
  Summary summary;

  bool is_of_one() const { return first.tag == last; }
  TimeRange extent() const { return {summary.first_time, summary.last_time + Nanoseconds(1)}; }
};

class FileReader;

struct FileOptions {
  codec::Effort effort = codec::Effort::kFresh;
  std::size_t block_points = kBlockPointsMax;  // fewer in tests
  // A tag with fewer points shares a block with its neighbours.
  std::size_t own_block_points = 384;
};

// Writes a new file, block after block. What is not finished is worth nothing and can be removed.
class FileWriter {
 public:
  // Errors of all: kIoError, kDiskFull.
  static Result<std::unique_ptr<FileWriter>> create(sys::FileSystem& files, const std::string& path,
                                                    FileId id, FileOptions options);
  // Cuts the points into blocks; few of them share one with the next tags.
  // Requires: keys in order; per key, points in order of time, one per time.
  Status add(SeriesKey key, const Columns& points);
  // Requires: as for add; in order of time and with what was added of the key.
  Status add_rollups(SeriesKey key, RollupStep step, std::span<const Summary> rollups);
  // Points that those of the key, added before, replaced. Requires: as for add.
  Status add_replaced(SeriesKey key, const Columns& points);
  Status copy_replaced(const FileReader& from, const BlockRef& block);
  // What the file takes away from older ones. Requires: in order of keys.
  void set_erasures(std::vector<Erasure> erasures) { erasures_ = std::move(erasures); }
  // What was added so far shares no block with what comes.
  Status end_block();
  // Takes a block over as it is. Requires: as for add; block.is_of_one(). Errors: also kCorrupt, if
  // it cannot be read for whatever reason.
  Status copy(const FileReader& from, const BlockRef& block);
  // Index, footer, sync. The name of the file is durable only after sync_directory.
  Status finish();
  std::uint64_t bytes() const { return offset_; }

 private:
  FileWriter(std::unique_ptr<sys::File> file, FileId id, FileOptions options);
  Status append(ByteSpan bytes);
  std::size_t fitting(const Columns& points, std::size_t from);
  Status settle();
  Status write_few();
  Status write_current();
  Status write_series(TenantId tenant, std::span<const SeriesPoints> series);
  Status take_over(const FileReader& from, const BlockRef& block);
  Status write_block(BlockRef block, ByteSpan stored);

  std::unique_ptr<sys::File> file_;
  FileId id_;
  const FileOptions options_;
  std::uint64_t offset_ = 0;
  SeriesKey key_;    // that was added last
  Columns current_;  // its points that are not yet in a block
  std::size_t current_text_ = 0;
  std::vector<SeriesPoints> few_;  // of tags before it, together less than a block
  TenantId few_tenant_;
  std::size_t few_points_ = 0;
  std::size_t few_text_ = 0;
  std::vector<BlockRef> index_;
  std::vector<BlockRef> replaced_;
  bool adding_replaced_ = false;
  std::vector<Erasure> erasures_;
};

// Reads a finished file. Threads: any, at once.
class FileReader {
 public:
  // Reads footer and index; what they say is checked, so that readers may rely on it. What is
  // damaged is made from the file's parity, if it has one that can do it (parity_file.h): so here,
  // and when blocks are read. `files` must outlive the reader.
  // Errors: kFileMissing, kCorrupt (with what is wrong), kFormatTooNew, kIoError.
  static Result<std::shared_ptr<const FileReader>> open(sys::FileSystem& files,
                                                        const std::string& path,
                                                        std::uint64_t number);

  // The blocks that may hold points of a series; those of this series alone are in order of time.
  std::span<const BlockRef> blocks(SeriesKey key) const;
  const std::vector<BlockRef>& all_blocks() const { return index_; }
  // Blocks of points that others replaced; all_blocks() does not count them. Of one tag each; those
  // of a tag may overlap, older ones come first.
  std::span<const BlockRef> replaced(SeriesKey key) const;
  const std::vector<BlockRef>& all_replaced() const { return replaced_; }
  std::vector<const BlockRef*> every_block() const;  // both
  // In order of keys.
  const std::vector<Erasure>& erasures() const { return erasures_; }

  // Requires: block.rollup. Errors: kCorrupt, as below.
  Result<std::vector<Summary>> read_rollups(const BlockRef& block) const;
  // The points of one series in a block; nothing if it holds none. Requires: !block.rollup.
  // Errors: kCorrupt: checksum, address or content are wrong; nothing of the block is believed.
  Result<std::optional<Columns>> read(const BlockRef& block, SeriesKey key) const;
  // All of a block of several tags, in order of tags; kept until another one of this file is read.
  // Errors: as above.
  using Few = std::shared_ptr<const std::vector<SeriesPoints>>;
  Result<Few> read_few(const BlockRef& block) const;
  // The columns of a block of one tag, to decode what is needed; they lie in `buffer`, which is
  // made larger where it is too small. Errors: as above.
  Result<BlockColumns> open_columns(const BlockRef& block, Bytes& buffer) const;
  // The block's bytes behind its head, with codec::kSlackBytes more behind them. Errors: as above.
  Result<Bytes> read_stored(const BlockRef& block) const;

  // Is the block right on the disk, without help from parity? Errors: kCorrupt, kIoError.
  Status check_block(const BlockRef& block) const;
  // The next check or read of the block is of the disk, not of what the system remembers.
  void drop_cached(const BlockRef& block) const;

  // Index or blocks that were read so far are damaged on the disk, and parity has made up for it.
  bool needs_repair() const;
  std::uint64_t mended_blocks() const;  // how many of those read so far

  const FileId& id() const { return id_; }
  bool is_sealed() const;  // every block is encoded for size
  bool has_rollups() const { return has_rollups_; }
  Timestamp last_time() const;  // of all points; kTimestampMin if there are none
  std::uint64_t bytes() const { return bytes_; }
  const std::string& path() const { return path_; }

 private:
  using ReadPart = std::function<Result<Bytes>(std::uint64_t offset, std::size_t count)>;

  FileReader(sys::FileSystem& files, std::unique_ptr<sys::File> file, std::string path)
      : files_(files), file_(std::move(file)), path_(std::move(path)) {}
  Result<Bytes> read_part(std::uint64_t offset, std::size_t count) const;
  Result<Bytes> read_mended(std::uint64_t offset, std::size_t count) const;
  Status load(std::uint64_t number, std::uint64_t bytes, const ReadPart& read);
  Status load_mended(std::uint64_t number);
  Result<ByteSpan> checked(const BlockRef& block, ByteSpan bytes) const;
  Result<ByteSpan> read_unmended(const BlockRef& block, Bytes& buffer) const;
  Result<std::vector<SeriesPoints>> read_block(const BlockRef& block) const;
  Result<ByteSpan> read_into(const BlockRef& block, Bytes& buffer) const;
  Status check_index(const std::vector<BlockRef>& index, std::uint64_t index_offset) const;
  Status check_erasures() const;

  sys::FileSystem& files_;
  std::unique_ptr<sys::File> file_;
  std::string path_;
  FileId id_;
  std::uint64_t bytes_ = 0;
  std::vector<BlockRef> index_;
  std::vector<SeriesKey> last_keys_;  // of the blocks, side by side: to find some in a few lines
  std::vector<BlockRef> replaced_;
  std::vector<Erasure> erasures_;
  bool has_rollups_ = false;
  bool index_mended_ = false;
  mutable std::mutex mended_mutex_;
  mutable std::set<std::uint64_t> mended_;  // offsets of blocks
  // The block of several tags that was read last.
  mutable std::mutex few_mutex_;
  mutable std::uint64_t few_offset_ = 0;
  mutable Few few_;
};

using FilePtr = std::shared_ptr<const FileReader>;  // shared: readers go on while files are merged

}  // namespace lineshaft::historian
