// connect/modbus/writer.h: carries writes to one machine: old value, write, read back; one by one.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "connect/connection.h"
#include "connect/driver.h"
#include "connect/modbus/link.h"

namespace lineshaft::connect {

// Not told of time except by arguments. Loop's thread.
class ModbusWriter {
 public:
  // `config` and `host` must outlive the writer.
  ModbusWriter(const ConnectionConfig& config, DriverHost& host)
      : config_(config), settings_(std::get<ModbusSettings>(config.settings)), host_(host) {}

  // Queues a write. Errors (through `done`, possibly from inside): kWriteQueueFull.
  void write(std::size_t signal, Value value, Driver::WriteDone done);

  // The connection is gone: every write fails with `why`.
  void fail_all(const Error& why);

  // Nothing for a unit of `closed`.
  std::optional<LinkAsk> next_ask(Nanoseconds now, const UnitSet& closed);
  // When next_ask is worth another look; nothing if there is no write or it waits for an answer.
  std::optional<Nanoseconds> next_time() const;
  // Requires: the answer belongs to the last ask.
  void on_answer(Result<modbus::Response> answer, Nanoseconds now);

 private:
  enum class Step : std::uint8_t { kReadOld, kWrite, kReadBack };

  struct Operation {
    std::size_t signal;
    Value value;
    Driver::WriteDone done;
    Step step = Step::kReadOld;
    std::vector<std::uint16_t> old_registers;  // a coil as one 0 or 1
    std::vector<std::uint16_t> new_registers;
    bool under_way = false;
    int busy_tries = 0;
    Nanoseconds not_before{0};
  };

  const ModbusPoint& point(const Operation& operation) const;
  modbus::Request read_request(const ModbusPoint& p) const;
  modbus::Request write_request(const Operation& operation) const;
  bool uses_mask(const ModbusPoint& p) const;
  void on_old(Operation& operation, std::vector<std::uint16_t> registers);
  void on_read_back(Operation& operation, const std::vector<std::uint16_t>& registers);
  bool on_exception(Operation& operation, modbus::Exception what, Nanoseconds now);
  void finish(Result<WriteOutcome> result);

  const ConnectionConfig& config_;
  const ModbusSettings& settings_;
  DriverHost& host_;
  std::deque<Operation> queue_;
  bool mask_write_missing_ = false;  // the device answered function 22 with exception 01
};

}  // namespace lineshaft::connect
