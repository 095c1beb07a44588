// HTTPS: the port, the certificate, and how many connections there may be. A connection itself is
// http_session.cpp or web_socket.cpp.
#include <netinet/tcp.h>

#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/assert.h"
#include "sys/asio_context.h"
#include "sys/http_connection.h"
#include "sys/tls_policy.h"

namespace lineshaft::sys {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Code = boost::system::error_code;

// The keys of session tickets live as long as a context: that long a stolen one would be of use.
constexpr auto kContextLifetime = std::chrono::hours(6);
constexpr auto kRetryAfter = std::chrono::milliseconds(100);  // out of descriptors, most often
// Bytes of answers that the system holds beyond what is on its way to the peer. Left to itself it
// takes some megabytes for each peer that does not read, and all of them are enciphered first.
constexpr int kUnsentBytesMax = 128 * 1024;
using UnsentMax = asio::detail::socket_option::integer<IPPROTO_TCP, TCP_NOTSENT_LOWAT>;
constexpr auto kAcceptAfter = std::chrono::milliseconds(2);

Result<std::shared_ptr<asio::ssl::context>> make_context(const HttpsIdentity& identity) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  if (Status made = set_up_https(context->native_handle(), identity); !made) return made.error();
  return context;
}

class Server final : public HttpServer {
 public:
  Server(std::shared_ptr<HttpShared> shared, tcp::acceptor acceptor)
      : shared_(std::move(shared)),
        acceptor_(std::move(acceptor)),
        retry_(shared_->io),
        renewal_(shared_->io),
        bucket_(shared_->options.accepts_per_second, shared_->options.accepts_burst) {
    Code ignored;
    const tcp::endpoint local = acceptor_.local_endpoint(ignored);
    local_ = {local.address().to_string(), local.port()};
    accept();
    renew_later();
  }

  ~Server() override {
    shared_->closing = true;
    Code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
    renewal_.cancel();
    // A copy: cutting takes them out of the set.
    const std::set<HttpConnection*> connections = shared_->connections;
    for (HttpConnection* connection : connections) connection->cut();
  }

  Endpoint local() const override { return local_; }

  Status use(const HttpsIdentity& identity) override {
    auto context = make_context(identity);
    if (!context) return context.error();
    shared_->tls = *std::move(context);
    shared_->options.identity = identity;
    return {};
  }

 private:
  void accept() {
    if (!bucket_.take(std::chrono::steady_clock::now().time_since_epoch())) {
      return accept_after(kAcceptAfter);
    }
    acceptor_.async_accept([this, shared = shared_](Code code, tcp::socket socket) {
      if (shared->closing) return;
      if (code) return accept_after(kRetryAfter);
      take(std::move(socket));
      accept();
    });
  }

  void accept_after(std::chrono::milliseconds time) {
    retry_.expires_after(time);
    retry_.async_wait([this, shared = shared_](Code) {
      if (!shared->closing) accept();
    });
  }

  void take(tcp::socket socket) {
    Code code;
    const tcp::endpoint remote = socket.remote_endpoint(code);
    if (code) return;
    socket.set_option(tcp::no_delay(true), code);
    socket.set_option(UnsentMax(kUnsentBytesMax), code);
    begin_http_session(shared_, std::move(socket), {remote.address().to_string(), remote.port()});
  }

  void renew_later() {
    renewal_.expires_after(kContextLifetime);
    renewal_.async_wait([this, shared = shared_](Code) {
      if (shared->closing) return;
      static_cast<void>(use(HttpsIdentity(shared->options.identity)));
      renew_later();
    });
  }

  std::shared_ptr<HttpShared> shared_;
  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
  asio::steady_timer renewal_;
  TokenBucket bucket_;
  Endpoint local_;
};

}  // namespace

Result<std::unique_ptr<HttpServer>> make_http_server(EventLoop& loop, HttpHandler& handler,
                                                     HttpServerOptions options) {
  auto* const context = dynamic_cast<AsioContext*>(&loop);
  LS_ASSERT(context != nullptr);
  asio::io_context& io = context->context();
  Code code;
  const asio::ip::address address = asio::ip::make_address(options.listen.host, code);
  if (code) {
    return Error{ErrorId::kInvalidArgument, options.listen.host + " is not a numeric address"};
  }
  const std::string at = options.listen.text();
  const tcp::endpoint endpoint(address, options.listen.port);
  auto shared = std::make_shared<HttpShared>(io, handler, std::move(options));
  auto tls = make_context(shared->options.identity);
  if (!tls) return tls.error();
  shared->tls = *std::move(tls);
  tcp::acceptor acceptor(io);
  acceptor.open(endpoint.protocol(), code);
  if (!code) acceptor.set_option(asio::socket_base::reuse_address(true), code);
  if (!code) acceptor.bind(endpoint, code);
  if (!code) acceptor.listen(asio::socket_base::max_listen_connections, code);
  if (code) return Error{ErrorId::kAddressInUse, at + ": " + code.message()};
  return std::unique_ptr<HttpServer>(
      std::make_unique<Server>(std::move(shared), std::move(acceptor)));
}

}  // namespace lineshaft::sys
