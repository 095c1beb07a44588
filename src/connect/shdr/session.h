// connect/shdr/session.h: the driver of one connection to an MTConnect adapter.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "connect/driver.h"
#include "connect/mtconnect/delivery.h"
#include "connect/protocol.h"
#include "connect/stream_link.h"
#include "connect/traffic.h"
#include "wire/shdr/shdr.h"

namespace lineshaft::connect {

// Takes what the adapter says, and asks it for signs of life ("* PING") as often as it promises
// them ("* PONG 10000"). An adapter tells all its values after connecting.
class ShdrSession : public Driver, private StreamUser {
 public:
  // `config` and `host` must outlive the session.
  ShdrSession(sys::EventLoop& loop, sys::Random& random, const ConnectionConfig& config,
              DriverHost& host);

  void write(std::size_t signal, Value value, WriteDone done) override;
  void fill(ConnectionStatus& status) const override;

  // What the adapter has said of its machine.
  const MachineIdentification& plate() const { return plate_; }

 private:
  void on_up() override;
  Status on_bytes(ByteSpan bytes) override;
  void on_down(const Error& why, Nanoseconds retry_in) override;

  void on_line(const shdr::Line& line);
  void on_command(const shdr::Command& command);
  void observe(std::size_t signal, std::optional<Timestamp> time, const shdr::Reading& reading);
  void deliver(std::size_t signal, std::optional<Timestamp> time, Value value);
  void refuse(std::size_t signal, const Error& why);
  void ping();
  void arm();
  shdr::Kind kind_of(std::string_view key) const;

  sys::EventLoop& loop_;
  DriverHost& host_;
  const ConnectionConfig& config_;
  const ShdrSettings& settings_;
  Delivery delivery_;
  std::unordered_map<std::string, std::vector<std::size_t>> signals_;  // by key
  mtconnect::ItemStates states_;                                       // by signal
  shdr::LineReader reader_;
  std::unique_ptr<sys::Timer> timer_;
  std::optional<Nanoseconds> heartbeat_;  // that the adapter promised
  Nanoseconds heard_{0};
  Nanoseconds pinged_{0};
  bool ponged_ = true;  // the last ping was answered
  std::optional<std::int64_t> clock_ahead_ms_;
  MachineIdentification plate_;
  Traffic traffic_;
  StreamLink stream_;  // last: it calls the others
};

}  // namespace lineshaft::connect
