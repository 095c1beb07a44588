// wire/modbus/message.h: Modbus requests and responses as plain data, to and from PDU bytes.
// Pure functions for both sides of a connection; no sockets, no clock. Threads: any.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "wire/modbus/protocol.h"

namespace lineshaft::modbus {

// Addresses are those of the wire: from 0. "Holding register 40001" of a manual is address 0.

struct ReadBits {  // functions 1 and 2
  Area area = Area::kCoil;
  std::uint16_t address = 0;
  std::uint16_t count = 1;  // 1..kReadBitsMax
  friend bool operator==(const ReadBits&, const ReadBits&) = default;
};

struct ReadRegisters {  // functions 3 and 4
  Area area = Area::kHolding;
  std::uint16_t address = 0;
  std::uint16_t count = 1;  // 1..kReadRegistersMax
  friend bool operator==(const ReadRegisters&, const ReadRegisters&) = default;
};

struct WriteCoil {  // function 5
  std::uint16_t address = 0;
  bool value = false;
  friend bool operator==(const WriteCoil&, const WriteCoil&) = default;
};

struct WriteRegister {  // function 6
  std::uint16_t address = 0;
  std::uint16_t value = 0;
  friend bool operator==(const WriteRegister&, const WriteRegister&) = default;
};

struct WriteCoils {  // function 15
  std::uint16_t address = 0;
  std::vector<bool> values;  // 1..kWriteBitsMax
  friend bool operator==(const WriteCoils&, const WriteCoils&) = default;
};

struct WriteRegisters {  // function 16
  std::uint16_t address = 0;
  std::vector<std::uint16_t> values;  // 1..kWriteRegistersMax
  friend bool operator==(const WriteRegisters&, const WriteRegisters&) = default;
};

// Function 22: the register becomes (old AND and_mask) OR (or_mask AND NOT and_mask).
struct MaskWriteRegister {
  std::uint16_t address = 0;
  std::uint16_t and_mask = 0xFFFF;
  std::uint16_t or_mask = 0;
  friend bool operator==(const MaskWriteRegister&, const MaskWriteRegister&) = default;
};

// Function 23, holding registers: the device writes first, then reads.
struct ReadWriteRegisters {
  std::uint16_t read_address = 0;
  std::uint16_t read_count = 1;  // 1..kReadWriteReadMax
  std::uint16_t write_address = 0;
  std::vector<std::uint16_t> values;  // 1..kReadWriteWriteMax
  friend bool operator==(const ReadWriteRegisters&, const ReadWriteRegisters&) = default;
};

enum class DeviceIdLevel : std::uint8_t {
  kBasic = 1,     // vendor, product code, revision: objects 0..2
  kRegular = 2,   // objects 0..0x7F
  kExtended = 3,  // objects 0..0xFF
  kSpecific = 4,  // one object
};

struct ReadDeviceId {  // function 43, MEI type 14
  DeviceIdLevel level = DeviceIdLevel::kBasic;
  std::uint8_t object = 0;  // the first one wanted
  friend bool operator==(const ReadDeviceId&, const ReadDeviceId&) = default;
};

using Request = std::variant<ReadBits, ReadRegisters, WriteCoil, WriteRegister, WriteCoils,
                             WriteRegisters, MaskWriteRegister, ReadWriteRegisters, ReadDeviceId>;

struct Bits {
  std::vector<bool> values;  // exactly as many as asked
  friend bool operator==(const Bits&, const Bits&) = default;
};

struct Registers {
  std::vector<std::uint16_t> values;  // exactly as many as asked
  friend bool operator==(const Registers&, const Registers&) = default;
};

// The device did what was asked (functions 5, 6, 15, 16, 22: the echo was right).
struct Done {
  friend bool operator==(const Done&, const Done&) = default;
};

struct DeviceIdObject {
  std::uint8_t id = 0;  // 0 vendor, 1 product code, 2 revision, 3 URL, 4 product, 5 model, 6 app
  std::string text;     // bytes of the device as they are, <= 246
  friend bool operator==(const DeviceIdObject&, const DeviceIdObject&) = default;
};

struct DeviceIdPart {
  std::uint8_t conformity = 0x01;  // 0x01..0x03, + 0x80 if single objects can be asked
  bool more = false;               // ask again from `next`
  std::uint8_t next = 0;
  std::vector<DeviceIdObject> objects;
  friend bool operator==(const DeviceIdPart&, const DeviceIdPart&) = default;
};

using Response = std::variant<Bits, Registers, Done, DeviceIdPart, Exception>;

Function function_of(const Request& request);

// --- client side ---

// Appends the PDU of a request. Errors: kInvalidArgument for a count outside the limits of the
// standard or a range past address 65535; `out` is then unchanged.
Status encode_request(const Request& request, Bytes& out);

// Reads the PDU of an answer and checks it against what was asked: function, lengths, counts, echo.
// An exception of the device is a Response, not an error. Allocates at most 4 KiB.
// Errors: kBadAnswer with what does not fit.
Result<Response> decode_response(ByteSpan pdu, const Request& asked);

// --- server side ---

// What came, or the exception that it must be answered with (unknown function, impossible count,
// wrong length, range past address 65535).
std::variant<Request, Exception> decode_request(ByteSpan pdu);

// Appends the PDU of the answer to `asked`. Requires: the response fits the request: as many values
// as asked, and identification objects that fit (identification_part makes such). Cost: one pass.
void encode_response(const Request& asked, const Response& response, Bytes& out);

// Appends the PDU of an exception to a function code that may be unknown to us.
void encode_exception(std::uint8_t function, Exception exception, Bytes& out);

}  // namespace lineshaft::modbus
