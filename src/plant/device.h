// plant/device.h: one machine of the plant as a Modbus device: registers from values, and its
// quirk.
#pragma once

#include <array>
#include <vector>

#include "connect/modbus/server.h"
#include "plant/model.h"
#include "sys/clock.h"

namespace lineshaft::plant {

// `machine` and `clock` must outlive it. `speed`: plant time runs so much faster than the clock
// from `started` on.
class MachineDevice final : public connect::ModbusDevice {
 public:
  MachineDevice(const Machine& machine, sys::Clock& clock, double speed);

  Outcome read_registers(std::uint8_t unit, modbus::Area area, std::uint16_t address,
                         std::span<std::uint16_t> out) override;
  Outcome read_bits(std::uint8_t unit, modbus::Area area, std::uint16_t address,
                    std::span<bool> out) override;
  // The plant is measured, not operated: every write is refused.
  Outcome write_registers(std::uint8_t unit, std::uint16_t address,
                          std::span<const std::uint16_t> values) override;
  Outcome write_coils(std::uint8_t unit, std::uint16_t address,
                      std::span<const bool> values) override;
  modbus::Identification identification(std::uint8_t unit) override;
  connect::ServerReply reply_to(std::uint8_t unit, const modbus::Request& request) override;

  Timestamp plant_time() const;

 private:
  const Machine& machine_;
  sys::Clock& clock_;
  double speed_;
  Timestamp started_;
  // Per area: which signal holds an address; 0 none, else index + 1.
  std::array<std::vector<std::uint16_t>, 4> owner_;
};

}  // namespace lineshaft::plant
