// sys/http_fixture.h: an HTTPS server that echoes and a client of it, for tests.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "sys/clock.h"
#include "sys/http.h"
#include "sys/loop.h"
#include "sys/tls.h"

namespace lineshaft::sys {

inline const Certificate& test_certificate() {
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
      kept_asked += 1;
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
    EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds(30), [this] { return closed_; }));
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
  std::string kept;                         // of /kept
  std::atomic<std::size_t> kept_asked = 0;  // so often

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

}  // namespace lineshaft::sys
