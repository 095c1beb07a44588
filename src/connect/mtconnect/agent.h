// connect/mtconnect/agent.h: an MTConnect agent: data of ours, served to clients of others over
// HTTP.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "connect/mtconnect/responder.h"
#include "sys/clock.h"
#include "sys/loop.h"

namespace lineshaft::connect {

struct MtconnectAgentOptions {
  sys::Endpoint listen;  // a numeric address; port 0 takes a free one
  ResponderOptions responder;
  // A further connection is closed at once.
  std::size_t connections_max = 100;
  // A connection without a request for so long is closed; so is one that takes so long for a
  // request, or does not take what is written to it.
  Nanoseconds idle_timeout = std::chrono::seconds(60);
  Nanoseconds request_timeout = std::chrono::seconds(10);
  Nanoseconds stall_timeout = std::chrono::seconds(20);
};

struct MtconnectAgentCounters {
  std::uint64_t connections = 0;  // open now
  std::uint64_t streams = 0;      // of them
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  // over connections_max
  std::uint64_t requests = 0;
  std::uint64_t errors = 0;  // answered with one
  std::uint64_t broken = 0;  // closed for bytes that are no HTTP, or for slowness
};

// probe, current, sample (once, or as a stream), assets; see docs/reference/mtconnect.md. A client
// gets the next document of its stream when it has taken the one before, so memory per connection
// is bounded. Loop's thread only.
class MtconnectAgent {
 public:
  virtual ~MtconnectAgent() = default;  // stops listening, closes every connection
  virtual sys::Endpoint local() const = 0;
  virtual MtconnectAgentCounters counters() const = 0;

  // Errors: kNotFound: no such data item.
  virtual Status observe(mtconnect::Observation seen) = 0;
  virtual void put_asset(mtconnect::Asset asset) = 0;
  virtual bool remove_asset(std::string_view id) = 0;
  // Closes every open connection (an agent that restarts); listening goes on.
  virtual void drop_connections() = 0;
};

// `loop` and `clock` must outlive the agent. Errors: kAddressInUse; kInvalidArgument as
// MtconnectResponder::make.
Result<std::unique_ptr<MtconnectAgent>> make_mtconnect_agent(
    sys::EventLoop& loop, sys::Clock& clock, std::vector<mtconnect::Component> devices,
    MtconnectAgentOptions options);

}  // namespace lineshaft::connect
