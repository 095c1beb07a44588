// sys/http_stream.h: TLS over TCP with deadlines, as one type that Boost.Beast reads and writes
// through.
//
// Its operations are compiled once, in http_stream.cpp: given the library's own stream, each file
// that uses HTTP or WebSockets compiles TLS and TCP again for every operation, for minutes. Only
// for the files that include Boost.Beast. All of it on the loop's thread; a handler is never called
// from within the call that takes it.
#pragma once

#include <array>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream_base.hpp>
#include <boost/beast/core/role.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "sys/turnstile.h"

namespace lineshaft::sys {

class HttpStream {
 public:
  using Code = boost::system::error_code;
  using executor_type = boost::asio::any_io_executor;
  using Handler = std::function<void(Code, std::size_t bytes)>;
  using Tcp = boost::asio::ip::tcp;

  // `tls` outlives it. The first is connected already.
  HttpStream(Tcp::socket socket, boost::asio::ssl::context& tls);
  HttpStream(boost::asio::io_context& io, boost::asio::ssl::context& tls);
  HttpStream(HttpStream&&) noexcept;
  ~HttpStream();

  executor_type get_executor() const noexcept;
  SSL* native_handle();
  Tcp::socket& socket();

  // At that time operations that wait, also those that are begun later, end with
  // beast::error::timeout, and the connection is closed.
  void expires_after(std::chrono::nanoseconds time);
  void expires_never();
  // Pending operations end with an error.
  void close();

  // Tries one address after the other. `bytes` means nothing here and below.
  void async_connect(const std::vector<Tcp::endpoint>& addresses, Handler handler);
  // With a turnstile, each of its steps, of which one signs, passes that first.
  void async_handshake(boost::asio::ssl::stream_base::handshake_type type, Handler handler,
                       const std::shared_ptr<Turnstile>& turnstile = nullptr);
  void async_shutdown(Handler handler);

  // What the library asks of a stream (AsyncReadStream, AsyncWriteStream).
  template <typename Buffers, typename Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(Code, std::size_t)>(
        [this]<typename Given>(Given&& handler, const Pieces<boost::asio::mutable_buffer>& pieces) {
          read(pieces, shared(std::forward<Given>(handler)));
        },
        token, Pieces<boost::asio::mutable_buffer>(buffers));
  }
  template <typename Buffers, typename Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, void(Code, std::size_t)>(
        [this]<typename Given>(Given&& handler, const Pieces<boost::asio::const_buffer>& pieces) {
          write(pieces, shared(std::forward<Given>(handler)));
        },
        token, Pieces<boost::asio::const_buffer>(buffers));
  }

 private:
  // The first buffers of a sequence that hold anything: an operation may do less than it is asked.
  template <typename Buffer>
  class Pieces {
   public:
    using value_type = Buffer;
    using const_iterator = const Buffer*;

    template <typename Buffers>
    explicit Pieces(const Buffers& buffers) {
      const auto end = boost::asio::buffer_sequence_end(buffers);
      for (auto at = boost::asio::buffer_sequence_begin(buffers); at != end && size_ < all_.size();
           ++at) {
        const Buffer buffer(*at);
        if (buffer.size() > 0) all_[size_++] = buffer;
      }
    }
    const_iterator begin() const { return all_.data(); }
    const_iterator end() const { return all_.data() + size_; }

   private:
    std::array<Buffer, 8> all_;
    std::size_t size_ = 0;
  };

  // Handlers of the library can be moved only.
  template <typename Given>
  static Handler shared(Given&& handler) {
    using Kept = std::decay_t<Given>;
    return [kept = std::make_shared<Kept>(std::forward<Given>(handler))](
               Code code, std::size_t bytes) { std::move (*kept)(code, bytes); };
  }

  void read(const Pieces<boost::asio::mutable_buffer>& pieces, Handler handler);
  void write(const Pieces<boost::asio::const_buffer>& pieces, Handler handler);

  struct Layers;
  std::shared_ptr<Layers> layers_;
};

// What a WebSocket of the library asks of a stream.
void beast_close_socket(HttpStream& stream);
void teardown(boost::beast::role_type role, HttpStream& stream, HttpStream::Code& code);
template <typename Handler>
void async_teardown(boost::beast::role_type, HttpStream& stream, Handler&& handler) {
  stream.async_shutdown(
      [kept = std::make_shared<std::decay_t<Handler>>(std::forward<Handler>(handler))](
          HttpStream::Code code, std::size_t) { std::move (*kept)(code); });
}

}  // namespace lineshaft::sys
