// HTTPS and WebSocket on Boost.Beast. This file costs a minute to compile: keep what does not need
// the library out of it (http_text.cpp, tls.cpp).
#include <atomic>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/websocket.hpp>
#include <deque>
#include <future>
#include <map>
#include <set>

#include "sys/asio_context.h"
#include "sys/file.h"
#include "sys/http.h"
#include "sys/http_text.h"

namespace lineshaft::sys {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using Code = boost::system::error_code;
using SslStream = beast::ssl_stream<beast::tcp_stream>;
using BodyParser = http::request_parser<http::buffer_body>;

constexpr std::size_t kReadBytes = 64 * 1024;
// A body may be slow, not endless: on average so many bytes a second after the stall time.
constexpr std::uint64_t kBodyBytesPerSecondMin = 1024;

HttpResponse plain(int status, std::string_view text) {
  HttpResponse response;
  response.status = status;
  response.headers.emplace_back("content-type", "text/plain; charset=utf-8");
  response.body = text;
  return response;
}

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

class Session;
class Socket;

// What connections need of the server; lives as long as any of them.
struct Shared {
  Shared(asio::io_context& io_context, HttpHandler& http_handler, HttpServerOptions server_options)
      : io(io_context), handler(http_handler), options(std::move(server_options)) {}

  asio::io_context& io;
  HttpHandler& handler;
  HttpServerOptions options;
  asio::ssl::context tls{asio::ssl::context::tls_server};
  bool closing = false;
  std::set<Session*> sessions;
  std::set<Socket*> sockets;
  std::size_t slots = 0;
  std::map<std::string, std::size_t> slots_of_address;
};

// One place among connections_max; handed from a session to the WebSocket that it becomes.
class Slot {
 public:
  Slot(std::shared_ptr<Shared> shared, std::string address)
      : shared_(std::move(shared)), address_(std::move(address)) {
    ++shared_->slots;
    ++shared_->slots_of_address[address_];
  }
  ~Slot() {
    --shared_->slots;
    if (--shared_->slots_of_address[address_] == 0) shared_->slots_of_address.erase(address_);
  }
  Slot(const Slot&) = delete;
  Slot& operator=(const Slot&) = delete;

  static bool is_free(const Shared& shared, const std::string& address) {
    const auto same = shared.slots_of_address.find(address);
    const std::size_t of_address = same == shared.slots_of_address.end() ? 0 : same->second;
    return shared.slots < shared.options.connections_max &&
           of_address < shared.options.connections_per_address_max;
  }

 private:
  std::shared_ptr<Shared> shared_;
  std::string address_;
};

// --- WebSocket ---

class Socket final : public WebSocket, public std::enable_shared_from_this<Socket> {
 public:
  Socket(std::shared_ptr<Shared> shared, std::unique_ptr<Slot> slot, SslStream stream,
         WebSocketHandlers handlers)
      : shared_(std::move(shared)),
        slot_(std::move(slot)),
        stream_(std::move(stream)),
        handlers_(std::move(handlers)) {
    shared_->sockets.insert(this);
  }
  ~Socket() override { shared_->sockets.erase(this); }

  template <typename Request>
  void accept(const Request& request) {
    websocket::stream_base::timeout timeouts{shared_->options.deadlines.handshake,
                                             shared_->options.deadlines.idle, true};
    stream_.set_option(timeouts);
    stream_.read_message_max(0);  // see read()
    stream_.async_accept(request, [self = shared_from_this()](Code code) {
      if (code || self->closed_) return;
      self->opened_ = true;
      self->handlers_.on_open(self);
      self->read();
    });
  }

  bool send_text(std::string text) override {
    const std::size_t bytes = text.size();
    if (queued_.fetch_add(bytes) + bytes > kWebSocketQueueBytesMax) {
      queued_.fetch_sub(bytes);
      return false;
    }
    asio::post(shared_->io, [self = shared_from_this(), text = std::move(text)]() mutable {
      self->queue_.push_back(std::move(text));
      if (self->queue_.size() == 1) self->write();
    });
    return true;
  }

  void close(std::uint16_t code, std::string_view reason) override {
    asio::post(shared_->io, [self = shared_from_this(), code, reason = std::string(reason)] {
      if (self->closed_) return;
      self->stream_.async_close(websocket::close_reason(websocket::close_code(code), reason),
                                [self](Code) { self->end(); });
    });
  }

  std::size_t queued_bytes() const override { return queued_; }

  // Loop thread. After this nothing of it runs any more.
  void end() {
    if (closed_) return;
    closed_ = true;
    beast::get_lowest_layer(stream_).close();
    if (opened_) handlers_.on_close();
    handlers_ = {};
  }

 private:
  // In pieces, with our own limit: the library's would wait for the peer's consent to be cut.
  void read() {
    stream_.async_read_some(buffer_, kWebSocketMessageBytesMax + 1 - buffer_.size(),
                            [self = shared_from_this()](Code code, std::size_t) {
                              if (code || self->closed_) return self->end();
                              self->take_piece();
                            });
  }

  void take_piece() {
    if (buffer_.size() > kWebSocketMessageBytesMax) return end();
    if (stream_.is_message_done()) {
      if (stream_.got_text()) handlers_.on_text(beast::buffers_to_string(buffer_.data()));
      buffer_.consume(buffer_.size());
    }
    if (!closed_) read();
  }

  void write() {
    if (closed_) return;
    stream_.text(true);
    stream_.async_write(asio::buffer(queue_.front()),
                        [self = shared_from_this()](Code code, std::size_t) {
                          self->queued_.fetch_sub(self->queue_.front().size());
                          self->queue_.pop_front();
                          if (code) return self->end();
                          if (!self->queue_.empty()) self->write();
                        });
  }

  std::shared_ptr<Shared> shared_;
  std::unique_ptr<Slot> slot_;
  websocket::stream<SslStream, false> stream_;  // no compression: half the code to compile
  WebSocketHandlers handlers_;
  beast::flat_buffer buffer_;
  std::deque<std::string> queue_;  // loop thread
  std::atomic<std::size_t> queued_ = 0;
  bool opened_ = false;
  bool closed_ = false;
};

// --- one connection, request after request ---

class Session final : public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<Shared> shared, tcp::socket socket, Endpoint peer)
      : shared_(std::move(shared)),
        stream_(std::move(socket), shared_->tls),
        peer_(std::move(peer)),
        slot_(std::make_unique<Slot>(shared_, peer_.host)) {
    shared_->sessions.insert(this);
  }
  ~Session() { shared_->sessions.erase(this); }

  void begin() {
    expire(shared_->options.deadlines.handshake);
    stream_.async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](Code code) {
      if (!code) self->wait_for_request();
    });
  }

  // Cuts the connection; pending operations end with an error.
  void cut() {
    closed_ = true;
    beast::get_lowest_layer(stream_).close();
  }

  // Loop thread: sends an answer, then goes on with the next request.
  void answer(HttpResponse answer) {
    if (closed_) return;
    response_.emplace();
    fill_head(*response_, answer);
    response_->body() = std::move(answer.body);
    if (head_only_)
      response_->content_length(response_->body().size()), response_->body().clear();
    else
      response_->prepare_payload();
    expire_for(response_->body().size());
    http::async_write(stream_, *response_, [self = shared_from_this()](Code code, std::size_t) {
      if (code || !self->keep_alive_) return self->finish();
      self->wait_for_request();
    });
  }

  // Any thread but the loop's: sends a head or a piece and waits until it has left.
  Status stream_head(HttpResponse head) {
    return on_loop([this, head = std::move(head)](auto done) mutable {
      stream_response_.emplace();
      fill_head(*stream_response_, head);
      stream_response_->chunked(true);
      serializer_.emplace(*stream_response_);
      expire(shared_->options.deadlines.stall);
      http::async_write_header(stream_, *serializer_, done);
    });
  }
  Status stream_piece(const std::string& piece) {
    return on_loop([this, &piece](auto done) {
      expire_for(piece.size());
      asio::async_write(stream_, http::make_chunk(asio::buffer(piece)), done);
    });
  }
  void stream_end(bool whole) {
    asio::post(shared_->io, [self = shared_from_this(), whole] {
      if (!whole) return self->cut();
      self->expire(self->shared_->options.deadlines.stall);
      asio::async_write(self->stream_, http::make_chunk_last(), [self](Code code, std::size_t) {
        if (code || !self->keep_alive_) return self->finish();
        self->wait_for_request();
      });
    });
  }

  asio::io_context& io() { return shared_->io; }

 private:
  void expire(Nanoseconds after) { beast::get_lowest_layer(stream_).expires_after(after); }
  void expire_for(std::size_t bytes) {
    const auto slow = std::chrono::seconds(bytes / (16 * 1024));
    expire(shared_->options.deadlines.stall + slow);
  }

  template <typename Start>
  Status on_loop(Start start) {
    auto promise = std::make_shared<std::promise<Status>>();
    asio::post(shared_->io,
               [self = shared_from_this(), promise, start = std::move(start)]() mutable {
                 if (self->closed_) {
                   promise->set_value(Error{ErrorId::kPeerClosed, self->peer_.text()});
                   return;
                 }
                 start([self, promise](Code code, std::size_t) {
                   if (code)
                     promise->set_value(Error{ErrorId::kPeerClosed, self->peer_.text()});
                   else
                     promise->set_value({});
                 });
               });
    return promise->get_future().get();
  }

  template <typename Response>
  void fill_head(Response& out, const HttpResponse& answer) {
    out.version(11);
    out.result(static_cast<unsigned>(answer.status));
    for (const auto& [name, value] : answer.headers) out.insert(name, value);
    out.keep_alive(keep_alive_);
  }

  // Idle until the first byte; then the whole header has its own, shorter time.
  void wait_for_request() {
    if (closed_ || shared_->closing) return finish();
    keep_alive_ = true;
    head_only_ = false;
    request_ = {};
    spool_.reset();
    if (buffer_.size() > 0) return read_header();
    expire(shared_->options.deadlines.idle);
    stream_.async_read_some(buffer_.prepare(4096),
                            [self = shared_from_this()](Code code, std::size_t bytes) {
                              if (code) return self->finish();
                              self->buffer_.commit(bytes);
                              self->read_header();
                            });
  }

  void read_header() {
    parser_.emplace();
    parser_->header_limit(kHttpHeaderBytesMax);
    parser_->body_limit(boost::none);  // ours, below, once the head is known
    expire(shared_->options.deadlines.header);
    http::async_read_header(
        stream_, buffer_, *parser_, [self = shared_from_this()](Code code, std::size_t) {
          if (code == http::error::header_limit) {
            return self->refuse(431, "the header is larger than 16 KiB\n");
          }
          if (code.category() == make_error_code(http::error::bad_method).category() &&
              code != http::error::end_of_stream && code != http::error::partial_message) {
            return self->refuse(400, "this is not HTTP/1.1\n");
          }
          if (code) return self->finish();
          self->take_header();
        });
  }

  // What came is wrong: say so and close, because where the next request begins is not known.
  void refuse(int status, std::string_view text) {
    keep_alive_ = false;
    answer(plain(status, text));
  }
  void fail_upload(const Error& why) {
    remove_spool();
    keep_alive_ = false;
    answer(shared_->handler.upload_failed(why));
  }

  void take_header() {
    const auto& head = parser_->get();
    keep_alive_ = head.keep_alive();
    // Both lengths at once is how one request is smuggled inside another (RFC 9112, 6.1).
    const bool smuggles = head.count(http::field::content_length) > 0 &&
                          head.count(http::field::transfer_encoding) > 0;
    const std::optional<Target> target = parse_target({head.target().data(), head.target().size()});
    if (smuggles || !target || head.version() != 11 || head.count(http::field::host) != 1) {
      return refuse(400, "the request is malformed\n");
    }
    request_.method = std::string(head.method_string());
    request_.path = target->path;
    request_.query = target->query;
    request_.peer = peer_;
    for (const auto& field : head) {
      std::string name(field.name_string());
      for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
      request_.headers.emplace_back(std::move(name), std::string(field.value()));
    }
    head_only_ = request_.method == "HEAD";
    if (head_only_) request_.method = "GET";
    if (websocket::is_upgrade(head)) return upgrade();
    start_body();
  }

  void upgrade() {
    auto outcome = shared_->handler.upgrade(request_);
    if (auto* refusal = std::get_if<HttpResponse>(&outcome)) {
      keep_alive_ = false;
      return answer(std::move(*refusal));
    }
    beast::get_lowest_layer(stream_).expires_never();  // the WebSocket has deadlines of its own
    closed_ = true;                                    // this session has become a socket
    http::request<http::empty_body> head{parser_->get().base()};
    std::make_shared<Socket>(shared_, std::move(slot_), std::move(stream_),
                             std::get<WebSocketHandlers>(std::move(outcome)))
        ->accept(head);
  }

  void start_body() {
    body_limit_ = shared_->handler.body_bytes_max(request_);
    const auto length = parser_->content_length();
    if (length && *length > body_limit_) return refuse(413, "the body is too large\n");
    const std::string path = shared_->handler.body_spool_path(request_);
    if (!path.empty()) {
      auto file = real_file_system().open(path, OpenMode::kCreateNew);
      if (!file) return fail_upload(file.error());
      spool_ = *std::move(file);
      request_.body_file = path;
    }
    body_bytes_ = 0;
    body_started_ = std::chrono::steady_clock::now();
    const auto expect = parser_->get()[http::field::expect];
    if (!beast::iequals(expect, "100-continue")) return read_body();
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    asio::async_write(stream_, asio::buffer(kContinue),
                      [self = shared_from_this()](Code code, std::size_t) {
                        if (code) return self->finish();
                        self->read_body();
                      });
  }

  void read_body() {
    if (parser_->is_done()) return dispatch();
    chunk_.resize(kReadBytes);
    parser_->get().body().data = chunk_.data();
    parser_->get().body().size = chunk_.size();
    parser_->get().body().more = true;
    expire(shared_->options.deadlines.stall);
    http::async_read_some(stream_, buffer_, *parser_,
                          [self = shared_from_this()](Code code, std::size_t) {
                            if (code == http::error::need_buffer) code = {};
                            if (code) return self->abandon_body();
                            self->take_chunk();
                          });
  }

  void take_chunk() {
    const std::size_t got = chunk_.size() - parser_->get().body().size;
    body_bytes_ += got;
    if (body_bytes_ > body_limit_) {
      remove_spool();
      return refuse(413, "the body is too large\n");
    }
    if (spool_) {
      const Status written = spool_->write_at(body_bytes_ - got, {chunk_.data(), got});
      if (!written) return fail_upload(written.error());
    } else {
      request_.body.append(reinterpret_cast<const char*>(chunk_.data()), got);
    }
    const auto elapsed = std::chrono::steady_clock::now() - body_started_;
    const auto allowed = shared_->options.deadlines.stall +
                         std::chrono::seconds(body_bytes_ / kBodyBytesPerSecondMin);
    if (elapsed > allowed) return abandon_body();
    read_body();
  }

  void remove_spool() {
    if (!spool_) return;
    spool_.reset();
    static_cast<void>(real_file_system().remove(request_.body_file));
  }
  void abandon_body() {
    remove_spool();
    finish();
  }

  void dispatch();  // below: needs Responder

  // Says good-bye in TLS, so that a client can tell an end from a cut.
  void finish() {
    if (closed_) return;
    closed_ = true;
    expire(std::chrono::seconds(2));
    stream_.async_shutdown(
        [self = shared_from_this()](Code) { beast::get_lowest_layer(self->stream_).close(); });
  }

  std::shared_ptr<Shared> shared_;
  SslStream stream_;
  Endpoint peer_;
  beast::flat_buffer buffer_{kHttpHeaderBytesMax + kReadBytes};
  std::unique_ptr<Slot> slot_;
  std::vector<std::uint8_t> chunk_;  // only while a body arrives
  std::optional<BodyParser> parser_;
  std::optional<http::response<http::string_body>> response_;
  std::optional<http::response<http::empty_body>> stream_response_;
  std::optional<http::response_serializer<http::empty_body>> serializer_;
  HttpRequest request_;
  std::unique_ptr<File> spool_;
  std::uint64_t body_limit_ = 0;
  std::uint64_t body_bytes_ = 0;
  std::chrono::steady_clock::time_point body_started_;
  bool keep_alive_ = true;
  bool head_only_ = false;
  bool closed_ = false;
};

class Responder final : public HttpResponder {
 public:
  explicit Responder(std::shared_ptr<Session> session) : session_(std::move(session)) {}
  ~Responder() override {
    if (session_) send(plain(500, "no answer was made\n"));
  }

  void send(HttpResponse response) override {
    LS_ASSERT(session_ != nullptr);
    // The session is let go on the loop's thread, where it may end.
    asio::io_context& io = session_->io();
    asio::post(io, [session = std::move(session_), response = std::move(response)]() mutable {
      session->answer(std::move(response));
    });
    session_.reset();
  }

  void send_stream(HttpResponse head, HttpBodySource body) override {
    LS_ASSERT(session_ != nullptr);
    const std::shared_ptr<Session> session = std::exchange(session_, nullptr);
    Status sent = session->stream_head(std::move(head));
    while (sent) {
      const Result<std::string> piece = body();
      if (!piece || piece->empty()) {
        session->stream_end(piece.ok());
        break;
      }
      sent = session->stream_piece(*piece);
    }
    if (!sent) session->stream_end(false);
    asio::post(session->io(), [session] {});
  }

 private:
  std::shared_ptr<Session> session_;
};

void Session::dispatch() {
  chunk_ = {};
  beast::get_lowest_layer(stream_).expires_never();  // now it is our turn to be slow
  if (spool_) {
    if (const Status synced = spool_->sync(); !synced) return fail_upload(synced.error());
    spool_.reset();
  }
  shared_->handler.handle(std::move(request_), std::make_unique<Responder>(shared_from_this()));
}

class Server final : public HttpServer {
 public:
  Server(std::shared_ptr<Shared> shared, tcp::acceptor acceptor)
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
    // Copies: cutting takes them out of the sets.
    const std::set<Session*> sessions = shared_->sessions;
    for (Session* session : sessions) session->shared_from_this()->cut();
    const std::set<Socket*> sockets = shared_->sockets;
    for (Socket* socket : sockets) socket->shared_from_this()->end();
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
    if (!Slot::is_free(*shared_, peer.host)) return;  // closed by the end of `socket`
    socket.set_option(tcp::no_delay(true), code);
    std::make_shared<Session>(shared_, std::move(socket), std::move(peer))->begin();
  }

  std::shared_ptr<Shared> shared_;
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
  auto shared = std::make_shared<Shared>(io, handler, std::move(options));
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
