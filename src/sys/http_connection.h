// sys/http_connection.h: what the connections of an HTTPS server share. Of http_server.cpp,
// http_session.cpp and web_socket.cpp alone: it includes Boost.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <memory>
#include <set>
#include <string>

#include "sys/http.h"
#include "sys/http_stream.h"
#include "sys/turnstile.h"

namespace lineshaft::sys {

// A session, or the WebSocket that it has become. Owned by its pending operations.
class HttpConnection {
 public:
  HttpConnection() = default;
  virtual ~HttpConnection() = default;
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;
  // Loop thread. Pending operations end with an error, and nothing of it runs any more.
  virtual void cut() = 0;
};

// What connections need of the server; lives as long as any of them.
struct HttpShared {
  HttpShared(boost::asio::io_context& io_context, HttpHandler& http_handler,
             HttpServerOptions server_options)
      : io(io_context), handler(http_handler), options(std::move(server_options)) {}

  boost::asio::io_context& io;
  HttpHandler& handler;
  HttpServerOptions options;
  std::shared_ptr<boost::asio::ssl::context> tls;  // of the connections to come
  bool closing = false;
  std::set<HttpConnection*> connections;
  HttpSlots slots{options.slots};
  const std::shared_ptr<Turnstile> turnstile = std::make_shared<Turnstile>(io);  // of handshakes
};

// Serves one connection, request after request.
void begin_http_session(std::shared_ptr<HttpShared> shared, boost::asio::ip::tcp::socket socket,
                        Endpoint peer);

// Goes on with a connection as a WebSocket. `request` asked for it.
void begin_web_socket(std::shared_ptr<HttpShared> shared, std::unique_ptr<HttpSlots::Slot> slot,
                      HttpStream stream, WebSocketHandlers handlers,
                      const boost::beast::http::request<boost::beast::http::empty_body>& request);

}  // namespace lineshaft::sys
