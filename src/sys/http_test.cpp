#include "sys/http.h"

#include <gtest/gtest.h>

#include <array>
#include <condition_variable>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>

#include "sys/clock.h"
#include "sys/file.h"
#include "sys/http_text.h"
#include "sys/tls_stream.h"
#include "sys/x509_issue.h"

namespace lineshaft::sys {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const Certificate& test_certificate() {
  static const Certificate certificate =
      *make_self_signed_certificate({"localhost", "127.0.0.1"}, real_clock().now());
  return certificate;
}

// Echoes what it understood; every limit can be set by a test.
class EchoHandler final : public HttpHandler {
 public:
  void handle(HttpRequest request, std::unique_ptr<HttpResponder> responder) override {
    if (request.path == "/dropped") return;  // unanswered
    if (request.path == "/stream" || request.path == "/broken") {
      std::shared_ptr<HttpResponder> shared = std::move(responder);
      streams_.emplace_back([shared, broken = request.path == "/broken"] {
        int pieces = 0;
        shared->send_stream({200, {{"content-type", "text/plain"}}, ""},
                            [&]() -> Result<std::string> {
                              if (++pieces <= 3) return std::string(1000, 'a');
                              if (broken) return Error{ErrorId::kIoError, "the source broke"};
                              return std::string();
                            });
      });
      return;
    }
    HttpResponse response;
    if (request.path == "/kept") {
      response.kept_body = kept;
      return responder->send(std::move(response));
    }
    response.headers.emplace_back("x-path", request.path);
    response.headers.emplace_back("x-certificate", request.client_certificate);
    response.body = request.body_file.empty() ? request.method + " " + request.body
                                              : "spooled " + request.body_file;
    responder->send(std::move(response));
  }

  std::variant<WebSocketHandlers, HttpResponse> upgrade(const HttpRequest& request) override {
    if (request.path != "/echo") return HttpResponse{403, {}, "not here"};
    WebSocketHandlers handlers;
    handlers.on_open = [this](std::shared_ptr<WebSocket> socket) {
      const std::lock_guard lock(mutex_);
      socket_ = std::move(socket);
    };
    handlers.on_text = [this](const std::string& text) { socket_->send_text(text); };
    handlers.on_close = [this] {
      const std::lock_guard lock(mutex_);
      socket_.reset();
      closed_ = true;
      changed_.notify_all();
    };
    return handlers;
  }
  bool knows(const HttpRequest& head) override { return head.header("x-known") == "yes"; }
  std::uint64_t body_bytes_max(const HttpRequest&) override { return body_max; }
  std::string body_spool_path(const HttpRequest&) override { return spool; }
  HttpResponse upload_failed(const Error& why) override {
    return {503, {}, "not stored: " + std::string(error_number(why.id))};
  }

  void wait_for_close() {
    std::unique_lock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(lock, seconds(30), [this] { return closed_; }));
  }
  std::shared_ptr<WebSocket> socket() {
    const std::lock_guard lock(mutex_);
    return socket_;
  }
  void join() {
    for (std::thread& stream : streams_) stream.join();
  }

  std::uint64_t body_max = 1000;
  std::string spool;
  std::string kept;  // of /kept

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<WebSocket> socket_;
  bool closed_ = false;
  std::vector<std::thread> streams_;
};

class Http : public testing::Test {
 protected:
  void start(HttpDeadlines deadlines = {}, std::size_t connections_max = 100) {
    loop_ = make_event_loop();
    HttpServerOptions options;
    options.listen = {"127.0.0.1", 0};
    options.identity.certificate = certificate_;
    options.deadlines = deadlines;
    options.slots.connections_max = connections_max;
    options.identity.clients_pem = clients_pem;
    auto server = make_http_server(*loop_, handler_, options);
    ASSERT_TRUE(server.ok()) << server.error().text();
    server_ = *std::move(server);
    thread_ = std::thread([this] { loop_->run(); });
    client_ = make_http_client(client_options());
  }
  void TearDown() override {
    client_.reset();
    handler_.join();
    loop_->post([this] {
      server_.reset();
      loop_->stop();
    });
    thread_.join();
  }

  HttpClientOptions client_options() const {
    HttpClientOptions options;
    options.server = server_->local();
    options.pinned_fingerprint = *certificate_fingerprint(test_certificate().certificate_pem);
    return options;
  }
  HttpResponse request(std::string_view method, std::string_view target, std::string_view body = "",
                       const HttpHeaders& headers = {}) {
    Result<HttpResponse> answer = client_->request(method, target, headers, body);
    EXPECT_TRUE(answer.ok()) << answer.error().text();
    return answer ? *std::move(answer) : HttpResponse{0, {}, ""};
  }

  Certificate certificate_ = test_certificate();
  std::string clients_pem;
  EchoHandler handler_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<HttpServer> server_;
  std::thread thread_;
  std::unique_ptr<HttpClient> client_;
};

TEST_F(Http, AnswersSeveralRequestsOnOneConnection) {
  start();
  EXPECT_EQ(request("GET", "/").body, "GET ");
  EXPECT_EQ(request("POST", "/x", "hello").body, "POST hello");
  EXPECT_EQ(request("PUT", "/x", "again").body, "PUT again");
}

// Many records of TLS, more than a socket takes at once.
TEST_F(Http, CarriesLongBodiesBothWays) {
  start();
  handler_.body_max = 4'000'000;
  std::string long_one(3'000'000, ' ');
  for (std::size_t i = 0; i < long_one.size(); ++i) {
    long_one[i] = static_cast<char>('a' + i * i % 23);
  }
  const HttpResponse echo = request("PUT", "/x", long_one, {{"x-known", "yes"}});
  ASSERT_EQ(echo.status, 200) << echo.body;
  EXPECT_TRUE(echo.body == "PUT " + long_one);
  handler_.kept = long_one;
  EXPECT_TRUE(request("GET", "/kept").body == long_one);
  handler_.kept.clear();
  EXPECT_EQ(request("GET", "/kept").body, "");
}

TEST_F(Http, DecodesThePathOnce) {
  start();
  const HttpResponse answer = request("GET", "/a%2Fb%20%25?x=1");
  for (const auto& [name, value] : answer.headers) {
    if (name == "x-path") {
      EXPECT_EQ(value, "/a/b %");
    }
  }
  EXPECT_EQ(request("GET", "/..%2fsecret").status, 400);
}

TEST_F(Http, RefusesABodyThatIsLargerThanAllowed) {
  start();
  EXPECT_EQ(request("POST", "/", std::string(1000, 'x')).status, 200);
  EXPECT_EQ(request("POST", "/", std::string(1001, 'x')).status, 413);
}

TEST_F(Http, RefusesAHeaderOfMoreThan16KiB) {
  start();
  EXPECT_EQ(request("GET", "/", "", {{"x-long", std::string(20'000, 'x')}}).status, 431);
}

TEST_F(Http, SpoolsABodyIntoAFile) {
  handler_.spool = testing::TempDir() + "/spooled-" + std::to_string(real_random().next_u64());
  handler_.body_max = 1 << 30;
  start();
  const std::string source = handler_.spool + ".source";
  std::string content(300'000, 'x');
  content[200'000] = 'y';
  std::ofstream(source) << content;
  std::uint64_t reported = 0;
  const auto answer = client_->upload("POST", "/", {{"x-known", "yes"}}, source,
                                      [&](std::uint64_t sent) { reported = sent; });
  ASSERT_TRUE(answer.ok()) << answer.error().text();
  EXPECT_EQ(answer->body, "spooled " + handler_.spool);
  EXPECT_EQ(reported, content.size());
  const Result<Bytes> stored = read_file(real_file_system(), handler_.spool, 1 << 20);
  ASSERT_TRUE(stored.ok());
  EXPECT_EQ(as_text(*stored), content);
}

TEST_F(Http, AnUploadOverTheLimitLeavesNoFile) {
  handler_.spool = testing::TempDir() + "/spooled-" + std::to_string(real_random().next_u64());
  handler_.body_max = 100;
  start();
  EXPECT_EQ(request("POST", "/", std::string(101, 'x')).status, 413);
  EXPECT_FALSE(real_file_system().exists(handler_.spool));
}

TEST_F(Http, AnUploadThatCannotBeStoredIsAnsweredInTheWordsOfTheHandler) {
  handler_.spool = testing::TempDir() + "/no-such-folder/spooled";
  handler_.body_max = 100;
  start();
  const auto answer = request("POST", "/", "text");
  EXPECT_EQ(answer.status, 503);
  EXPECT_TRUE(answer.body.starts_with("not stored: LS-1")) << answer.body;
}

TEST_F(Http, StreamsALongAnswerAndCutsABrokenOne) {
  start();
  std::string got;
  const auto sink = [&](std::string_view piece) -> Status {
    got += piece;
    return {};
  };
  const auto whole = client_->download("/stream", {}, sink);
  ASSERT_TRUE(whole.ok()) << whole.error().text();
  EXPECT_EQ(got, std::string(3000, 'a'));
  EXPECT_FALSE(client_->download("/broken", {}, sink).ok()) << "a part must not pass for the whole";
}

TEST_F(Http, AnUnansweredRequestIsA500) {
  start();
  EXPECT_EQ(request("GET", "/dropped").status, 500);
}

TEST_F(Http, APinnedClientRefusesAnotherCertificate) {
  start();
  HttpClientOptions options = client_options();
  options.pinned_fingerprint[0] = options.pinned_fingerprint[0] == 'A' ? 'B' : 'A';
  const auto refused = make_http_client(options)->request("GET", "/", {}, "");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().id, ErrorId::kTlsFailed);
  options.pinned_fingerprint.clear();  // the system does not trust it either
  EXPECT_FALSE(make_http_client(options)->request("GET", "/", {}, "").ok());
}

// Makes this computer trust one certificate.
class Trusted {
 public:
  explicit Trusted(const Certificate& certificate)
      : file_(testing::TempDir() + "lineshaft-trusted.pem") {
    LS_ASSERT(
        write_file_atomically(real_file_system(), file_, as_bytes(certificate.certificate_pem))
            .ok());
    setenv("SSL_CERT_FILE", file_.c_str(), 1);
  }
  ~Trusted() {
    unsetenv("SSL_CERT_FILE");
    static_cast<void>(real_file_system().remove(file_));
  }

 private:
  std::string file_;
};

TEST_F(Http, AClientWithoutAPinTakesWhatTheSystemTrusts) {
  start();
  const Trusted trusted(certificate_);
  HttpClientOptions options = client_options();
  options.pinned_fingerprint.clear();
  const auto answer = make_http_client(options)->request("GET", "/", {}, "");
  EXPECT_TRUE(answer.ok()) << answer.error().text();
}

TEST_F(Http, AClientWithoutAPinRefusesATrustedCertificateOfAnotherHost) {
  certificate_ = *make_self_signed_certificate({"elsewhere.example"}, real_clock().now());
  start();
  const Trusted trusted(certificate_);
  HttpClientOptions options = client_options();
  options.pinned_fingerprint.clear();
  const auto refused = make_http_client(options)->request("GET", "/", {}, "");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().id, ErrorId::kTlsFailed);
}

TEST_F(Http, AClientTakesWhomItIsToldToTrustAndNobodyElse) {
  start();
  HttpClientOptions options = client_options();
  options.pinned_fingerprint.clear();
  options.trusted_pem = certificate_.certificate_pem;
  const auto answer = make_http_client(options)->request("GET", "/", {}, "");
  EXPECT_TRUE(answer.ok()) << answer.error().text();

  const Trusted trusted(certificate_);  // by the system, which then does not count
  const Certificate other = *make_self_signed_certificate({"127.0.0.1"}, real_clock().now());
  for (const std::string& pem : {other.certificate_pem, std::string("nothing")}) {
    options.trusted_pem = pem;
    const auto refused = make_http_client(options)->request("GET", "/", {}, "");
    ASSERT_FALSE(refused.ok()) << pem;
    EXPECT_EQ(refused.error().id, ErrorId::kTlsFailed);
  }
}

TEST_F(Http, AClientThatTrustsACertificateAsksWhoseItIs) {
  certificate_ = *make_self_signed_certificate({"elsewhere.example"}, real_clock().now());
  start();
  HttpClientOptions options = client_options();
  options.pinned_fingerprint.clear();
  options.trusted_pem = certificate_.certificate_pem;
  EXPECT_FALSE(make_http_client(options)->request("GET", "/", {}, "").ok());
}

TEST_F(Http, AClientTakesNoLongerAnswerThanItMay) {
  start();
  HttpClientOptions options = client_options();
  options.answer_bytes_max = 100;
  const auto client = make_http_client(options);
  EXPECT_TRUE(client->request("POST", "/", {}, std::string(95, 'x')).ok()) << "POST and a blank";
  EXPECT_FALSE(client->request("POST", "/", {}, std::string(96, 'x')).ok());
}

// However patient with each step.
TEST(HttpClient, GivesUpAtItsDeadline) {
  const auto loop = make_event_loop();
  std::vector<std::unique_ptr<TcpStream>> silent;
  auto listener = loop->listen({"127.0.0.1", 0}, [&](std::unique_ptr<TcpStream> stream) {
    silent.push_back(std::move(stream));
  });
  ASSERT_TRUE(listener.ok());
  std::thread thread([&] { loop->run(); });
  HttpClientOptions options;
  options.server = (*listener)->local();
  options.deadline = milliseconds(100);
  options.timeout = std::chrono::hours(1);
  const auto answer = make_http_client(options)->request("GET", "/", {}, "");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().id, ErrorId::kTimeout);
  loop->post([&] {
    silent.clear();
    listener->reset();
    loop->stop();
  });
  thread.join();
}

TEST_F(Http, AClientConnectsOnlyWhereItsDestinationsLead) {
  start();
  HttpClientOptions options = client_options();
  options.destinations = Destinations::parse({"private"}).value();
  const auto refused = make_http_client(options)->request("GET", "/", {}, "");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().id, ErrorId::kDestinationRefused);
  EXPECT_EQ(connect_web_socket(options, "/echo", {}).error().id, ErrorId::kDestinationRefused);
  options.destinations =
      Destinations::parse({"127.0.0.1:" + std::to_string(options.server.port)}).value();
  EXPECT_TRUE(make_http_client(options)->request("GET", "/", {}, "").ok());
}

// A peer that opens a connection and says nothing, or half of something, is cut.
TEST_F(Http, APeerThatSaysNothingIsCut) {
  start({.handshake = milliseconds(50)});
  const auto other = make_event_loop();
  std::unique_ptr<TcpStream> stream;
  std::array<std::uint8_t, 8> buffer{};
  const auto attempt = other->connect(server_->local(), seconds(5), [&](auto connected) {
    ASSERT_TRUE(connected.ok());
    stream = *std::move(connected);
    stream->read_some(buffer, [&](const Result<std::size_t>& got) {
      EXPECT_FALSE(got.ok());
      other->stop();
    });
  });
  other->run();
}

TEST_F(Http, AFullHouseTakesNobodyIfAllAreKnownAndElseTheOldestStrangerGivesWay) {
  start({}, 1);
  EXPECT_EQ(request("POST", "/").status, 200);  // its connection is kept, but it is a stranger
  const auto other = make_http_client(client_options());
  EXPECT_TRUE(other->request("POST", "/", {{"x-known", "yes"}}, "").ok());
  EXPECT_FALSE(client_->request("POST", "/", {}, "").ok()) << "its connection gave way";
  EXPECT_FALSE(make_http_client(client_options())->request("GET", "/", {}, "").ok());
  EXPECT_TRUE(other->request("POST", "/", {}, "").ok());
}

// Sends raw bytes over TLS and gives what comes back until the server closes, or a whole answer.
std::string say(const Endpoint& server, const std::string& text) {
  const auto loop = make_event_loop();
  TlsOptions trust;
  trust.trusted_pem = test_certificate().certificate_pem;
  const auto context = make_tls_context(TlsSide::kClient, trust).value();
  std::unique_ptr<TcpStream> stream;
  std::unique_ptr<Connecting> shaking;
  std::string got;
  std::array<std::uint8_t, 4096> buffer{};
  std::function<void()> read = [&] {
    stream->read_some(buffer, [&](const Result<std::size_t>& count) {
      if (!count) return loop->stop();
      got.append(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(*count));
      read();
    });
  };
  const auto attempt = loop->connect(server, seconds(5), [&](auto connected) {
    shaking =
        start_tls(*loop, *std::move(connected), context, "localhost", seconds(5), [&](auto up) {
          if (!up) return loop->stop();
          stream = *std::move(up);
          stream->write_all(as_bytes(text), [&](const Status&) { read(); });
        });
  });
  loop->run();
  return got;
}

// RFC 9112, 6: what says its length twice, or in words that not everybody understands alike, could
// be two requests for one and one for the other.
TEST_F(Http, RefusesWhatCouldBeReadAsTwoRequests) {
  start();
  const std::string head = "POST / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
  const auto status = [&](const std::string& rest) {
    return say(server_->local(), head + rest).substr(0, 12);
  };
  EXPECT_EQ(status("content-length: 2\r\n\r\nhi"), "HTTP/1.1 200");
  EXPECT_EQ(status("transfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n"), "HTTP/1.1 200");
  for (const char* rest : {
           "content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
           "content-length: 2\r\ncontent-length: 2\r\n\r\nhi",
           "content-length: 2\r\ncontent-length: 3\r\n\r\nhi",
           "content-length: +2\r\n\r\nhi",
           "transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
           "transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
           "transfer-encoding: chunked\r\n\r\nzz\r\n",
           "x: a\nb: c\r\n\r\n",
           "x : a\r\n\r\n",
           "host: other\r\n\r\n",
       }) {
    EXPECT_EQ(status(rest), "HTTP/1.1 400") << rest;
  }
  EXPECT_EQ(say(server_->local(), "TRACE / HTTP/1.1\r\nhost: x\r\n\r\n").substr(0, 12),
            "HTTP/1.1 405");
}

TEST_F(Http, RefusesALongAddressAndManyHeaderFields) {
  start();
  const auto status = [&](std::size_t address_bytes, std::size_t fields) {
    std::string head = "GET /" + std::string(address_bytes - 1, 'a') + " HTTP/1.1\r\n";
    head += "host: x\r\nconnection: close\r\n";
    for (std::size_t i = 2; i < fields; ++i) head += "x-" + std::to_string(i) + ": 1\r\n";
    return say(server_->local(), head + "\r\n").substr(0, 12);
  };
  EXPECT_EQ(status(8192, 2), "HTTP/1.1 200");
  EXPECT_EQ(status(8193, 2), "HTTP/1.1 414");
  EXPECT_EQ(status(1, 64), "HTTP/1.1 200");
  EXPECT_EQ(status(1, 65), "HTTP/1.1 431");
}

TEST_F(Http, AStrangersBodyIsShorterThanThatOfAKnownPeer) {
  handler_.body_max = 1 << 20;
  start();
  const std::string body(kStrangerBodyBytesMax + 1, 'x');
  EXPECT_EQ(request("POST", "/", body).status, 413);
  EXPECT_EQ(request("POST", "/", body, {{"x-known", "yes"}}).status, 200);
}

// However it divides its bytes, a stranger's request is whole in time or is cut.
TEST_F(Http, AStrangerThatDripsIsCutAfterItsTime) {
  start({.stranger = seconds(1)});
  const auto before = std::chrono::steady_clock::now();
  EXPECT_EQ(
      say(server_->local(), "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 5\r\n\r\nab"),
      "");
  EXPECT_EQ(say(server_->local(), "POST / HTTP/1.1\r\nhost: loc"), "");
  EXPECT_EQ(say(server_->local(), ""), "");
  EXPECT_LT(std::chrono::steady_clock::now() - before, seconds(9))
      << "the other deadlines are 10 s";
}

TEST_F(Http, AClientProvesWhoItIsByACertificateOfTheAuthorityAndOfNoOther) {
  const Timestamp now = real_clock().now();
  const Timestamp later = now + std::chrono::hours(1);
  const auto authority = make_authority("Ours", now + -seconds(60), later).value();
  const auto other = make_authority("Ours", now + -seconds(60), later).value();
  clients_pem = authority.certificate_pem;
  start();
  CertificateContent content{.common_name = "press 4",
                             .names = {},
                             .uris = {},
                             .server = false,
                             .client = true,
                             .not_before = now + -seconds(60),
                             .not_after = later};
  const auto shown = [&](const Certificate& own) {
    HttpClientOptions options = client_options();
    options.own = own;
    const auto answer = make_http_client(options)->request("GET", "/", {}, "");
    if (!answer) return std::string("refused");
    for (const auto& [name, value] : answer->headers) {
      if (name == "x-certificate") return value;
    }
    return std::string("?");
  };
  const auto own = issue_certificate(authority, content, KeyKind::kEcP256).value();
  EXPECT_EQ(shown(own), *certificate_fingerprint(own.certificate_pem));
  EXPECT_EQ(shown({}), "");
  EXPECT_EQ(shown(issue_certificate(other, content, KeyKind::kEcP256).value()), "refused");
  EXPECT_EQ(shown(test_certificate()), "refused");
  content.not_after = now + -seconds(1);
  EXPECT_EQ(shown(issue_certificate(authority, content, KeyKind::kEcP256).value()), "refused");
  content.not_after = later;
  content.client = false;
  content.server = true;
  EXPECT_EQ(shown(issue_certificate(authority, content, KeyKind::kEcP256).value()), "refused");
}

TEST_F(Http, ANewCertificateIsShownWithoutARestartAndThePinOfItsAuthorityHolds) {
  start();
  EXPECT_EQ(request("GET", "/").status, 200);
  const Timestamp now = real_clock().now();
  const auto authority = make_authority("Ours", now + -seconds(60), now + seconds(3600)).value();
  const auto with_name = [&](const char* name) {
    CertificateContent content{.common_name = "Lineshaft",
                               .names = {name},
                               .uris = {},
                               .server = true,
                               .client = false,
                               .not_before = now + -seconds(60),
                               .not_after = now + seconds(3600)};
    Certificate made = issue_certificate(authority, content, KeyKind::kEcP256).value();
    made.certificate_pem += authority.certificate_pem;
    return made;
  };
  const auto use = [&](const Certificate& certificate) {
    std::promise<bool> done;
    loop_->post([&] { done.set_value(server_->use({certificate, ""}).ok()); });
    return done.get_future().get();
  };
  ASSERT_TRUE(use(with_name("127.0.0.1")));
  EXPECT_EQ(request("GET", "/").status, 200) << "the open connection stays";
  EXPECT_FALSE(make_http_client(client_options())->request("GET", "/", {}, "").ok());
  HttpClientOptions options = client_options();
  options.pinned_fingerprint = *certificate_fingerprint(authority.certificate_pem);
  EXPECT_TRUE(make_http_client(options)->request("GET", "/", {}, "").ok());
  ASSERT_TRUE(use(with_name("elsewhere.example")));
  EXPECT_FALSE(make_http_client(options)->request("GET", "/", {}, "").ok()) << "another host's";
  EXPECT_FALSE(use({"nonsense", "nonsense"}));
  ASSERT_TRUE(use(with_name("127.0.0.1")));
  EXPECT_TRUE(make_http_client(options)->request("GET", "/", {}, "").ok());
}

TEST_F(Http, AWebSocketCarriesTextBothWays) {
  start();
  auto socket = connect_web_socket(client_options(), "/echo", {});
  ASSERT_TRUE(socket.ok()) << socket.error().text();
  for (const char* text : {"one", "two", ""}) {
    ASSERT_TRUE((*socket)->send_text(text).ok());
    const Result<std::string> back = (*socket)->receive(seconds(10));
    ASSERT_TRUE(back.ok()) << back.error().text();
    EXPECT_EQ(*back, text);
  }
  *socket = nullptr;
  handler_.wait_for_close();
}

TEST_F(Http, AWebSocketThatIsRefusedIsNotOpened) {
  start();
  EXPECT_FALSE(connect_web_socket(client_options(), "/elsewhere", {}).ok());
}

TEST_F(Http, AMessageOverTheLimitEndsTheWebSocket) {
  start();
  auto socket = connect_web_socket(client_options(), "/echo", {});
  ASSERT_TRUE(socket.ok());
  static_cast<void>((*socket)->send_text(std::string(kWebSocketMessageBytesMax + 1, 'x')));
  handler_.wait_for_close();
}

TEST_F(Http, ASlowReaderIsToldToWaitInsteadOfFillingMemory) {
  start();
  auto socket = connect_web_socket(client_options(), "/echo", {});
  ASSERT_TRUE(socket.ok());
  ASSERT_TRUE((*socket)->send_text("open").ok());
  ASSERT_TRUE((*socket)->receive(seconds(10)).ok());
  const std::shared_ptr<WebSocket> server_side = handler_.socket();
  bool refused = false;
  for (int i = 0; i < 1000 && !refused; ++i) {
    refused = !server_side->send_text(std::string(60'000, 'x'));
  }
  EXPECT_TRUE(refused);
  EXPECT_LE(server_side->queued_bytes(), kWebSocketQueueBytesMax);
}

TEST(HttpText, ReadsQueryParameters) {
  EXPECT_EQ(query_parameter("a=1&b=x%20y+z", "b"), "x y z");
  EXPECT_EQ(query_parameter("a=1&b", "b"), "");
  EXPECT_EQ(query_parameter("a=1", "b"), std::nullopt);
  EXPECT_EQ(query_parameter("a=%2", "a"), std::nullopt);
  EXPECT_EQ(query_parameter("a=%00", "a"), std::nullopt);
}

TEST(HttpText, RefusesTargetsThatMeanTwoThings) {
  EXPECT_EQ(parse_target("/a%20b?c=d")->path, "/a b");
  EXPECT_EQ(parse_target("/a?c=d")->query, "c=d");
  for (const char* target :
       {"", "a", "http://x/", "/a/../b", "/%2e%2e/b", "/a%", "/a%0", "/%00", "/a#b", "/./a"}) {
    EXPECT_FALSE(parse_target(target).has_value()) << target;
  }
}

TEST(Tls, ACertificateSaysHowLongItIsValid) {
  // 2026-01-01T00:00:00Z; from an hour before, for 825 days (until 2028-04-05).
  const auto made = make_self_signed_certificate({"localhost"}, {1'767'225'600'000'000'000});
  ASSERT_TRUE(made.ok());
  const auto info = inspect_certificate(made->certificate_pem);
  ASSERT_TRUE(info.ok());
  EXPECT_EQ(format_rfc3339(info->not_before), "2025-12-31T23:00:00Z");
  EXPECT_EQ(format_rfc3339(info->not_after), "2028-04-05T00:00:00Z");
  EXPECT_EQ(certificate_fingerprint(made->certificate_pem)->size(), 32U * 3 - 1);
  EXPECT_FALSE(make_self_signed_certificate({"bad,IP:1.2.3.4"}, {0}).ok());
  EXPECT_FALSE(certificate_fingerprint("nonsense").ok());
}

}  // namespace
}  // namespace lineshaft::sys
