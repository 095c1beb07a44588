#include "sys/x509.h"

#include <array>
#include <memory>

#include "base/hex.h"
#include "sys/openssl_ptr.h"
#include "sys/peer_certificate.h"

namespace lineshaft::sys {
namespace {

using openssl::BioPtr;
using openssl::X509Ptr;

std::string name_text(const X509_NAME* name) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  // RFC 2253 with readable letters, and control characters escaped.
  constexpr unsigned long kFlags =
      (XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) | XN_FLAG_SEP_CPLUS_SPC;
  if (X509_NAME_print_ex(bio.get(), name, 0, kFlags) < 0) return {};
  return openssl::text_of(bio.get());
}

void read_names(X509* certificate, X509Info& info) {
  const openssl::NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  if (names == nullptr) return;
  for (int i = 0; i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI && name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    const ASN1_STRING* string = name->d.ia5;
    const ByteSpan raw(ASN1_STRING_get0_data(string),
                       static_cast<std::size_t>(ASN1_STRING_length(string)));
    if (name->type == GEN_URI) info.uris.emplace_back(as_text(raw));
    if (name->type == GEN_DNS) info.dns_names.emplace_back(as_text(raw));
    if (name->type == GEN_IPADD) info.addresses.push_back(address_text(raw));
  }
}

using ObjectPtr = std::unique_ptr<ASN1_OBJECT, openssl::Freer<ASN1_OBJECT, ASN1_OBJECT_free>>;
using Utf8Ptr =
    std::unique_ptr<ASN1_UTF8STRING, openssl::Freer<ASN1_UTF8STRING, ASN1_UTF8STRING_free>>;

std::string serial_text(const X509* certificate) {
  const openssl::NumberPtr number(ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr));
  char* const hex = number ? BN_bn2hex(number.get()) : nullptr;
  std::string text = hex == nullptr ? "" : hex;
  OPENSSL_free(hex);
  return text;
}

}  // namespace

std::string address_text(ByteSpan raw) {
  std::string text;
  if (raw.size() == 4) {
    for (std::size_t i = 0; i < 4; ++i) text += (i > 0 ? "." : "") + std::to_string(raw[i]);
    return text;
  }
  const std::string hex = hex_text(raw);
  for (std::size_t i = 0; i < hex.size(); i += 4) {
    text += (i > 0 ? ":" : "") + hex.substr(i, 4);
  }
  return text;
}

std::optional<std::string> certificate_text(ByteSpan der, const std::string& oid) {
  if (der.size() > kCertificateBytesMax) return std::nullopt;
  const unsigned char* at = der.data();
  const X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  const ObjectPtr name(OBJ_txt2obj(oid.c_str(), 1));
  LS_ASSERT(name != nullptr);
  std::optional<std::string> text;
  const int index = certificate ? X509_get_ext_by_OBJ(certificate.get(), name.get(), -1) : -1;
  if (index >= 0) {
    const ASN1_OCTET_STRING* value =
        X509_EXTENSION_get_data(X509_get_ext(certificate.get(), index));
    const unsigned char* inner = ASN1_STRING_get0_data(value);
    const int size = ASN1_STRING_length(value);
    const unsigned char* const end = inner + size;
    const Utf8Ptr read(d2i_ASN1_UTF8STRING(nullptr, &inner, size));
    if (read && inner == end) {
      text = as_text({ASN1_STRING_get0_data(read.get()),
                      static_cast<std::size_t>(ASN1_STRING_length(read.get()))});
    }
  }
  ERR_clear_error();
  return text;
}

std::optional<std::size_t> first_certificate_bytes(ByteSpan der) {
  // A SEQUENCE with a length of two octets: every certificate has from 128 to 65535 bytes.
  if (der.size() < 4 || der[0] != 0x30 || der[1] != 0x82) return std::nullopt;
  const std::size_t bytes = std::size_t{4} + (std::size_t{der[2]} << 8) + der[3];
  if (bytes > der.size()) return std::nullopt;
  return bytes;
}

Result<X509Info> inspect_x509(ByteSpan der) {
  const auto bytes = first_certificate_bytes(der);
  if (!bytes || *bytes > kCertificateBytesMax) {
    return Error{ErrorId::kTlsFailed, "the bytes are no certificate in DER form"};
  }
  const unsigned char* at = der.data();
  const X509Ptr certificate(d2i_X509(nullptr, &at, static_cast<long>(*bytes)));
  if (certificate == nullptr) {
    ERR_clear_error();
    return Error{ErrorId::kTlsFailed, "the bytes are no certificate in DER form"};
  }
  X509Info info;
  info.subject = name_text(X509_get_subject_name(certificate.get()));
  info.issuer = name_text(X509_get_issuer_name(certificate.get()));
  info.not_before = openssl::timestamp_of(X509_get0_notBefore(certificate.get()));
  info.not_after = openssl::timestamp_of(X509_get0_notAfter(certificate.get()));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (X509_digest(certificate.get(), EVP_sha1(), digest.data(), &size) == 1) {
    info.sha1 = hex_text(ByteSpan(digest).first(size));
  }
  if (X509_digest(certificate.get(), EVP_sha256(), digest.data(), &size) == 1) {
    info.sha256 = openssl::fingerprint_text(ByteSpan(digest).first(size));
  }
  info.serial = serial_text(certificate.get());
  read_names(certificate.get(), info);
  const EVP_PKEY* key = X509_get0_pubkey(certificate.get());
  info.key_bits = key != nullptr ? static_cast<unsigned>(EVP_PKEY_get_bits(key)) : 0;
  info.authority = X509_check_ca(certificate.get()) == 1;
  ERR_clear_error();
  return info;
}

}  // namespace lineshaft::sys
