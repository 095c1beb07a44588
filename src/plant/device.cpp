#include "plant/device.h"

#include <algorithm>

namespace lineshaft::plant {
namespace {

using connect::ModbusPoint;
using modbus::Exception;

const ModbusPoint& point_of(const Signal& signal) {
  return std::get<ModbusPoint>(signal.config.point);
}

}  // namespace

MachineDevice::MachineDevice(const Machine& machine, sys::Clock& clock, double speed)
    : machine_(machine), clock_(clock), speed_(speed), started_(clock.now()) {
  for (std::size_t i = 0; i < machine.signals.size(); ++i) {
    const ModbusPoint& point = point_of(machine.signals[i]);
    auto& owner = owner_[static_cast<std::size_t>(point.format.area)];
    const std::size_t end = std::size_t{point.address} + modbus::width(point.format);
    if (owner.size() < end) owner.resize(end);
    std::fill(owner.begin() + point.address, owner.begin() + static_cast<std::ptrdiff_t>(end),
              static_cast<std::uint16_t>(i + 1));
  }
}

Timestamp MachineDevice::plant_time() const {
  const Timestamp now = clock_.now();
  const double passed = static_cast<double>((now - started_).count()) * speed_;
  return started_ + Nanoseconds(static_cast<std::int64_t>(passed));
}

MachineDevice::Outcome MachineDevice::read_registers(std::uint8_t, modbus::Area area,
                                                     std::uint16_t address,
                                                     std::span<std::uint16_t> out) {
  if (out.size() > machine_.quirk.registers_per_read_max) return Exception::kIllegalDataAddress;
  const auto& owner = owner_[static_cast<std::size_t>(area)];
  const Timestamp now = plant_time();
  std::fill(out.begin(), out.end(), std::uint16_t{0});
  for (std::size_t i = 0; i < out.size();) {
    const std::size_t at = address + i;
    const std::uint16_t holder = at < owner.size() ? owner[at] : 0;
    if (at >= owner.size() || (holder == 0 && machine_.quirk.refuses_gaps)) {
      return Exception::kIllegalDataAddress;
    }
    if (holder == 0) {
      ++i;
      continue;
    }
    const Signal& signal = machine_.signals[holder - 1U];
    const ModbusPoint& point = point_of(signal);
    const std::vector<std::uint16_t> blank(modbus::width(point.format));
    const auto registers = modbus::encode_value(point.format, value_at(signal, now), blank);
    if (!registers) return Exception::kServerDeviceFailure;
    // The read may begin inside the value or end before it does.
    for (std::size_t k = at - point.address; k < registers->size() && i < out.size(); ++k, ++i) {
      out[i] = (*registers)[k];
    }
  }
  return std::nullopt;
}

MachineDevice::Outcome MachineDevice::read_bits(std::uint8_t, modbus::Area area,
                                                std::uint16_t address, std::span<bool> out) {
  const auto& owner = owner_[static_cast<std::size_t>(area)];
  if (address + out.size() > owner.size()) return Exception::kIllegalDataAddress;
  const Timestamp now = plant_time();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::uint16_t holder = owner[address + i];
    out[i] = holder != 0 && std::get<bool>(value_at(machine_.signals[holder - 1U], now));
  }
  return std::nullopt;
}

MachineDevice::Outcome MachineDevice::write_registers(std::uint8_t, std::uint16_t,
                                                      std::span<const std::uint16_t>) {
  return Exception::kIllegalDataAddress;
}

MachineDevice::Outcome MachineDevice::write_coils(std::uint8_t, std::uint16_t,
                                                  std::span<const bool>) {
  return Exception::kIllegalDataAddress;
}

modbus::Identification MachineDevice::identification(std::uint8_t) {
  return {{modbus::kVendorName, "Northfield Automation"},
          {modbus::kProductCode, "NF-" + std::to_string(machine_.settings.port)},
          {modbus::kRevision, "1.0"},
          {modbus::kProductName, machine_.name}};
}

connect::ServerReply MachineDevice::reply_to(std::uint8_t, const modbus::Request&) {
  connect::ServerReply reply;
  reply.delay = machine_.quirk.answer_delay;
  if (machine_.quirk.dead_at(clock_.now())) reply.fault = connect::ServerFault::kSilence;
  return reply;
}

}  // namespace lineshaft::plant
