// sys/openssl_ptr.h: owners of OpenSSL's objects, and what they say as text and time. Of the .cpp
// files of this room alone.
#pragma once

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstdint>
#include <ctime>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace lineshaft::sys::openssl {

template <typename T, void (*free_function)(T*)>
struct Freer {
  void operator()(T* object) const { free_function(object); }
};
struct BioFreer {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
struct ChainFreer {
  void operator()(STACK_OF(X509) * chain) const { sk_X509_pop_free(chain, X509_free); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY, EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Freer<X509, X509_free>>;
using RequestPtr = std::unique_ptr<X509_REQ, Freer<X509_REQ, X509_REQ_free>>;
using CrlPtr = std::unique_ptr<X509_CRL, Freer<X509_CRL, X509_CRL_free>>;
using RevokedPtr = std::unique_ptr<X509_REVOKED, Freer<X509_REVOKED, X509_REVOKED_free>>;
using ExtensionPtr = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION, X509_EXTENSION_free>>;
using NumberPtr = std::unique_ptr<BIGNUM, Freer<BIGNUM, BN_free>>;
using IntegerPtr = std::unique_ptr<ASN1_INTEGER, Freer<ASN1_INTEGER, ASN1_INTEGER_free>>;
using TimePtr = std::unique_ptr<ASN1_TIME, Freer<ASN1_TIME, ASN1_TIME_free>>;
using OctetsPtr =
    std::unique_ptr<ASN1_OCTET_STRING, Freer<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>>;
using Pkcs12Ptr = std::unique_ptr<PKCS12, Freer<PKCS12, PKCS12_free>>;
using NamesPtr = std::unique_ptr<GENERAL_NAMES, Freer<GENERAL_NAMES, GENERAL_NAMES_free>>;
using BioPtr = std::unique_ptr<BIO, BioFreer>;
using ChainPtr = std::unique_ptr<STACK_OF(X509), ChainFreer>;

inline Error failed(const std::string& doing) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return {ErrorId::kTlsFailed, doing + ": " + text.data()};
}

inline BioPtr reader_of(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

inline std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

inline X509Ptr certificate_of(std::string_view pem) {
  X509Ptr certificate(PEM_read_bio_X509(reader_of(pem).get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return certificate;
}

// Refuses a key under a password instead of asking the terminal for it.
inline KeyPtr key_of(std::string_view pem) {
  const auto no_password = [](char*, int, int, void*) { return -1; };
  KeyPtr key(PEM_read_bio_PrivateKey(reader_of(pem).get(), nullptr, no_password, nullptr));
  ERR_clear_error();
  return key;
}

// A time beyond what a Timestamp holds is the last or the first of those.
inline Timestamp timestamp_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  const std::int64_t days =
      days_from_civil(parts.tm_year + 1900, static_cast<unsigned>(parts.tm_mon + 1),
                      static_cast<unsigned>(parts.tm_mday));
  const std::int64_t seconds =
      days * 86'400 + parts.tm_hour * 3600 + parts.tm_min * 60 + parts.tm_sec;
  constexpr std::int64_t kSecondsMax = 9'223'372'036;  // where int64 nanoseconds end
  if (seconds > kSecondsMax) return kTimestampMax;
  if (seconds < -kSecondsMax) return kTimestampMin;
  return {seconds * 1'000'000'000};
}

// "1F:A0:..." as people compare it.
inline std::string fingerprint_text(ByteSpan digest) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string text;
  for (const std::uint8_t byte : digest) {
    if (!text.empty()) text += ':';
    text += {kHex[byte >> 4], kHex[byte & 15]};
  }
  return text;
}

}  // namespace lineshaft::sys::openssl
