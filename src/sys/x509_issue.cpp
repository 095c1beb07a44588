#include "sys/x509_issue.h"

#include <algorithm>
#include <cctype>
#include <ctime>

#include "sys/openssl_ptr.h"

namespace lineshaft::sys {
namespace {

using namespace openssl;

constexpr int kRsaBits = 3072;
constexpr int kRsaBitsMin = 2048;
constexpr int kCurveBitsMin = 256;
constexpr std::size_t kCommonNameBytesMax = 64;  // ub-common-name of RFC 5280
constexpr std::size_t kNamesMax = 50;
constexpr int kPasswordRounds = 100'000;

Error wrong(const std::string& field, const std::string& what) {
  return {ErrorId::kInvalidArgument, field + ": " + what};
}

std::time_t seconds_of(Timestamp time) { return static_cast<std::time_t>(time.ns / 1'000'000'000); }

bool set_time(ASN1_TIME* out, Timestamp time) {
  std::time_t seconds = seconds_of(time);
  return X509_time_adj_ex(out, 0, 0, &seconds) != nullptr;
}

bool set_random_serial(X509* certificate) {
  const NumberPtr serial(BN_new());
  return serial != nullptr &&
         BN_rand(serial.get(), 127, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool is_address(const std::string& name) {
  const OctetsPtr parsed(a2i_IPADDRESS(name.c_str()));
  ERR_clear_error();
  return parsed != nullptr;
}

// Nothing that the syntax of extensions ("DNS:a,URI:b") would read otherwise.
bool is_plain(const std::string& text, std::string_view punctuation) {
  if (text.empty() || text.size() > 253) return false;
  for (const char c : text) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0 && punctuation.find(c) == punctuation.npos)
      return false;
  }
  return true;
}

Result<std::string> alternative_names(const CertificateContent& content) {
  if (content.names.size() + content.uris.size() > kNamesMax) {
    return wrong("names", "there may be " + std::to_string(kNamesMax));
  }
  std::string text;
  for (const std::string& name : content.names) {
    if (!is_plain(name, ".-:*")) {
      return wrong("names", "'" + name.substr(0, 64) + "' is neither a DNS name nor an IP address");
    }
    text += (text.empty() ? "" : ",") + std::string(is_address(name) ? "IP:" : "DNS:") + name;
  }
  for (const std::string& uri : content.uris) {
    if (!is_plain(uri, ".-:/_~%") || uri.find(':') == uri.npos) {
      return wrong("uris", "'" + uri.substr(0, 64) + "' is no URI");
    }
    text += (text.empty() ? "" : ",") + std::string("URI:") + uri;
  }
  return text;
}

bool add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const ExtensionPtr extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  return extension != nullptr && X509_add_ext(certificate, extension.get(), -1) == 1;
}

// Serial, times, subject and key; extensions and signature are still missing.
Result<X509Ptr> begin_certificate(const std::string& common_name, EVP_PKEY* key,
                                  Timestamp not_before, Timestamp not_after) {
  if (common_name.empty() || common_name.size() > kCommonNameBytesMax) {
    return wrong("common_name", "must have 1 to " + std::to_string(kCommonNameBytesMax) + " bytes");
  }
  if (not_after <= not_before) return wrong("not_after", "must be later than not_before");
  X509Ptr certificate(X509_new());
  X509* const x509 = certificate.get();
  const bool made =
      x509 != nullptr && X509_set_version(x509, 2) == 1 && set_random_serial(x509) &&
      set_time(X509_getm_notBefore(x509), not_before) &&
      set_time(X509_getm_notAfter(x509), not_after) &&
      X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>(common_name.data()),
                                 static_cast<int>(common_name.size()), -1, 0) == 1 &&
      X509_set_pubkey(x509, key) == 1;
  if (!made) return failed("making a certificate");
  return certificate;
}

Result<std::string> pem_of(X509* certificate) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_X509(out.get(), certificate) != 1) return failed("writing a certificate");
  return text_of(out.get());
}

Result<Certificate> pair_of(X509* certificate, EVP_PKEY* key) {
  Result<std::string> certificate_pem = pem_of(certificate);
  if (!certificate_pem) return certificate_pem.error();
  const BioPtr out(BIO_new(BIO_s_mem()));
  if (PEM_write_bio_PrivateKey(out.get(), key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return failed("writing a key");
  }
  return Certificate{*std::move(certificate_pem), text_of(out.get())};
}

struct Signer {
  X509Ptr certificate;
  KeyPtr key;
};

Result<Signer> signer_of(const Certificate& authority) {
  Signer signer{certificate_of(authority.certificate_pem), key_of(authority.key_pem)};
  if (!signer.certificate || !signer.key ||
      X509_check_private_key(signer.certificate.get(), signer.key.get()) != 1) {
    ERR_clear_error();
    return wrong("authority", "its certificate and key do not fit");
  }
  return signer;
}

// Ed25519 signs whole texts; the others a hash as strong as their key.
const EVP_MD* hash_for(EVP_PKEY* key) {
  if (EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519) return nullptr;
  return EVP_PKEY_get_bits(key) == 384 ? EVP_sha384() : EVP_sha256();
}

Result<X509Ptr> sign(const Signer& signer, EVP_PKEY* key, const CertificateContent& content) {
  const Result<std::string> names = alternative_names(content);
  if (!names) return names.error();
  Result<X509Ptr> certificate =
      begin_certificate(content.common_name, key, content.not_before, content.not_after);
  if (!certificate) return certificate;
  X509* const x509 = certificate->get();
  X509* const issuer = signer.certificate.get();
  const bool rsa = EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA;
  // OPC UA (Part 6, 6.2.2) wants all four of an RSA key.
  const char* const usage =
      rsa ? "critical,digitalSignature,nonRepudiation,keyEncipherment,dataEncipherment"
          : "critical,digitalSignature";
  const std::string purposes = content.server && content.client ? "serverAuth,clientAuth"
                               : content.server                 ? "serverAuth"
                                                                : "clientAuth";
  const bool made = X509_set_issuer_name(x509, X509_get_subject_name(issuer)) == 1 &&
                    add_extension(x509, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
                    add_extension(x509, issuer, NID_key_usage, usage) &&
                    add_extension(x509, issuer, NID_ext_key_usage, purposes) &&
                    add_extension(x509, issuer, NID_subject_key_identifier, "hash") &&
                    add_extension(x509, issuer, NID_authority_key_identifier, "keyid:always") &&
                    (names->empty() || add_extension(x509, issuer, NID_subject_alt_name, *names)) &&
                    X509_sign(x509, signer.key.get(), hash_for(signer.key.get())) > 0;
  if (!made) return failed("signing a certificate");
  return certificate;
}

Status check_strength(EVP_PKEY* key, const std::string& field) {
  const int bits = key == nullptr ? 0 : EVP_PKEY_get_bits(key);
  const int wanted =
      key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? kRsaBitsMin : kCurveBitsMin;
  // Ed25519 says 253 of itself.
  const bool edwards = key != nullptr && EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519;
  if (bits >= wanted || edwards) return {};
  return wrong(field, "its key has " + std::to_string(bits) + " bits, too few; " +
                          std::to_string(wanted) + " are needed");
}

void read_names(GENERAL_NAMES* names, RequestInfo& info) {
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_URI && name->type != GEN_DNS && name->type != GEN_IPADD) continue;
    const ASN1_STRING* string = name->d.ia5;
    const ByteSpan raw(ASN1_STRING_get0_data(string),
                       static_cast<std::size_t>(ASN1_STRING_length(string)));
    if (name->type == GEN_URI) info.uris.emplace_back(as_text(raw));
    if (name->type == GEN_DNS) info.names.emplace_back(as_text(raw));
    if (name->type == GEN_IPADD) info.names.push_back(address_text(raw));
  }
}

RequestPtr request_of(std::string_view pem) {
  RequestPtr request(PEM_read_bio_X509_REQ(reader_of(pem).get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return request;
}

}  // namespace

Result<Certificate> make_authority(const std::string& common_name, Timestamp not_before,
                                   Timestamp not_after) {
  const KeyPtr key(EVP_EC_gen("P-384"));
  if (!key) return failed("making a key");
  const Result<X509Ptr> certificate =
      begin_certificate(common_name, key.get(), not_before, not_after);
  if (!certificate) return certificate.error();
  X509* const x509 = certificate->get();
  const bool made =
      X509_set_issuer_name(x509, X509_get_subject_name(x509)) == 1 &&
      add_extension(x509, x509, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
      add_extension(x509, x509, NID_key_usage, "critical,keyCertSign,cRLSign") &&
      add_extension(x509, x509, NID_subject_key_identifier, "hash") &&
      X509_sign(x509, key.get(), EVP_sha384()) > 0;
  if (!made) return failed("making an authority");
  return pair_of(x509, key.get());
}

Result<Certificate> issue_certificate(const Certificate& authority,
                                      const CertificateContent& content, KeyKind kind) {
  const Result<Signer> signer = signer_of(authority);
  if (!signer) return signer.error();
  const KeyPtr key(kind == KeyKind::kEcP256 ? EVP_EC_gen("P-256") : EVP_RSA_gen(kRsaBits));
  if (!key) return failed("making a key");
  const Result<X509Ptr> certificate = sign(*signer, key.get(), content);
  if (!certificate) return certificate.error();
  return pair_of(certificate->get(), key.get());
}

Result<RequestInfo> inspect_request(std::string_view pem) {
  const RequestPtr request = request_of(pem);
  if (!request) return wrong("request", "is no certificate request (PKCS#10) in PEM");
  EVP_PKEY* const key = X509_REQ_get0_pubkey(request.get());
  if (Status strong = check_strength(key, "request"); !strong) return strong.error();
  const bool proved = X509_REQ_verify(request.get(), key) == 1;
  ERR_clear_error();
  if (!proved) return wrong("request", "is not signed with its own key");
  RequestInfo info;
  info.key_bits = static_cast<unsigned>(EVP_PKEY_get_bits(key));
  std::array<char, 256> common_name{};
  if (X509_NAME_get_text_by_NID(X509_REQ_get_subject_name(request.get()), NID_commonName,
                                common_name.data(), static_cast<int>(common_name.size())) > 0) {
    info.common_name = common_name.data();
  }
  STACK_OF(X509_EXTENSION)* const extensions = X509_REQ_get_extensions(request.get());
  const NamesPtr names(static_cast<GENERAL_NAMES*>(
      X509V3_get_d2i(extensions, NID_subject_alt_name, nullptr, nullptr)));
  sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
  read_names(names.get(), info);
  ERR_clear_error();
  return info;
}

Result<std::string> sign_request(const Certificate& authority, std::string_view pem,
                                 const CertificateContent& content) {
  if (const auto info = inspect_request(pem); !info) return info.error();
  const Result<Signer> signer = signer_of(authority);
  if (!signer) return signer.error();
  const RequestPtr request = request_of(pem);
  const Result<X509Ptr> certificate = sign(*signer, X509_REQ_get0_pubkey(request.get()), content);
  if (!certificate) return certificate.error();
  return pem_of(certificate->get());
}

Result<Bytes> make_crl(const Certificate& authority, const std::vector<RevokedCertificate>& revoked,
                       std::uint64_t number, Timestamp now, Timestamp next) {
  const Result<Signer> signer = signer_of(authority);
  if (!signer) return signer.error();
  const CrlPtr crl(X509_CRL_new());
  const TimePtr time(ASN1_TIME_new());
  const IntegerPtr crl_number(ASN1_INTEGER_new());
  bool made =
      crl && time && crl_number && X509_CRL_set_version(crl.get(), 1) == 1 &&
      X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(signer->certificate.get())) == 1 &&
      set_time(time.get(), now) && X509_CRL_set1_lastUpdate(crl.get(), time.get()) == 1 &&
      set_time(time.get(), next) && X509_CRL_set1_nextUpdate(crl.get(), time.get()) == 1 &&
      ASN1_INTEGER_set_uint64(crl_number.get(), number) == 1 &&
      X509_CRL_add1_ext_i2d(crl.get(), NID_crl_number, crl_number.get(), 0, 0) == 1;
  for (const RevokedCertificate& one : revoked) {
    if (!made) break;
    BIGNUM* raw = nullptr;
    BN_hex2bn(&raw, one.serial.c_str());
    const NumberPtr serial(raw);
    const IntegerPtr integer(serial ? BN_to_ASN1_INTEGER(serial.get(), nullptr) : nullptr);
    RevokedPtr entry(X509_REVOKED_new());
    made = integer && entry && X509_REVOKED_set_serialNumber(entry.get(), integer.get()) == 1 &&
           set_time(time.get(), one.time) &&
           X509_REVOKED_set_revocationDate(entry.get(), time.get()) == 1 &&
           X509_CRL_add0_revoked(crl.get(), entry.get()) == 1;
    if (made) static_cast<void>(entry.release());
  }
  made = made && X509_CRL_sort(crl.get()) == 1 &&
         X509_CRL_sign(crl.get(), signer->key.get(), hash_for(signer->key.get())) > 0;
  if (!made) return failed("making the list of revoked certificates");
  Bytes der(static_cast<std::size_t>(std::max(i2d_X509_CRL(crl.get(), nullptr), 0)));
  unsigned char* out = der.data();
  i2d_X509_CRL(crl.get(), &out);
  return der;
}

Result<Bytes> make_pkcs12(const Certificate& own, const std::string& authority_pem,
                          const std::string& password, const std::string& name) {
  const X509Ptr certificate = certificate_of(own.certificate_pem);
  const KeyPtr key = key_of(own.key_pem);
  X509Ptr authority = certificate_of(authority_pem);
  const ChainPtr chain(sk_X509_new_null());
  if (!certificate || !key || !authority || !chain) return failed("reading what was issued");
  if (sk_X509_push(chain.get(), authority.get()) > 0) static_cast<void>(authority.release());
  const Pkcs12Ptr file(PKCS12_create(password.c_str(), name.c_str(), key.get(), certificate.get(),
                                     chain.get(), NID_aes_256_cbc, NID_aes_256_cbc, kPasswordRounds,
                                     kPasswordRounds, 0));
  if (!file) return failed("making a PKCS#12 file");
  Bytes der(static_cast<std::size_t>(std::max(i2d_PKCS12(file.get(), nullptr), 0)));
  unsigned char* out = der.data();
  i2d_PKCS12(file.get(), &out);
  return der;
}

Result<X509Info> check_server_certificate(const Certificate& own, Timestamp now) {
  const BioPtr reader = reader_of(own.certificate_pem);
  std::vector<X509Ptr> chain;
  while (X509Ptr one{PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr)}) {
    chain.push_back(std::move(one));
  }
  ERR_clear_error();
  const KeyPtr key = key_of(own.key_pem);
  if (chain.empty()) return wrong("certificate", "holds no certificate in PEM");
  if (!key) return wrong("key", "is no private key in PEM without a password");
  X509* const leaf = chain.front().get();
  const bool fits = X509_check_private_key(leaf, key.get()) == 1;
  ERR_clear_error();
  if (!fits) return wrong("key", "does not belong to the first certificate");
  if (Status strong = check_strength(key.get(), "key"); !strong) return strong.error();
  for (std::size_t i = 0; i + 1 < chain.size(); ++i) {
    const bool linked = X509_check_issued(chain[i + 1].get(), chain[i].get()) == X509_V_OK &&
                        X509_verify(chain[i].get(), X509_get0_pubkey(chain[i + 1].get())) == 1;
    ERR_clear_error();
    if (!linked) {
      return wrong("certificate", "number " + std::to_string(i + 1) +
                                      " of the chain was not signed by the one that follows it");
    }
  }
  Result<X509Info> info = inspect_pem(own.certificate_pem);
  if (!info) return info;
  if (info->not_after <= now)
    return wrong("certificate", "it ended " + format_rfc3339(info->not_after));
  if (info->not_before > now) {
    return wrong("certificate", "it begins only " + format_rfc3339(info->not_before));
  }
  const bool serves = X509_check_purpose(leaf, X509_PURPOSE_SSL_SERVER, 0) == 1;
  ERR_clear_error();
  if (!serves) return wrong("certificate", "it may not be used by a server");
  if (info->dns_names.empty() && info->addresses.empty()) {
    return wrong("certificate", "it names no host (subjectAltName)");
  }
  return info;
}

Result<X509Info> inspect_pem(std::string_view pem) {
  const X509Ptr certificate = certificate_of(pem);
  if (!certificate) return wrong("certificate", "is no certificate in PEM");
  Bytes der(static_cast<std::size_t>(std::max(i2d_X509(certificate.get(), nullptr), 0)));
  unsigned char* out = der.data();
  i2d_X509(certificate.get(), &out);
  return inspect_x509(der);
}

bool is_signed_by(std::string_view pem, const std::string& authority_pem) {
  const X509Ptr certificate = certificate_of(pem);
  const X509Ptr authority = certificate_of(authority_pem);
  const bool good = certificate && authority &&
                    X509_check_issued(authority.get(), certificate.get()) == X509_V_OK &&
                    X509_verify(certificate.get(), X509_get0_pubkey(authority.get())) == 1;
  ERR_clear_error();
  return good;
}

}  // namespace lineshaft::sys
