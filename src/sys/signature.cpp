#include "sys/signature.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>

#include <memory>

#include "base/assert.h"

namespace lineshaft::sys {
namespace {

struct Free {
  void operator()(EVP_PKEY* it) const { EVP_PKEY_free(it); }
  void operator()(EVP_PKEY_CTX* it) const { EVP_PKEY_CTX_free(it); }
  void operator()(EVP_MD_CTX* it) const { EVP_MD_CTX_free(it); }
  void operator()(OSSL_PARAM_BLD* it) const { OSSL_PARAM_BLD_free(it); }
  void operator()(OSSL_PARAM* it) const { OSSL_PARAM_free(it); }
  void operator()(BIGNUM* it) const { BN_free(it); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

constexpr std::size_t kCoordinateBytes = 32;

Owned<EVP_PKEY> key_from(const char* algorithm, OSSL_PARAM_BLD* builder) {
  const Owned<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(builder));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, algorithm, nullptr));
  EVP_PKEY* key = nullptr;
  if (!parameters || !context || EVP_PKEY_fromdata_init(context.get()) != 1 ||
      EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1) {
    return nullptr;
  }
  return Owned<EVP_PKEY>(key);
}

Owned<EVP_PKEY> ec_key(const RawPublicKey& raw) {
  if (raw.first.size() != kCoordinateBytes || raw.second.size() != kCoordinateBytes) return nullptr;
  Bytes point{0x04};  // SEC 1, 2.3.3: uncompressed
  point.insert(point.end(), raw.first.begin(), raw.first.end());
  point.insert(point.end(), raw.second.begin(), raw.second.end());
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (!builder ||
      OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) != 1 ||
      OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) != 1) {
    return nullptr;
  }
  return key_from("EC", builder.get());
}

Owned<BIGNUM> number_of(ByteSpan bytes) {
  return Owned<BIGNUM>(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
}

Owned<EVP_PKEY> rsa_key(const RawPublicKey& raw) {
  const Owned<BIGNUM> modulus = number_of(raw.first);
  const Owned<BIGNUM> exponent = number_of(raw.second);
  const Owned<OSSL_PARAM_BLD> builder(OSSL_PARAM_BLD_new());
  if (!modulus || !exponent || !builder || BN_is_odd(exponent.get()) == 0 ||
      BN_is_one(exponent.get()) != 0 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get()) != 1 ||
      OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get()) != 1) {
    return nullptr;
  }
  return key_from("RSA", builder.get());
}

Owned<EVP_PKEY> key_of(const RawPublicKey& raw) {
  switch (raw.kind) {
    case SignatureKind::kEcdsaP256Sha256:
      return ec_key(raw);
    case SignatureKind::kEd25519:
      return Owned<EVP_PKEY>(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr,
                                                         raw.first.data(), raw.first.size()));
    case SignatureKind::kRsaPkcs1Sha256:
      return rsa_key(raw);
  }
  return nullptr;
}

}  // namespace

bool verify_signature(const RawPublicKey& raw, ByteSpan message, ByteSpan signature) {
  const Owned<EVP_PKEY> key = key_of(raw);
  const Owned<EVP_MD_CTX> context(EVP_MD_CTX_new());
  const EVP_MD* digest = raw.kind == SignatureKind::kEd25519 ? nullptr : EVP_sha256();
  const bool good = key && context &&
                    EVP_DigestVerifyInit(context.get(), nullptr, digest, nullptr, key.get()) == 1 &&
                    EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                                     message.data(), message.size()) == 1;
  // What a wrong key or signature left must not be taken for trouble of a later TLS call.
  ERR_clear_error();
  return good;
}

std::array<std::uint8_t, 20> hmac_sha1(ByteSpan key, ByteSpan message) {
  std::array<std::uint8_t, 20> code{};
  unsigned int bytes = 0;
  const unsigned char* done = HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()),
                                   message.data(), message.size(), code.data(), &bytes);
  LS_ASSERT(done != nullptr && bytes == code.size());  // It fails for no input.
  return code;
}

}  // namespace lineshaft::sys
