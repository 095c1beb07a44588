// sys/sim/disk.h: a disk in memory that knows what is durable, can lose the rest, and can break.
//
// Every change is kept in a journal; sys/sim/crash.h says what a power cut may make of it.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sys/file.h"
#include "sys/sim/crash.h"
#include "sys/sim/disk_image.h"

namespace lineshaft::sys {

// Calls of FileSystem and File that can fail. create_directories is a kMakeDirectory and a
// kSyncDirectory for each directory it makes. exists cannot fail and is not counted.
enum class DiskCall : std::uint8_t {
  kOpen,
  kRead,
  kWrite,
  kSync,
  kSize,
  kTruncate,
  kAllocate,
  kRename,
  kRemove,
  kMakeDirectory,
  kSyncDirectory,
  kList,
  kFreeBytes,
  kLock,
};
inline constexpr std::size_t kDiskCalls = 14;

// A call that fails with nothing done, unless said otherwise. A sync that fails drops the writes
// before it (crash.h); a directory's sync that fails leaves its names unsynced.
struct DiskFault {
  std::optional<DiskCall> call = std::nullopt;  // none: calls of any kind
  std::uint64_t nth = 1;                        // which of these calls, counted from inject()
  bool from_then_on = false;                    // all later ones too
  ErrorId error = ErrorId::kIoError;            // or kDiskFull
  // A write does its first half before it fails; so does an allocation, except for kDiskFull.
  bool partial = false;
};

// Paths as in DiskImage. Threads: any. Files and locks must not outlive the disk.
class SimDisk : public FileSystem {
 public:
  SimDisk() : SimDisk(DiskImage{}) {}
  // A disk whose content is durable: a new one, or what a crash left.
  explicit SimDisk(DiskImage start);

  // --- FileSystem ---
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Status rename(const std::string& from, const std::string& to) override;  // files only
  Status remove(const std::string& path) override;
  Status create_directories(const std::string& path) override;
  Status sync_directory(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& path) override;
  bool exists(const std::string& path) override;
  Result<std::uint64_t> free_bytes(const std::string& path) override;
  // Is no call that can fail.
  Result<std::uint64_t> total_bytes(const std::string& path) override;
  Result<std::unique_ptr<DirectoryLock>> lock_directory(const std::string& path) override;

  // --- what is on it ---
  DiskImage image() const;          // as programs see it
  DiskImage durable_image() const;  // without anything that is not synced

  // --- crashes ---
  // Operations so far. What was acknowledged when this was n must survive every crash state with
  // `operations` >= n.
  std::size_t operations() const;
  std::string journal() const;  // one operation a line, numbered from 1
  // As the function in crash.h, for the operations so far. Cost: a crash state costs a copy of the
  // disk's tree, not of its bytes.
  void for_each_crash_state(std::size_t from, const std::function<bool(const CrashState&)>& visit,
                            std::uint64_t whole_bytes = 1) const;

  // --- faults ---
  void inject(DiskFault fault);  // in addition to those injected before
  // Reads of any of these bytes fail, in the file that has this name now. Requires: it exists.
  void fail_reads(const std::string& path, std::uint64_t offset, std::uint64_t bytes);
  void clear_faults();  // of both kinds; the capacity stays
  // What all files with a name may hold together; writes beyond fail with kDiskFull after what
  // fits, allocations without effect. Nothing: 1 TiB.
  void set_capacity(std::optional<std::uint64_t> bytes);
  std::uint64_t faults_hit() const;  // calls that failed because of inject or fail_reads
  std::uint64_t calls() const;       // that can fail, of all kinds, so far
  std::uint64_t calls(DiskCall call) const;

 private:
  friend class SimFile;
  friend class SimDirectoryLock;

  struct Injected {
    DiskFault fault;
    std::uint64_t seen = 0;
  };
  struct BadRange {
    NodeId file;
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
  };
  // The holder of a name that exists or might: "a/b" -> the node of a, "b".
  struct Place {
    NodeId directory;
    std::string name;
    std::optional<NodeId> node;
  };

  // All of these require that mutex_ is held.
  std::optional<DiskFault> begin(DiskCall call);
  Result<Place> place(const std::string& path, std::string_view doing) const;
  Result<NodeId> directory_at(const std::string& path, std::string_view doing) const;
  Status make_directory(const std::string& path);
  Status sync_directory_at(const std::string& path);
  void record(DiskOperation operation);
  std::uint64_t free_bytes_now() const;

  // What File does.
  Result<std::size_t> read(NodeId file, const std::string& path, std::uint64_t offset,
                           std::span<std::uint8_t> out);
  Status write(NodeId file, const std::string& path, std::uint64_t offset, ByteSpan data);
  Status sync(NodeId file, const std::string& path);
  Result<std::uint64_t> size(NodeId file, const std::string& path);
  Status truncate(NodeId file, const std::string& path, std::uint64_t size);
  Status allocate(NodeId file, const std::string& path, std::uint64_t size);
  void write_part(NodeId file, const std::string& path, std::uint64_t offset, ByteSpan data);
  void allocate_part(NodeId file, const std::string& path, std::uint64_t size);

  mutable std::mutex mutex_;  // guards what follows
  const DiskImage start_;
  DiskImage live_;
  Platter platter_;
  std::vector<DiskOperation> journal_;
  std::set<NodeId> locked_;
  std::vector<Injected> injected_;
  std::vector<BadRange> bad_ranges_;
  std::optional<std::uint64_t> capacity_;
  std::uint64_t faults_hit_ = 0;
  std::array<std::uint64_t, kDiskCalls> calls_{};  // by DiskCall
};

// Calls `run(disk, nth)` with a copy of `start` on which the N-th call fails as `fault` says, for
// N = 1, 2 and so on until a run meets no fault. Returns how many runs met one.
template <typename Run>
std::uint64_t for_each_failing_call(const DiskImage& start, DiskFault fault, const Run& run) {
  for (fault.nth = 1;; ++fault.nth) {
    SimDisk disk(start);
    disk.inject(fault);
    run(disk, fault.nth);
    if (disk.faults_hit() == 0) return fault.nth - 1;
  }
}

}  // namespace lineshaft::sys
