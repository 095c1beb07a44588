// connect/modbus/server.h: a Modbus server: registers of ours, served to clients of others, over
// TCP, TLS or a serial line.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "sys/loop.h"
#include "sys/serial.h"
#include "sys/tls_stream.h"
#include "wire/modbus/identification.h"
#include "wire/modbus/message.h"

namespace lineshaft::connect {

// What the server does with an answer that the device has worked out. Anything but kAnswer exists
// for simulated machines, which have to misbehave as real ones do.
enum class ServerFault : std::uint8_t {
  kAnswer,            // as it should be
  kSilence,           // no answer, the connection stays
  kClose,             // the connection is closed instead of an answer
  kCloseMidway,       // half of the answer, then closed
  kGarbage,           // bytes that are no frame, instead of an answer
  kWrongTransaction,  // the answer carries another transaction id
  kWrongUnit,         // the answer carries another unit id
  kTwice,             // the answer is sent two times
};

struct ServerReply {
  Nanoseconds delay{0};  // before the answer leaves
  ServerFault fault = ServerFault::kAnswer;
};

// The map behind a server: one machine, or a gateway with several units. All calls come from the
// loop's thread, one request at a time, and must not block. A range never runs past address 65535.
class ModbusDevice {
 public:
  virtual ~ModbusDevice() = default;

  // nullopt: done. Otherwise the exception to answer with; `out` is then ignored.
  using Outcome = std::optional<modbus::Exception>;

  // False: the unit does not exist; it is answered with exception 0B (target does not respond).
  virtual bool has_unit(std::uint8_t /*unit*/) { return true; }

  // Fills `out` from `address` on. `area` is kInput or kHolding.
  virtual Outcome read_registers(std::uint8_t unit, modbus::Area area, std::uint16_t address,
                                 std::span<std::uint16_t> out) = 0;
  // `area` is kCoil or kDiscrete.
  virtual Outcome read_bits(std::uint8_t unit, modbus::Area area, std::uint16_t address,
                            std::span<bool> out) = 0;
  // Holding registers and coils: all of `values` or, with an exception, none.
  virtual Outcome write_registers(std::uint8_t unit, std::uint16_t address,
                                  std::span<const std::uint16_t> values) = 0;
  virtual Outcome write_coils(std::uint8_t unit, std::uint16_t address,
                              std::span<const bool> values) = 0;

  // The name plate (function 43/14). Empty: the function is refused with exception 01.
  virtual modbus::Identification identification(std::uint8_t unit) = 0;

  // Asked once for each request, after it was carried out. The default answers at once and rightly.
  virtual ServerReply reply_to(std::uint8_t /*unit*/, const modbus::Request& /*request*/) {
    return {};
  }
};

struct ModbusServerOptions {
  sys::Endpoint listen;  // a numeric address; port 0 takes a free one
  bool rtu = false;      // RTU frames over TCP, as a serial gateway passes them on
  // RTU on a serial line instead of `listen`; idle_timeout does not apply.
  std::optional<sys::SerialOptions> serial = std::nullopt;
  // Modbus/TCP Security; null: plain. A handshake takes frame_timeout at most.
  std::shared_ptr<const sys::TlsContext> tls = nullptr;
  // With TLS and trusted clients: the roles in their certificates that may write (extension
  // 1.3.6.1.4.1.50316.802.1). Others read only; what they write is answered with exception 01.
  // Absent: every client may write.
  std::optional<std::vector<std::string>> writing_roles = std::nullopt;
  // A further connection is closed at once; 1 makes a device that serves a single client.
  std::size_t connections_max = 64;
  // A connection that sends no whole request for so long is closed.
  Nanoseconds idle_timeout = std::chrono::seconds(300);
  // A request that has begun must be complete within this time (slow or half-open clients).
  Nanoseconds frame_timeout = std::chrono::seconds(5);
};

struct ModbusServerCounters {
  std::uint64_t connections = 0;  // open now
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;  // over connections_max
  std::uint64_t requests = 0;
  std::uint64_t exceptions = 0;  // answered with one
  std::uint64_t broken = 0;      // closed for bytes that are no Modbus, or for slowness
};

// Functions 1-6, 15, 16, 22, 23 and 43/14. One request at a time per connection, in order; what a
// client sends ahead waits in its socket, so memory per connection is bounded. With RTU, units that
// the device does not have are left to others, and a write to unit 0 is carried out by all without
// an answer. Loop's thread only.
class ModbusServer {
 public:
  virtual ~ModbusServer() = default;  // stops listening, closes every connection
  virtual sys::Endpoint local() const = 0;
  virtual ModbusServerCounters counters() const = 0;
  // Closes every open connection (a machine that restarts); listening goes on.
  virtual void drop_connections() = 0;
};

// `loop` and `device` must outlive the server. Errors: kAddressInUse; for a serial line those of
// sys::open_serial.
Result<std::unique_ptr<ModbusServer>> make_modbus_server(sys::EventLoop& loop, ModbusDevice& device,
                                                         ModbusServerOptions options);

}  // namespace lineshaft::connect
