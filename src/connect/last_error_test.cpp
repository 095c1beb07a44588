// The last error of a connection: it stands, or it is past since some time.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "connect/connection_json.h"
#include "connect/testing.h"

namespace lineshaft::connect {
namespace {

using namespace testing;

struct Machine : Plant {
  MapDevice device;
  ConnectionConfig config = machine(502, 2);

  void run_until(ConnectionState state) {
    ASSERT_TRUE(loop.run_until([&] { return status(1).state == state; }, 60s));
  }
};

// A healthy connection showed for ever what had been wrong before it came up.
TEST(LastError, OfAConnectionThatCameUpIsPastSinceThen) {
  Machine m;
  m.put(1, m.config, 1);
  m.run_until(ConnectionState::kRetrying);
  const ConnectionStatus before = m.status(1);
  ASSERT_TRUE(before.last_error.has_value());
  EXPECT_FALSE(before.last_error_until.has_value());
  EXPECT_EQ(status_json(before)["last_error_until"], Json());

  const auto server = m.serve(m.device, 502);
  m.run_until(ConnectionState::kConnected);
  const ConnectionStatus after = m.status(1);
  EXPECT_EQ(after.last_error, before.last_error) << "kept, to be read";
  EXPECT_EQ(after.last_error_until, after.since);
  EXPECT_GT(*after.last_error_until, *after.last_error_time);
  EXPECT_EQ(status_json(after)["last_error_until"], format_rfc3339(after.since));
}

TEST(LastError, StandsAgainWhenTheConnectionIsLostAgain) {
  Machine m;
  m.put(1, m.config, 1);
  m.run_until(ConnectionState::kRetrying);
  auto server = m.serve(m.device, 502);
  m.run_until(ConnectionState::kConnected);
  server.reset();
  m.run_until(ConnectionState::kRetrying);
  EXPECT_TRUE(m.status(1).last_error.has_value());
  EXPECT_FALSE(m.status(1).last_error_until.has_value());
}

// What coming up does not cure.
TEST(LastError, OfAHeartbeatThatHasNoSignalStandsThoughTheMachineIsThere) {
  Machine m;
  const auto server = m.serve(m.device, 502);
  m.config.heartbeat = Heartbeat{"org/site/nobody", 3'000, Beat::kExpect};
  m.put(1, m.config, 1);
  m.run_until(ConnectionState::kConnected);
  m.loop.run_for(5s);
  ASSERT_TRUE(m.status(1).last_error.has_value());
  EXPECT_NE(m.status(1).last_error->find("there is no signal"), std::string::npos);
  EXPECT_FALSE(m.status(1).last_error_until.has_value());
}

TEST(LastError, OfAConnectionThatIsTurnedOffIsPast) {
  Machine m;
  m.put(1, m.config, 1);
  m.run_until(ConnectionState::kRetrying);
  ASSERT_TRUE(m.manager->set_enabled({1}, false).ok());
  EXPECT_TRUE(m.status(1).last_error.has_value());
  EXPECT_EQ(m.status(1).last_error_until, m.status(1).since);
}

}  // namespace
}  // namespace lineshaft::connect
