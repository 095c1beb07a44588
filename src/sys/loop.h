// sys/loop.h: one thread that waits for sockets and timers and calls back. No locks inside a loop's
// callbacks: everything that belongs to a loop is touched from its thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace lineshaft::sys {

struct Reach;

// A numeric address or host name and a port. "192.168.0.10", "::1", "plc.local"; port 1..65535.
struct Endpoint {
  std::string host;
  std::uint16_t port = 0;
  std::string text() const;  // "host:port", IPv6 in brackets
  friend bool operator==(const Endpoint&, const Endpoint&) = default;
};

// Will what goes over a connection be encrypted, by whoever opens or accepts it? Who says nothing
// is judged as plain: where that may go is a setting (sys/reach.h).
enum class Privacy : std::uint8_t { kPlain, kEncrypted };

// A one-shot timer. Destroying or cancelling it means that its callback will not run.
class Timer {
 public:
  virtual ~Timer() = default;
  // Replaces what was set before. `delay` <= 0 runs at the next turn of the loop.
  virtual void start(Nanoseconds delay, std::function<void()> callback) = 0;
  virtual void cancel() = 0;
};

// A connected TCP stream (TCP_NODELAY, keep-alive). At most one read and one write may be under
// way. Callbacks run on the loop's thread, never from inside the call that starts them. After
// close() or destruction none runs any more, so an owner may destroy itself together with its
// stream.
class TcpStream {
 public:
  virtual ~TcpStream() = default;

  using ReadDone = std::function<void(Result<std::size_t>)>;
  using WriteDone = std::function<void(Status)>;

  // Reads some bytes, 1..out.size(), into `out`, which must live until the callback.
  // Errors: kPeerClosed at the end of the stream, kConnectFailed on a reset.
  virtual void read_some(std::span<std::uint8_t> out, ReadDone done) = 0;

  // Writes all of `data`, which must live until the callback.
  virtual void write_all(ByteSpan data, WriteDone done) = 0;

  virtual void close() = 0;
  virtual Endpoint peer() const = 0;
  virtual Endpoint local() const = 0;
};

// A listening socket; destroying it stops listening.
class TcpListener {
 public:
  virtual ~TcpListener() = default;
  virtual Endpoint local() const = 0;  // with the real port when 0 was asked
};

// A connection attempt; destroying it abandons the attempt, and its callback will not run.
class Connecting {
 public:
  virtual ~Connecting() = default;
};

class EventLoop {
 public:
  virtual ~EventLoop() = default;

  // Runs callbacks until stop(). The thread that runs it is the loop's thread.
  virtual void run() = 0;
  // Threads: any. Idempotent.
  virtual void stop() = 0;
  // Runs `task` on the loop's thread, after what is queued. Threads: any.
  virtual void post(std::function<void()> task) = 0;

  virtual Nanoseconds now() = 0;  // the monotonic clock of this loop
  virtual std::unique_ptr<Timer> make_timer() = 0;

  using Connected = std::function<void(Result<std::unique_ptr<TcpStream>>)>;
  // Resolves and connects, where reach() allows it. Errors: kConnectFailed, kTimeout (for the whole
  // of it), kDestinationRefused, kPlainRefused.
  virtual std::unique_ptr<Connecting> connect(const Endpoint& to, Privacy privacy,
                                              Nanoseconds timeout, Connected done) = 0;
  std::unique_ptr<Connecting> connect(const Endpoint& to, Nanoseconds timeout, Connected done) {
    return connect(to, Privacy::kPlain, timeout, std::move(done));
  }
  // What connect() and listen() keep to. Threads: any.
  virtual const Reach& reach() const = 0;

  using Accepted = std::function<void(std::unique_ptr<TcpStream>)>;
  // Listens on a numeric address. `accepted` runs for each connection that reach() allows; others
  // are closed at once, and the log names them. Errors: kAddressInUse, kPlainRefused.
  virtual Result<std::unique_ptr<TcpListener>> listen(const Endpoint& at, Privacy privacy,
                                                      Accepted accepted) = 0;
  Result<std::unique_ptr<TcpListener>> listen(const Endpoint& at, Accepted accepted) {
    return listen(at, Privacy::kPlain, std::move(accepted));
  }

  // Runs `callback` on the loop's thread when the process gets SIGINT or SIGTERM.
  virtual void on_stop_signal(std::function<void()> callback) = 0;
};

// A loop on the operating system (epoll through Boost.Asio). It reaches this machine and private
// networks, or what it is told.
std::unique_ptr<EventLoop> make_event_loop();
std::unique_ptr<EventLoop> make_event_loop(Reach reach);

}  // namespace lineshaft::sys
