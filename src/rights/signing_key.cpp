#include "rights/signing_key.h"

#include <sodium.h>

#include <algorithm>
#include <optional>

#include "base/bytes.h"
#include "base/hex.h"
#include "sys/sha256.h"

namespace lineshaft::rights {
namespace {

// What stands before the 32 bytes in DER (RFC 8410, sections 4 and 7); both forms have one length.
constexpr std::array<std::uint8_t, 12> kPublicPrefix{0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                                     0x2b, 0x65, 0x70, 0x03, 0x21, 0x00};
constexpr std::array<std::uint8_t, 16> kPrivatePrefix{
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20};
constexpr std::size_t kPemBytesMax = 1'000;

Error invalid(std::string what) { return {ErrorId::kInvalidArgument, std::move(what)}; }

std::string base64_text(ByteSpan bytes) {
  std::string text(sodium_base64_ENCODED_LEN(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // the NUL
  return text;
}

// Exactly so many bytes, written as base64_text writes them; line breaks are passed over.
bool read_base64(std::string_view text, std::span<std::uint8_t> out) {
  std::size_t size = 0;
  if (sodium_base642bin(out.data(), out.size(), text.data(), text.size(), "\r\n", &size, nullptr,
                        sodium_base64_VARIANT_ORIGINAL) != 0) {
    return false;
  }
  std::string plain(text);
  std::erase_if(plain, [](char c) { return c == '\r' || c == '\n'; });
  return size == out.size() && base64_text(out) == plain;
}

std::string pem_of(std::string_view label, ByteSpan der) {
  const std::string name(label);
  return "-----BEGIN " + name + "-----\n" + base64_text(der) + "\n-----END " + name + "-----\n";
}

// The 32 bytes behind `prefix` in a PEM text; nothing if it is another text.
template <std::size_t N>
std::optional<std::array<std::uint8_t, 32>> read_pem(std::string_view pem, std::string_view label,
                                                     const std::array<std::uint8_t, N>& prefix) {
  if (pem.size() > kPemBytesMax) return std::nullopt;
  while (!pem.empty() && (pem.back() == '\n' || pem.back() == '\r')) pem.remove_suffix(1);
  const std::string begin = "-----BEGIN " + std::string(label) + "-----";
  const std::string end = "-----END " + std::string(label) + "-----";
  if (!pem.starts_with(begin) || !pem.ends_with(end) || pem.size() < begin.size() + end.size()) {
    return std::nullopt;
  }
  pem.remove_prefix(begin.size());
  pem.remove_suffix(end.size());
  std::array<std::uint8_t, N + 32> der{};
  std::optional<std::array<std::uint8_t, 32>> key;
  if (read_base64(pem, der) && std::equal(prefix.begin(), prefix.end(), der.begin())) {
    key.emplace();
    std::copy(der.begin() + N, der.end(), key->begin());
  }
  sodium_memzero(der.data(), der.size());
  return key;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string PublicKey::pem() const {
  Bytes der(kPublicPrefix.begin(), kPublicPrefix.end());
  der.insert(der.end(), bytes.begin(), bytes.end());
  return pem_of("PUBLIC KEY", der);
}

std::string PublicKey::id() const { return hex_text(sys::sha256({kPublicPrefix, bytes})); }

Result<PublicKey> PublicKey::parse(std::string_view pem) {
  const auto bytes = read_pem(pem, "PUBLIC KEY", kPublicPrefix);
  if (!bytes) return invalid("is no Ed25519 public key in the PEM form");
  if (crypto_core_ed25519_is_valid_point(bytes->data()) != 1) {
    return invalid("is no usable Ed25519 public key");
  }
  return PublicKey{*bytes};
}

std::string signed_message(std::string_view party, std::string_view text) {
  return "lineshaft agreement signature v1 for " + std::string(party) + "\n" + std::string(text);
}

bool is_signed(const PublicKey& key, const Signature& signature, std::string_view message) {
  return crypto_sign_verify_detached(signature.data(), bytes_of(message), message.size(),
                                     key.bytes.data()) == 0;
}

Result<Signature> parse_signature(std::string_view base64) {
  Signature signature{};
  if (!read_base64(base64, signature)) {
    return invalid("is no signature: 64 bytes as base64 are needed");
  }
  return signature;
}

std::string signature_text(const Signature& signature) { return base64_text(signature); }

PrivateKey PrivateKey::make(sys::Random& random) {
  Seed seed{};
  random.fill(seed);
  PrivateKey key(seed);
  sodium_memzero(seed.data(), seed.size());
  return key;
}

Result<PrivateKey> PrivateKey::parse(std::string_view pem) {
  auto seed = read_pem(pem, "PRIVATE KEY", kPrivatePrefix);
  if (!seed) return invalid("is no Ed25519 private key in the PEM form, without a password");
  PrivateKey key(*seed);
  sodium_memzero(seed->data(), seed->size());
  return key;
}

PrivateKey::PrivateKey(PrivateKey&& other) noexcept : seed_(other.seed_) {
  sodium_memzero(other.seed_.data(), other.seed_.size());
}

PrivateKey::~PrivateKey() { sodium_memzero(seed_.data(), seed_.size()); }

std::string PrivateKey::pem() const {
  Bytes der(kPrivatePrefix.begin(), kPrivatePrefix.end());
  der.insert(der.end(), seed_.begin(), seed_.end());
  std::string text = pem_of("PRIVATE KEY", der);
  sodium_memzero(der.data(), der.size());
  return text;
}

PublicKey PrivateKey::public_key() const {
  PublicKey key;
  std::array<std::uint8_t, 64> secret{};
  crypto_sign_seed_keypair(key.bytes.data(), secret.data(), seed_.data());
  sodium_memzero(secret.data(), secret.size());
  return key;
}

Signature PrivateKey::sign(std::string_view message) const {
  PublicKey key;
  std::array<std::uint8_t, 64> secret{};
  crypto_sign_seed_keypair(key.bytes.data(), secret.data(), seed_.data());
  Signature signature{};
  crypto_sign_detached(signature.data(), nullptr, bytes_of(message), message.size(), secret.data());
  sodium_memzero(secret.data(), secret.size());
  return signature;
}

}  // namespace lineshaft::rights
