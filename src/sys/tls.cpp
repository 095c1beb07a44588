#include "sys/tls.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <cctype>
#include <ctime>
#include <memory>

namespace lineshaft::sys {
namespace {

constexpr int kValidDays = 825;  // what browsers accept at most of a private authority

template <typename T, void (*free_function)(T*)>
struct Freer {
  void operator()(T* object) const { free_function(object); }
};
using KeyPtr = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY, EVP_PKEY_free>>;
using X509Ptr = std::unique_ptr<X509, Freer<X509, X509_free>>;
struct BioFreer {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
};
using BioPtr = std::unique_ptr<BIO, BioFreer>;

Error tls_error(const std::string& doing) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  return {ErrorId::kTlsFailed, doing + ": " + text.data()};
}

std::string bio_text(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

bool is_address(const std::string& name) {
  const std::unique_ptr<ASN1_OCTET_STRING, Freer<ASN1_OCTET_STRING, ASN1_OCTET_STRING_free>> parsed(
      a2i_IPADDRESS(name.c_str()));
  ERR_clear_error();
  return parsed != nullptr;
}

// "DNS:localhost,IP:127.0.0.1".
Result<std::string> subject_alternative_names(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) {
    for (char c : name) {
      const bool allowed = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '.' ||
                           c == '-' || c == ':' || c == '*';
      if (!allowed) {
        return Error{ErrorId::kInvalidArgument,
                     "'" + name.substr(0, 64) + "' is neither a DNS name nor an IP address"};
      }
    }
    text += (text.empty() ? "" : ",") + std::string(is_address(name) ? "IP:" : "DNS:") + name;
  }
  return text;
}

bool add_extension(X509* certificate, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, certificate, certificate, nullptr, nullptr, 0);
  const std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION, X509_EXTENSION_free>> extension(
      X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_random_serial(X509* certificate) {
  const std::unique_ptr<BIGNUM, Freer<BIGNUM, BN_free>> serial(BN_new());
  return serial != nullptr &&
         BN_rand(serial.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr;
}

X509Ptr parse_pem(const std::string& pem) {
  const BioPtr bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  return X509Ptr(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
}

Timestamp to_timestamp(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  const std::int64_t days =
      days_from_civil(parts.tm_year + 1900, static_cast<unsigned>(parts.tm_mon + 1),
                      static_cast<unsigned>(parts.tm_mday));
  const std::int64_t seconds =
      days * 86'400 + parts.tm_hour * 3600 + parts.tm_min * 60 + parts.tm_sec;
  return {seconds * 1'000'000'000};
}

}  // namespace

Result<Certificate> make_self_signed_certificate(const std::vector<std::string>& names,
                                                 Timestamp now) {
  const Result<std::string> alternatives = subject_alternative_names(names);
  if (!alternatives) return alternatives.error();
  const KeyPtr key(EVP_EC_gen("P-256"));
  const X509Ptr certificate(X509_new());
  if (!key || !certificate) return tls_error("making a key");
  X509* const x509 = certificate.get();
  const std::time_t now_s = static_cast<std::time_t>(now.ns / 1'000'000'000);
  X509_NAME* const subject = X509_get_subject_name(x509);
  const auto* common_name = reinterpret_cast<const unsigned char*>("Lineshaft");
  const bool made =
      X509_set_version(x509, 2) == 1 && set_random_serial(x509) &&
      X509_time_adj_ex(X509_getm_notBefore(x509), 0, -3600, const_cast<std::time_t*>(&now_s)) !=
          nullptr &&
      X509_time_adj_ex(X509_getm_notAfter(x509), kValidDays, 0, const_cast<std::time_t*>(&now_s)) !=
          nullptr &&
      X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, common_name, -1, -1, 0) == 1 &&
      X509_set_issuer_name(x509, subject) == 1 && X509_set_pubkey(x509, key.get()) == 1 &&
      add_extension(x509, NID_subject_alt_name, *alternatives) &&
      add_extension(x509, NID_basic_constraints, "critical,CA:FALSE") &&
      add_extension(x509, NID_ext_key_usage, "serverAuth,clientAuth") &&
      X509_sign(x509, key.get(), EVP_sha256()) > 0;
  if (!made) return tls_error("making a certificate");
  const BioPtr certificate_pem(BIO_new(BIO_s_mem()));
  const BioPtr key_pem(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificate_pem.get(), x509) != 1 ||
      PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return tls_error("writing a certificate");
  }
  return Certificate{bio_text(certificate_pem.get()), bio_text(key_pem.get())};
}

Result<std::string> certificate_fingerprint(const std::string& certificate_pem) {
  const X509Ptr certificate = parse_pem(certificate_pem);
  if (!certificate) return tls_error("reading a certificate");
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size) != 1) {
    return tls_error("hashing a certificate");
  }
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    if (i > 0) text += ':';
    text += {kHex[digest[i] >> 4], kHex[digest[i] & 15]};
  }
  return text;
}

Result<CertificateInfo> inspect_certificate(const std::string& certificate_pem) {
  const X509Ptr certificate = parse_pem(certificate_pem);
  if (!certificate) return tls_error("reading a certificate");
  CertificateInfo info;
  info.not_before = to_timestamp(X509_get0_notBefore(certificate.get()));
  info.not_after = to_timestamp(X509_get0_notAfter(certificate.get()));
  std::array<char, 256> subject{};
  X509_NAME_oneline(X509_get_subject_name(certificate.get()), subject.data(),
                    static_cast<int>(subject.size()));
  info.subject = subject.data();
  return info;
}

}  // namespace lineshaft::sys
