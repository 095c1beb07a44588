// connect/modbus/session.h: the Modbus driver of one connection: a poller and a writer on a link.
#pragma once

#include <memory>

#include "connect/driver.h"
#include "connect/modbus/link.h"
#include "connect/modbus/poller.h"
#include "connect/modbus/writer.h"
#include "sys/clock.h"

namespace lineshaft::connect {

// How a connection with these settings wants its link. `units` behind it share the timeouts.
LinkOptions link_options(const ModbusSettings& settings, std::size_t units);

class ModbusSession : public Driver, private LinkClient {
 public:
  // `config` and `host` must outlive the session.
  ModbusSession(sys::EventLoop& loop, sys::Random& random, ModbusLinkPool& pool,
                const ConnectionConfig& config, DriverHost& host);
  ~ModbusSession() override;

  void write(std::size_t signal, Value value, WriteDone done) override;
  void fill(ConnectionStatus& status) const override;

 private:
  std::optional<LinkAsk> next_ask(Urgency urgency) override;
  void on_answer(std::uint64_t token, Result<modbus::Response> answer) override;
  void on_up() override;
  void on_down(const Error& why, Nanoseconds retry_in) override;

  void arm();  // sets the timer to the next thing to do

  sys::EventLoop& loop_;
  DriverHost& host_;
  ModbusPoller poller_;
  ModbusWriter writer_;
  std::shared_ptr<ModbusLink> link_;  // shared with the other users of a single-connection device
  std::unique_ptr<sys::Timer> timer_;
  std::optional<Nanoseconds> armed_for_;
  std::uint64_t ups_ = 0;
  bool up_ = false;
};

}  // namespace lineshaft::connect
