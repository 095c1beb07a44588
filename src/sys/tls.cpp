#include "sys/tls.h"

#include <openssl/rand.h>

#include <array>
#include <cctype>
#include <ctime>

#include "sys/openssl_ptr.h"

namespace lineshaft::sys {
namespace {

using openssl::BioPtr;
using openssl::failed;
using openssl::KeyPtr;
using openssl::X509Ptr;

constexpr int kValidDays = 825;  // what browsers accept at most of a private authority

bool is_address(const std::string& name) {
  const openssl::OctetsPtr parsed(a2i_IPADDRESS(name.c_str()));
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
  const openssl::ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

bool set_random_serial(X509* certificate) {
  const openssl::NumberPtr serial(BN_new());
  return serial != nullptr &&
         BN_rand(serial.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr;
}

// What went wrong stays with OpenSSL, for failed().
X509Ptr parse_pem(const std::string& pem) {
  return X509Ptr(PEM_read_bio_X509(openssl::reader_of(pem).get(), nullptr, nullptr, nullptr));
}

}  // namespace

Result<Certificate> make_self_signed_certificate(const std::vector<std::string>& names,
                                                 Timestamp now) {
  const Result<std::string> alternatives = subject_alternative_names(names);
  if (!alternatives) return alternatives.error();
  const KeyPtr key(EVP_EC_gen("P-256"));
  const X509Ptr certificate(X509_new());
  if (!key || !certificate) return failed("making a key");
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
  if (!made) return failed("making a certificate");
  const BioPtr certificate_pem(BIO_new(BIO_s_mem()));
  const BioPtr key_pem(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(certificate_pem.get(), x509) != 1 ||
      PEM_write_bio_PrivateKey(key_pem.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return failed("writing a certificate");
  }
  return Certificate{openssl::text_of(certificate_pem.get()), openssl::text_of(key_pem.get())};
}

Result<std::string> certificate_fingerprint(const std::string& certificate_pem) {
  const X509Ptr certificate = parse_pem(certificate_pem);
  if (!certificate) return failed("reading a certificate");
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size) != 1) {
    return failed("hashing a certificate");
  }
  return openssl::fingerprint_text(ByteSpan(digest).first(size));
}

Result<CertificateInfo> inspect_certificate(const std::string& certificate_pem) {
  const X509Ptr certificate = parse_pem(certificate_pem);
  if (!certificate) return failed("reading a certificate");
  CertificateInfo info;
  info.not_before = openssl::timestamp_of(X509_get0_notBefore(certificate.get()));
  info.not_after = openssl::timestamp_of(X509_get0_notAfter(certificate.get()));
  std::array<char, 256> subject{};
  X509_NAME_oneline(X509_get_subject_name(certificate.get()), subject.data(),
                    static_cast<int>(subject.size()));
  info.subject = subject.data();
  return info;
}

}  // namespace lineshaft::sys
