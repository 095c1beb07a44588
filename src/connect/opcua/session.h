// connect/opcua/session.h: the OPC UA driver of one connection.
#pragma once

#include <memory>

#include "connect/driver.h"
#include "connect/opcua/trust.h"
#include "sys/clock.h"
#include "sys/loop.h"

namespace lineshaft::connect::opcua {

// Subscribes (or polls, where that is set or the server has no subscriptions). After a loss it
// takes its session up again on a new channel, then its subscriptions in a new session, then makes
// them anew. Threads: the loop's. What is borrowed must outlive the driver.
std::unique_ptr<Driver> make_session(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random,
                                     TrustStore& trust, const ConnectionConfig& config,
                                     DriverHost& host);

}  // namespace lineshaft::connect::opcua
