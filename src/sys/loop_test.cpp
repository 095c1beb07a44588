#include "sys/loop.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <optional>
#include <thread>

#include "sys/clock.h"
#include "sys/worker_pool.h"

namespace lineshaft::sys {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A loop that fails the test instead of hanging when what it waits for never comes.
class Loop : public testing::Test {
 protected:
  void SetUp() override {
    loop_ = make_event_loop();
    guard_ = loop_->make_timer();
  }
  void run() {
    guard_->start(seconds(30), [this] {
      ADD_FAILURE() << "nothing came in 30 s";
      loop_->stop();
    });
    loop_->run();
  }

  std::unique_ptr<TcpListener> listen(EventLoop::Accepted accepted) {
    auto listener = loop_->listen({"127.0.0.1", 0}, std::move(accepted));
    EXPECT_TRUE(listener.ok());
    return *std::move(listener);
  }
  // Connects and keeps the stream in client_.
  void connect_to(const Endpoint& to, std::function<void()> then) {
    connecting_ = loop_->connect(to, seconds(5), [this, then](auto stream) {
      ASSERT_TRUE(stream.ok()) << stream.error().text();
      client_ = *std::move(stream);
      then();
    });
  }

  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Timer> guard_;
  std::unique_ptr<Connecting> connecting_;
  std::unique_ptr<TcpStream> client_;
  std::unique_ptr<TcpStream> server_;
};

TEST_F(Loop, TimersRunInTheOrderOfTheirTimesAndNeverAtOnce) {
  std::string order;
  const auto late = loop_->make_timer();
  const auto early = loop_->make_timer();
  late->start(milliseconds(20), [&] {
    order += "late";
    loop_->stop();
  });
  early->start(milliseconds(0), [&] { order += "early "; });
  EXPECT_EQ(order, "");
  run();
  EXPECT_EQ(order, "early late");
}

TEST_F(Loop, ACancelledOrDestroyedTimerDoesNotRunEvenWhenItsTimeHasCome) {
  auto victim = loop_->make_timer();
  auto other = loop_->make_timer();
  const auto killer = loop_->make_timer();
  const auto end = loop_->make_timer();
  // All three are due in the same turn of the loop.
  killer->start(Nanoseconds(0), [&] {
    victim->cancel();
    other.reset();
  });
  victim->start(Nanoseconds(0), [] { FAIL() << "cancelled"; });
  other->start(Nanoseconds(0), [] { FAIL() << "destroyed"; });
  end->start(milliseconds(10), [&] { loop_->stop(); });
  run();
}

TEST_F(Loop, ATimerMayRestartAndDestroyItselfInItsCallback) {
  int runs = 0;
  auto timer = loop_->make_timer();
  std::function<void()> again = [&] {
    if (++runs < 3) {
      timer->start(Nanoseconds(0), again);
    } else {
      timer.reset();
      loop_->stop();
    }
  };
  timer->start(Nanoseconds(0), again);
  run();
  EXPECT_EQ(runs, 3);
}

TEST_F(Loop, CarriesBytesBothWaysAndTellsTheEnd) {
  std::array<std::uint8_t, 16> at_server{};
  std::array<std::uint8_t, 16> at_client{};
  const Bytes greeting{1, 2, 3};
  const auto listener = listen([&](std::unique_ptr<TcpStream> stream) {
    server_ = std::move(stream);
    server_->read_some(at_server, [&](Result<std::size_t> got) {
      ASSERT_TRUE(got.ok());
      ASSERT_EQ(*got, 3U);
      server_->write_all({at_server.data(), 3}, [&](const Status& sent) {
        ASSERT_TRUE(sent.ok());
        server_.reset();
      });
    });
  });
  connect_to(listener->local(), [&] {
    client_->write_all(greeting, [](const Status& sent) { EXPECT_TRUE(sent.ok()); });
    client_->read_some(at_client, [&](Result<std::size_t> got) {
      ASSERT_TRUE(got.ok());
      EXPECT_EQ(Bytes(at_client.begin(), at_client.begin() + 3), greeting);
      client_->read_some(at_client, [&](Result<std::size_t> end) {
        ASSERT_FALSE(end.ok());
        EXPECT_EQ(end.error().id, ErrorId::kPeerClosed);
        loop_->stop();
      });
    });
  });
  run();
}

TEST_F(Loop, NoCallbackRunsAfterAStreamIsClosedOrDestroyed) {
  std::array<std::uint8_t, 16> buffer{};
  std::array<std::uint8_t, 16> other_buffer{};
  const auto end = loop_->make_timer();
  const auto listener =
      listen([&](std::unique_ptr<TcpStream> stream) { server_ = std::move(stream); });
  connect_to(listener->local(), [&] {
    client_->read_some(buffer, [](Result<std::size_t>) { FAIL() << "after close"; });
    client_->close();
    end->start(milliseconds(20), [&] {
      ASSERT_NE(server_, nullptr);
      server_->read_some(other_buffer, [](Result<std::size_t>) { FAIL() << "after destruction"; });
      server_.reset();
      end->start(milliseconds(20), [&] { loop_->stop(); });
    });
  });
  run();
}

TEST_F(Loop, AnAbandonedAttemptToConnectIsNeverHeardOfAgain) {
  const auto listener = listen([](std::unique_ptr<TcpStream>) {});
  const auto end = loop_->make_timer();
  connecting_ = loop_->connect(listener->local(), seconds(5), [](auto) { FAIL() << "abandoned"; });
  connecting_.reset();
  end->start(milliseconds(20), [&] { loop_->stop(); });
  run();
}

TEST_F(Loop, ARefusedConnectionAndAnUnknownHostAreErrorsInWords) {
  auto closed = listen([](std::unique_ptr<TcpStream>) {});
  const Endpoint nobody = closed->local();
  closed.reset();
  connecting_ = loop_->connect(nobody, seconds(5), [&](auto refused) {
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().id, ErrorId::kConnectFailed);
    EXPECT_NE(refused.error().what.find(nobody.text()), std::string::npos);
    loop_->stop();
  });
  run();
}

TEST_F(Loop, AnAddressInUseIsAnError) {
  const auto first = listen([](std::unique_ptr<TcpStream>) {});
  const auto second = loop_->listen(first->local(), [](std::unique_ptr<TcpStream>) {});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().id, ErrorId::kAddressInUse);
}

TEST_F(Loop, PostedTasksRunOnTheLoopsThread) {
  std::thread::id ran_on;
  std::thread other([&] {
    loop_->post([&] {
      ran_on = std::this_thread::get_id();
      loop_->stop();
    });
  });
  run();
  other.join();
  EXPECT_EQ(ran_on, std::this_thread::get_id());
}

TEST(EndpointText, PutsBracketsAroundIpv6) {
  EXPECT_EQ((Endpoint{"127.0.0.1", 502}.text()), "127.0.0.1:502");
  EXPECT_EQ((Endpoint{"::1", 502}.text()), "[::1]:502");
}

TEST(WorkerPool, RunsAllThatIsQueuedBeforeItEnds) {
  std::atomic<int> ran = 0;
  {
    const auto pool = make_worker_pool(2, 100);
    for (int i = 0; i < 100; ++i) {
      while (!pool->try_run([&] { ++ran; })) std::this_thread::yield();
    }
  }
  EXPECT_EQ(ran, 100);
}

TEST(WorkerPool, RefusesMoreThanItMayQueue) {
  std::atomic<bool> started = false;
  std::atomic<bool> go = false;
  const auto pool = make_worker_pool(1, 2);
  ASSERT_TRUE(pool->try_run([&] {
    started = true;
    started.notify_all();
    go.wait(false);
  }));
  started.wait(false);
  EXPECT_TRUE(pool->try_run([] {}));
  EXPECT_TRUE(pool->try_run([] {}));
  EXPECT_FALSE(pool->try_run([] {}));
  go = true;
  go.notify_all();
}

TEST(Random, FillsWithBytesThatDoNotRepeat) {
  EXPECT_NE(real_random().next_u64(), real_random().next_u64());
  for (int i = 0; i < 1000; ++i) EXPECT_LT(real_random().below(7), 7U);
}

}  // namespace
}  // namespace lineshaft::sys
