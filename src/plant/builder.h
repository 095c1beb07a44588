// plant/builder.h: fills a machine signal by signal: next free address, coding, how it moves.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "plant/model.h"
#include "plant/process.h"
#include "wire/modbus/value.h"

namespace lineshaft::plant {

using Number = std::function<double(Timestamp)>;

constexpr Coding kFloat{};
constexpr Coding kTenths{modbus::DataType::kInt16, 0.1, 0};
constexpr Coding kHundredths{modbus::DataType::kUint16, 0.01, 0};
constexpr Coding kWhole{modbus::DataType::kUint16, 1, 0};
// Kilowatt-hours of a works outgrow 32 bits within a few years.
constexpr Coding kCounter{modbus::DataType::kUint64, 1, 0};
constexpr Coding kTenthCounter{modbus::DataType::kUint32, 0.1, 0};
constexpr Coding kBit{modbus::DataType::kBool, 1, 0};
constexpr Coding kText{modbus::DataType::kString, 1, 0};

// Where an S7 machine of this plant keeps its values.
inline constexpr std::uint16_t kValueBlock = 1;
inline constexpr std::uint16_t kBitBlock = 2;

// Names of the machines at the broker: their MQTT topics begin so, and so does the group of the
// Sparkplug edge node. The host is whom that node waits for.
inline constexpr const char* kBrokerGroup = "northfield";
inline constexpr const char* kSparkplugNode = "scrap-yard";
inline constexpr const char* kSparkplugHost = "lineshaft";

// Every call adds a signal at the next free place: a register of its area, a byte of the data block
// of an S7 machine, an object address of IEC 104, or simply its name. `machine` must outlive it.
class Builder {
 public:
  Builder(Machine& machine, std::string place, std::uint64_t seed)
      : machine_(machine), place_(std::move(place)), seed_(seed) {}

  // For the signals that follow; of Modbus machines.
  Builder& order(modbus::ByteOrder order);
  Builder& gaps(std::uint16_t gap);  // registers left free after each signal
  Builder& area(modbus::Area area);

  Signal& add(const std::string& name, const char* unit, Coding coding, double low, double high,
              Number number);
  Signal& bit(const std::string& name, Number number);
  Signal& state(const std::string& name, std::vector<EnumEntry> set, Number number);
  Signal& text(const std::string& name, std::uint16_t bytes,
               std::function<std::string(Timestamp)> text);
  // A measured value around `mean`, with noise and a slow swing of its own.
  Signal& around(const std::string& name, const char* unit, Coding coding, double mean,
                 double spread);
  // A set point that somebody changes every few hours.
  Signal& setpoint(const std::string& name, const char* unit, Coding coding, double mean,
                   double step);

  std::uint64_t next_key() { return mix(seed_, ++keys_); }

 private:
  // `bytes`: of a text.
  Signal& place(const std::string& name, const char* unit, Coding coding, std::uint16_t bytes = 0);
  connect::SignalPoint next_point(const std::string& name, Coding& coding, std::uint16_t bytes);
  connect::ModbusPoint next_registers(Coding coding, std::uint16_t bytes);
  connect::S7Point next_bytes(Coding coding, std::uint16_t bytes);
  connect::Iec104Point next_object(Coding& coding);

  Machine& machine_;
  std::string place_;
  std::uint64_t seed_;
  std::uint64_t keys_ = 0;
  modbus::ByteOrder order_ = modbus::ByteOrder::kABCD;
  modbus::Area area_ = modbus::Area::kHolding;
  std::uint16_t gap_ = 0;
  std::array<std::uint16_t, 4> next_address_{};
  std::uint32_t next_byte_ = 0;  // of the data block of numbers and texts
  std::uint32_t next_bit_ = 0;   // of the data block of bits
  std::uint32_t next_object_ = 1;
};

}  // namespace lineshaft::plant
