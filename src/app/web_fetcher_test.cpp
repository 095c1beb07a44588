#include "app/web_fetcher.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "sys/clock.h"
#include "sys/http.h"

namespace lineshaft::app {
namespace {

constexpr int kFound = 302;  // look elsewhere

// An HTTPS server on a loop of its own that says what it was asked.
class Echo final : public sys::HttpHandler {
 public:
  Echo() {
    sys::HttpServerOptions options;
    options.listen = {"127.0.0.1", 0};
    options.identity.certificate = certificate;
    server_ = sys::make_http_server(*loop_, *this, options).value();
    thread_ = std::thread([this] { loop_->run(); });
  }
  ~Echo() override {
    loop_->post([this] {
      server_.reset();
      loop_->stop();
    });
    thread_.join();
  }
  void handle(sys::HttpRequest request, std::unique_ptr<sys::HttpResponder> responder) override {
    sys::HttpResponse response;
    if (request.path == "/away") {
      response.status = kFound;
      response.headers.emplace_back("Location", "/here");
    }
    response.body = request.method + " " + request.path + " " + request.query + " " +
                    std::string(request.header("x-own")) + " " + request.body;
    responder->send(std::move(response));
  }
  std::variant<sys::WebSocketHandlers, sys::HttpResponse> upgrade(
      const sys::HttpRequest&) override {
    return sys::HttpResponse{403, {}, ""};
  }
  bool knows(const sys::HttpRequest&) override { return false; }
  std::uint64_t body_bytes_max(const sys::HttpRequest&) override { return 1'000; }
  std::string body_spool_path(const sys::HttpRequest&) override { return {}; }
  sys::HttpResponse upload_failed(const Error&) override { return {}; }

  identity::WebRequest request(const std::string& target) const {
    return {.address = {"127.0.0.1", server_->local().port, target},
            .trusted_pem = certificate.certificate_pem,
            .answer_bytes_max = 100,
            .patience = std::chrono::seconds(10)};
  }
  const sys::Certificate certificate =
      sys::make_self_signed_certificate({"127.0.0.1"}, sys::real_clock().now()).value();

 private:
  std::unique_ptr<sys::EventLoop> loop_ = sys::make_event_loop();
  std::unique_ptr<sys::HttpServer> server_;
  std::thread thread_;
};

TEST(HttpsFetcher, BringsWhatTheServerAnswers) {
  const Echo server;
  HttpsFetcher fetcher;
  identity::WebRequest request = server.request("/a?b=c");
  request.method = "POST";
  request.headers = {{"x-own", "d"}};
  request.body = "e";
  const auto answer = fetcher.fetch(request);
  ASSERT_TRUE(answer.ok()) << answer.error().text();
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "POST /a b=c d e");
}

TEST(HttpsFetcher, AsksOnlyWhereItMayConnectTo) {
  const Echo server;
  HttpsFetcher fetcher(sys::Destinations::parse({"private"}).value());
  const auto answer = fetcher.fetch(server.request("/"));
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().id, ErrorId::kDestinationRefused);
}

TEST(HttpsFetcher, FollowsNoRedirect) {
  const Echo server;
  HttpsFetcher fetcher;
  const auto answer = fetcher.fetch(server.request("/away"));
  ASSERT_TRUE(answer.ok()) << answer.error().text();
  EXPECT_EQ(answer->status, kFound);
}

TEST(HttpsFetcher, AsksNobodyWhoseCertificateIsNotTrusted) {
  const Echo server;
  HttpsFetcher fetcher;
  identity::WebRequest request = server.request("/");
  request.trusted_pem.clear();
  const auto refused = fetcher.fetch(request);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().id, ErrorId::kTlsFailed);
}

TEST(HttpsFetcher, TakesNoLongerAnswerThanItWasAskedTo) {
  const Echo server;
  HttpsFetcher fetcher;
  EXPECT_TRUE(fetcher.fetch(server.request("/" + std::string(50, 'x'))).ok());
  EXPECT_FALSE(fetcher.fetch(server.request("/" + std::string(100, 'x'))).ok());
}

// Accepts, and says nothing.
TEST(HttpsFetcher, WaitsAsLongAsItMayAndNotForMany) {
  const auto loop = sys::make_event_loop();
  std::vector<std::unique_ptr<sys::TcpStream>> silent;
  auto listener = loop->listen({"127.0.0.1", 0}, [&](std::unique_ptr<sys::TcpStream> stream) {
    silent.push_back(std::move(stream));
  });
  ASSERT_TRUE(listener.ok());
  const std::uint16_t port = (*listener)->local().port;
  std::thread thread([&] { loop->run(); });
  {
    HttpsFetcher fetcher;
    const identity::WebRequest request{.address = {"127.0.0.1", port, "/"},
                                       .answer_bytes_max = 100,
                                       .patience = std::chrono::milliseconds(200)};
    EXPECT_EQ(fetcher.fetch(request).error().id, ErrorId::kTimeout);
    std::vector<std::thread> askers;
    std::atomic<int> busy = 0;
    for (int i = 0; i < 40; ++i) {
      askers.emplace_back([&] {
        if (fetcher.fetch(request).error().id == ErrorId::kBusy) ++busy;
      });
    }
    for (std::thread& asker : askers) asker.join();
    EXPECT_GT(busy, 0) << "two ask, eight wait, the others are told so";
  }
  loop->post([&] {
    silent.clear();
    listener->reset();
    loop->stop();
  });
  thread.join();
}

}  // namespace
}  // namespace lineshaft::app
