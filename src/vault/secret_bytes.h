// vault/secret_bytes.h: bytes of a key in memory that is not swapped, not in a core file, and wiped
// when it goes.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "base/bytes.h"

namespace lineshaft::vault {

// Owns its memory; moves, does not copy.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t bytes);  // zeros. Requires: sodium_init was called.
  explicit SecretBytes(ByteSpan content);
  ~SecretBytes();
  SecretBytes(SecretBytes&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  SecretBytes(const SecretBytes&) = delete;
  SecretBytes& operator=(const SecretBytes&) = delete;

  std::uint8_t* data() { return data_; }
  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  std::span<std::uint8_t> span() { return {data_, size_}; }
  ByteSpan span() const { return {data_, size_}; }

 private:
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace lineshaft::vault
