// Bytes to a value, back to bytes and to a value again is the same value, for every format without
// scaling. Input: 4 bytes of format, then the bytes of the value.
#include <cstdint>
#include <string>

#include "base/assert.h"
#include "base/utf8.h"
#include "wire/s7/value.h"

using namespace lineshaft;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ByteReader reader(ByteSpan(data, size));
  s7::PointFormat format;
  format.address.type = static_cast<s7::DataType>(reader.u8() % 30);
  format.address.bit = reader.u8() % 9;
  format.address.length = reader.u8();
  if ((reader.u8() & 1) != 0) format.scale = 0.1;
  if (format.address.type == s7::DataType::kTimer) format.address.area = s7::Area::kTimer;
  if (format.address.type == s7::DataType::kCounter) format.address.area = s7::Area::kCounter;
  if (format.address.area == s7::Area::kDataBlock) format.address.db = 1;
  if (!s7::check_format(format)) return 0;
  Bytes bytes(s7::width(format.address));
  for (std::uint8_t& byte : bytes) byte = reader.u8();
  const auto value = s7::decode_value(format, bytes);
  if (!value) return 0;
  LS_ASSERT(type_of(*value) == s7::value_type(format));
  if (const auto* text = std::get_if<std::string>(&*value)) LS_ASSERT(is_utf8(*text));
  if (format.scaled()) return 0;
  const auto back = s7::encode_value(format, *value, bytes);
  if (!back) {  // a date or text that the type reads but does not write
    LS_ASSERT(std::holds_alternative<std::string>(*value));
    return 0;
  }
  LS_ASSERT(back->size() <= bytes.size());
  if (format.address.type == s7::DataType::kBool) return 0;
  std::copy(back->begin(), back->end(), bytes.begin());
  LS_ASSERT(same_bits(s7::decode_value(format, bytes).value(), *value));
  return 0;
}
