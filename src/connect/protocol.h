// connect/protocol.h: what one protocol brings to the room. Whoever adds a protocol adds its data
// to the variants of connection.h, a folder with a ProtocolKind, and a line to protocols.cpp.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "connect/browse.h"
#include "connect/driver.h"
#include "connect/fields.h"
#include "connect/manager.h"
#include "connect/scan.h"
#include "connect/task.h"
#include "sys/clock.h"
#include "sys/loop.h"

namespace lineshaft::connect {

// A knock at one address: who answers there?
struct Knock {
  sys::Endpoint at;
  std::uint32_t timeout_ms = 500;
  std::vector<std::uint8_t> unit_ids;  // Modbus: the units to ask
};

// The drivers of one protocol in one manager, with what they share. Loop's thread.
class ProtocolRuntime {
 public:
  virtual ~ProtocolRuntime() = default;

  // `config` is checked; it and `host` outlive the driver.
  virtual std::unique_ptr<Driver> make_driver(const ConnectionConfig& config, DriverHost& host) = 0;

  // Tries settings, reads the signals once and keeps nothing. `request` is checked. `done` runs
  // once, at a turn of its own, so that it may destroy the task.
  using TestDone = ConnectionManager::TestDone;
  virtual std::unique_ptr<Task> test(TestRequest request, TestDone done) = 0;

  // Finds out whether something at that address speaks the protocol; changes nothing there. `done`
  // as above, with nothing for an address that does not answer.
  using KnockDone = std::function<void(std::vector<ScanHit>)>;
  virtual std::unique_ptr<Task> knock(Knock knock, KnockDone done) = 0;

  // Asks what there is to read; changes nothing there. `request` is checked. `done` as above.
  // Only of protocols whose kind can be browsed.
  virtual std::unique_ptr<Task> browse(BrowseRequest request, BrowseDone done);
};

// What the room must know of a protocol before anything runs. Without state; any thread.
// Requires everywhere: settings and points are of this protocol.
class ProtocolKind {
 public:
  virtual ~ProtocolKind() = default;

  virtual std::string_view name() const = 0;  // as in the JSON: "modbus-tcp"

  // The members of "settings". What is wrong is told through `fields`.
  virtual ProtocolSettings read_settings(Fields& fields) const = 0;
  virtual Json settings_json(const ProtocolSettings& settings, Secrets secrets) const = 0;

  // The members of a signal that say where its value lies, among all others of the signal.
  virtual SignalPoint read_point(Fields& fields) const = 0;
  virtual void add_point_json(const SignalPoint& point, Json& signal) const = 0;

  // Errors: kInvalidArgument, "settings.port: ..." and "address: ...".
  virtual Status check_settings(const ProtocolSettings& settings) const = 0;
  virtual Status check_point(const SignalConfig& signal,
                             const ProtocolSettings& settings) const = 0;

  virtual ValueType value_type(const SignalPoint& point) const = 0;
  // A measured number, which moves between two samples; anything else stands until it changes. The
  // default of a signal's interpolation. Unless the protocol knows more: a number with a fraction.
  virtual bool is_measured(const SignalPoint& point) const;
  // Where the value comes from, for people: "modbus:press 4/1/holding/100". Goes into the tag.
  virtual std::string source(const ConnectionConfig& config, const SignalPoint& point) const = 0;

  // Where machines of it usually listen; none if it is found by another protocol's doors.
  virtual std::vector<Door> doors() const { return {}; }
  virtual Browsing browsing() const { return Browsing::kNone; }
  // Machines of it may keep history that can be fetched: Driver::backfill.
  virtual bool has_history() const { return false; }
  virtual bool has_methods() const { return false; }
  // Where a machine with these settings listens, if it may let one client in and loses nothing when
  // a test takes the place of a running connection for a moment.
  virtual std::optional<sys::Endpoint> seat(const ProtocolSettings& /*settings*/) const {
    return std::nullopt;
  }
  // What may be called on a machine with these settings; borrowed from them.
  virtual std::span<const MethodConfig> methods(const ProtocolSettings& /*settings*/) const {
    return {};
  }

  // `options`: what some protocols need of the house beside a loop.
  virtual std::unique_ptr<ProtocolRuntime> make_runtime(sys::EventLoop& loop, sys::Clock& clock,
                                                        sys::Random& random,
                                                        const ManagerOptions& options) const = 0;
};

// Threads: any.
const ProtocolKind& kind_of(Protocol protocol);
std::string protocol_names();  // "modbus-tcp, s7 or mqtt"
inline constexpr std::size_t kProtocols = std::variant_size_v<ProtocolSettings>;

// Errors: kInvalidArgument "field: 7; allowed are 1 to 5".
Status check_number(std::string_view field, std::uint64_t value, std::uint64_t low,
                    std::uint64_t high);
struct NumberCheck {
  std::string_view field;
  std::uint64_t value, low, high;
};
// The first of them that is not allowed.
Status check_numbers(std::initializer_list<NumberCheck> checks);
// Text of 1 to `bytes_max` bytes that a person can read.
bool is_name(std::string_view text, std::size_t bytes_max);
// Errors: kInvalidArgument unless `host` is 1 to 253 bytes (RFC 1035) of text.
Status check_host(std::string_view host);

}  // namespace lineshaft::connect
