// sys/tls_stream.h: TLS 1.2 and 1.3 over any TcpStream, for machines, brokers and servers that are
// not HTTP. What runs below may be simulated: there are no sockets here.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "sys/loop.h"
#include "sys/tls.h"

namespace lineshaft::sys {

// What we show and whom we trust. Everything PEM.
struct TlsOptions {
  // Ours: needed by a server, shown by a client where the peer asks for one.
  std::string certificate_pem;
  std::string key_pem;  // secret: never logged
  // Whom to trust: authorities, or single certificates. A client without any trusts the machine's
  // authorities; a server without any asks its clients for no certificate, else demands one.
  std::string trusted_pem;
  // Instead of trust: the SHA-256 of the peer's certificate as certificate_fingerprint() writes it,
  // or of the authority that it shows along with it and that vouches for it.
  std::string fingerprint;
};

// Settings made ready; shared by all streams of one client or server, any number of loops.
class TlsContext;
enum class TlsSide : std::uint8_t { kClient, kServer };

// Errors: kInvalidArgument naming what cannot be read: "certificate_pem: ...".
Result<std::shared_ptr<const TlsContext>> make_tls_context(TlsSide side, const TlsOptions& options);

// Of a connection that is encrypted where there is a context: what to open or accept it as.
inline Privacy privacy_of(const std::shared_ptr<const TlsContext>& context) {
  return context == nullptr ? Privacy::kPlain : Privacy::kEncrypted;
}

// Shakes hands over a connected stream. `done` runs once, on the loop's thread, never from inside
// this call, with a stream that encrypts; destroying what is returned abandons the attempt. A
// client checks that the certificate is for `server_name` (a host name or address; also sent as
// SNI). Errors: kTlsFailed saying what is wrong with whose certificate; kTimeout; those of the
// stream.
std::unique_ptr<Connecting> start_tls(EventLoop& loop, std::unique_ptr<TcpStream> raw,
                                      std::shared_ptr<const TlsContext> context,
                                      const std::string& server_name, Nanoseconds timeout,
                                      EventLoop::Connected done);

}  // namespace lineshaft::sys
