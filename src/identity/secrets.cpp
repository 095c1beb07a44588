#include "identity/secrets.h"

#include <sodium.h>

namespace lineshaft::identity {
namespace {

constexpr unsigned long long kHashPasses = 2;
constexpr std::size_t kHashBytes = std::size_t{19} * 1024 * 1024;

}  // namespace

Status prepare_secrets() {
  if (sodium_init() >= 0) return {};
  return Error{ErrorId::kInternal, "the cryptographic library cannot start"};
}

Digest digest_of(std::string_view text) {
  Digest digest{};
  crypto_hash_sha256(digest.data(), reinterpret_cast<const unsigned char*>(text.data()),
                     text.size());
  return digest;
}

std::array<std::uint8_t, 64> long_digest_of(std::string_view text) {
  std::array<std::uint8_t, 64> digest{};
  static_assert(crypto_hash_sha512_BYTES == 64);
  crypto_hash_sha512(digest.data(), reinterpret_cast<const unsigned char*>(text.data()),
                     text.size());
  return digest;
}

std::string base64url(ByteSpan bytes) {
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string text(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), kVariant);
  text.pop_back();  // the final NUL
  return text;
}

std::optional<Bytes> base64url_bytes(std::string_view text) {
  if (text.empty()) return Bytes();  // the library takes no null
  Bytes bytes(text.size());
  std::size_t count = 0;
  const char* end = nullptr;
  if (sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &count, &end,
                        sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
      end != text.data() + text.size()) {
    return std::nullopt;
  }
  bytes.resize(count);
  return bytes;
}

std::string random_secret(sys::Random& random) {
  Digest bytes{};
  random.fill(bytes);
  std::string text = base64url(bytes);
  sodium_memzero(bytes.data(), bytes.size());
  return text;
}

bool equal_secrets(std::string_view a, std::string_view b) {
  return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

Result<std::string> hash_password(std::string_view password) {
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (crypto_pwhash_str(text.data(), password.data(), password.size(), kHashPasses, kHashBytes) !=
      0) {
    return Error{ErrorId::kInternal, "there is no memory to hash a password"};
  }
  return std::string(text.data());
}

bool verify_password(const std::string& hash, std::string_view password) {
  return crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size()) == 0;
}

}  // namespace lineshaft::identity
