// wire/modbus/protocol.h: the numbers of Modbus: functions, exceptions, areas, limits.
// Source: MODBUS Application Protocol Specification V1.1b3 and MODBUS Messaging on TCP/IP V1.0b.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace lineshaft::modbus {

// The four tables of a device. Coils and discretes hold bits, the others 16-bit registers.
enum class Area : std::uint8_t { kCoil, kDiscrete, kInput, kHolding };

constexpr bool is_bits(Area area) { return area == Area::kCoil || area == Area::kDiscrete; }
// Coils and holding registers can be written; the other two belong to the device.
constexpr bool is_writable(Area area) { return area == Area::kCoil || area == Area::kHolding; }

// "coil", "discrete", "input", "holding".
std::string_view area_name(Area area);
std::optional<Area> parse_area(std::string_view name);

enum class Function : std::uint8_t {
  kReadCoils = 1,
  kReadDiscreteInputs = 2,
  kReadHoldingRegisters = 3,
  kReadInputRegisters = 4,
  kWriteSingleCoil = 5,
  kWriteSingleRegister = 6,
  kWriteMultipleCoils = 15,
  kWriteMultipleRegisters = 16,
  kMaskWriteRegister = 22,
  kReadWriteMultipleRegisters = 23,
  kEncapsulatedInterface = 43,  // with MEI type 14: read device identification
};

// What a device says instead of an answer. Other numbers than these occur in the field.
enum class Exception : std::uint8_t {
  kIllegalFunction = 0x01,
  kIllegalDataAddress = 0x02,
  kIllegalDataValue = 0x03,
  kServerDeviceFailure = 0x04,
  kAcknowledge = 0x05,
  kServerDeviceBusy = 0x06,
  kMemoryParityError = 0x08,
  kGatewayPathUnavailable = 0x0A,
  kGatewayTargetNoResponse = 0x0B,
};

// "illegal data address (02)"; "not in the standard (5F)".
std::string exception_name(Exception exception);

// Limits of the standard, all from "PDU <= 253 bytes" (RS-485 ADU 256 = address 1 + PDU + CRC 2).
inline constexpr std::size_t kPduBytesMax = 253;
inline constexpr std::size_t kHeaderBytes = 7;  // MBAP: transaction 2, protocol 2, length 2, unit 1
inline constexpr std::size_t kAduBytesMax = kHeaderBytes + kPduBytesMax;
inline constexpr std::uint16_t kReadRegistersMax = 125;
inline constexpr std::uint16_t kReadBitsMax = 2000;
inline constexpr std::uint16_t kWriteRegistersMax = 123;
inline constexpr std::uint16_t kWriteBitsMax = 1968;
inline constexpr std::uint16_t kReadWriteReadMax = 125;
inline constexpr std::uint16_t kReadWriteWriteMax = 121;
inline constexpr std::uint32_t kAddresses = 65536;  // per area

inline constexpr std::uint8_t kExceptionBit = 0x80;
inline constexpr std::uint8_t kMeiDeviceIdentification = 14;

}  // namespace lineshaft::modbus
