// vault/sealed_file.h: one enciphered file. For sealed_files.cpp.
//
// Below lie a head of 4096 bytes, then blocks of 16 bytes, of which 256 share the number that
// AES-256-XTS wants. A file of n > 0 bytes has n + 15 bytes behind the head, so that its last block
// is there whole however long it is; those 15 are never read as content. A block of zeros is one
// that was never written (a hole, or allocated), and reads as zeros.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "sys/aes_xts.h"
#include "sys/file.h"
#include "vault/secret_bytes.h"

namespace lineshaft::vault {

inline constexpr std::size_t kHeadBytes = 4096;
inline constexpr std::size_t kSlackBytes = sys::kXtsBlockBytes - 1;

// Shared by all who have the file open: a block that one of them changes in part must not be read
// half written by another.
struct FileCipher {
  std::uint32_t number = 0;  // of the key it is made of
  SecretBytes key;           // kXtsKeyBytes
  std::shared_mutex mutex;

  sys::XtsKey xts() const { return sys::XtsKey(key.data(), sys::kXtsKeyBytes); }
};

class SealedFile final : public sys::File {
 public:
  // `cipher` null: the file is in the clear; cut to nothing it becomes enciphered, if there is
  // `make_head`, which writes the head.
  using MakeHead = std::function<Result<std::shared_ptr<FileCipher>>(sys::File&)>;
  SealedFile(std::unique_ptr<sys::File> below, std::shared_ptr<FileCipher> cipher,
             MakeHead make_head)
      : below_(std::move(below)), cipher_(std::move(cipher)), make_head_(std::move(make_head)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::uint8_t> out) override;
  Status write_at(std::uint64_t offset, ByteSpan data) override;
  Status sync() override { return below_->sync(); }
  Result<std::uint64_t> size() override;
  Status truncate(std::uint64_t size) override;
  void drop_cached(std::uint64_t offset, std::uint64_t bytes) override;
  Status allocate(std::uint64_t size) override;

 private:
  // All of these require that the lock of the cipher is held.
  Result<std::uint64_t> content_size();
  Result<Bytes> read_blocks(std::uint64_t first_byte, std::uint64_t end);
  Status load_block(std::uint64_t at, std::uint64_t size, std::span<std::uint8_t> out);
  Status clear_slack(std::uint64_t size);

  const std::unique_ptr<sys::File> below_;
  std::shared_ptr<FileCipher> cipher_;
  const MakeHead make_head_;
};

}  // namespace lineshaft::vault
