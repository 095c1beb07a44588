// sys/x509.h: what a certificate from outside says about itself. Says nothing about whether to
// believe it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace lineshaft::sys {

struct X509Info {
  std::string subject;  // "CN=PLC 4, O=Maker", as RFC 2253 writes it
  std::string issuer;
  std::string sha1;    // of the DER form, lower-case hex: what OPC UA calls the thumbprint
  std::string sha256;  // upper-case pairs joined by colons, as certificate_fingerprint() writes it
  std::string serial;  // hex
  Timestamp not_before;
  Timestamp not_after;
  std::vector<std::string> uris;  // of subjectAltName, in order
  std::vector<std::string> dns_names;
  std::vector<std::string> addresses;  // "192.168.0.4", "fe80::1"
  unsigned key_bits = 0;
  bool authority = false;  // may sign other certificates
};

inline constexpr std::size_t kCertificateBytesMax = 64 * 1024;

// Reads the first certificate of `der`, which may be a chain: leaf first, one after the other.
// Errors: kTlsFailed: this is no certificate, or one of more than kCertificateBytesMax.
Result<X509Info> inspect_x509(ByteSpan der);

// "192.168.0.4", "fe80:0000:...", of the 4 or 16 bytes in a certificate.
std::string address_text(ByteSpan raw);

// The length in bytes of the first certificate of a chain; nothing if it is cut off or no DER.
std::optional<std::size_t> first_certificate_bytes(ByteSpan der);

}  // namespace lineshaft::sys
