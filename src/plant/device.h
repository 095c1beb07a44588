// plant/device.h: one machine of the plant as what clients see: registers or memory made from
// values, and its quirk.
#pragma once

#include <array>
#include <vector>

#include "connect/modbus/server.h"
#include "connect/s7/server.h"
#include "plant/model.h"
#include "sys/clock.h"

namespace lineshaft::plant {

// The time of the plant: runs `speed` times as fast as the clock from its making on.
class PlantClock {
 public:
  // `clock` must outlive it.
  PlantClock(sys::Clock& clock, double speed)
      : clock_(clock), speed_(speed), started_(clock.now()) {}
  Timestamp plant_now() const;
  Timestamp real_now() const { return clock_.now(); }

 private:
  sys::Clock& clock_;
  double speed_;
  Timestamp started_;
};

// `machine` and `clock` must outlive it. Requires: a Modbus machine.
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

  Timestamp plant_time() const { return clock_.plant_now(); }

 private:
  const Machine& machine_;
  PlantClock clock_;
  // Per area: which signal holds an address; 0 none, else index + 1.
  std::array<std::vector<std::uint16_t>, 4> owner_;
};

// The same for an S7 machine: a data block of values and one of bits.
class S7MachineDevice final : public connect::S7Device {
 public:
  S7MachineDevice(const Machine& machine, sys::Clock& clock, double speed);

  s7::ReturnCode read(s7::Area area, std::uint16_t db, std::uint32_t start,
                      std::span<std::uint8_t> out) override;
  // The plant is measured, not operated: every write is refused.
  s7::ReturnCode write(s7::Area area, std::uint16_t db, std::uint32_t start,
                       ByteSpan bytes) override;
  s7::Identification identification() override;
  connect::S7Reply reply_to(const s7::Request& request) override;

 private:
  const Machine& machine_;
  PlantClock clock_;
  std::array<std::uint32_t, 3> block_bytes_{};  // by number of the data block
};

}  // namespace lineshaft::plant
