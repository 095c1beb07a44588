#include "vault/secret_bytes.h"

#include <sodium.h>

#include <algorithm>

#include "base/assert.h"

namespace lineshaft::vault {

SecretBytes::SecretBytes(std::size_t bytes)
    : data_(static_cast<std::uint8_t*>(sodium_malloc(bytes))), size_(bytes) {
  LS_ASSERT(data_ != nullptr);
  std::fill_n(data_, size_, std::uint8_t{0});
}

SecretBytes::SecretBytes(ByteSpan content) : SecretBytes(content.size()) {
  std::copy(content.begin(), content.end(), data_);
}

SecretBytes::~SecretBytes() {
  if (data_ != nullptr) sodium_free(data_);  // wipes
}

}  // namespace lineshaft::vault
