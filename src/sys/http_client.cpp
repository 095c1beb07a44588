// The blocking HTTPS and WebSocket client: asynchronous operations, each run to its end, because
// only those can have deadlines.
#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <optional>

#include "sys/file.h"
#include "sys/http.h"
#include "sys/http_stream.h"
#include "sys/permitted.h"
#include "sys/tls_policy.h"

namespace lineshaft::sys {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;
using asio::ip::tcp;
using Code = boost::system::error_code;

constexpr std::size_t kPieceBytes = 64 * 1024;
constexpr std::uint16_t kHttpsPort = 443;

// RFC 9110, 7.2: without the port that everybody expects.
std::string host_header(const Endpoint& server) {
  std::string text = server.text();
  if (server.port == kHttpsPort) text.resize(text.rfind(':'));
  return text;
}

// With a pinned certificate, that one alone counts: see check_pin(). What cannot be used of our own
// certificate is told by the server, which then sees none.
asio::ssl::context client_context(const HttpClientOptions& options) {
  Code code;
  asio::ssl::context context(asio::ssl::context::tls_client);
  apply_tls_policy(context.native_handle());
  const bool pinned = !options.pinned_fingerprint.empty();
  if (!options.trusted_pem.empty()) {
    trust_only(context.native_handle(), options.trusted_pem);
  } else if (!pinned) {
    context.set_default_verify_paths(code);  // some 20 ms
  }
  context.set_verify_mode(pinned ? asio::ssl::verify_none : asio::ssl::verify_peer, code);
  if (!pinned) {
    context.set_verify_callback(asio::ssl::host_name_verification(options.server.host), code);
  }
  if (options.own.certificate_pem.empty()) return context;
  context.use_certificate_chain(asio::buffer(options.own.certificate_pem), code);
  context.use_private_key(asio::buffer(options.own.key_pem), asio::ssl::context::pem, code);
  return context;
}

// A connected TLS stream with its own small loop.
class Wire {
 public:
  explicit Wire(const HttpClientOptions& options)
      : options_(options), tls_(client_context(options)), stream_(io_, tls_) {
    begin();
  }

  // From here on the deadline of a request counts.
  void begin() {
    if (options_.deadline > Nanoseconds(0)) ends_ = Clock::now() + options_.deadline;
  }

  Status connect() {
    Code code;
    // What the macro SSL_set_tlsext_host_name does, without its C casts.
    SSL_ctrl(stream_.native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             options_.server.host.data());
    tcp::resolver resolver(io_);
    const auto addresses =
        resolver.resolve(options_.server.host, std::to_string(options_.server.port), code);
    if (code) return fail(ErrorId::kConnectFailed, code);
    const auto may = permitted({.outgoing = options_.destinations}, Privacy::kEncrypted,
                               options_.server, addresses);
    if (!may) return may.error();
    code = run([&](auto done) { stream_.async_connect(*may, done); });
    if (code) return fail(ErrorId::kConnectFailed, code);
    // Else the end of a long body waits for the server to acknowledge what came before it, and the
    // server waits for more to acknowledge: some 40 ms a request.
    stream_.socket().set_option(tcp::no_delay(true), code);
    if (code) return fail(ErrorId::kConnectFailed, code);
    code = run([&](auto done) { stream_.async_handshake(asio::ssl::stream_base::client, done); });
    if (code) return fail(ErrorId::kTlsFailed, code);
    if (options_.pinned_fingerprint.empty()) return {};
    return check_pin(stream_.native_handle(), options_.pinned_fingerprint, options_.server.host);
  }

  // Starts one operation and runs the loop until it has ended.
  template <typename Start>
  Code run(Start start) {
    Code outcome = asio::error::would_block;
    Nanoseconds left = options_.timeout;
    if (ends_) left = std::min(left, Nanoseconds(*ends_ - Clock::now()));
    if (left <= Nanoseconds(0)) return beast::error::timeout;
    stream_.expires_after(left);
    start([&outcome](Code code, std::size_t) { outcome = code; });
    io_.restart();
    io_.run();
    return outcome;
  }

  Error fail(ErrorId otherwise, const Code& code) const {
    const std::string what = options_.server.text() + ": " + code.message();
    if (code == beast::error::timeout) return {ErrorId::kTimeout, options_.server.text()};
    if (code == http::error::end_of_stream || code == asio::error::eof ||
        code == asio::ssl::error::stream_truncated || code == http::error::partial_message) {
      return {ErrorId::kPeerClosed, what};
    }
    return {otherwise, what};
  }

  asio::io_context& io() { return io_; }
  HttpStream& stream() { return stream_; }

 private:
  using Clock = std::chrono::steady_clock;

  HttpClientOptions options_;
  std::optional<Clock::time_point> ends_;
  asio::io_context io_{1};
  asio::ssl::context tls_;
  HttpStream stream_;
};

class Client final : public HttpClient {
 public:
  explicit Client(HttpClientOptions options) : options_(std::move(options)) {}

  Result<HttpResponse> request(std::string_view method, std::string_view target,
                               const HttpHeaders& headers, std::string_view body) override {
    const bool reused = wire_ != nullptr;
    Result<HttpResponse> answer = send(method, target, headers, body);
    // A kept connection may have been closed meanwhile; only what changes nothing is repeated.
    const bool stale = !answer && reused && answer.error().id == ErrorId::kPeerClosed;
    if (!stale || method != "GET") return answer;
    wire_.reset();
    return send(method, target, headers, body);
  }

  Result<HttpResponse> upload(std::string_view method, std::string_view target,
                              const HttpHeaders& headers, const std::string& file_path,
                              std::function<void(std::uint64_t)> progress) override {
    auto file = real_file_system().open(file_path, OpenMode::kRead);
    if (!file) return file.error();
    const Result<std::uint64_t> size = (*file)->size();
    if (!size) return size.error();
    wire_.reset();
    if (Status connected = connect(); !connected) return connected.error();
    http::request<http::empty_body> head = head_of<http::empty_body>(method, target, headers);
    head.content_length(*size);
    http::request_serializer<http::empty_body> serializer(head);
    Code code =
        wire_->run([&](auto done) { http::async_write_header(wire_->stream(), serializer, done); });
    Bytes piece(kPieceBytes);
    for (std::uint64_t sent = 0; !code && sent < *size;) {
      const Result<std::size_t> got = (*file)->read_at(sent, piece);
      if (!got) return drop(got.error());
      if (*got == 0) return drop({ErrorId::kIoError, file_path + " became shorter"});
      code = wire_->run([&](auto done) {
        asio::async_write(wire_->stream(), asio::buffer(piece.data(), *got), done);
      });
      sent += *got;
      if (progress) progress(sent);
    }
    // A server that refuses answers before it has read all: its answer says why.
    Result<HttpResponse> answer = receive(nullptr);
    if (!answer && code)
      return drop(wire_ ? wire_->fail(ErrorId::kPeerClosed, code) : answer.error());
    return answer;
  }

  Result<HttpResponse> download(std::string_view target, const HttpHeaders& headers,
                                std::function<Status(std::string_view)> sink) override {
    wire_.reset();
    if (Status sent = send_head("GET", target, headers, ""); !sent) return sent.error();
    return receive(&sink);
  }

 private:
  template <typename Body>
  http::request<Body> head_of(std::string_view method, std::string_view target,
                              const HttpHeaders& headers) const {
    http::request<Body> head{
        http::string_to_verb({method.data(), method.size()}), {target.data(), target.size()}, 11};
    head.set(http::field::host, host_header(options_.server));
    head.set(http::field::user_agent, "lineshaft");
    for (const auto& [name, value] : headers) head.insert(name, value);
    head.keep_alive(true);
    return head;
  }

  Status connect() {
    wire_ = std::make_unique<Wire>(options_);
    Status connected = wire_->connect();
    if (!connected) wire_.reset();
    return connected;
  }

  Error drop(Error error) {
    wire_.reset();
    return error;
  }

  Status send_head(std::string_view method, std::string_view target, const HttpHeaders& headers,
                   std::string_view body) {
    if (wire_) {
      wire_->begin();
    } else if (Status connected = connect(); !connected) {
      return connected;
    }
    auto request = head_of<http::string_body>(method, target, headers);
    request.body() = body;
    request.prepare_payload();
    const Code code =
        wire_->run([&](auto done) { http::async_write(wire_->stream(), request, done); });
    if (code) return drop(wire_->fail(ErrorId::kPeerClosed, code));
    return {};
  }

  Result<HttpResponse> send(std::string_view method, std::string_view target,
                            const HttpHeaders& headers, std::string_view body) {
    if (Status sent = send_head(method, target, headers, body); !sent) return sent.error();
    return receive(nullptr);
  }

  // Reads one answer; the body of a good one goes to `sink` if there is one.
  Result<HttpResponse> receive(std::function<Status(std::string_view)>* sink) {
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(sink == nullptr ? boost::optional<std::uint64_t>(options_.answer_bytes_max)
                                      : boost::optional<std::uint64_t>());
    Code code = wire_->run(
        [&](auto done) { http::async_read_header(wire_->stream(), buffer_, parser, done); });
    if (code) return drop(wire_->fail(ErrorId::kPeerClosed, code));
    HttpResponse answer;
    answer.status = static_cast<int>(parser.get().result_int());
    for (const auto& field : parser.get()) {
      std::string name(field.name_string());
      for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
      answer.headers.emplace_back(std::move(name), std::string(field.value()));
    }
    std::string piece(kPieceBytes, '\0');
    while (!parser.is_done()) {
      parser.get().body() = {piece.data(), piece.size(), true};
      code = wire_->run(
          [&](auto done) { http::async_read_some(wire_->stream(), buffer_, parser, done); });
      if (code == http::error::need_buffer) code = {};
      if (code) return drop(wire_->fail(ErrorId::kPeerClosed, code));
      const std::string_view got(piece.data(), piece.size() - parser.get().body().size);
      if (sink == nullptr || answer.status >= 300) {
        answer.body += got;
      } else if (Status taken = (*sink)(got); !taken) {
        return drop(taken.error());
      }
    }
    if (!parser.get().keep_alive()) wire_.reset();
    return answer;
  }

  HttpClientOptions options_;
  std::unique_ptr<Wire> wire_;
  beast::flat_buffer buffer_;
};

class SocketClient final : public WebSocketClient {
 public:
  explicit SocketClient(std::unique_ptr<Wire> wire)
      : wire_(std::move(wire)), stream_(wire_->stream()) {}

  Status open(const std::string& host, std::string_view target, const HttpHeaders& headers) {
    stream_.set_option(websocket::stream_base::decorator([&](websocket::request_type& request) {
      for (const auto& [name, value] : headers) request.set(name, value);
    }));
    const Code code = wire_->run([&](auto done) {
      stream_.async_handshake(host, {target.data(), target.size()},
                              [done](Code result) { done(result, 0); });
    });
    if (code) return wire_->fail(ErrorId::kConnectFailed, code);
    return {};
  }

  Status send_text(std::string_view text) override {
    stream_.text(true);
    const Code code = wire_->run(
        [&](auto done) { stream_.async_write(asio::buffer(text.data(), text.size()), done); });
    if (code) return wire_->fail(ErrorId::kPeerClosed, code);
    return {};
  }

  Result<std::string> receive(Nanoseconds timeout) override {
    Code outcome = asio::error::would_block;
    wire_->stream().expires_after(timeout);
    stream_.async_read(buffer_, [&outcome](Code code, std::size_t) { outcome = code; });
    wire_->io().restart();
    wire_->io().run();
    if (outcome) return wire_->fail(ErrorId::kPeerClosed, outcome);
    std::string text = beast::buffers_to_string(buffer_.data());
    buffer_.consume(buffer_.size());
    return text;
  }

 private:
  std::unique_ptr<Wire> wire_;
  websocket::stream<HttpStream&, false> stream_;
  beast::flat_buffer buffer_;
};

}  // namespace

std::unique_ptr<HttpClient> make_http_client(HttpClientOptions options) {
  return std::make_unique<Client>(std::move(options));
}

Result<std::unique_ptr<WebSocketClient>> connect_web_socket(const HttpClientOptions& options,
                                                            std::string_view target,
                                                            const HttpHeaders& headers) {
  auto wire = std::make_unique<Wire>(options);
  if (Status connected = wire->connect(); !connected) return connected.error();
  auto client = std::make_unique<SocketClient>(std::move(wire));
  if (Status opened = client->open(options.server.text(), target, headers); !opened) {
    return opened.error();
  }
  return std::unique_ptr<WebSocketClient>(std::move(client));
}

}  // namespace lineshaft::sys
