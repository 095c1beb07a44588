// OpenSSL reads and writes the socket itself, without buffers between: a connection that waits
// holds no more than its keys. Boost's own TLS stream keeps 68 KiB for each.
#include "sys/http_stream.h"

#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/connect.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/error.hpp>
#include <cerrno>
#include <cstring>
#include <optional>

#include "sys/openssl_ptr.h"

namespace lineshaft::sys {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;

constexpr std::size_t kRecordBytesMax = 16 * 1024;  // of TLS
constexpr std::size_t kWriteBytesMax = 4 * kRecordBytesMax;

// --- the socket as OpenSSL wants it: its own would raise SIGPIPE ---

HttpStream::Tcp::socket& socket_of(BIO* bio) {
  return *static_cast<HttpStream::Tcp::socket*>(BIO_get_data(bio));
}

int outcome_of(BIO* bio, ssize_t done, int to_retry) {
  BIO_clear_retry_flags(bio);
  if (done < 0 && (errno == EAGAIN || errno == EINTR)) BIO_set_flags(bio, to_retry);
  return static_cast<int>(done);
}

int write_to_socket(BIO* bio, const char* data, int size) {
  errno = 0;
  const ssize_t done = ::send(socket_of(bio).native_handle(), data, static_cast<std::size_t>(size),
                              MSG_NOSIGNAL | MSG_DONTWAIT);
  return outcome_of(bio, done, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY);
}

int read_from_socket(BIO* bio, char* into, int size) {
  errno = 0;
  const ssize_t done =
      ::recv(socket_of(bio).native_handle(), into, static_cast<std::size_t>(size), MSG_DONTWAIT);
  return outcome_of(bio, done, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY);
}

long control_socket(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO_METHOD* socket_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* const made =
        BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "lineshaft socket");
    BIO_meth_set_write(made, write_to_socket);
    BIO_meth_set_read(made, read_from_socket);
    BIO_meth_set_ctrl(made, control_socket);
    return made;
  }();
  return method;
}

// Why an operation of OpenSSL ended.
HttpStream::Code code_of(SSL* ssl, int told) {
  if (told == SSL_ERROR_ZERO_RETURN) return asio::error::eof;
  const unsigned long why = ERR_get_error();
  ERR_clear_error();
  const bool is_cut =
      told == SSL_ERROR_SSL && ERR_GET_REASON(why) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  if (is_cut) return asio::ssl::error::stream_truncated;
  if (told == SSL_ERROR_SSL && why != 0) {
    return {static_cast<int>(why), asio::error::get_ssl_category()};
  }
  if (told == SSL_ERROR_SYSCALL && errno != 0) {
    return {errno, boost::system::system_category()};
  }
  const bool said_good_bye = (SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
  return said_good_bye ? HttpStream::Code(asio::error::eof)
                       : HttpStream::Code(asio::ssl::error::stream_truncated);
}

}  // namespace

// Kept alive by operations that wait, which end without touching OpenSSL once the socket is closed.
struct HttpStream::Layers : std::enable_shared_from_this<Layers> {
  using Clock = asio::steady_timer::clock_type;

  Layers(Tcp::socket connected, asio::ssl::context& context)
      : socket(std::move(connected)), timer(socket.get_executor()) {
    ssl.reset(SSL_new(context.native_handle()));
    BIO* const bio = BIO_new(socket_method());
    BIO_set_data(bio, &socket);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl.get(), bio, bio);
    SSL_set_mode(ssl.get(), SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_set_read_ahead(ssl.get(), 1);  // else each record is read in two calls
  }

  // `step` is one call of OpenSSL and more than 0 once it is done; it is made again when the socket
  // is ready. Until then the deadline counts. Each call passes the turnstile, if there is one.
  template <typename Step>
  void attempt(Step step, Handler handler, std::weak_ptr<Turnstile> turnstile = {}) {
    if (const auto entrance = turnstile.lock()) {
      begin_waiting();
      return entrance->pass([self = shared_from_this(), step = std::move(step),
                             handler = std::move(handler), turnstile]() mutable {
        self->go_on({}, std::move(step), std::move(handler), turnstile);
      });
    }
    Code code;
    int done = 0;
    if (const auto wanted = try_once(step, code, done)) {
      begin_waiting();
      return wait(*wanted, std::move(step), std::move(handler), {});
    }
    end_at_once(std::move(handler), code, static_cast<std::size_t>(done));
  }

  // Not from within the call that takes the handler.
  void end_at_once(Handler handler, Code code = {}, std::size_t bytes = 0) {
    asio::post(socket.get_executor(),
               [handler = std::move(handler), code, bytes] { handler(code, bytes); });
  }

  template <typename Step>
  void wait(Tcp::socket::wait_type wanted, Step step, Handler handler,
            std::weak_ptr<Turnstile> turnstile) {
    socket.async_wait(wanted, [self = shared_from_this(), step = std::move(step),
                               handler = std::move(handler), turnstile](Code code) mutable {
      auto next = [self, code, step = std::move(step), handler = std::move(handler),
                   turnstile]() mutable {
        self->go_on(code, std::move(step), std::move(handler), turnstile);
      };
      const auto entrance = turnstile.lock();
      if (code || !entrance) return next();
      entrance->pass(std::move(next));
    });
  }

  // The socket is ready, or `code` says why it will not be.
  template <typename Step>
  void go_on(Code code, Step step, Handler handler, const std::weak_ptr<Turnstile>& turnstile) {
    int done = 0;
    if (late) {
      code = beast::error::timeout;
    } else if (!code) {
      if (const auto again = try_once(step, code, done)) {
        return wait(*again, std::move(step), std::move(handler), turnstile);
      }
    }
    end_waiting();
    handler(code, static_cast<std::size_t>(done));
  }

  // What to wait for; nullopt: it has ended, with `code` or so many bytes `done`.
  template <typename Step>
  std::optional<Tcp::socket::wait_type> try_once(Step& step, Code& code, int& done) {
    if (!socket.is_open()) {
      code = asio::error::operation_aborted;
      return {};
    }
    ERR_clear_error();
    errno = 0;
    const int result = step(ssl.get());
    done = std::max(result, 0);
    if (result > 0) return {};
    const int told = SSL_get_error(ssl.get(), result);
    if (told == SSL_ERROR_WANT_READ) return Tcp::socket::wait_read;
    if (told == SSL_ERROR_WANT_WRITE) return Tcp::socket::wait_write;
    code = code_of(ssl.get(), told);
    return {};
  }

  void begin_waiting() {
    if (waiting++ == 0) start_timer();
  }
  void end_waiting() {
    if (--waiting == 0) timer.cancel();
  }
  void start_timer() {
    if (deadline == Clock::time_point::max()) return;
    timer.expires_at(deadline);
    timer.async_wait([weak = weak_from_this()](Code code) {
      const auto self = weak.lock();
      // Also where it was given more time before this could run.
      if (code || !self || self->waiting == 0 || Clock::now() < self->deadline) return;
      self->late = true;
      Code ignored;
      self->socket.close(ignored);
    });
  }
  void expire_at(Clock::time_point time) {
    late = false;
    deadline = time;
    if (waiting == 0) return;
    timer.cancel();
    start_timer();
  }

  Tcp::socket socket;
  asio::steady_timer timer;
  std::unique_ptr<SSL, openssl::Freer<SSL, SSL_free>> ssl;
  Clock::time_point deadline = Clock::time_point::max();
  std::size_t waiting = 0;  // operations
  bool late = false;        // for the deadline
};

HttpStream::HttpStream(Tcp::socket socket, asio::ssl::context& tls)
    : layers_(std::make_shared<Layers>(std::move(socket), tls)) {}
HttpStream::HttpStream(asio::io_context& io, asio::ssl::context& tls)
    : HttpStream(Tcp::socket(io), tls) {}
HttpStream::HttpStream(HttpStream&&) noexcept = default;
HttpStream::~HttpStream() {
  if (layers_) close();
}

HttpStream::executor_type HttpStream::get_executor() const noexcept {
  return layers_->socket.get_executor();
}
SSL* HttpStream::native_handle() { return layers_->ssl.get(); }
HttpStream::Tcp::socket& HttpStream::socket() { return layers_->socket; }

void HttpStream::expires_after(std::chrono::nanoseconds time) {
  layers_->expire_at(Layers::Clock::now() + time);
}
void HttpStream::expires_never() { layers_->expire_at(Layers::Clock::time_point::max()); }
void HttpStream::close() {
  expires_never();
  Code ignored;
  layers_->socket.close(ignored);
}

void HttpStream::async_connect(const std::vector<Tcp::endpoint>& addresses, Handler handler) {
  layers_->begin_waiting();
  asio::async_connect(
      layers_->socket, addresses,
      [layers = layers_](const Code&, const Tcp::endpoint&) { return !layers->late; },
      [layers = layers_, handler = std::move(handler)](Code code, const Tcp::endpoint&) {
        layers->end_waiting();
        handler(layers->late ? Code(beast::error::timeout) : code, 0);
      });
}
void HttpStream::async_handshake(asio::ssl::stream_base::handshake_type type, Handler handler,
                                 const std::shared_ptr<Turnstile>& turnstile) {
  if (type == asio::ssl::stream_base::client) {
    SSL_set_connect_state(native_handle());
  } else {
    SSL_set_accept_state(native_handle());
  }
  layers_->attempt([](SSL* ssl) { return SSL_do_handshake(ssl); }, std::move(handler), turnstile);
}

// Both sides say good-bye: what came after ours is of no use to anybody.
void HttpStream::async_shutdown(Handler handler) {
  layers_->attempt(
      [](SSL* ssl) {
        const int done = SSL_shutdown(ssl);
        return done == 0 ? SSL_shutdown(ssl) : done;
      },
      std::move(handler));
}

void HttpStream::read(const Pieces<asio::mutable_buffer>& pieces, Handler handler) {
  if (pieces.begin() == pieces.end()) return layers_->end_at_once(std::move(handler));
  layers_->attempt(
      [pieces](SSL* ssl) {
        int all = 0;
        for (const asio::mutable_buffer& piece : pieces) {
          std::size_t taken = 0;
          // After the first only what has arrived already.
          while (taken < piece.size() && (all == 0 || SSL_has_pending(ssl) == 1)) {
            const int got = SSL_read(ssl, static_cast<char*>(piece.data()) + taken,
                                     static_cast<int>(piece.size() - taken));
            if (got <= 0) return all > 0 ? all : got;
            all += got;
            taken += static_cast<std::size_t>(got);
          }
        }
        return all;
      },
      std::move(handler));
}

void HttpStream::write(const Pieces<asio::const_buffer>& pieces, Handler handler) {
  if (pieces.begin() == pieces.end()) return layers_->end_at_once(std::move(handler));
  layers_->attempt(
      // Made again, it gives OpenSSL the very same bytes, as that demands.
      [pieces](SSL* ssl) {
        const asio::const_buffer& first = *pieces.begin();
        if (pieces.end() - pieces.begin() == 1 || first.size() >= kRecordBytesMax) {
          return SSL_write(ssl, first.data(),
                           static_cast<int>(std::min(first.size(), kWriteBytesMax)));
        }
        static thread_local std::array<char, kRecordBytesMax> record;  // one, not one for each
        std::size_t size = 0;
        for (const asio::const_buffer& piece : pieces) {
          const std::size_t part = std::min(piece.size(), record.size() - size);
          std::memcpy(record.data() + size, piece.data(), part);
          size += part;
        }
        return SSL_write(ssl, record.data(), static_cast<int>(size));
      },
      std::move(handler));
}

void beast_close_socket(HttpStream& stream) { stream.close(); }

void teardown(beast::role_type /*role*/, HttpStream& /*stream*/, HttpStream::Code& code) {
  code = asio::error::operation_not_supported;  // only asked by calls that block: we make none
}

}  // namespace lineshaft::sys
