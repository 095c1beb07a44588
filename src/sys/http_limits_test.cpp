// What the server takes from whom: sizes, times, places, and only what can be read in one way.
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "sys/http.h"
#include "sys/http_fixture.h"
#include "sys/loop.h"
#include "sys/tls_stream.h"

namespace lineshaft::sys {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(Http, RefusesABodyThatIsLargerThanAllowed) {
  start();
  EXPECT_EQ(request("POST", "/", std::string(1000, 'x')).status, 200);
  EXPECT_EQ(request("POST", "/", std::string(1001, 'x')).status, 413);
}

TEST_F(Http, RefusesAHeaderOfMoreThan16KiB) {
  start();
  EXPECT_EQ(request("GET", "/", "", {{"x-long", std::string(20'000, 'x')}}).status, 431);
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
// `deaf`: leaves after that time without having read.
std::string say(const Endpoint& server, const std::string& text, Nanoseconds deaf = {}) {
  const auto loop = make_event_loop();
  TlsOptions trust;
  trust.trusted_pem = test_certificate().certificate_pem;
  const auto context = make_tls_context(TlsSide::kClient, trust).value();
  std::unique_ptr<TcpStream> stream;
  std::unique_ptr<Connecting> shaking;
  const auto timer = loop->make_timer();
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
          stream->write_all(as_bytes(text), [&](const Status&) {
            if (deaf.count() == 0) return read();
            timer->start(deaf, [&] { loop->stop(); });
          });
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

// Left to itself the system takes some 60 of these answers for a peer that reads none.
TEST_F(Http, OfAnswersThatNobodyReadsFewArePrepared) {
  handler_.kept = std::string(64 * 1024, 'a');
  start();
  std::string asks;
  for (int i = 0; i < 100; ++i) asks += "GET /kept HTTP/1.1\r\nhost: localhost\r\n\r\n";
  EXPECT_EQ(say(server_->local(), asks, seconds(1)), "");
  // At most 128 KiB wait here, and as much in the peer's system; a part of one is being written.
  EXPECT_LE(handler_.kept_asked, 8U);
  EXPECT_GE(handler_.kept_asked, 1U);
}

}  // namespace
}  // namespace lineshaft::sys
