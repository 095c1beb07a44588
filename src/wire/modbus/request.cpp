// Requests to and from bytes. Layouts: MODBUS Application Protocol V1.1b3, section 6.
#include <limits>
#include <type_traits>

#include "wire/modbus/message.h"

namespace lineshaft::modbus {

namespace {

constexpr std::uint16_t kCoilOn = 0xFF00;  // any other value than this and 0 is illegal

std::uint8_t code_of(Function function) { return static_cast<std::uint8_t>(function); }

// A count within 1..max and a range that ends at or before address 65535.
Status check_range(std::uint16_t address, std::size_t count, std::size_t max) {
  if (count < 1 || count > max) {
    return Error{ErrorId::kInvalidArgument, "a Modbus request for " + std::to_string(count) +
                                                " values; allowed are 1 to " + std::to_string(max)};
  }
  if (address + count > kAddresses) {
    return Error{ErrorId::kInvalidArgument, "a Modbus range of " + std::to_string(count) +
                                                " from address " + std::to_string(address) +
                                                " runs past address 65535"};
  }
  return {};
}

Status check(const ReadBits& r) { return check_range(r.address, r.count, kReadBitsMax); }
Status check(const ReadRegisters& r) { return check_range(r.address, r.count, kReadRegistersMax); }
Status check(const WriteCoil&) { return {}; }
Status check(const WriteRegister&) { return {}; }
Status check(const WriteCoils& r) { return check_range(r.address, r.values.size(), kWriteBitsMax); }
Status check(const WriteRegisters& r) {
  return check_range(r.address, r.values.size(), kWriteRegistersMax);
}
Status check(const MaskWriteRegister&) { return {}; }
Status check(const ReadWriteRegisters& r) {
  Status read = check_range(r.read_address, r.read_count, kReadWriteReadMax);
  return read ? check_range(r.write_address, r.values.size(), kReadWriteWriteMax) : read;
}
Status check(const ReadDeviceId&) { return {}; }

void put_registers(const std::vector<std::uint16_t>& values, ByteWriter& w) {
  for (std::uint16_t value : values) w.write_be(value);
}

void put(const ReadBits& r, ByteWriter& w) {
  w.write_be(r.address);
  w.write_be(r.count);
}
void put(const ReadRegisters& r, ByteWriter& w) {
  w.write_be(r.address);
  w.write_be(r.count);
}
void put(const WriteCoil& r, ByteWriter& w) {
  w.write_be(r.address);
  w.write_be(r.value ? kCoilOn : std::uint16_t{0});
}
void put(const WriteRegister& r, ByteWriter& w) {
  w.write_be(r.address);
  w.write_be(r.value);
}
void put(const WriteCoils& r, ByteWriter& w) {
  w.write_be(r.address);
  w.write_be(static_cast<std::uint16_t>(r.values.size()));
  w.u8(static_cast<std::uint8_t>((r.values.size() + 7) / 8));
  std::uint8_t byte = 0;
  for (std::size_t i = 0; i < r.values.size(); ++i) {
    if (r.values[i]) byte = static_cast<std::uint8_t>(byte | 1u << (i % 8));
    if (i % 8 == 7 || i + 1 == r.values.size()) {
      w.u8(byte);
      byte = 0;
    }
  }
}
void put(const WriteRegisters& r, ByteWriter& w) {
  w.write_be(r.address);
  w.write_be(static_cast<std::uint16_t>(r.values.size()));
  w.u8(static_cast<std::uint8_t>(r.values.size() * 2));
  put_registers(r.values, w);
}
void put(const MaskWriteRegister& r, ByteWriter& w) {
  w.write_be(r.address);
  w.write_be(r.and_mask);
  w.write_be(r.or_mask);
}
void put(const ReadWriteRegisters& r, ByteWriter& w) {
  w.write_be(r.read_address);
  w.write_be(r.read_count);
  w.write_be(r.write_address);
  w.write_be(static_cast<std::uint16_t>(r.values.size()));
  w.u8(static_cast<std::uint8_t>(r.values.size() * 2));
  put_registers(r.values, w);
}
void put(const ReadDeviceId& r, ByteWriter& w) {
  w.u8(kMeiDeviceIdentification);
  w.u8(static_cast<std::uint8_t>(r.level));
  w.u8(r.object);
}

using Decoded = std::variant<Request, Exception>;

// The order of checks is that of the state diagrams of the standard: count first, then address.
template <typename R>
Decoded checked(R request, std::uint16_t address, std::size_t count, std::size_t max) {
  if (count < 1 || count > max) return Exception::kIllegalDataValue;
  if (address + count > kAddresses) return Exception::kIllegalDataAddress;
  return Request(std::move(request));
}

// Requires: reader.remaining() == 2 * count.
std::vector<std::uint16_t> take_registers(ByteReader& reader, std::size_t count) {
  std::vector<std::uint16_t> values(count);
  for (std::uint16_t& value : values) value = reader.read_be<std::uint16_t>();
  return values;
}

template <typename Read>
Decoded decode_read(ByteReader& reader, Area area, std::uint16_t max) {
  if (reader.remaining() != 4) return Exception::kIllegalDataValue;
  const auto address = reader.read_be<std::uint16_t>();
  const auto count = reader.read_be<std::uint16_t>();
  return checked(Read{area, address, count}, address, count, max);
}

Decoded decode_write_coil(ByteReader& reader) {
  if (reader.remaining() != 4) return Exception::kIllegalDataValue;
  const auto address = reader.read_be<std::uint16_t>();
  const auto value = reader.read_be<std::uint16_t>();
  if (value != 0 && value != kCoilOn) return Exception::kIllegalDataValue;
  return Request(WriteCoil{address, value == kCoilOn});
}

Decoded decode_write_register(ByteReader& reader) {
  if (reader.remaining() != 4) return Exception::kIllegalDataValue;
  const auto address = reader.read_be<std::uint16_t>();
  return Request(WriteRegister{address, reader.read_be<std::uint16_t>()});
}

Decoded decode_write_coils(ByteReader& reader) {
  const auto address = reader.read_be<std::uint16_t>();
  const auto count = reader.read_be<std::uint16_t>();
  const std::size_t bytes = reader.u8();
  if (!reader.ok() || count > kWriteBitsMax || bytes != (count + 7u) / 8 ||
      reader.remaining() != bytes) {
    return Exception::kIllegalDataValue;
  }
  const ByteSpan packed = reader.bytes(bytes);
  WriteCoils request{address, std::vector<bool>(count)};
  for (std::size_t i = 0; i < count; ++i) request.values[i] = (packed[i / 8] >> (i % 8) & 1) != 0;
  return checked(std::move(request), address, count, kWriteBitsMax);
}

Decoded decode_write_registers(ByteReader& reader) {
  const auto address = reader.read_be<std::uint16_t>();
  const auto count = reader.read_be<std::uint16_t>();
  const std::size_t bytes = reader.u8();
  if (!reader.ok() || bytes != count * 2u || reader.remaining() != bytes) {
    return Exception::kIllegalDataValue;
  }
  return checked(WriteRegisters{address, take_registers(reader, count)}, address, count,
                 kWriteRegistersMax);
}

Decoded decode_mask_write(ByteReader& reader) {
  if (reader.remaining() != 6) return Exception::kIllegalDataValue;
  MaskWriteRegister request;
  request.address = reader.read_be<std::uint16_t>();
  request.and_mask = reader.read_be<std::uint16_t>();
  request.or_mask = reader.read_be<std::uint16_t>();
  return Request(request);
}

Decoded decode_read_write(ByteReader& reader) {
  ReadWriteRegisters request;
  request.read_address = reader.read_be<std::uint16_t>();
  request.read_count = reader.read_be<std::uint16_t>();
  request.write_address = reader.read_be<std::uint16_t>();
  const auto count = reader.read_be<std::uint16_t>();
  const std::size_t bytes = reader.u8();
  if (!reader.ok() || bytes != count * 2u || reader.remaining() != bytes) {
    return Exception::kIllegalDataValue;
  }
  request.values = take_registers(reader, count);
  const std::uint16_t read_address = request.read_address;
  const std::uint16_t read_count = request.read_count;
  const std::uint16_t write_address = request.write_address;
  const Decoded write = checked(std::move(request), write_address, count, kReadWriteWriteMax);
  if (std::holds_alternative<Exception>(write)) return write;
  return checked(std::get<Request>(write), read_address, read_count, kReadWriteReadMax);
}

Decoded decode_device_id(ByteReader& reader) {
  // Other MEI types (13: CANopen) are functions that we do not have.
  if (reader.u8() != kMeiDeviceIdentification) return Exception::kIllegalFunction;
  const std::uint8_t level = reader.u8();
  const std::uint8_t object = reader.u8();
  if (!reader.ok() || !reader.at_end() || level < 1 || level > 4) {
    return Exception::kIllegalDataValue;
  }
  return Request(ReadDeviceId{static_cast<DeviceIdLevel>(level), object});
}

}  // namespace

Function function_of(const Request& request) {
  return std::visit(
      [](const auto& r) {
        using R = std::decay_t<decltype(r)>;
        if constexpr (std::is_same_v<R, ReadBits>) {
          return r.area == Area::kCoil ? Function::kReadCoils : Function::kReadDiscreteInputs;
        } else if constexpr (std::is_same_v<R, ReadRegisters>) {
          return r.area == Area::kHolding ? Function::kReadHoldingRegisters
                                          : Function::kReadInputRegisters;
        } else if constexpr (std::is_same_v<R, WriteCoil>) {
          return Function::kWriteSingleCoil;
        } else if constexpr (std::is_same_v<R, WriteRegister>) {
          return Function::kWriteSingleRegister;
        } else if constexpr (std::is_same_v<R, WriteCoils>) {
          return Function::kWriteMultipleCoils;
        } else if constexpr (std::is_same_v<R, WriteRegisters>) {
          return Function::kWriteMultipleRegisters;
        } else if constexpr (std::is_same_v<R, MaskWriteRegister>) {
          return Function::kMaskWriteRegister;
        } else if constexpr (std::is_same_v<R, ReadWriteRegisters>) {
          return Function::kReadWriteMultipleRegisters;
        } else {
          return Function::kEncapsulatedInterface;
        }
      },
      request);
}

Status encode_request(const Request& request, Bytes& out) {
  Status legal = std::visit([](const auto& r) { return check(r); }, request);
  if (!legal) return legal;
  ByteWriter writer(out);
  writer.u8(code_of(function_of(request)));
  std::visit([&](const auto& r) { put(r, writer); }, request);
  return {};
}

std::variant<Request, Exception> decode_request(ByteSpan pdu) {
  ByteReader reader(pdu);
  switch (static_cast<Function>(reader.u8())) {
    case Function::kReadCoils:
      return decode_read<ReadBits>(reader, Area::kCoil, kReadBitsMax);
    case Function::kReadDiscreteInputs:
      return decode_read<ReadBits>(reader, Area::kDiscrete, kReadBitsMax);
    case Function::kReadHoldingRegisters:
      return decode_read<ReadRegisters>(reader, Area::kHolding, kReadRegistersMax);
    case Function::kReadInputRegisters:
      return decode_read<ReadRegisters>(reader, Area::kInput, kReadRegistersMax);
    case Function::kWriteSingleCoil:
      return decode_write_coil(reader);
    case Function::kWriteSingleRegister:
      return decode_write_register(reader);
    case Function::kWriteMultipleCoils:
      return decode_write_coils(reader);
    case Function::kWriteMultipleRegisters:
      return decode_write_registers(reader);
    case Function::kMaskWriteRegister:
      return decode_mask_write(reader);
    case Function::kReadWriteMultipleRegisters:
      return decode_read_write(reader);
    case Function::kEncapsulatedInterface:
      return decode_device_id(reader);
  }
  return Exception::kIllegalFunction;
}

}  // namespace lineshaft::modbus
