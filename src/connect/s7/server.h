// connect/s7/server.h: an S7 server: memory of ours, served to clients of others.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "sys/loop.h"
#include "wire/s7/message.h"
#include "wire/s7/szl.h"

namespace lineshaft::connect {

// What the server does with an answer that the device has worked out. Anything but kAnswer exists
// for simulated machines, which have to misbehave as real ones do.
enum class S7Fault : std::uint8_t {
  kAnswer,          // as it should be
  kSilence,         // no answer, the connection stays
  kClose,           // the connection is closed instead of an answer
  kCloseMidway,     // half of the answer, then closed
  kGarbage,         // bytes that are no packet, instead of an answer
  kWrongReference,  // the answer carries the reference of another job
  kTwice,           // the answer is sent two times
};

struct S7Reply {
  Nanoseconds delay{0};  // before the answer leaves
  S7Fault fault = S7Fault::kAnswer;
};

// The memory behind a server. All calls come from the loop's thread, one request at a time, and
// must not block. Ranges are in bytes of the area (timers and counters: two each) and never run
// past byte 65535.
class S7Device {
 public:
  virtual ~S7Device() = default;

  // Fills `out` from byte `start` on, or says why not; `out` is then ignored.
  virtual s7::ReturnCode read(s7::Area area, std::uint16_t db, std::uint32_t start,
                              std::span<std::uint8_t> out) = 0;
  // All of `bytes` or, with a code other than kOk, none.
  virtual s7::ReturnCode write(s7::Area area, std::uint16_t db, std::uint32_t start,
                               ByteSpan bytes) = 0;
  // Changes one bit (0..7) and no other. The default reads the byte and writes it again.
  virtual s7::ReturnCode write_bit(s7::Area area, std::uint16_t db, std::uint32_t byte,
                                   std::uint8_t bit, bool value);

  virtual s7::Identification identification() { return {}; }

  // Asked once for each request but the negotiation, after it was carried out.
  virtual S7Reply reply_to(const s7::Request& /*request*/) { return {}; }
};

// Areas and data blocks as plain bytes: what a simulated CPU or a gateway fills.
class S7Memory : public S7Device {
 public:
  // Makes it, or gives it another size. Requires: bytes <= kAreaBytes. `db` 0 for other areas.
  Bytes& make(s7::Area area, std::uint16_t db, std::size_t bytes);

  s7::ReturnCode read(s7::Area area, std::uint16_t db, std::uint32_t start,
                      std::span<std::uint8_t> out) override;
  s7::ReturnCode write(s7::Area area, std::uint16_t db, std::uint32_t start,
                       ByteSpan bytes) override;

 private:
  std::map<std::pair<s7::Area, std::uint16_t>, Bytes> memory_;
};

struct S7ServerOptions {
  sys::Endpoint listen;  // a numeric address; port 0 takes a free one
  // A further connection is closed at once; 1 makes a device that serves a single client.
  std::size_t connections_max = 32;
  std::uint16_t pdu_bytes_max = 480;    // kPduBytesMin..kPduBytesMax: what a client gets at most
  std::uint16_t jobs_max = 8;           // 1..kJobsMax; they are worked on one after the other
  std::uint8_t tpdu_exponent_max = 10;  // 7..13: longer answers go in several TPDUs
  // The transport address that is served; another one is refused. Absent: any.
  std::optional<std::uint16_t> tsap;
  // A connection that sends no whole packet for so long is closed.
  Nanoseconds idle_timeout = std::chrono::seconds(300);
  // A packet that has begun must be complete within this time, and so must the negotiation.
  Nanoseconds frame_timeout = std::chrono::seconds(5);
};

struct S7ServerCounters {
  std::uint64_t connections = 0;  // open now
  std::uint64_t accepted = 0;
  std::uint64_t refused = 0;   // over connections_max, or to another transport address
  std::uint64_t requests = 0;  // after the negotiation
  std::uint64_t refusals = 0;  // answered with one, whole requests only
  std::uint64_t broken = 0;    // closed for bytes that are no S7, or for slowness
};

// Setup, read and write of variables, and the two system status lists of wire/s7/szl.h. Requests of
// one connection are answered one after the other, in order; what a client sends ahead waits in its
// socket, so memory per connection is bounded. Loop's thread only.
class S7Server {
 public:
  virtual ~S7Server() = default;  // stops listening, closes every connection
  virtual sys::Endpoint local() const = 0;
  virtual S7ServerCounters counters() const = 0;
  // Closes every open connection (a machine that restarts); listening goes on.
  virtual void drop_connections() = 0;
};

// `loop` and `device` must outlive the server. Errors: kAddressInUse.
Result<std::unique_ptr<S7Server>> make_s7_server(sys::EventLoop& loop, S7Device& device,
                                                 S7ServerOptions options);

}  // namespace lineshaft::connect
