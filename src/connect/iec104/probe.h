// connect/iec104/probe.h: one look at a station: does it answer, what do these signals read.
#pragma once

#include <functional>
#include <memory>

#include "connect/iec104/session.h"
#include "connect/protocol.h"

namespace lineshaft::connect {

// Connects, starts the transfer of data, interrogates once, and keeps nothing. A station that
// serves one client at a time may stop serving another for it.
class Iec104Test : public Task, private DriverHost {
 public:
  Iec104Test(sys::EventLoop& loop, sys::Clock& clock, sys::Random& random, TestRequest request,
             ProtocolRuntime::TestDone done);

 private:
  Instant now() override { return {clock_.now(), loop_.now()}; }
  void on_value(std::size_t signal, Instant at, Value value, Quality quality) override;
  void on_past(std::size_t /*signal*/, Timestamp /*time*/, Value /*value*/,
               Quality /*quality*/) override {}
  void on_bad(std::size_t signal, Instant at, Quality quality) override;
  void on_connected() override;
  void on_lost(const Error& why) override;
  void on_trouble(std::string_view event, const Error& what) override;
  void on_event(std::string_view /*event*/, std::string /*detail*/) override {}

  void count(std::size_t signal);
  void finish(std::optional<Error> error);

  sys::EventLoop& loop_;
  sys::Clock& clock_;
  ProtocolRuntime::TestDone done_;
  ConnectionConfig config_;
  std::unique_ptr<sys::Timer> limit_;
  std::unique_ptr<sys::Timer> finish_;
  Nanoseconds started_{0};
  std::vector<bool> told_;
  std::size_t missing_ = 0;
  bool finished_ = false;
  TestReport report_;
  std::unique_ptr<Iec104Session> session_;
};

// Sends a test frame, which every station answers and which changes nothing there.
class Iec104Knock : public Task {
 public:
  Iec104Knock(sys::EventLoop& loop, Knock knock, ProtocolRuntime::KnockDone done);

 private:
  void on_connected(Result<std::unique_ptr<sys::TcpStream>> stream);
  void read();
  void finish(bool answered);

  sys::EventLoop& loop_;
  Knock knock_;
  ProtocolRuntime::KnockDone done_;
  std::unique_ptr<sys::Timer> limit_;
  std::unique_ptr<sys::Timer> finish_;
  std::unique_ptr<sys::Connecting> connecting_;
  std::unique_ptr<sys::TcpStream> stream_;
  iec104::FrameReader reader_;
  std::array<std::uint8_t, 256> in_{};
  Bytes out_;
};

}  // namespace lineshaft::connect
