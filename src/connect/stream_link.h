// connect/stream_link.h: one connection to a machine or broker over TCP or a serial line, kept
// alive: connects, reads, sends in order, and comes back after every loss.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "connect/backoff.h"
#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/serial.h"
#include "sys/tls_stream.h"

namespace lineshaft::connect {

// Who speaks a protocol over a link. Called on the loop's thread; may call send(), but must not
// destroy the link.
class StreamUser {
 public:
  virtual ~StreamUser() = default;

  virtual void on_up() = 0;
  // Bytes as they came, in pieces of any size. An error ends the connection with that reason.
  virtual Status on_bytes(ByteSpan bytes) = 0;
  // Lost, or not reached: what was under way is void. The next attempt is in `retry_in`.
  virtual void on_down(const Error& why, Nanoseconds retry_in) = 0;
};

struct StreamLinkOptions {
  sys::Endpoint endpoint;
  Nanoseconds connect_timeout = std::chrono::seconds(5);
  // Encrypts; null: plain TCP. The certificate must be for endpoint.host.
  std::shared_ptr<const sys::TlsContext> tls = nullptr;
  // What may wait for a peer that does not read.
  std::size_t unsent_bytes_max = 4 << 20;
  // A serial port instead of the endpoint; without TLS.
  std::optional<sys::SerialOptions> serial = std::nullopt;
  // Where else: after a loss the next of them is tried, and `endpoint` again behind the last.
  std::deque<sys::Endpoint> others = {};

  std::string place() const { return serial ? serial->device : endpoint.text(); }
};

class StreamLink {
 public:
  // Connects at the next turn of the loop. `user` must outlive the link. After destruction nothing
  // calls back.
  StreamLink(sys::EventLoop& loop, sys::Random& random, StreamLinkOptions options,
             StreamUser& user);

  // Requires: up(). Errors: kQueueFull, when the peer has not read unsent_bytes_max.
  Status send(ByteSpan bytes);

  // Ends the connection with that reason and tries again later: a timeout of the protocol, an
  // answer that makes no sense. At once, or as soon as the user has returned from the callback that
  // calls it.
  void lose(Error why);

  // The machine has shown that it is well: the next loss waits as short as the first one.
  void settled() { backoff_.reset(); }

  bool up() const { return state_ == State::kUp; }
  std::optional<Nanoseconds> retry_in() const;  // absent unless it waits
  std::uint64_t connects() const { return connects_; }
  std::uint64_t bytes_in() const { return bytes_in_; }
  std::uint64_t bytes_out() const { return bytes_out_; }
  const sys::Endpoint& endpoint() const { return options_.endpoint; }  // that counts now

 private:
  enum class State : std::uint8_t { kConnecting, kUp, kWaiting };

  void connect();
  void on_connected(Result<std::unique_ptr<sys::TcpStream>> stream);
  void on_secured(Result<std::unique_ptr<sys::TcpStream>> stream);
  void lost(const Error& why);
  template <typename Call>
  bool calls_user(Call call);  // false: the connection ended by it
  void read();
  void write();

  sys::EventLoop& loop_;
  StreamLinkOptions options_;
  StreamUser& user_;
  Backoff backoff_;
  State state_ = State::kConnecting;
  std::unique_ptr<sys::Connecting> connecting_;
  std::unique_ptr<sys::Connecting> securing_;
  std::unique_ptr<sys::TcpStream> stream_;
  std::unique_ptr<sys::Timer> next_;  // to connect
  bool calling_ = false;              // the user
  std::optional<Error> doomed_;       // why it ends after that
  std::array<std::uint8_t, 16384> in_{};
  Bytes writing_;
  Bytes to_write_;
  bool write_under_way_ = false;
  Nanoseconds retry_at_{0};
  std::uint64_t connects_ = 0;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
};

}  // namespace lineshaft::connect
