// sys/sim/crash.h: what a power cut may leave on a simulated disk.
//
// The model is that of a file system which orders nothing by itself: between two syncs any
// operation may or may not have reached the disk, in any order.
// - Writes, truncations and allocations of a file are on the disk after a sync of that file.
// - Names (made, renamed, removed) are on the disk after a sync of the directory that holds them,
//   whether or not the file's bytes are. A rename is one operation; between two directories it is
//   on the disk after a sync of the new one.
// - A failed sync drops the writes before it as Linux does: they are still read, may or may not be
// on
//   the disk, and no later sync puts them there; that later sync does make the size durable which
//   they gave the file. Names are not dropped: a file system that cannot write its own records
//   stops.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "sys/sim/disk_image.h"

namespace lineshaft::sys {

// Something that changes a disk, or makes changes durable.
struct DiskOperation {
  enum class Kind : std::uint8_t {
    kCreate,         // a new file `node` gets the name `name` in `directory`
    kMakeDirectory,  // likewise
    kRename,         // `name` in `directory` becomes `to_name` in `to_directory`
    kRemove,         // `name` in `directory` is no more
    kSyncDirectory,  // `directory`
    kWrite,          // `data` at `offset` of `node`
    kTruncate,       // `node` to `size`
    kAllocate,       // `node` from `offset` to `size`
    kSync,           // `node`
    kFailedSync,     // `node`
  };
  Kind kind = Kind::kSync;
  NodeId node;
  NodeId directory;
  NodeId to_directory;
  std::string name;
  std::string to_name;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::shared_ptr<const Bytes> data;
  std::string path;  // as it was named, for people

  bool is_of_names() const { return kind <= Kind::kRemove; }
  std::string text() const;  // "write wal/0000000000000001.wal 112+48"
};

// The part of an unsynced operation that is on the disk after all.
struct DiskPart {
  enum class Kind : std::uint8_t { kNothing, kWhole, kSizeOnly, kBefore, kFrom };
  Kind kind = Kind::kNothing;
  std::uint64_t cut = 0;  // kBefore, kFrom: bytes of the write before or from here
};

// Does all of an operation but the making of its node.
void apply(const DiskOperation& operation, DiskImage& image);

// What is on the disk for certain, and what may be. One thread.
class Platter {
 public:
  explicit Platter(DiskImage start) : base_(std::move(start)) {}

  // The operation that follows those added so far.
  void add(const DiskOperation& operation);

  // Operations that may be missing after a power cut, in order.
  std::size_t unsynced() const { return unsynced_.size(); }
  const DiskOperation& operation(std::size_t unsynced) const {
    return unsynced_[unsynced].operation;
  }

  // The disk with the chosen part of each unsynced operation.
  using Choice = std::function<DiskPart(std::size_t unsynced)>;
  DiskImage image(const Choice& choice) const;
  // The disk without any of them.
  DiskImage durable_image() const;

 private:
  struct Unsynced {
    DiskOperation operation;
    bool is_durable = false;       // waits for its turn behind one of the same file that is not
    bool is_dropped = false;       // by a failed sync
    bool is_size_durable = false;  // of one that is dropped
  };
  void settle();  // moves what is durable into base_

  DiskImage base_;
  std::vector<Unsynced> unsynced_;
};

// A disk that a power cut may leave.
struct CrashState {
  std::size_t operations = 0;  // how many had been done, or begun, when the power failed
  std::string what;            // what of the unsynced ones is on the disk, for people
  DiskImage image;
};

// Visits, for every prefix of `operations` longer than `from` (and for `from` 0 the start itself),
// the disks on which, of the operations not yet durable,
// - none is, or all are, or all but one, or only one;
// - all are, the last one torn: its first bytes (cut at byte 1, 8, the middle, the last byte and at
//   each boundary of 512-byte sectors), or all from such a boundary on;
// - the names are but not the bytes; the bytes but not the names; names and sizes without the
// bytes. Disks that are equal after the same prefix are visited once. `visit` returns false to
// stop. `whole_bytes`: of a file, so many at a multiple of that are written whole or not at all.
void for_each_crash_state(const DiskImage& start, const std::vector<DiskOperation>& operations,
                          std::size_t from, const std::function<bool(const CrashState&)>& visit,
                          std::uint64_t whole_bytes = 1);

}  // namespace lineshaft::sys
