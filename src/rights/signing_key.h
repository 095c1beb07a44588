// rights/signing_key.h: Ed25519 keys of persons (RFC 8032) in the forms that openssl reads (RFC
// 8410), and what is signed with them. Pure functions; threads: any.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "sys/clock.h"

namespace lineshaft::rights {

using Signature = std::array<std::uint8_t, 64>;

struct PublicKey {
  std::array<std::uint8_t, 32> bytes{};

  // "-----BEGIN PUBLIC KEY-----...", three lines.
  std::string pem() const;
  // SHA-256 of the DER form in 64 hexadecimal digits.
  std::string id() const;
  // Errors: kInvalidArgument: not the PEM form of an Ed25519 key, or no point of the curve.
  static Result<PublicKey> parse(std::string_view pem);

  friend bool operator==(const PublicKey&, const PublicKey&) = default;
};

// What is signed: a line that says what it is and for whom, then the text. So a signature of one
// party is none of another, and none of anything else that the key may sign.
std::string signed_message(std::string_view party, std::string_view text);

bool is_signed(const PublicKey& key, const Signature& signature, std::string_view message);

// RFC 4648 with padding. Errors: kInvalidArgument: not 64 bytes in that form.
Result<Signature> parse_signature(std::string_view base64);
std::string signature_text(const Signature& signature);

// A secret; never printed but by pem(), never logged, and wiped when it goes.
class PrivateKey {
 public:
  static PrivateKey make(sys::Random& random);
  // Errors: kInvalidArgument: not the PEM form (PKCS 8, without password) of an Ed25519 key.
  static Result<PrivateKey> parse(std::string_view pem);
  ~PrivateKey();
  PrivateKey(PrivateKey&& other) noexcept;
  PrivateKey& operator=(PrivateKey&&) = delete;

  std::string pem() const;
  PublicKey public_key() const;
  Signature sign(std::string_view message) const;

 private:
  using Seed = std::array<std::uint8_t, 32>;
  explicit PrivateKey(const Seed& seed) : seed_(seed) {}
  Seed seed_;
};

}  // namespace lineshaft::rights
