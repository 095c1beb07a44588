// sys/x509_issue.h: makes certificates: an authority, what it signs, its list of revoked ones.
// Knows no policy of ours about who gets one; that is identity/authority.h. Everything PEM unless
// said. Pure but for OpenSSL's random numbers; threads: any. Errors: kInvalidArgument naming what
// cannot be read or is not allowed; kTlsFailed when OpenSSL fails.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "sys/tls.h"
#include "sys/x509.h"

namespace lineshaft::sys {

enum class KeyKind : std::uint8_t { kEcP256, kRsa3072 };

// What a certificate says.
struct CertificateContent {
  std::string common_name;         // 1..64 characters
  std::vector<std::string> names;  // DNS names and IP addresses, told apart
  std::vector<std::string> uris;   // an OPC UA application has one
  bool server = false;             // may show itself to clients
  bool client = false;             // may show itself to servers
  Timestamp not_before;
  Timestamp not_after;
};

// An authority that signs itself: ECDSA P-384, no authorities below it.
Result<Certificate> make_authority(const std::string& common_name, Timestamp not_before,
                                   Timestamp not_after);

// A new key and its certificate, signed by the authority with SHA-256 or SHA-384.
Result<Certificate> issue_certificate(const Certificate& authority,
                                      const CertificateContent& content, KeyKind kind);

// The public key of a request (PKCS#10) under a content of our choosing. The request proves, by its
// signature, that its maker has the key; of what else it says nothing is taken.
Result<std::string> sign_request(const Certificate& authority, std::string_view request,
                                 const CertificateContent& content);

// What a request asks for: a proposal. Errors besides: a broken signature, or a key that is too
// weak (RSA below 2048 bits, curves below 256).
struct RequestInfo {
  std::string common_name;
  std::vector<std::string> names;
  std::vector<std::string> uris;
  unsigned key_bits = 0;
};
Result<RequestInfo> inspect_request(std::string_view request);

struct RevokedCertificate {
  std::string serial;  // hex, as X509Info::serial
  Timestamp time;
};
// The list of revoked certificates in DER form.
Result<Bytes> make_crl(const Certificate& authority, const std::vector<RevokedCertificate>& revoked,
                       std::uint64_t number, Timestamp now, Timestamp next);

// Certificate, key and authority in one file (PKCS#12) for browsers and machines, under AES-256 and
// a password.
Result<Bytes> make_pkcs12(const Certificate& own, const std::string& authority_pem,
                          const std::string& password, const std::string& name);

// Does a chain fit its key, link after link, at `now`, with a key that is strong enough? Gives what
// the first certificate says. Errors: kInvalidArgument saying what does not fit.
Result<X509Info> check_server_certificate(const Certificate& own, Timestamp now);

// What the first certificate of a PEM text says.
Result<X509Info> inspect_pem(std::string_view pem);

// Was the first certificate of `pem` signed by the authority?
bool is_signed_by(std::string_view pem, const std::string& authority_pem);

}  // namespace lineshaft::sys
