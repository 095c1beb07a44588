#include "connect/modbus/execute.h"

#include <algorithm>
#include <array>
#include <memory>

namespace lineshaft::connect {

namespace {

using modbus::Done;
using modbus::Exception;
using modbus::Response;

// An exception, or that it is done.
Response outcome(ModbusDevice::Outcome refused) {
  return refused ? Response(*refused) : Response(Done{});
}

class Executor {
 public:
  Executor(ModbusDevice& device, std::uint8_t unit) : device_(device), unit_(unit) {}

  Response operator()(const modbus::ReadBits& r) {
    std::array<bool, modbus::kReadBitsMax> bits{};
    const auto out = std::span(bits).first(r.count);
    if (auto refused = device_.read_bits(unit_, r.area, r.address, out)) return *refused;
    return modbus::Bits{std::vector<bool>(out.begin(), out.end())};
  }

  Response operator()(const modbus::ReadRegisters& r) { return read(r.area, r.address, r.count); }

  Response operator()(const modbus::WriteCoil& r) {
    return outcome(device_.write_coils(unit_, r.address, std::array{r.value}));
  }

  Response operator()(const modbus::WriteRegister& r) {
    return outcome(device_.write_registers(unit_, r.address, std::array{r.value}));
  }

  Response operator()(const modbus::WriteCoils& r) {
    std::array<bool, modbus::kWriteBitsMax> bits{};
    std::copy(r.values.begin(), r.values.end(), bits.begin());
    return outcome(device_.write_coils(unit_, r.address, std::span(bits).first(r.values.size())));
  }

  Response operator()(const modbus::WriteRegisters& r) {
    return outcome(device_.write_registers(unit_, r.address, r.values));
  }

  Response operator()(const modbus::MaskWriteRegister& r) {
    std::array<std::uint16_t, 1> word{};
    if (auto refused = device_.read_registers(unit_, modbus::Area::kHolding, r.address, word)) {
      return *refused;
    }
    word[0] = static_cast<std::uint16_t>((word[0] & r.and_mask) | (r.or_mask & ~r.and_mask));
    return outcome(device_.write_registers(unit_, r.address, word));
  }

  Response operator()(const modbus::ReadWriteRegisters& r) {
    if (auto refused = device_.write_registers(unit_, r.write_address, r.values)) return *refused;
    return read(modbus::Area::kHolding, r.read_address, r.read_count);
  }

  Response operator()(const modbus::ReadDeviceId& r) {
    return modbus::identification_part(device_.identification(unit_), r);
  }

 private:
  Response read(modbus::Area area, std::uint16_t address, std::uint16_t count) {
    modbus::Registers registers{std::vector<std::uint16_t>(count)};
    if (auto refused = device_.read_registers(unit_, area, address, registers.values)) {
      return *refused;
    }
    return registers;
  }

  ModbusDevice& device_;
  std::uint8_t unit_;
};

}  // namespace

Response execute(ModbusDevice& device, std::uint8_t unit, const modbus::Request& request) {
  if (!device.has_unit(unit)) return Exception::kGatewayTargetNoResponse;
  return std::visit(Executor(device, unit), request);
}

}  // namespace lineshaft::connect
