// connect/modbus/probe.h: one look at a Modbus device: does it answer, who is it, what do these
// signals read. Keeps nothing and tries once.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "connect/manager.h"
#include "connect/modbus/link.h"
#include "connect/protocol.h"
#include "wire/modbus/identification.h"

namespace lineshaft::connect {

struct ProbeRequest {
  ModbusSettings settings;
  std::vector<std::uint8_t> units;    // to identify
  std::vector<SignalConfig> signals;  // to read; checked
  Nanoseconds limit = std::chrono::seconds(20);
};

struct ProbeUnit {
  bool answered = false;
  std::optional<MachineIdentification> identification;
};

struct ProbeReport {
  bool reachable = false;  // something Modbus answered
  std::optional<Nanoseconds> latency;
  std::optional<Error> error;
  std::map<std::uint8_t, ProbeUnit> units;
  std::vector<TestValue> values;  // of request.signals, in order
};

// Construction starts it. `done` runs once, on the loop's thread, at a turn of its own, so it may
// destroy the probe. Destruction before that stops it without a word.
class ModbusProbe : public Task, private LinkClient {
 public:
  using Done = std::function<void(ProbeReport)>;
  ModbusProbe(sys::EventLoop& loop, ModbusLinkPool& pool, ProbeRequest request, Done done);
  ~ModbusProbe() override;

 private:
  // A request to be made: the name plate, a first register (for devices that keep silent about
  // function 43), or a block of signals.
  struct Step {
    enum class Kind : std::uint8_t { kIdentify, kKnock, kRead } kind;
    std::uint8_t unit;
    modbus::Request request;
    std::vector<std::uint32_t> signals;
  };

  std::optional<LinkAsk> next_ask(Urgency urgency) override;
  void on_answer(std::uint64_t token, Result<modbus::Response> answer) override;
  void on_up() override;
  void on_down(const Error& why, Nanoseconds retry_in) override;

  void plan_reads();
  void add_read(std::vector<std::uint32_t> signals);
  void on_identity(const Step& step, const Result<modbus::Response>& answer);
  void on_read(const Step& step, const Result<modbus::Response>& answer);
  void refuse(const Step& step, const Error& why, Quality quality);
  void finish(std::optional<Error> error);

  sys::EventLoop& loop_;
  ProbeRequest request_;
  Done done_;
  std::shared_ptr<ModbusLink> link_;  // perhaps that of a live connection to the same device
  std::unique_ptr<sys::Timer> limit_;
  std::unique_ptr<sys::Timer> finish_;
  std::deque<Step> steps_;
  bool under_way_ = false;
  bool finished_ = false;
  Nanoseconds asked_at_{0};
  std::map<std::uint8_t, modbus::IdentificationReader> identities_;
  ProbeReport report_;
};

}  // namespace lineshaft::connect
