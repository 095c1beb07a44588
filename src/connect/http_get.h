// connect/http_get.h: one GET to a device over a connection of its own: connects, asks, hands over
// the answer as it comes. An answer may never end (a stream).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "sys/loop.h"
#include "sys/tls_stream.h"
#include "wire/http/message.h"

namespace lineshaft::connect {

struct HttpGetOptions {
  sys::Endpoint endpoint;
  std::shared_ptr<const sys::TlsContext> tls = nullptr;  // null: in the clear
  std::string target;                                    // "/probe", without control characters
  Nanoseconds connect_timeout = std::chrono::seconds(5);
  Nanoseconds answer_timeout = std::chrono::seconds(10);  // without bytes of the answer
  std::size_t body_bytes_max = 16 << 20;                  // that wait in the reader's body()
};

class HttpGet {
 public:
  // Both on the loop's thread. `part`: bytes of the body have come (the head is complete); it may
  // take them out of body(); an error ends the exchange with that. `end` runs once, at a turn of
  // its own, with success for a complete answer: it may destroy the exchange.
  struct Callbacks {
    std::function<Status(http::ResponseReader&)> part;
    std::function<void(const Status&, http::ResponseReader&)> end;
  };
  // Destruction abandons it without a word.
  HttpGet(sys::EventLoop& loop, HttpGetOptions options, Callbacks callbacks);

  // The user has got what he waited for: the answer has that much time again.
  void extend();

  std::uint64_t bytes_in() const { return bytes_in_; }
  std::uint64_t bytes_out() const { return bytes_out_; }

 private:
  void on_connected(Result<std::unique_ptr<sys::TcpStream>> stream);
  void on_secured(Result<std::unique_ptr<sys::TcpStream>> stream);
  void read();
  void on_bytes(ByteSpan bytes);
  void finish(Status how);

  sys::EventLoop& loop_;
  const HttpGetOptions options_;
  Callbacks callbacks_;
  http::ResponseReader reader_;
  std::unique_ptr<sys::Timer> deadline_;
  std::unique_ptr<sys::Timer> end_;
  std::unique_ptr<sys::Connecting> connecting_;
  std::unique_ptr<sys::Connecting> securing_;
  std::unique_ptr<sys::TcpStream> stream_;
  std::array<std::uint8_t, 16384> in_{};
  std::string out_;
  bool finished_ = false;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
};

}  // namespace lineshaft::connect
