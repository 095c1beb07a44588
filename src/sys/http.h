// sys/http.h: an HTTPS/1.1 server with WebSocket, and a small blocking client for the command line.
// The only users of the library underneath are http_*.cpp and web_socket.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "sys/destinations.h"
#include "sys/http_slots.h"
#include "sys/loop.h"
#include "sys/tls.h"

namespace lineshaft::sys {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

struct HttpRequest {
  std::string method;   // "GET", upper case
  std::string path;     // decoded, without the query, starts with "/", no "..", no NUL
  std::string query;    // raw, without "?"
  HttpHeaders headers;  // names in lower case
  std::string body;
  std::string body_file;  // where the body was spooled (HttpHandler::body_spool_path); else ""
  Endpoint peer;
  // SHA-256 fingerprint of the certificate that the peer has proved to own; "" if it showed none.
  std::string client_certificate;
  // The value of the first header of that (lower-case) name; "" if absent.
  std::string_view header(std::string_view name) const;
};

// Percent-decoded value of a query parameter; nullopt if absent or malformed.
std::optional<std::string> query_parameter(std::string_view query, std::string_view name);

struct HttpResponse {
  int status = 200;
  HttpHeaders headers;  // without content-length, date, connection: the server adds them
  std::string body;
  // Instead of a body, not copied: must outlive the server.
  std::string_view kept_body = {};
  std::string_view bytes() const { return kept_body.empty() ? body : kept_body; }
};

// Pieces of a long answer (export), pulled as the client takes them: "" ends it. An error cuts the
// connection, so that a client cannot take a part for the whole.
using HttpBodySource = std::function<Result<std::string>()>;

// Answers one request, once. Threads: any. Dropping it unanswered answers 500.
class HttpResponder {
 public:
  virtual ~HttpResponder() = default;
  virtual void send(HttpResponse response) = 0;
  // Pulls and sends until `body` ends, the peer goes, or it stalls; blocks the calling thread,
  // which must not be the loop's.
  virtual void send_stream(HttpResponse head, HttpBodySource body) = 0;
};

// One open WebSocket. Threads: any; after close() calls do nothing.
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  // Queues one text message. False when more than the limit waits unsent: the peer is too slow;
  // skip this message (conflate) or close.
  virtual bool send_text(std::string text) = 0;
  virtual void close(std::uint16_t code, std::string_view reason) = 0;
  virtual std::size_t queued_bytes() const = 0;
};

struct WebSocketHandlers {
  // Run on the server's loop thread.
  std::function<void(std::shared_ptr<WebSocket>)> on_open;
  std::function<void(std::string text)> on_text;
  std::function<void()> on_close;  // exactly once after on_open
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  // A complete request. Runs on the loop thread: answer at once or hand the work to a pool.
  virtual void handle(HttpRequest request, std::unique_ptr<HttpResponder> responder) = 0;

  // A WebSocket upgrade. Returns handlers to accept it, or the response that refuses it.
  virtual std::variant<WebSocketHandlers, HttpResponse> upgrade(const HttpRequest& request) = 0;

  // Does this request prove who sends it? Asked of strangers only, before their body is read.
  virtual bool knows(const HttpRequest& head) = 0;

  // Before a body is read: how many bytes of body this request may have (e.g. 1 MiB; an import
  // more).
  virtual std::uint64_t body_bytes_max(const HttpRequest& head) = 0;

  // A non-empty path makes the server spool the request body into that file (created new, 0600)
  // instead of memory; `body` is then empty. Runs on the loop thread before the body is read.
  virtual std::string body_spool_path(const HttpRequest& head) = 0;

  // The answer to an upload that could not be stored (kDiskFull, kIoError).
  virtual HttpResponse upload_failed(const Error& why) = 0;
};

// How long a peer may take; shorter in tests. A peer that is slower is cut.
struct HttpDeadlines {
  Nanoseconds handshake = std::chrono::seconds(10);
  Nanoseconds header = std::chrono::seconds(10);  // whole, from its first byte
  Nanoseconds idle = std::chrono::seconds(60);    // between two requests of a known peer
  Nanoseconds stall = std::chrono::seconds(20);   // without progress of a body, or of an answer
  // From the beginning, or the last answer, to the end of the next request of a stranger.
  Nanoseconds stranger = std::chrono::seconds(20);
};

inline constexpr std::size_t kHttpHeaderBytesMax = 16 * 1024;
inline constexpr std::size_t kHttpHeadersMax = 64;
inline constexpr std::size_t kHttpTargetBytesMax = 8 * 1024;
inline constexpr std::size_t kStrangerBodyBytesMax = 8 * 1024;
inline constexpr std::size_t kWebSocketMessageBytesMax = 64 * 1024;  // from a peer
inline constexpr std::size_t kWebSocketQueueBytesMax = 1024 * 1024;  // to a peer, unsent

struct HttpServerOptions {
  Endpoint listen;  // a numeric address
  HttpsIdentity identity;
  HttpSlotLimits slots;
  // New connections that are taken in a second; those beyond wait in the system's queue. A
  // handshake costs some 0.5 ms, and machines are served by the same thread.
  double accepts_per_second = 500;
  double accepts_burst = 20;
  HttpDeadlines deadlines;
};

class HttpServer {
 public:
  virtual ~HttpServer() = default;  // closes every connection
  virtual Endpoint local() const = 0;
  // New connections get this certificate from now on; those that are open stay. Loop thread.
  // Errors: kTlsFailed; then all stays as it was.
  virtual Status use(const HttpsIdentity& identity) = 0;
};

// `handler` and `loop` must outlive the server. Errors: kAddressInUse, kTlsFailed.
Result<std::unique_ptr<HttpServer>> make_http_server(EventLoop& loop, HttpHandler& handler,
                                                     HttpServerOptions options);

// --- client, blocking, for the command line, flows, feeds and tests ---

struct HttpClientOptions {
  Endpoint server;
  // SHA-256 fingerprint (as certificate_fingerprint gives it) of the server's certificate, or of
  // the authority that vouches for it; empty: the certificate must be valid for the host, by
  // `trusted_pem` or else the system's trust store.
  std::string pinned_fingerprint = std::string();
  // Whom to trust in place of the system's store: authorities, or single certificates.
  std::string trusted_pem = std::string();
  Certificate own = Certificate();  // shown to a server that asks for one; empty: none
  Nanoseconds timeout = std::chrono::seconds(30);  // for each step: connecting, a piece of the body
  // For the whole of a request() with its connection, once the name is an address; 0: no end.
  Nanoseconds deadline{};
  std::uint64_t answer_bytes_max = 1ULL << 30;  // of a body that request() or upload() takes
  Destinations destinations = Destinations();   // where it may connect to
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // One request over a kept connection (reconnects when it was closed). Errors: kConnectFailed,
  // kDestinationRefused, kTimeout, kTlsFailed, kPeerClosed. A status >= 400 is a response, not an
  // error.
  virtual Result<HttpResponse> request(std::string_view method, std::string_view target,
                                       const HttpHeaders& headers, std::string_view body) = 0;
  // Sends the content of a local file as the body, in pieces; `progress` gets bytes sent so far.
  virtual Result<HttpResponse> upload(std::string_view method, std::string_view target,
                                      const HttpHeaders& headers, const std::string& file_path,
                                      std::function<void(std::uint64_t)> progress) = 0;
  // Hands the body of a successful answer to `sink` in pieces (memory stays bounded).
  virtual Result<HttpResponse> download(std::string_view target, const HttpHeaders& headers,
                                        std::function<Status(std::string_view)> sink) = 0;
};
std::unique_ptr<HttpClient> make_http_client(HttpClientOptions options);

// A blocking WebSocket client for the command line (`tag watch`) and tests.
class WebSocketClient {
 public:
  virtual ~WebSocketClient() = default;
  virtual Status send_text(std::string_view text) = 0;
  // The next text message. Errors: kPeerClosed, kTimeout.
  virtual Result<std::string> receive(Nanoseconds timeout) = 0;
};
Result<std::unique_ptr<WebSocketClient>> connect_web_socket(const HttpClientOptions& options,
                                                            std::string_view target,
                                                            const HttpHeaders& headers);

}  // namespace lineshaft::sys
