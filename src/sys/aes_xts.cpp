#include "sys/aes_xts.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/assert.h"

namespace lineshaft::sys {
namespace {

// IEEE 1619: the number of the unit as sixteen bytes, the lowest first.
std::array<std::uint8_t, kXtsBlockBytes> tweak_of(std::uint64_t unit) {
  std::array<std::uint8_t, kXtsBlockBytes> tweak{};
  for (std::size_t i = 0; i < 8; ++i) tweak[i] = static_cast<std::uint8_t>(unit >> (8 * i));
  return tweak;
}

Status run(XtsKey key, std::uint64_t unit, std::span<std::uint8_t> data, int encrypt) {
  LS_ASSERT(data.size() % kXtsBlockBytes == 0);
  const Error trouble{ErrorId::kInternal, "the library cannot encipher with AES-256-XTS"};
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(
      EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  if (!context || EVP_CipherInit_ex(context.get(), EVP_aes_256_xts(), nullptr, key.data(), nullptr,
                                    encrypt) != 1) {
    return trouble;
  }
  for (; !data.empty(); ++unit) {
    const std::span<std::uint8_t> part = data.first(std::min(data.size(), kXtsUnitBytes));
    const auto tweak = tweak_of(unit);
    int length = 0;
    if (EVP_CipherInit_ex(context.get(), nullptr, nullptr, nullptr, tweak.data(), encrypt) != 1 ||
        EVP_CipherUpdate(context.get(), part.data(), &length, part.data(),
                         static_cast<int>(part.size())) != 1) {
      return trouble;
    }
    data = data.subspan(part.size());
  }
  return {};
}

}  // namespace

Status xts_encrypt(XtsKey key, std::uint64_t first_unit, std::span<std::uint8_t> data) {
  return run(key, first_unit, data, 1);
}

Status xts_decrypt(XtsKey key, std::uint64_t first_unit, std::span<std::uint8_t> data) {
  return run(key, first_unit, data, 0);
}

}  // namespace lineshaft::sys
