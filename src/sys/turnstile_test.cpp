#include "sys/turnstile.h"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <memory>
#include <string>

namespace lineshaft::sys {
namespace {

TEST(Turnstile, LetsOnePieceThroughBeforeWhatElseIsReady) {
  boost::asio::io_context io;
  Turnstile turnstile(io);
  std::string order;
  turnstile.pass([&] { order += 'a'; });
  turnstile.pass([&] { order += 'b'; });
  turnstile.pass([&] { order += 'c'; });
  boost::asio::post(io, [&] {
    order += '1';
    boost::asio::post(io, [&] { order += '2'; });
  });
  io.run();
  EXPECT_EQ(order, "a1b2c");
}

TEST(Turnstile, TakesMoreWhileItTurnsAndAfterItStood) {
  boost::asio::io_context io;
  Turnstile turnstile(io);
  std::string order;
  turnstile.pass([&] {
    order += 'a';
    turnstile.pass([&] { order += 'b'; });
  });
  io.run();
  EXPECT_EQ(order, "ab");
  turnstile.pass([&] { order += 'c'; });
  io.restart();
  io.run();
  EXPECT_EQ(order, "abc");
}

TEST(Turnstile, DestroysWhatWaitsWithTheLoop) {
  auto io = std::make_unique<boost::asio::io_context>();
  Turnstile turnstile(*io);
  const auto held = std::make_shared<int>(0);
  bool ran = false;
  for (int i = 0; i < 2; ++i) turnstile.pass([&ran, held] { ran = true; });
  EXPECT_EQ(held.use_count(), 3);
  io.reset();
  EXPECT_EQ(held.use_count(), 1);
  EXPECT_FALSE(ran);
}

}  // namespace
}  // namespace lineshaft::sys
