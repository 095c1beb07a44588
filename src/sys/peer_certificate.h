// sys/peer_certificate.h: what the peer of a TLS stream has shown of itself.
#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "sys/loop.h"

namespace lineshaft::sys {

// The certificate of the peer in DER form; nothing if it showed none or the stream is plain. It has
// been checked as the TlsOptions of our side demand, and not beyond.
std::optional<Bytes> peer_certificate(const TcpStream& stream);

// The text (UTF8String) that an extension of a certificate carries; nothing if there is none, or
// it is of another kind. Requires: `oid` is dotted numbers.
std::optional<std::string> certificate_text(ByteSpan der, const std::string& oid);

}  // namespace lineshaft::sys
