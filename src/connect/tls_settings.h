// connect/tls_settings.h: TLS of a connection, the same for every protocol that runs over TCP.
#pragma once

#include <memory>
#include <string>

#include "connect/fields.h"
#include "sys/tls_stream.h"

namespace lineshaft::connect {

struct TlsSettings {
  bool enabled = false;
  std::string fingerprint;  // SHA-256 of the peer's certificate, pairs of hex with colons; "":
                            // trust decides
  std::string trusted;      // PEM of whom to trust; "": the authorities of the machine
  std::string certificate;  // PEM; ours, for peers that ask
  std::string key;          // PEM; its private key, secret
  friend bool operator==(const TlsSettings&, const TlsSettings&) = default;
};

// Members "tls", "tls_fingerprint", "tls_trusted", "tls_certificate", "tls_key".
void read_tls(Fields& fields, TlsSettings& tls);
void add_tls_json(const TlsSettings& tls, Secrets secrets, Json& settings);
// Errors: kInvalidArgument naming the setting that cannot be read.
Status check_tls(const TlsSettings& tls, sys::TlsSide side = sys::TlsSide::kClient);
// Null if TLS is off. Requires: check_tls.
std::shared_ptr<const sys::TlsContext> tls_context(const TlsSettings& tls, sys::TlsSide side);

}  // namespace lineshaft::connect
