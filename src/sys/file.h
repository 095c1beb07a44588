// sys/file.h: files and directories behind an interface, so that disks can be simulated and broken.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace lineshaft::sys {

// An open file. Reads and writes name their offset; there is no file position.
// Errors of every call: kIoError, kDiskFull, with the path in the text. Threads: calls on one File
// from several threads are allowed for read_at; everything else is the owner's thread only.
class File {
 public:
  virtual ~File() = default;  // closes; what was not synced may be lost in a crash

  // Fills `out` from `offset`. Returns the bytes read: fewer than asked only at the end of the
  // file.
  virtual Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) = 0;

  // Writes all of `data` or fails; a failed write may have left any part of it.
  virtual Status write_at(std::uint64_t offset, ByteSpan data) = 0;

  // Data and the size needed to read it are on the disk when this returns success (fdatasync).
  // After an error the state of unsynced data is unknown for ever: never retry, recover instead.
  // What was not synced may still read well and yet be gone after a crash: to keep it, write it
  // again.
  virtual Status sync() = 0;

  virtual Result<std::uint64_t> size() = 0;
  virtual Status truncate(std::uint64_t size) = 0;

  // Asks that these bytes be read from the disk the next time, not from memory. A wish only: it
  // holds for what is synced, and where the system knows how.
  virtual void drop_cached(std::uint64_t /*offset*/, std::uint64_t /*bytes*/) {}

  // Makes sure that `size` bytes exist and are zero where not yet written, so that later writes
  // inside need no new space and their sync no change of the file's own records. Never shrinks.
  // Errors: kDiskFull, and then the file is as before. Cost: writes zeros over what is new.
  virtual Status allocate(std::uint64_t size) = 0;
};

enum class OpenMode : std::uint8_t {
  kRead,       // must exist
  kReadWrite,  // must exist
  kCreate,     // read and write; created if missing, kept if not
  kCreateNew,  // read and write; kConflict if it exists
};

// Held lock on a directory; released by the destructor or the death of the process.
class DirectoryLock {
 public:
  virtual ~DirectoryLock() = default;
};

// Paths are UTF-8, absolute or relative to the working directory. Threads: any.
class FileSystem {
 public:
  virtual ~FileSystem() = default;

  // Errors: kFileMissing, kConflict, kIoError, kDiskFull. New files are for the owner only (0600).
  virtual Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) = 0;

  // Replaces `to` if it exists. Durable only after sync_directory of the parent.
  virtual Status rename(const std::string& from, const std::string& to) = 0;
  virtual Status remove(const std::string& path) = 0;

  // Makes the directory (0700) and its missing parents, durably; success if it exists.
  virtual Status create_directories(const std::string& path) = 0;

  // Creations, renames and removals inside `path` are on the disk when this returns success.
  virtual Status sync_directory(const std::string& path) = 0;

  // Names (not paths) of the entries of a directory, sorted. Errors: kFileMissing.
  virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
  virtual bool exists(const std::string& path) = 0;

  // Bytes that this process may still write on the volume of `path`.
  virtual Result<std::uint64_t> free_bytes(const std::string& path) = 0;
  // Bytes of the volume of `path`, free or not.
  virtual Result<std::uint64_t> total_bytes(const std::string& path) = 0;

  // Errors: kLocked if another process (or another lock of this one) holds it.
  virtual Result<std::unique_ptr<DirectoryLock>> lock_directory(const std::string& path) = 0;
};

// The operating system's files. One for the process; stateless.
FileSystem& real_file_system();

// Reads a whole file. Errors: as open and read; kInvalidArgument if larger than `bytes_max`.
Result<Bytes> read_file(FileSystem& files, const std::string& path, std::size_t bytes_max);

// Replaces a file so that a crash leaves the old or the new content: writes `path`.tmp, syncs it,
// renames, syncs the directory. Errors: kDiskFull: the old content stands; kIoError: the old or the
// new one.
Status write_file_atomically(FileSystem& files, const std::string& path, ByteSpan content);
// The same for content that comes in parts: `write` gets the empty file.
Status write_file_in_parts(FileSystem& files, const std::string& path,
                           const std::function<Status(File&)>& write);

// "a/b" + "c" -> "a/b/c".
std::string join_path(std::string_view directory, std::string_view name);

}  // namespace lineshaft::sys
