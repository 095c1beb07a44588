// One connection of an HTTPS server on Boost.Beast, request after request.
#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <future>
#include <iterator>

#include "sys/file.h"
#include "sys/http_connection.h"
#include "sys/http_text.h"
#include "sys/tls_policy.h"

namespace lineshaft::sys {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using asio::ip::tcp;
using Code = boost::system::error_code;
using BodyParser = http::request_parser<http::buffer_body>;

constexpr std::size_t kReadBytes = 64 * 1024;
constexpr std::size_t kStrangerReadBytes = 4 * 1024;
// A body may be slow, not endless: on average so many bytes a second after the stall time.
constexpr std::uint64_t kBodyBytesPerSecondMin = 1024;

HttpResponse plain(int status, std::string_view text) {
  HttpResponse response;
  response.status = status;
  response.headers.emplace_back("content-type", "text/plain; charset=utf-8");
  response.body = text;
  return response;
}

// The peer has sent what is no HTTP, as opposed to: it went away.
bool is_malformed(const Code& code) {
  return code.category() == make_error_code(http::error::bad_method).category() &&
         code != http::error::end_of_stream && code != http::error::partial_message;
}

class Session final : public HttpConnection, public std::enable_shared_from_this<Session> {
 public:
  Session(std::shared_ptr<HttpShared> shared, tcp::socket socket, Endpoint peer)
      : shared_(std::move(shared)),
        tls_(shared_->tls),
        stream_(std::move(socket), *tls_),
        peer_(std::move(peer)) {
    shared_->connections.insert(this);
  }
  ~Session() override { shared_->connections.erase(this); }

  // Ends at once where there is no place.
  void begin() {
    slot_ = shared_->slots.take(peer_.host, [this] { cut(); });
    if (!slot_) return;
    have_patience();
    expire(shared_->options.deadlines.handshake);
    const auto shaken = [self = shared_from_this()](Code code, std::size_t) {
      if (code) return;
      self->certificate_ = proven_fingerprint(self->stream_.native_handle());
      self->wait_for_request();
    };
    stream_.async_handshake(asio::ssl::stream_base::server, shaken, shared_->turnstile);
  }

  void cut() override {
    closed_ = true;
    stream_.close();
  }

  // Loop thread: sends an answer, then goes on with the next request.
  void answer(HttpResponse answer) {
    if (closed_) return;
    begin_answer();
    answer_ = std::move(answer);
    const std::string_view bytes = answer_.bytes();
    response_.emplace();
    fill_head(*response_, answer_);
    response_->content_length(bytes.size());
    if (!head_only_) response_->body() = {bytes.data(), bytes.size()};
    expire_for(response_->body().size());
    http::async_write(stream_, *response_, [self = shared_from_this()](Code code, std::size_t) {
      self->answer_ = {};
      if (code || !self->keep_alive_) return self->finish();
      self->wait_for_request();
    });
  }

  // Any thread but the loop's: sends a head or a piece and waits until it has left.
  Status stream_head(HttpResponse head) {
    return on_loop([this, head = std::move(head)](auto done) mutable {
      begin_answer();
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
  void expire(Nanoseconds after) { stream_.expires_after(after); }
  // What a peer may take until its request is complete; a stranger's time runs on meanwhile.
  void expire_request(Nanoseconds after) {
    if (slot_->is_known()) return expire(after);
    const Nanoseconds left = patience_ends_ - std::chrono::steady_clock::now();
    expire(std::clamp(left, Nanoseconds(0), after));
  }
  void have_patience() {
    patience_ends_ = std::chrono::steady_clock::now() + shared_->options.deadlines.stranger;
  }
  // From here on a stranger that takes its answer slowly may have to give way again.
  void begin_answer() {
    slot_->rest();
    have_patience();
  }
  void expire_for(std::size_t bytes) {
    const std::size_t per_second = (slot_->is_known() ? 16 : 64) * std::size_t{1024};
    const auto slow = std::chrono::seconds(bytes / per_second);
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
    request_.client_certificate = certificate_;
    spool_.reset();
    if (buffer_.size() > 0) return read_header();
    expire_request(shared_->options.deadlines.idle);
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
    expire_request(shared_->options.deadlines.header);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](Code code, std::size_t) {
                              if (code == http::error::header_limit) {
                                return self->refuse(431, "the header is larger than 16 KiB\n");
                              }
                              if (is_malformed(code))
                                return self->refuse(400, "this is not HTTP/1.1\n");
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
    const std::string_view raw_target(head.target().data(), head.target().size());
    if (raw_target.size() > kHttpTargetBytesMax) return refuse(414, "the address is too long\n");
    if (std::distance(head.begin(), head.end()) > std::ptrdiff_t{kHttpHeadersMax}) {
      return refuse(431, "there are more than 64 header fields\n");
    }
    // They would make the server an echo of secrets, or a way to elsewhere.
    if (head.method() == http::verb::trace || head.method() == http::verb::connect) {
      return refuse(405, "this method is not served\n");
    }
    const std::optional<Target> target = parse_target(raw_target);
    if (may_smuggle() || !target || head.version() != 11 || head.count(http::field::host) != 1) {
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
    if (!slot_->is_known() && shared_->handler.knows(request_)) slot_->become_known();
    if (beast::websocket::is_upgrade(head)) return upgrade();
    start_body();
  }

  // Two lengths, or one that not everybody understands alike, is how one request is smuggled inside
  // another (RFC 9112, 6.1 and 6.3).
  bool may_smuggle() const {
    const auto& head = parser_->get();
    const std::size_t lengths = head.count(http::field::content_length);
    const std::size_t codings = head.count(http::field::transfer_encoding);
    if (lengths + codings > 1) return true;
    return codings == 1 && !beast::iequals(head[http::field::transfer_encoding], "chunked");
  }

  void upgrade() {
    auto outcome = shared_->handler.upgrade(request_);
    if (auto* refusal = std::get_if<HttpResponse>(&outcome)) {
      keep_alive_ = false;
      return answer(std::move(*refusal));
    }
    slot_->become_known();    // else the handler would have refused
    stream_.expires_never();  // the WebSocket has deadlines of its own
    closed_ = true;           // this session has become a socket
    http::request<http::empty_body> head{parser_->get().base()};
    begin_web_socket(shared_, std::move(slot_), std::move(stream_),
                     std::get<WebSocketHandlers>(std::move(outcome)), head);
  }

  void start_body() {
    body_limit_ = shared_->handler.body_bytes_max(request_);
    if (!slot_->is_known())
      body_limit_ = std::min<std::uint64_t>(body_limit_, kStrangerBodyBytesMax);
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
    chunk_.resize(slot_->is_known() ? kReadBytes : kStrangerReadBytes);
    parser_->get().body().data = chunk_.data();
    parser_->get().body().size = chunk_.size();
    parser_->get().body().more = true;
    expire_request(shared_->options.deadlines.stall);
    http::async_read_some(stream_, buffer_, *parser_,
                          [self = shared_from_this()](Code code, std::size_t) {
                            if (code == http::error::need_buffer) code = {};
                            if (is_malformed(code)) {
                              self->remove_spool();
                              return self->refuse(400, "the body is malformed\n");
                            }
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
        [self = shared_from_this()](Code, std::size_t) { self->stream_.close(); });
  }

  std::shared_ptr<HttpShared> shared_;
  std::shared_ptr<asio::ssl::context> tls_;
  HttpStream stream_;
  Endpoint peer_;
  beast::flat_buffer buffer_{kHttpHeaderBytesMax + kReadBytes};
  std::unique_ptr<HttpSlots::Slot> slot_;  // null: there was no place
  std::string certificate_;                // that the peer has proved, see HttpRequest
  std::chrono::steady_clock::time_point patience_ends_;
  std::vector<std::uint8_t> chunk_;  // only while a body arrives
  std::optional<BodyParser> parser_;
  HttpResponse answer_;  // what `response_` sends
  std::optional<http::response<http::span_body<const char>>> response_;
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
  slot_->work();
  stream_.expires_never();  // now it is our turn to be slow
  if (spool_) {
    if (const Status synced = spool_->sync(); !synced) return fail_upload(synced.error());
    spool_.reset();
  }
  shared_->handler.handle(std::move(request_), std::make_unique<Responder>(shared_from_this()));
}

}  // namespace

void begin_http_session(std::shared_ptr<HttpShared> shared, tcp::socket socket, Endpoint peer) {
  std::make_shared<Session>(std::move(shared), std::move(socket), std::move(peer))->begin();
}

}  // namespace lineshaft::sys
