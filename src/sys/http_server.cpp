// HTTPS: the port, the certificate, and how many connections there may be. A connection itself is
// http_session.cpp or web_socket.cpp.
#include <boost/asio/ssl.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/assert.h"
#include "sys/asio_context.h"
#include "sys/http_connection.h"

namespace lineshaft::sys {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using Code = boost::system::error_code;

Code make_context(const Certificate& certificate, asio::ssl::context& context) {
  Code code;
  context.set_options(asio::ssl::context::default_workarounds | asio::ssl::context::no_sslv2 |
                          asio::ssl::context::no_sslv3 | asio::ssl::context::no_tlsv1 |
                          asio::ssl::context::no_tlsv1_1,
                      code);
  if (code) return code;
  SSL_CTX* const native = context.native_handle();
  SSL_CTX_set_cipher_list(native, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_options(native, SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // Idle connections hold no buffers of 34 KiB each.
  SSL_CTX_set_mode(native, SSL_MODE_RELEASE_BUFFERS);
  constexpr unsigned char kSessionContext[] = "lineshaft";
  SSL_CTX_set_session_id_context(native, kSessionContext, sizeof(kSessionContext) - 1);
  context.use_certificate_chain(asio::buffer(certificate.certificate_pem), code);
  if (!code) {
    context.use_private_key(asio::buffer(certificate.key_pem), asio::ssl::context::pem, code);
  }
  return code;
}

class Server final : public HttpServer {
 public:
  Server(std::shared_ptr<HttpShared> shared, tcp::acceptor acceptor)
      : shared_(std::move(shared)), acceptor_(std::move(acceptor)), retry_(shared_->io) {
    Code ignored;
    const tcp::endpoint local = acceptor_.local_endpoint(ignored);
    local_ = {local.address().to_string(), local.port()};
    accept();
  }

  ~Server() override {
    shared_->closing = true;
    Code ignored;
    acceptor_.close(ignored);
    // A copy: cutting takes them out of the set.
    const std::set<HttpConnection*> connections = shared_->connections;
    for (HttpConnection* connection : connections) connection->cut();
  }

  Endpoint local() const override { return local_; }

 private:
  void accept() {
    acceptor_.async_accept([this, shared = shared_](Code code, tcp::socket socket) {
      if (shared->closing) return;
      if (!code) {
        take(std::move(socket));
        return accept();
      }
      retry_.expires_after(std::chrono::milliseconds(100));  // out of descriptors, most often
      retry_.async_wait([this, shared](Code) {
        if (!shared->closing) accept();
      });
    });
  }

  void take(tcp::socket socket) {
    Code code;
    const tcp::endpoint remote = socket.remote_endpoint(code);
    if (code) return;
    Endpoint peer{remote.address().to_string(), remote.port()};
    if (!HttpSlot::is_free(*shared_, peer.host)) return;  // closed by the end of `socket`
    socket.set_option(tcp::no_delay(true), code);
    begin_http_session(shared_, std::move(socket), std::move(peer));
  }

  std::shared_ptr<HttpShared> shared_;
  tcp::acceptor acceptor_;
  asio::steady_timer retry_;
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
  if (code = make_context(shared->options.certificate, shared->tls); code) {
    return Error{ErrorId::kTlsFailed, "the certificate cannot be used: " + code.message()};
  }
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
