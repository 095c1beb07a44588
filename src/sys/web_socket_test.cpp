#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>

#include "sys/http.h"
#include "sys/http_fixture.h"

namespace lineshaft::sys {
namespace {

using std::chrono::seconds;

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

}  // namespace
}  // namespace lineshaft::sys
