#include "plant/builder.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "base/assert.h"
#include "connect/opcua/server.h"

namespace lineshaft::plant {
namespace {

using connect::ModbusPoint;
using connect::Protocol;
using modbus::Area;
using modbus::ByteOrder;
using modbus::DataType;

constexpr const char* kOrganisation = "Northfield Steel/Harbour works";

s7::DataType s7_type(DataType type) {
  switch (type) {
    case DataType::kBool:
      return s7::DataType::kBool;
    case DataType::kInt16:
      return s7::DataType::kInt;
    case DataType::kUint16:
      return s7::DataType::kUint;
    case DataType::kUint32:
      return s7::DataType::kUdint;
    case DataType::kUint64:
      return s7::DataType::kUlint;
    case DataType::kString:
      return s7::DataType::kString;
    default:
      LS_ASSERT(type == DataType::kFloat32);
      return s7::DataType::kReal;
  }
}

// The type of the tag, where the protocol carries values as they are.
ValueType type_of(Coding coding) {
  if (coding.type == DataType::kBool) return ValueType::kBool;
  if (coding.type == DataType::kString) return ValueType::kString;
  if (coding.type == DataType::kFloat32) return ValueType::kFloat32;
  return coding.scale == 1 && coding.offset == 0 ? ValueType::kInt64 : ValueType::kFloat64;
}

}  // namespace

Builder& Builder::order(ByteOrder order) {
  order_ = order;
  return *this;
}
Builder& Builder::gaps(std::uint16_t gap) {
  gap_ = gap;
  return *this;
}
Builder& Builder::area(Area area) {
  area_ = area;
  return *this;
}

Signal& Builder::add(const std::string& name, const char* unit, Coding coding, double low,
                     double high, Number number) {
  Signal& signal = place(name, unit, coding);
  const bool linear = coding.type == DataType::kFloat32 || coding.scale != 1 || coding.offset != 0;
  signal.config.interpolation = linear ? Interpolation::kLinear : Interpolation::kStep;
  signal.config.range_low = low;
  signal.config.range_high = high;
  signal.number = std::move(number);
  return signal;
}

Signal& Builder::bit(const std::string& name, Number number) {
  Signal& signal = place(name, "", kBit);
  signal.config.interpolation = Interpolation::kStep;
  signal.number = std::move(number);
  return signal;
}

Signal& Builder::state(const std::string& name, std::vector<EnumEntry> set, Number number) {
  Signal& signal = add(name, "", kWhole, 0, 100, std::move(number));
  signal.config.range_low.reset();
  signal.config.range_high.reset();
  signal.config.enum_set = std::move(set);
  return signal;
}

Signal& Builder::text(const std::string& name, std::uint16_t bytes,
                      std::function<std::string(Timestamp)> text) {
  Signal& signal = place(name, "", kText, bytes);
  signal.config.interpolation = Interpolation::kStep;
  signal.text = std::move(text);
  return signal;
}

Signal& Builder::around(const std::string& name, const char* unit, Coding coding, double mean,
                        double spread) {
  const std::uint64_t key = next_key();
  const double period_s = 600 + 7200 * uniform(key, 7);
  const double phase = uniform(key, 8);
  return add(name, unit, coding, mean - 3 * spread, mean + 3 * spread, [=](Timestamp t) {
    const double turns = plant_seconds(t) / period_s + phase;
    return mean + spread * (std::sin(2 * std::numbers::pi * turns) + 0.4 * noise(key, t));
  });
}

Signal& Builder::setpoint(const std::string& name, const char* unit, Coding coding, double mean,
                          double step) {
  const std::uint64_t key = next_key();
  Signal& signal = add(name, unit, coding, mean - 5 * step, mean + 5 * step, [=](Timestamp t) {
    const auto shift = static_cast<std::uint64_t>(std::max(0.0, plant_seconds(t)) / 14'400);
    return mean + step * std::round(6 * uniform(key, shift) - 3);
  });
  signal.config.interpolation = Interpolation::kStep;
  return signal;
}

Signal& Builder::place(const std::string& name, const char* unit, Coding coding,
                       std::uint16_t bytes) {
  Signal& signal = machine_.signals.emplace_back();
  signal.config.path = std::string(kOrganisation) + "/" + place_ + "/" + machine_.name + "/" + name;
  signal.config.unit = unit;
  signal.coding = coding;
  signal.config.point = next_point(name, signal.coding, bytes);
  return signal;
}

connect::SignalPoint Builder::next_point(const std::string& name, Coding& coding,
                                         std::uint16_t bytes) {
  switch (static_cast<Protocol>(machine_.settings.index())) {
    case Protocol::kS7:
      return next_bytes(coding, bytes);
    case Protocol::kOpcUa:
      return connect::opcua::Point{
          "nsu=" + std::string(connect::opcua::kTagNamespace) + ";s=" + machine_.name + "/" + name,
          type_of(coding)};
    case Protocol::kMqtt: {
      connect::MqttPoint point;
      point.topic = std::string(kBrokerGroup) + "/" + machine_.name;
      point.pointer = "/" + name;
      point.time_pointer = "/time";
      point.type = type_of(coding);
      return point;
    }
    case Protocol::kSparkplug:
      return connect::SparkplugPoint{kBrokerGroup, kSparkplugNode, machine_.name, name,
                                     type_of(coding)};
    case Protocol::kIec104:
      return next_object(coding);
    case Protocol::kMtconnect: {  // as devices_of_tags() names them
      connect::MtconnectPoint point;
      point.data_item = "t" + std::to_string(machine_.signals.size());
      point.type = type_of(coding);
      return point;
    }
    case Protocol::kShdr:
      return connect::ShdrPoint{name, shdr::Kind::kValue, type_of(coding), ""};
    default:
      return next_registers(coding, bytes);
  }
}

ModbusPoint Builder::next_registers(Coding coding, std::uint16_t bytes) {
  ModbusPoint point;
  const bool is_bit = coding.type == DataType::kBool;
  point.format.area = is_bit ? Area::kDiscrete : area_;
  point.format.type = coding.type;
  point.format.string_bytes = bytes;
  point.format.scale = coding.scale;
  point.format.offset = coding.offset;
  if (!is_bit && bytes == 0) point.format.order = order_;
  std::uint16_t& next = next_address_[static_cast<std::size_t>(point.format.area)];
  point.address = next;
  next = static_cast<std::uint16_t>(next + modbus::width(point.format) + (is_bit ? 0 : gap_));
  return point;
}

connect::S7Point Builder::next_bytes(Coding coding, std::uint16_t bytes) {
  connect::S7Point point;
  point.format.scale = coding.scale;
  point.format.offset = coding.offset;
  s7::Address& address = point.format.address;
  address.type = s7_type(coding.type);
  address.length = bytes;
  address.db = kValueBlock;
  address.byte = next_byte_;
  if (address.type == s7::DataType::kBool) {
    address.db = kBitBlock;
    address.byte = next_bit_ / 8;
    address.bit = static_cast<std::uint8_t>(next_bit_ % 8);
    next_bit_ += 1;
    return point;
  }
  next_byte_ += (s7::width(address) + 1) / 2 * 2;  // CPUs begin every value at an even byte
  return point;
}

// Counters of 32 bits with a sign count tens here: a works draws 2^31 kWh in less than three years.
connect::Iec104Point Builder::next_object(Coding& coding) {
  using iec104::PointKind;
  if (coding.type == DataType::kUint64) coding = {DataType::kUint32, 10, 0};
  connect::Iec104Point point;
  point.address = next_object_++;
  switch (coding.type) {
    case DataType::kBool:
      point.format.kind = PointKind::kSingle;
      return point;
    case DataType::kFloat32:
      point.format.kind = PointKind::kFloat;
      return point;
    case DataType::kUint32:
      point.format.kind = PointKind::kCounter;
      break;
    default:
      LS_ASSERT(coding.type == DataType::kInt16 || coding.type == DataType::kUint16);
      point.format.kind = PointKind::kScaled;
  }
  point.format.scale = coding.scale;
  point.format.offset = coding.offset;
  return point;
}

}  // namespace lineshaft::plant
