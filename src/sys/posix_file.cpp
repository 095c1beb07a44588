#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "sys/file.h"

// Declared in <sys/file.h> of the C library, which our own header of that name hides.
// The name `flock` itself is taken by the struct of fcntl(2).
extern "C" int flock_descriptor(int descriptor, int operation) noexcept __asm__("flock");

namespace lineshaft::sys {
namespace {

constexpr std::size_t kZeroChunkBytes = 1024 * 1024;  // written at once when a file is allocated

// "writing /data/x failed: No space left on device", under the id that tells what to do.
Error error_of(int number, std::string_view doing, std::string_view path) {
  ErrorId id = ErrorId::kIoError;
  if (number == ENOSPC || number == EDQUOT) id = ErrorId::kDiskFull;
  if (number == ENOENT || number == ENOTDIR) id = ErrorId::kFileMissing;
  if (number == EEXIST) id = ErrorId::kConflict;
  return {id, std::string(doing) + " " + std::string(path) +
                  " failed: " + std::generic_category().message(number)};
}

// Repeats a call that a signal interrupted. `call` returns -1 and sets errno on failure.
template <typename Call>
auto retry_interrupted(Call call) {
  auto outcome = call();
  while (outcome == -1 && errno == EINTR) outcome = call();
  return outcome;
}

// A file descriptor that closes itself. close() is not checked: what matters was synced before.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_(other.number_) { other.number_ = -1; }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  Descriptor& operator=(Descriptor&&) = delete;
  int number() const { return number_; }
  bool ok() const { return number_ >= 0; }

 private:
  int number_;
};

Descriptor open_descriptor(const std::string& path, int flags) {
  return Descriptor(retry_interrupted(
      [&] { return ::open(path.c_str(), flags | O_CLOEXEC, S_IRUSR | S_IWUSR); }));
}

class PosixFile : public File {
 public:
  PosixFile(Descriptor descriptor, std::string path)
      : descriptor_(std::move(descriptor)), path_(std::move(path)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) override {
    std::size_t done = 0;
    while (done < out.size()) {
      const ssize_t count = retry_interrupted([&] {
        return ::pread(descriptor_.number(), out.data() + done, out.size() - done,
                       static_cast<off_t>(offset + done));
      });
      if (count < 0) return error_of(errno, "reading", path_);
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

  Status write_at(std::uint64_t offset, ByteSpan data) override {
    std::size_t done = 0;
    while (done < data.size()) {
      const ssize_t count = retry_interrupted([&] {
        return ::pwrite(descriptor_.number(), data.data() + done, data.size() - done,
                        static_cast<off_t>(offset + done));
      });
      if (count < 0) return error_of(errno, "writing", path_);
      done += static_cast<std::size_t>(count);
    }
    return {};
  }

  Status sync() override {
    // Linux reports a failed writeback once and then calls the lost pages clean: a second fdatasync
    // would "succeed". So the first failure holds for the life of this object.
    if (sync_failure_ == 0 &&
        retry_interrupted([&] { return ::fdatasync(descriptor_.number()); }) != 0) {
      sync_failure_ = errno;
    }
    if (sync_failure_ != 0) return error_of(sync_failure_, "syncing", path_);
    return {};
  }

  Result<std::uint64_t> size() override {
    struct stat info {};
    if (::fstat(descriptor_.number(), &info) != 0) return error_of(errno, "looking at", path_);
    return static_cast<std::uint64_t>(info.st_size);
  }

  Status truncate(std::uint64_t size) override {
    if (retry_interrupted(
            [&] { return ::ftruncate(descriptor_.number(), static_cast<off_t>(size)); }) != 0) {
      return error_of(errno, "truncating", path_);
    }
    return {};
  }

  void drop_cached(std::uint64_t offset, std::uint64_t bytes) override {
    static_cast<void>(::posix_fadvise(descriptor_.number(), static_cast<off_t>(offset),
                                      static_cast<off_t>(bytes), POSIX_FADV_DONTNEED));
  }

  Status allocate(std::uint64_t size_wanted) override {
    const Result<std::uint64_t> before = size();
    if (!before) return before.error();
    if (*before >= size_wanted) return {};
    Status grown = grow(*before, size_wanted);
    if (!grown && grown.error().id == ErrorId::kDiskFull) {
      if (Status restored = truncate(*before); !restored) return restored;
    }
    return grown;
  }

 private:
  // Reserves the blocks in one piece, then writes zeros over them once: blocks that are reserved
  // but unwritten would cost a journal commit at the first sync after each later write.
  Status grow(std::uint64_t from, std::uint64_t to) {
    const int reserved = retry_interrupted([&] {
      return ::fallocate(descriptor_.number(), 0, static_cast<off_t>(from),
                         static_cast<off_t>(to - from));
    });
    if (reserved != 0 && errno != EOPNOTSUPP && errno != ENOSYS) {
      return error_of(errno, "reserving space for", path_);
    }
    const Bytes zeros(
        static_cast<std::size_t>(std::min<std::uint64_t>(to - from, kZeroChunkBytes)));
    for (std::uint64_t at = from; at < to; at += zeros.size()) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(zeros.size(), to - at));
      if (Status written = write_at(at, ByteSpan(zeros).first(count)); !written) return written;
    }
    return {};
  }

  Descriptor descriptor_;
  std::string path_;
  int sync_failure_ = 0;
};

class PosixDirectoryLock : public DirectoryLock {
 public:
  explicit PosixDirectoryLock(Descriptor descriptor) : descriptor_(std::move(descriptor)) {}

 private:
  Descriptor descriptor_;  // the lock belongs to the open directory and ends with it
};

// "a/b/c" -> "a/b", "/a" -> "/", "a" -> ".".
std::string parent_of(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

class PosixFileSystem : public FileSystem {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    int flags = O_RDWR;
    if (mode == OpenMode::kRead) flags = O_RDONLY;
    if (mode == OpenMode::kCreate) flags |= O_CREAT;
    if (mode == OpenMode::kCreateNew) flags |= O_CREAT | O_EXCL;
    Descriptor descriptor = open_descriptor(path, flags);
    if (!descriptor.ok()) return error_of(errno, "opening", path);
    return std::unique_ptr<File>(std::make_unique<PosixFile>(std::move(descriptor), path));
  }

  Status rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return error_of(errno, "renaming", from);
    return {};
  }

  Status remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return error_of(errno, "removing", path);
    return {};
  }

  Status create_directories(const std::string& path) override {
    if (path.empty() || is_directory(path)) return {};
    const std::string parent = parent_of(path);
    if (Status made = create_directories(parent); !made) return made;
    if (::mkdir(path.c_str(), S_IRWXU) != 0) {
      const int number = errno;
      if (number != EEXIST || !is_directory(path)) {
        return error_of(number, "making the directory", path);
      }
    }
    return sync_directory(parent);
  }

  Status sync_directory(const std::string& path) override {
    const Descriptor descriptor = open_descriptor(path, O_RDONLY | O_DIRECTORY);
    if (!descriptor.ok()) return error_of(errno, "opening the directory", path);
    if (retry_interrupted([&] { return ::fsync(descriptor.number()); }) != 0) {
      return error_of(errno, "syncing the directory", path);
    }
    return {};
  }

  Result<std::vector<std::string>> list(const std::string& path) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), &::closedir);
    if (!directory) return error_of(errno, "listing", path);
    std::vector<std::string> names;
    errno = 0;
    while (const dirent* entry = ::readdir(directory.get())) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") names.emplace_back(name);
      errno = 0;
    }
    if (errno != 0) return error_of(errno, "listing", path);
    std::sort(names.begin(), names.end());
    return names;
  }

  bool exists(const std::string& path) override { return ::access(path.c_str(), F_OK) == 0; }

  Result<std::uint64_t> free_bytes(const std::string& path) override {
    struct statvfs volume {};
    if (retry_interrupted([&] { return ::statvfs(path.c_str(), &volume); }) != 0) {
      return error_of(errno, "measuring free space of", path);
    }
    // Some of the free blocks are kept for root.
    const std::uint64_t blocks = ::geteuid() == 0 ? volume.f_bfree : volume.f_bavail;
    return blocks * volume.f_frsize;
  }

  Result<std::uint64_t> total_bytes(const std::string& path) override {
    struct statvfs volume {};
    if (retry_interrupted([&] { return ::statvfs(path.c_str(), &volume); }) != 0) {
      return error_of(errno, "measuring", path);
    }
    return volume.f_blocks * volume.f_frsize;
  }

  Result<std::unique_ptr<DirectoryLock>> lock_directory(const std::string& path) override {
    Descriptor descriptor = open_descriptor(path, O_RDONLY | O_DIRECTORY);
    if (!descriptor.ok()) return error_of(errno, "opening the directory", path);
    if (retry_interrupted(
            [&] { return ::flock_descriptor(descriptor.number(), LOCK_EX | LOCK_NB); }) != 0) {
      if (errno == EWOULDBLOCK) return Error{ErrorId::kLocked, path};
      return error_of(errno, "locking", path);
    }
    return std::unique_ptr<DirectoryLock>(
        std::make_unique<PosixDirectoryLock>(std::move(descriptor)));
  }

 private:
  static bool is_directory(const std::string& path) {
    struct stat info {};
    return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
  }
};

}  // namespace

FileSystem& real_file_system() {
  static PosixFileSystem files;
  return files;
}

}  // namespace lineshaft::sys
