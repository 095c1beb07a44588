// connect/s7/link.h: one S7 connection to a CPU, kept alive: connects, negotiates, carries jobs and
// comes back after every loss.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "connect/s7/settings.h"
#include "connect/stream_link.h"
#include "connect/traffic.h"
#include "sys/clock.h"
#include "sys/loop.h"
#include "wire/s7/message.h"
#include "wire/s7/transport.h"

namespace lineshaft::connect {

struct S7Ask {
  s7::Request request;      // what it borrows must live until the call that took it returns
  std::uint64_t token = 0;  // given back with the answer
};

// Who uses a link. Called on the loop's thread; may call wake(), but must not destroy the link.
class S7LinkUser {
 public:
  virtual ~S7LinkUser() = default;

  // The next job, or nothing. Asked whenever one may be under way.
  virtual std::optional<S7Ask> next_ask() = 0;

  // The answer (a refusal of the device is one) or why there is none: kTimeout,
  // ErrorId::kBadAnswer. What the answer borrows lives until this call returns.
  virtual void on_answer(std::uint64_t token, Result<s7::Response> answer) = 0;

  // Negotiated: PDUs are at most so long.
  virtual void on_up(std::size_t pdu_bytes) = 0;
  // Jobs under way are void: on_answer does not come for them. Also called when an attempt to
  // connect fails. The next attempt is in `retry_in`.
  virtual void on_down(const Error& why, Nanoseconds retry_in) = 0;
};

// How a connection goes up: TCP, then the transport connection to rack and slot (CR, CC), then the
// S7 negotiation (PDU length, jobs under way). Each step has settings.timeout_ms.
//
// Answers are matched by the reference that each job carries. One that nobody waits for (late,
// twice) is counted and thrown away.
class S7Link : private StreamUser {
 public:
  // Connects at the next turn of the loop. `user` must outlive the link. `timeouts_in_a_row_max`:
  // so many without any answer between them mean that the connection is dead.
  S7Link(sys::EventLoop& loop, sys::Random& random, const S7Settings& settings, S7LinkUser& user,
         std::size_t timeouts_in_a_row_max = 3);

  // The user has something to send.
  void wake() { pump(); }

  bool up() const { return state_ == State::kUp; }
  std::uint64_t ups() const { return ups_; }
  std::optional<Nanoseconds> retry_in() const { return stream_.retry_in(); }
  // Bytes, jobs, latency.
  Traffic traffic() const;

 private:
  enum class State : std::uint8_t { kDown, kTransport, kSetup, kUp };

  struct Job {
    std::uint16_t reference;
    S7Ask ask;
    Nanoseconds sent;
    Nanoseconds deadline;
  };

  void on_up() override;
  Status on_bytes(ByteSpan bytes) override;
  void on_down(const Error& why, Nanoseconds retry_in) override;

  Status on_tpdu(const s7::Tpdu& tpdu);
  Status on_confirm(const s7::ConnectConfirm& confirm);
  Status on_pdu(ByteSpan pdu);
  Status on_setup(const s7::Message& message);
  Status on_job_answer(const s7::Message& message);
  void pump();
  void send(S7Ask ask);
  void send_pdu(ByteSpan pdu);
  void watch(Nanoseconds deadline);
  void watch_jobs();
  void on_deadline();

  sys::EventLoop& loop_;
  const S7Settings settings_;
  S7LinkUser& user_;
  const std::size_t timeouts_in_a_row_max_;
  std::unique_ptr<sys::Timer> deadline_;
  State state_ = State::kDown;
  std::optional<s7::TransportReader> reader_;
  std::size_t tpdu_bytes_ = 0;
  std::size_t pdu_bytes_ = 0;
  std::size_t jobs_max_ = 1;
  std::uint16_t next_reference_ = 0;
  std::deque<Job> jobs_;  // oldest first
  std::size_t strays_in_a_row_ = 0;
  std::size_t timeouts_in_a_row_ = 0;
  bool pumping_ = false;
  std::uint64_t ups_ = 0;
  Traffic traffic_;
  StreamLink stream_;  // last: it calls back
};

}  // namespace lineshaft::connect
