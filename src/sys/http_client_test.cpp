// What a client grants its server: bytes, time, and where it may be.
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "sys/destinations.h"
#include "sys/http.h"
#include "sys/http_fixture.h"
#include "sys/loop.h"

namespace lineshaft::sys {
namespace {

using std::chrono::milliseconds;

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

}  // namespace
}  // namespace lineshaft::sys
