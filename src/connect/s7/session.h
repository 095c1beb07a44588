// connect/s7/session.h: the S7 driver of one connection: a poller and a writer on a link.
#pragma once

#include <memory>

#include "connect/driver.h"
#include "connect/s7/link.h"
#include "connect/s7/poller.h"
#include "connect/s7/writer.h"
#include "sys/clock.h"

namespace lineshaft::connect {

class S7Session : public Driver, private S7LinkUser {
 public:
  // `config` and `host` must outlive the session.
  S7Session(sys::EventLoop& loop, sys::Random& random, const ConnectionConfig& config,
            DriverHost& host);

  void write(std::size_t signal, Value value, WriteDone done) override;
  void fill(ConnectionStatus& status) const override;

 private:
  std::optional<S7Ask> next_ask() override;
  void on_answer(std::uint64_t token, Result<s7::Response> answer) override;
  void on_up(std::size_t pdu_bytes) override;
  void on_down(const Error& why, Nanoseconds retry_in) override;

  void arm();  // sets the timer to the next cycle

  sys::EventLoop& loop_;
  DriverHost& host_;
  S7Poller poller_;
  S7Writer writer_;
  std::unique_ptr<sys::Timer> timer_;
  std::optional<Nanoseconds> armed_for_;
  S7Link link_;  // last: it calls back
};

}  // namespace lineshaft::connect
