#include "vault/seal.h"

#include <sodium.h>

#include <string>

#include "base/assert.h"

namespace lineshaft::vault {

static_assert(kKeyBytes == crypto_aead_xchacha20poly1305_ietf_KEYBYTES);
static_assert(kNonceBytes == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES);
static_assert(kTagBytes == crypto_aead_xchacha20poly1305_ietf_ABYTES);

Status prepare() {
  if (sodium_init() >= 0) return {};
  return Error{ErrorId::kInternal, "the cryptographic library cannot start"};
}

Bytes seal(const SecretBytes& key, std::string_view bound, ByteSpan plain, sys::Random& random) {
  LS_ASSERT(key.size() == kKeyBytes);
  Bytes sealed(kNonceBytes + plain.size() + kTagBytes);
  random.fill(std::span(sealed).first(kNonceBytes));
  const ByteSpan context = as_bytes(bound);
  crypto_aead_xchacha20poly1305_ietf_encrypt(sealed.data() + kNonceBytes, nullptr, plain.data(),
                                             plain.size(), context.data(), context.size(), nullptr,
                                             sealed.data(), key.data());
  return sealed;
}

Result<SecretBytes> open(const SecretBytes& key, std::string_view bound, ByteSpan sealed) {
  LS_ASSERT(key.size() == kKeyBytes);
  const Error wrong{ErrorId::kCorrupt,
                    "what is sealed does not open: it is changed or moved, or "
                    "the key is another one"};
  if (sealed.size() < kNonceBytes + kTagBytes) return wrong;
  const ByteSpan text = sealed.subspan(kNonceBytes);
  const ByteSpan context = as_bytes(bound);
  SecretBytes plain(text.size() - kTagBytes);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain.data(), nullptr, nullptr, text.data(),
                                                 text.size(), context.data(), context.size(),
                                                 sealed.data(), key.data()) != 0) {
    return wrong;
  }
  return plain;
}

SecretBytes derive(const SecretBytes& key, std::string_view purpose, std::size_t bytes) {
  SecretBytes made(bytes);
  const ByteSpan text = as_bytes(purpose);
  crypto_generichash(made.data(), made.size(), text.data(), text.size(), key.data(), key.size());
  return made;
}

std::string base64_text(ByteSpan bytes) {
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string text(sodium_base64_encoded_len(bytes.size(), kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(), kVariant);
  text.pop_back();  // the final NUL
  return text;
}

Result<Bytes> base64_bytes(std::string_view text) {
  Bytes bytes(text.size() / 4 * 3 + 3);
  std::size_t length = 0;
  if (sodium_base642bin(bytes.data(), bytes.size(), text.data(), text.size(), nullptr, &length,
                        nullptr, sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0) {
    return Error{ErrorId::kCorrupt, "is not base64"};
  }
  bytes.resize(length);
  return bytes;
}

}  // namespace lineshaft::vault
