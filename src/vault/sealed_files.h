// vault/sealed_files.h: a file system whose files are enciphered on the one below: those that hold
// keys always, all others by choice. docs/formats/vault.md, "Files".
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "sys/file.h"
#include "vault/vault.h"

namespace lineshaft::vault {

enum class Cover : std::uint8_t {
  kKeyFiles,  // *signing.key, *key.pem, *key.der: private keys of ours
  kEverything,
};

bool is_key_file(std::string_view path);

// Is any file at `path` (a file, or a directory with all in it) enciphered? Needs no key.
Result<bool> any_sealed(sys::FileSystem& files, const std::string& path);

struct FileCipher;  // vault/sealed_file.h

// What is written is enciphered if the cover says so; what is read is recognised by its head, so
// that files of before stay readable. Names, sizes and times of files are not hidden, nor is
// anything authenticated beyond what the files hold themselves: the cipher is that of disks
// (AES-256-XTS).
//
// Crash states are those of the file system below, in units of 16 bytes: where a write is torn in
// the middle of such a unit, the whole unit is lost. Disks write sectors of at least 512 bytes
// whole. Threads: any. Errors besides those of FileSystem: kCorrupt: the key of a file is not there
// (destroyed), or its head is damaged.
class SealedFiles final : public sys::FileSystem {
 public:
  // Everything borrowed must outlive the object and its files.
  SealedFiles(sys::FileSystem& below, Vault& vault, sys::Random& random, TenantId owner,
              Cover cover);
  ~SealedFiles() override;

  Result<std::unique_ptr<sys::File>> open(const std::string& path, sys::OpenMode mode) override;
  Status rename(const std::string& from, const std::string& to) override {
    return below_.rename(from, to);
  }
  Status remove(const std::string& path) override { return below_.remove(path); }
  Status create_directories(const std::string& path) override {
    return below_.create_directories(path);
  }
  Status sync_directory(const std::string& path) override { return below_.sync_directory(path); }
  Result<std::vector<std::string>> list(const std::string& path) override {
    return below_.list(path);
  }
  bool exists(const std::string& path) override { return below_.exists(path); }
  Result<std::uint64_t> free_bytes(const std::string& path) override {
    return below_.free_bytes(path);
  }
  Result<std::uint64_t> total_bytes(const std::string& path) override {
    return below_.total_bytes(path);
  }
  Result<std::unique_ptr<sys::DirectoryLock>> lock_directory(const std::string& path) override {
    return below_.lock_directory(path);
  }

  // Enciphers what lies in the clear at `path` (a file, or a directory with all in it) and should
  // not, and what is enciphered under a retired key; overwrites what was there. Nobody may have the
  // files open. Interrupted, it is continued by the next call. Returns how many files it changed.
  Result<std::size_t> seal_existing(const std::string& path);

  struct Tally {
    std::uint64_t sealed = 0;    // files
    std::uint64_t clear = 0;     // that the cover wants sealed
    std::uint64_t old_keys = 0;  // of the sealed ones
  };
  // Of all files at `path`. Errors: of the disk.
  Result<Tally> tally(const std::string& path);

 private:
  enum class State : std::uint8_t { kFine, kClear, kSealed, kOldKey };

  bool covers(std::string_view path) const {
    return cover_ == Cover::kEverything || is_key_file(path);
  }
  Result<std::shared_ptr<FileCipher>> new_head(sys::File& file);
  Result<std::shared_ptr<FileCipher>> read_head(ByteSpan head, const std::string& path);
  std::shared_ptr<FileCipher> share(ByteSpan salt, const FileKey& key);
  Result<State> state_of(const std::string& path);
  Status seal_one(const std::string& path);

  sys::FileSystem& below_;
  Vault& vault_;
  sys::Random& random_;
  const TenantId owner_;
  const Cover cover_;
  std::mutex mutex_;                                 // guards what follows
  std::map<Bytes, std::weak_ptr<FileCipher>> open_;  // by salt
};

}  // namespace lineshaft::vault
