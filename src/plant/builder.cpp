#include "plant/builder.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

namespace lineshaft::plant {
namespace {

using connect::ModbusPoint;
using modbus::Area;
using modbus::ByteOrder;
using modbus::DataType;

constexpr const char* kOrganisation = "Northfield Steel/Harbour works";

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
  ModbusPoint point;
  point.format.area = area_;
  point.format.type = coding.type;
  point.format.order = order_;
  point.format.scale = coding.scale;
  point.format.offset = coding.offset;
  Signal& signal = place(name, unit, point);
  const bool linear = coding.type == DataType::kFloat32 || point.format.scaled();
  signal.config.interpolation = linear ? Interpolation::kLinear : Interpolation::kStep;
  signal.config.range_low = low;
  signal.config.range_high = high;
  signal.number = std::move(number);
  return signal;
}

Signal& Builder::bit(const std::string& name, Number number) {
  ModbusPoint point;
  point.format.area = Area::kDiscrete;
  point.format.type = DataType::kBool;
  Signal& signal = place(name, "", point);
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
  ModbusPoint point;
  point.format.area = area_;
  point.format.type = DataType::kString;
  point.format.string_bytes = bytes;
  Signal& signal = place(name, "", point);
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

Signal& Builder::place(const std::string& name, const char* unit, const ModbusPoint& given) {
  ModbusPoint point = given;
  const Area area = point.format.area;
  std::uint16_t& next = next_address_[static_cast<std::size_t>(area)];
  point.address = next;
  next = static_cast<std::uint16_t>(next + modbus::width(point.format) +
                                    (modbus::is_bits(area) ? 0 : gap_));
  Signal& signal = machine_.signals.emplace_back();
  signal.config.path = std::string(kOrganisation) + "/" + place_ + "/" + machine_.name + "/" + name;
  signal.config.point = point;
  signal.config.unit = unit;
  return signal;
}

}  // namespace lineshaft::plant
