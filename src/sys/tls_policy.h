// sys/tls_policy.h: the one policy of every TLS connection, ours and to others. Of the .cpp files
// of this room alone; docs/reference/security.md says it for people.
#pragma once

#include <string>

#include "base/result.h"
#include "sys/tls.h"

struct ssl_ctx_st;
struct ssl_st;

namespace lineshaft::sys {

// TLS 1.2 and 1.3; ephemeral keys and authenticated encryption only; no renegotiation, no
// compression, no session cache; short chains of certificates.
void apply_tls_policy(ssl_ctx_st* context);

// Makes a fresh context into one of an HTTPS server. Errors: kTlsFailed.
Status set_up_https(ssl_ctx_st* context, const HttpsIdentity& identity);

// The certificates of `pem` vouch for the peers of a fresh context: authorities, or peers
// themselves. Nobody does if there is none in it.
void trust_only(ssl_ctx_st* context, const std::string& pem);

// The SHA-256 fingerprint of the certificate that the peer has proved to own, under the
// authorities of the context; "" if it showed none.
std::string proven_fingerprint(ssl_st* connection);

// Is the peer's certificate the one with the fingerprint `pin`, or does an authority with that
// fingerprint, shown along with it, vouch for it and for `host`? Errors: kTlsFailed saying why not.
Status check_pin(ssl_st* connection, const std::string& pin, const std::string& host);

}  // namespace lineshaft::sys
