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
    : machine_(machine), clock_(clock, speed) {
  for (std::size_t i = 0; i < machine.signals.size(); ++i) {
    const ModbusPoint& point = point_of(machine.signals[i]);
    auto& owner = owner_[static_cast<std::size_t>(point.format.area)];
    const std::size_t end = std::size_t{point.address} + modbus::width(point.format);
    if (owner.size() < end) owner.resize(end);
    std::fill(owner.begin() + point.address, owner.begin() + static_cast<std::ptrdiff_t>(end),
              static_cast<std::uint16_t>(i + 1));
  }
}

Timestamp PlantClock::plant_now() const {
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
          {modbus::kProductCode, "NF-" + std::to_string(machine_.port)},
          {modbus::kRevision, "1.0"},
          {modbus::kProductName, machine_.name}};
}

connect::ServerReply MachineDevice::reply_to(std::uint8_t, const modbus::Request&) {
  connect::ServerReply reply;
  reply.delay = machine_.quirk.answer_delay;
  if (machine_.quirk.dead_at(clock_.real_now())) reply.fault = connect::ServerFault::kSilence;
  return reply;
}

S7MachineDevice::S7MachineDevice(const Machine& machine, sys::Clock& clock, double speed)
    : machine_(machine), clock_(clock, speed) {
  for (const Signal& signal : machine.signals) {
    const s7::Address& address = std::get<connect::S7Point>(signal.config.point).format.address;
    std::uint32_t& bytes = block_bytes_[address.db];
    bytes = std::max(bytes, address.byte + s7::width(address));
  }
}

s7::ReturnCode S7MachineDevice::read(s7::Area area, std::uint16_t db, std::uint32_t start,
                                     std::span<std::uint8_t> out) {
  if (area != s7::Area::kDataBlock || db == 0 || db >= block_bytes_.size()) {
    return s7::ReturnCode::kDoesNotExist;
  }
  if (start + out.size() > block_bytes_[db]) return s7::ReturnCode::kAddressOutOfRange;
  std::ranges::fill(out, std::uint8_t{0});
  const Timestamp now = clock_.plant_now();
  for (const Signal& signal : machine_.signals) {
    const auto& format = std::get<connect::S7Point>(signal.config.point).format;
    const s7::Address& address = format.address;
    const std::uint32_t width = s7::width(address);
    if (address.db != db || address.byte >= start + out.size() || address.byte + width <= start) {
      continue;
    }
    Bytes blank(width);
    if (address.type == s7::DataType::kString) blank[0] = static_cast<std::uint8_t>(address.length);
    auto bytes = s7::encode_value(format, value_at(signal, now), blank);
    if (!bytes) return s7::ReturnCode::kHardwareFault;
    if (address.type == s7::DataType::kBool) {
      bytes->front() = static_cast<std::uint8_t>(bytes->front() << address.bit);
    }
    for (std::size_t i = 0; i < bytes->size(); ++i) {
      const std::size_t at = address.byte + i;
      if (at < start || at - start >= out.size()) continue;
      out[at - start] = static_cast<std::uint8_t>(out[at - start] | (*bytes)[i]);
    }
  }
  return s7::ReturnCode::kOk;
}

s7::ReturnCode S7MachineDevice::write(s7::Area, std::uint16_t, std::uint32_t, ByteSpan) {
  return s7::ReturnCode::kAccessDenied;
}

s7::Identification S7MachineDevice::identification() {
  s7::Identification plate;
  plate.order_number = "NF7 " + std::to_string(machine_.port);
  plate.firmware = "V1.0";
  plate.module_name = machine_.name;
  plate.module_type = "Northfield CPU";
  return plate;
}

connect::S7Reply S7MachineDevice::reply_to(const s7::Request& /*request*/) {
  connect::S7Reply reply;
  reply.delay = machine_.quirk.answer_delay;
  if (machine_.quirk.dead_at(clock_.real_now())) reply.fault = connect::S7Fault::kSilence;
  return reply;
}

}  // namespace lineshaft::plant
