// connect/request_server.h: the server side of protocols that ask and answer: takes clients, reads
// a request, lets it be answered, writes the answer, goes on. Knows nothing of any protocol.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "sys/loop.h"
#include "sys/serial.h"
#include "sys/tls_stream.h"

namespace lineshaft::connect {

// What becomes of an answer. Its bytes may be none: then the client hears nothing.
struct Reply {
  Nanoseconds delay{0};  // before it leaves
  bool close = false;    // the connection, after the bytes
};

// Who answers one client. Loop's thread.
class Answerer {
 public:
  virtual ~Answerer() = default;

  // Takes bytes from the front of `input` up to the end of one request, moves `input` past them,
  // and puts the answer into `out`, which is empty. Nothing when `input` ended first (it is then
  // empty). An error says that these bytes are not of the protocol: the connection is closed.
  virtual Result<std::optional<Reply>> take(ByteSpan& input, Bytes& out) = 0;

  // A request has begun and is not complete, or the client has not introduced itself yet: what must
  // be over within frame_timeout.
  virtual bool is_inside() const = 0;

  // No byte came for RequestServerOptions::gap inside of a request. take() is called next.
  virtual void on_silence() {}
};

struct RequestServerOptions {
  sys::Endpoint listen;  // a numeric address; port 0 takes a free one
  std::shared_ptr<const sys::TlsContext> tls = nullptr;  // null: plain
  // A serial line instead of `listen`: one client for ever, without deadlines for what it sends.
  std::optional<sys::SerialOptions> serial = std::nullopt;
  std::size_t connections_max = 64;  // a further one is closed at once
  Nanoseconds idle_timeout = std::chrono::seconds(300);
  Nanoseconds frame_timeout = std::chrono::seconds(5);  // also for a handshake and an answer
  Nanoseconds gap{0};                                   // 0: silence means nothing
};

struct RequestServerCounters {
  std::uint64_t connections = 0;  // open now
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  // over connections_max
  std::uint64_t broken = 0;   // closed for bytes that are not of the protocol, or for slowness
};

// One request at a time for each client, in order; what a client sends ahead waits in its socket,
// so memory per connection is bounded. Loop's thread only.
class RequestServer {
 public:
  // Makes the answerer of a client that is there. The stream is for looking at.
  using Begin = std::function<std::unique_ptr<Answerer>(const sys::TcpStream&)>;

  RequestServer(sys::EventLoop& loop, RequestServerOptions options, Begin begin);
  ~RequestServer();  // stops listening, closes every connection
  RequestServer(const RequestServer&) = delete;
  RequestServer& operator=(const RequestServer&) = delete;

  // Errors: kAddressInUse, kPlainRefused; on a serial line those of open_serial. A line that is
  // lost later is opened again by itself.
  Status start();
  sys::Endpoint local() const;
  RequestServerCounters counters() const;
  // Closes every open connection (a machine that restarts); listening goes on.
  void drop_connections();

 private:
  class Session;

  Status open_line();
  void accept(std::unique_ptr<sys::TcpStream> stream);
  void begin(std::unique_ptr<sys::TcpStream> stream);
  void remove(Session* session);
  void reopen_later();

  sys::EventLoop& loop_;
  const RequestServerOptions options_;
  const Begin begin_;
  RequestServerCounters counters_;
  std::list<std::unique_ptr<Session>> sessions_;
  std::uint64_t next_handshake_ = 0;
  std::map<std::uint64_t, std::unique_ptr<sys::Connecting>> securing_;
  std::unique_ptr<sys::Timer> reopen_;          // the line
  std::unique_ptr<sys::TcpListener> listener_;  // destroyed first: no accept into a dying server
};

}  // namespace lineshaft::connect
