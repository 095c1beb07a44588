// bench/counting_registers.h: a Modbus device whose every answer is another.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "connect/modbus/server.h"

namespace lineshaft {

// Each read counts all registers one up, so that every poll is stored.
class CountingRegisters : public connect::ModbusDevice {
 public:
  Outcome read_registers(std::uint8_t, modbus::Area, std::uint16_t,
                         std::span<std::uint16_t> out) override {
    count_ += 1;
    std::ranges::fill(out, count_);
    return std::nullopt;
  }
  Outcome read_bits(std::uint8_t, modbus::Area, std::uint16_t, std::span<bool>) override {
    return modbus::Exception::kIllegalFunction;
  }
  Outcome write_registers(std::uint8_t, std::uint16_t, std::span<const std::uint16_t>) override {
    return std::nullopt;
  }
  Outcome write_coils(std::uint8_t, std::uint16_t, std::span<const bool>) override {
    return std::nullopt;
  }
  modbus::Identification identification(std::uint8_t) override { return {}; }

 private:
  std::uint16_t count_ = 0;
};

}  // namespace lineshaft
