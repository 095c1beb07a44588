// connect/opcua/probe.h: tries settings once, and finds out what answers at an address.
#pragma once

#include <memory>

#include "connect/opcua/trust.h"
#include "connect/protocol.h"

namespace lineshaft::connect::opcua {

struct Way;

// As ProtocolRuntime::test and ::knock. What is borrowed must outlive the task.
std::unique_ptr<Task> make_test(const Way& way, TestRequest request,
                                ProtocolRuntime::TestDone done);
std::unique_ptr<Task> make_knock(sys::EventLoop& loop, sys::Clock& clock, TrustStore& trust,
                                 Knock knock, ProtocolRuntime::KnockDone done);

}  // namespace lineshaft::connect::opcua
