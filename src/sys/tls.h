// sys/tls.h: certificates and keys for the server's own TLS.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace lineshaft::sys {

struct Certificate {
  std::string certificate_pem;
  std::string key_pem;  // secret: never logged
};

// What an HTTPS server shows, and whose certificates it takes from clients.
struct HttpsIdentity {
  Certificate certificate;
  std::string clients_pem;  // authorities of clients' certificates; "": clients are not asked
};

// A fresh self-signed certificate: ECDSA P-256, SHA-256, random 128-bit serial, valid from one hour
// before `now` for 825 days, subjectAltName with `names` (DNS names and IP addresses, told apart).
Result<Certificate> make_self_signed_certificate(const std::vector<std::string>& names,
                                                 Timestamp now);

// SHA-256 of the DER form, upper-case hex in pairs joined by colons, as browsers show it.
Result<std::string> certificate_fingerprint(const std::string& certificate_pem);

struct CertificateInfo {
  Timestamp not_before;
  Timestamp not_after;
  std::string subject;
};
Result<CertificateInfo> inspect_certificate(const std::string& certificate_pem);

}  // namespace lineshaft::sys
