// connect/iec104/server.h: a controlled station over IEC 60870-5-104: points of ours, told to
// control centres of others.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "connect/iec104/settings.h"
#include "sys/clock.h"
#include "sys/loop.h"
#include "sys/tls_stream.h"

namespace lineshaft::connect {

struct Iec104ServedPoint {
  std::uint32_t address = 1;  // 1..16'777'215, unique
  iec104::PointFormat format;
  iec104::Reading reading;                     // at the start; of value_type(format)
  std::optional<iec104::CommandKind> command;  // absent: takes none
  bool select_required = false;                // a command without select is refused
};

// Who carries out commands. Called on the loop's thread; must not block.
class Iec104Plant {
 public:
  virtual ~Iec104Plant() = default;

  // False: refused. `value` is of command_value(). What comes of it is told by Iec104Server::set.
  virtual bool on_command(std::uint32_t address, const Value& value) = 0;
};

struct Iec104ServerOptions {
  sys::Endpoint listen;  // a numeric address; port 0 takes a free one
  std::shared_ptr<const sys::TlsContext> tls = nullptr;  // null: plain
  std::uint16_t common_address = 1;                      // 1..65534
  iec104::LinkSettings link;
  std::int16_t utc_offset_minutes = 0;
  std::size_t connections_max = 16;  // a further one is closed at once
  // Redundancy groups: the addresses of the clients of each. Clients of no group form one of their
  // own. In each group one connection at a time gets data: whoever starts ends the one before.
  std::vector<std::vector<std::string>> groups;
  // Events that wait, in each group, while nobody listens; then the oldest are lost.
  std::size_t events_max = 10'000;
  Nanoseconds select_timeout = std::chrono::seconds(30);
};

struct Iec104ServerCounters {
  std::uint64_t connections = 0;  // open now
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  // over connections_max
  std::uint64_t commands = 0;
  std::uint64_t negative = 0;  // answered with a refusal
  std::uint64_t broken = 0;    // closed for bytes that break the rules, or for silence
  std::uint64_t events_dropped = 0;
};

// Answers interrogations (of the station: cause 20, without time), counter interrogations, reads,
// tests and commands; refuses clock synchronisation and resets, whose owner is the machine. Sends
// changes with their time; at least once: what was not acknowledged when a connection broke is sent
// again on the next. Loop's thread only.
class Iec104Server {
 public:
  virtual ~Iec104Server() = default;  // stops listening, closes every connection
  virtual sys::Endpoint local() const = 0;
  virtual Iec104ServerCounters counters() const = 0;

  // A point has a new value at that time: told to every group. Requires: a served address, and the
  // type of its format.
  virtual void set(std::uint32_t address, iec104::Reading reading, Timestamp time,
                   iec104::Cause cause = iec104::Cause::kSpontaneous) = 0;

  // Closes every open connection (a station that restarts); listening goes on.
  virtual void drop_connections() = 0;
};

// `loop` and `plant` must outlive the server. Requires: unique addresses and checked formats.
// Errors: kAddressInUse.
Result<std::unique_ptr<Iec104Server>> make_iec104_server(sys::EventLoop& loop, Iec104Plant& plant,
                                                         std::vector<Iec104ServedPoint> points,
                                                         Iec104ServerOptions options);

}  // namespace lineshaft::connect
