#include "wire/http/message.h"

#include <gtest/gtest.h>

namespace lineshaft::http {
namespace {

// RFC 9112, 7.1: "4" and "5" are sizes in hexadecimal.
constexpr std::string_view kChunked =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nWiki\r\n5;note=1\r\npedia\r\n0\r\n"
    "Trailer: x\r\n\r\n";
constexpr std::string_view kSized = "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnone";

struct Read {
  Status status;
  std::string body;
  bool done = false;
};

Read read(std::string_view text, std::size_t piece = 1'000'000, std::size_t body_max = 1000) {
  ResponseReader reader(body_max);
  Read seen;
  for (std::size_t at = 0; at < text.size() && seen.status; at += piece) {
    seen.status = reader.take(as_bytes(text.substr(at, piece)));
  }
  seen.body = reader.body();
  seen.done = reader.done();
  return seen;
}

TEST(HttpResponse, ReadsAnAnswerInPiecesOfAnySize) {
  for (std::size_t piece = 1; piece <= kChunked.size(); ++piece) {
    const Read chunked = read(kChunked, piece);
    ASSERT_TRUE(chunked.status.ok()) << piece;
    EXPECT_TRUE(chunked.done);
    EXPECT_EQ(chunked.body, "Wikipedia");
    EXPECT_EQ(read(kSized, piece).body, "none");
    EXPECT_TRUE(read(kSized, piece).done);
  }
}

TEST(HttpResponse, AnAnswerCutAnywhereIsNeverTakenForAWhole) {
  for (const std::string_view whole : {kChunked, kSized}) {
    for (std::size_t cut = 0; cut < whole.size(); ++cut) {
      ResponseReader reader(1000);
      ASSERT_TRUE(reader.take(as_bytes(whole.substr(0, cut))).ok()) << cut;
      EXPECT_FALSE(reader.done()) << cut;
      EXPECT_FALSE(reader.close().ok()) << cut;
    }
  }
}

TEST(HttpResponse, WithoutALengthItEndsWithTheConnection) {
  ResponseReader reader(1000);
  ASSERT_TRUE(reader.take(as_bytes("HTTP/1.0 200 OK\n\nall of it")).ok());
  EXPECT_FALSE(reader.done());
  EXPECT_TRUE(reader.close().ok());
  EXPECT_EQ(reader.body(), "all of it");
}

TEST(HttpResponse, PassesOverContinueAndKeepsHeadersByName) {
  ResponseReader reader(1000);
  ASSERT_TRUE(reader
                  .take(as_bytes("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-A:  b \r\n"
                                 "Content-Length: 0\r\n\r\n"))
                  .ok());
  ASSERT_TRUE(reader.head().has_value());
  EXPECT_EQ(header(reader.head()->headers, "x-a"), "b");
  EXPECT_TRUE(reader.done());
}

TEST(HttpResponse, RefusesWhatIsNoHttpOrTooMuch) {
  EXPECT_FALSE(read("SSH-2.0-OpenSSH").status.ok()) << "from its first bytes";
  EXPECT_FALSE(read("HTTP/1.1 OK\r\n\r\n").status.ok());
  EXPECT_FALSE(read("HTTP/1.1 200 OK\r\nno colon\r\n\r\n").status.ok());
  EXPECT_FALSE(read("HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n").status.ok());
  EXPECT_FALSE(
      read("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n").status.ok());
  EXPECT_FALSE(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n").status.ok());
  EXPECT_FALSE(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n").status.ok());
  EXPECT_FALSE(
      read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n").status.ok());
  EXPECT_FALSE(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n")
                   .status.ok());
  EXPECT_FALSE(read(std::string(kSized) + "more").status.ok());
  EXPECT_FALSE(read("HTTP/1.1 200 OK\r\nX: " + std::string(kHeadBytesMax, 'x')).status.ok());
  EXPECT_FALSE(
      read("HTTP/1.1 200 OK\r\nContent-Length: 9999999999999\r\n\r\n" + std::string(1001, 'x'))
          .status.ok())
      << "a length is no reason to take memory; bytes above the bound end it";
}

TEST(HttpRequest, ReadsOneAfterTheOther) {
  const std::string_view two =
      "GET /current?path=%2F%2FAxes HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.0\r\n\r\n";
  for (std::size_t piece = 1; piece <= two.size(); ++piece) {
    RequestReader reader;
    std::vector<Request> seen;
    for (std::size_t at = 0; at < two.size(); at += piece) {
      ByteSpan bytes = as_bytes(two.substr(at, piece));
      while (!bytes.empty()) {
        auto request = reader.next(bytes);
        ASSERT_TRUE(request.ok());
        if (*request) seen.push_back(**std::move(request));
      }
    }
    ASSERT_EQ(seen.size(), 2u) << piece;
    EXPECT_EQ(seen[0].target, "/current?path=%2F%2FAxes");
    EXPECT_TRUE(seen[0].keep_alive);
    EXPECT_FALSE(seen[1].keep_alive);
    EXPECT_FALSE(reader.midway());
  }
}

TEST(HttpRequest, RefusesBodiesBlanksAndWhatDoesNotEnd) {
  const auto refused = [](const std::string& text) {
    RequestReader reader;
    ByteSpan bytes = as_bytes(text);
    return !reader.next(bytes).ok();
  };
  EXPECT_TRUE(refused("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"));
  EXPECT_TRUE(refused("GET /a b HTTP/1.1\r\n\r\n"));
  EXPECT_TRUE(refused("GET / HTTP/2.0\r\n\r\n"));
  EXPECT_TRUE(refused("get / HTTP/1.1\r\n\r\n"));
  EXPECT_TRUE(refused("GET / HTTP/1.1\r\nX: " + std::string(kHeadBytesMax, 'x')));
}

TEST(HttpTarget, IsSplitAndDecodedOnce) {
  const auto target =
      parse_target("/mill%201/sample?path=%2F%2FDataItem%5B%40id%3D%22a+b%22%5D&from=7");
  ASSERT_TRUE(target.ok());
  EXPECT_EQ(target->levels, (std::vector<std::string>{"mill 1", "sample"}));
  EXPECT_EQ(target->query[0].second, "//DataItem[@id=\"a b\"]");
  EXPECT_EQ(target->query[1].second, "7");
  for (const char* bad : {"", "a", "/%", "/%0", "/%00", "/?a=%zz", "/#x", "/%FF"}) {
    EXPECT_FALSE(parse_target(bad).ok()) << bad;
  }
}

TEST(HttpText, FindsAParameterOfAHeader) {
  EXPECT_EQ(header_parameter("multipart/x-mixed-replace; charset=x;Boundary=\"ab\"", "boundary"),
            "ab");
  EXPECT_EQ(header_parameter("text/xml", "boundary"), "");
}

}  // namespace
}  // namespace lineshaft::http
