// connect/modbus/link.h: one connection to a Modbus device or gateway, or a serial line, shared by
// one or several users; asks them for requests when it can carry one.
#pragma once

#include <bitset>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connect/stream_link.h"
#include "connect/traffic.h"
#include "sys/clock.h"
#include "sys/loop.h"
#include "wire/modbus/frame.h"
#include "wire/modbus/message.h"
#include "wire/modbus/rtu.h"

namespace lineshaft::connect {

using UnitSet = std::bitset<256>;

enum class Urgency : std::uint8_t { kWrite, kPoll };

struct LinkAsk {
  std::uint8_t unit = 1;
  modbus::Request request;  // legal: encode_request must not refuse it
  Nanoseconds timeout{0};
  std::uint64_t token = 0;  // given back with the answer
};

// A user of a link. Its functions are called on the loop's thread; they may call wake(), but must
// not leave or destroy the link.
class LinkClient {
 public:
  virtual ~LinkClient() = default;

  // The next request of that urgency, or nothing; none to a unit of closed_units(). All users are
  // asked for writes before any for polls, and in turn, so that nobody starves.
  virtual std::optional<LinkAsk> next_ask(Urgency urgency) = 0;

  // The answer (an exception of the device is one) or why there is none: kTimeout,
  // kBadAnswer.
  virtual void on_answer(std::uint64_t token, Result<modbus::Response> answer) = 0;

  virtual void on_up() = 0;
  // Requests under way are void: on_answer does not come for them. Also called when an attempt to
  // connect fails. The next attempt is in `retry_in`.
  virtual void on_down(const Error& why, Nanoseconds retry_in) = 0;

  Traffic traffic;
};

struct LinkOptions {
  sys::Endpoint endpoint;
  std::shared_ptr<const sys::TlsContext> tls = nullptr;  // null: plain Modbus TCP
  Nanoseconds connect_timeout = std::chrono::seconds(1);
  Nanoseconds request_delay{0};
  std::size_t in_flight_max = 1;                            // 1 with rtu
  bool rtu = false;                                         // RTU frames; else those of Modbus TCP
  std::optional<sys::SerialOptions> serial = std::nullopt;  // with rtu: a line instead of endpoint
  // So many timeouts with no answer between them mean that the connection is dead, not the device
  // slow: connect anew. A serial port is not opened anew for silence.
  std::size_t timeouts_in_a_row_max = 3;

  std::string place() const { return serial ? serial->device : endpoint.text(); }
};

// RTU has no transaction ids: an answer that comes after its timeout looks like that to the next
// request. So a unit that left a request unanswered is closed for as long again, or until the late
// answer is there, while the others are asked.
class ModbusLink : private StreamUser {
 public:
  ModbusLink(sys::EventLoop& loop, sys::Random& random, LinkOptions options);
  ~ModbusLink() override;
  ModbusLink(const ModbusLink&) = delete;
  ModbusLink& operator=(const ModbusLink&) = delete;

  // The first user makes it connect; a later one hears at the next turn how things stand. With
  // several users the most cautious of their options hold.
  void join(LinkClient& client, const LinkOptions& options);
  void leave(LinkClient& client);

  // A user has something to send.
  void wake() { pump(); }

  // Units that must not be asked now. The link asks again for requests when that changes.
  const UnitSet& closed_units() const { return closed_; }

  bool up() const { return stream_ && stream_->up(); }
  // When the next attempt starts; absent unless it waits for one.
  std::optional<Nanoseconds> retry_in() const;

 private:
  struct User {
    LinkClient* client;
    bool informed;  // has heard of the present state
  };
  struct InFlight {
    std::uint16_t transaction;
    LinkClient* client;  // null: it left
    LinkAsk ask;
    Nanoseconds sent;
    Nanoseconds deadline;
  };
  struct Overdue {  // an answer of RTU that may still come
    std::uint8_t unit;
    LinkClient* client;  // null: it left
    Nanoseconds until;
  };

  void on_up() override;
  Status on_bytes(ByteSpan bytes) override;
  void on_down(const Error& why, Nanoseconds retry_in) override;
  void inform();
  Status on_frame(const modbus::Frame& frame);
  void deliver(const InFlight& asked, const modbus::Frame& frame);
  Status on_stray(const modbus::Frame& frame);
  bool is_answer(const InFlight& asked, const modbus::Frame& frame) const;
  Result<std::optional<modbus::Frame>> next_frame(ByteSpan& bytes);
  void expect_late(const InFlight& asked);
  void open_units();
  std::size_t frame_bytes(std::size_t pdu_bytes) const;
  Nanoseconds line_time(std::size_t bytes) const;  // none but on a serial line
  void pump();
  std::optional<std::pair<LinkClient*, LinkAsk>> next_ask();
  void send(LinkClient& client, LinkAsk ask);
  void watch_deadlines();
  void on_deadline();

  sys::EventLoop& loop_;
  sys::Random& random_;
  LinkOptions options_;
  std::vector<User> users_;
  std::size_t turn_ = 0;  // whose turn it is among users_

  std::unique_ptr<StreamLink> stream_;    // from the first user on
  std::unique_ptr<sys::Timer> pause_;     // request_delay
  std::unique_ptr<sys::Timer> deadline_;  // of the oldest request
  std::unique_ptr<sys::Timer> inform_;

  modbus::FrameReader reader_;
  modbus::RtuReader rtu_reader_{modbus::RtuSide::kAnswers};
  Bytes to_write_;

  std::uint16_t next_transaction_ = 0;
  std::vector<InFlight> in_flight_;
  // Of requests that timed out, so that their late answers are counted for the right user.
  std::deque<std::pair<std::uint16_t, LinkClient*>> expired_;
  std::vector<Overdue> overdue_;
  UnitSet closed_;                       // those of overdue_
  std::unique_ptr<sys::Timer> opening_;  // of the next unit of overdue_
  std::size_t strays_in_a_row_ = 0;
  std::size_t timeouts_in_a_row_ = 0;
  Nanoseconds not_before_{0};
  bool pumping_ = false;

  std::optional<Error> last_error_;
};

// Hands out links: one for each user, or one for all of a device that serves a single client.
class ModbusLinkPool {
 public:
  ModbusLinkPool(sys::EventLoop& loop, sys::Random& random) : loop_(loop), random_(random) {}

  // `share`: with everybody who shares this endpoint. Who does not share but finds a shared link
  // there (a test read of a device in use) gets that one. A serial line is always shared.
  std::shared_ptr<ModbusLink> get(const LinkOptions& options, bool share);

 private:
  sys::EventLoop& loop_;
  sys::Random& random_;
  std::map<std::string, std::weak_ptr<ModbusLink>> shared_;
};

}  // namespace lineshaft::connect
