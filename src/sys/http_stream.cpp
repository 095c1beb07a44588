#include "sys/http_stream.h"

#include <utility>

#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>

namespace lineshaft::sys {

namespace asio = boost::asio;
namespace beast = boost::beast;

struct HttpStream::Layers {
  Layers(beast::tcp_stream tcp_stream, asio::ssl::context& context)
      : tls(std::move(tcp_stream), context) {}

  beast::ssl_stream<beast::tcp_stream> tls;
  beast::tcp_stream& tcp() { return beast::get_lowest_layer(tls); }
};

HttpStream::HttpStream(Tcp::socket socket, asio::ssl::context& tls)
    : layers_(std::make_unique<Layers>(beast::tcp_stream(std::move(socket)), tls)) {}
HttpStream::HttpStream(asio::io_context& io, asio::ssl::context& tls)
    : layers_(std::make_unique<Layers>(beast::tcp_stream(io), tls)) {}
HttpStream::HttpStream(HttpStream&&) noexcept = default;
HttpStream::~HttpStream() = default;

HttpStream::executor_type HttpStream::get_executor() const noexcept {
  return layers_->tls.get_executor();
}
SSL* HttpStream::native_handle() { return layers_->tls.native_handle(); }
HttpStream::Tcp::socket& HttpStream::socket() { return layers_->tcp().socket(); }

void HttpStream::expires_after(std::chrono::nanoseconds time) {
  layers_->tcp().expires_after(time);
}
void HttpStream::expires_never() { layers_->tcp().expires_never(); }
void HttpStream::close() { layers_->tcp().close(); }

void HttpStream::async_connect(const std::vector<Tcp::endpoint>& addresses, Handler handler) {
  layers_->tcp().async_connect(
      addresses,
      [handler = std::move(handler)](Code code, const Tcp::endpoint&) { handler(code, 0); });
}
void HttpStream::async_handshake(asio::ssl::stream_base::handshake_type type, Handler handler) {
  layers_->tls.async_handshake(type,
                               [handler = std::move(handler)](Code code) { handler(code, 0); });
}
void HttpStream::async_shutdown(Handler handler) {
  layers_->tls.async_shutdown([handler = std::move(handler)](Code code) { handler(code, 0); });
}

void HttpStream::read(const Pieces<asio::mutable_buffer>& pieces, Handler handler) {
  layers_->tls.async_read_some(pieces, std::move(handler));
}
void HttpStream::write(const Pieces<asio::const_buffer>& pieces, Handler handler) {
  layers_->tls.async_write_some(pieces, std::move(handler));
}

void beast_close_socket(HttpStream& stream) { stream.close(); }

void teardown(beast::role_type /*role*/, HttpStream& /*stream*/, HttpStream::Code& code) {
  code = asio::error::operation_not_supported;  // only asked by calls that block: we make none
}

}  // namespace lineshaft::sys
