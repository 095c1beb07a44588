// Requests and answers, uploads and downloads.
#include "sys/http.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "sys/clock.h"
#include "sys/file.h"
#include "sys/http_fixture.h"

namespace lineshaft::sys {
namespace {

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

}  // namespace
}  // namespace lineshaft::sys
