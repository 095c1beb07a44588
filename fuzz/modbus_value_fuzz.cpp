// Registers to a value and back are the same registers, for every format without scaling.
// Input: 8 bytes of format, then registers.
#include <cstdint>
#include <string>
#include <vector>

#include "base/assert.h"
#include "base/bytes.h"
#include "base/utf8.h"
#include "wire/modbus/value.h"

using namespace lineshaft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader reader(ByteSpan(data, size));
  modbus::PointFormat format;
  format.area = static_cast<modbus::Area>(reader.u8() % 4);
  format.type = static_cast<modbus::DataType>(reader.u8() % 10);
  format.order = static_cast<modbus::ByteOrder>(reader.u8() % 4);
  const std::uint8_t flags = reader.u8();
  if ((flags & 1) != 0) format.bit = reader.u8();
  format.bit_count = reader.u8();
  format.string_bytes = reader.u8();
  if ((flags & 2) != 0) format.scale = 0.1;
  if (!modbus::check_format(format) || modbus::is_bits(format.area)) return 0;
  std::vector<std::uint16_t> registers(modbus::width(format));
  for (std::uint16_t& word : registers) word = reader.read_be<std::uint16_t>();
  const auto value = modbus::decode_value(format, registers);
  if (!value) return 0;
  LS_ASSERT(type_of(*value) == modbus::value_type(format));
  if (const auto* text = std::get_if<std::string>(&*value)) LS_ASSERT(is_utf8(*text));
  const auto back = modbus::encode_value(format, *value, registers);
  const bool is_text = format.type == modbus::DataType::kString;
  if (!is_text && !format.scaled()) LS_ASSERT(back.value() == registers);
  return 0;
}
