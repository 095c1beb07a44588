#include "wire/s7/value.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "base/utf8.h"
#include "wire/s7/clock.h"
#include "wire/s7/text.h"

namespace lineshaft::s7 {

namespace {

Error invalid(std::string what) { return Error{ErrorId::kInvalidArgument, std::move(what)}; }

bool is_float(DataType type) { return type == DataType::kReal || type == DataType::kLreal; }

bool is_signed(DataType type) {
  switch (type) {
    case DataType::kSint:
    case DataType::kInt:
    case DataType::kDint:
    case DataType::kLint:
    case DataType::kTime:
    case DataType::kLtime:
      return true;
    default:
      return false;
  }
}

bool is_text(DataType type) {
  return type == DataType::kChar || type == DataType::kWchar || type == DataType::kString ||
         type == DataType::kWstring;
}

// What is stored in three BCD digits.
bool is_bcd(DataType type) {
  return type == DataType::kS5time || type == DataType::kTimer || type == DataType::kCounter;
}

bool is_number(DataType type) {
  return type != DataType::kBool && !is_text(type) && !is_date(type);
}

// The first number of the type that is none any more: times of day end at midnight.
std::uint64_t end_of_day(DataType type) {
  if (type == DataType::kTod) return kDayMs;
  if (type == DataType::kLtod) return std::uint64_t{kDayMs} * 1'000'000;
  return 0;
}

std::uint64_t join(ByteSpan bytes) {
  std::uint64_t raw = 0;
  for (const std::uint8_t byte : bytes) raw = raw << 8 | byte;
  return raw;
}

Bytes split(std::uint64_t raw, std::size_t count) {
  Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i) {
    bytes[count - 1 - i] = static_cast<std::uint8_t>(raw >> (8 * i));
  }
  return bytes;
}

std::int64_t sign_extend(std::uint64_t raw, unsigned bits) {
  const unsigned shift = 64 - bits;
  return static_cast<std::int64_t>(raw << shift) >> shift;
}

// The whole number that the bytes hold; nothing if they hold none that an int64 has.
std::optional<std::int64_t> decode_integer(DataType type, ByteSpan bytes) {
  const std::uint64_t raw = join(bytes);
  if (is_bcd(type)) {
    const auto word = static_cast<std::uint16_t>(raw);
    return type == DataType::kCounter ? decode_counter(word) : decode_s5time(word);
  }
  if (is_signed(type)) return sign_extend(raw, static_cast<unsigned>(bytes.size() * 8));
  const std::uint64_t end = end_of_day(type);
  if (end != 0 && raw >= end) return std::nullopt;
  if (raw > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(raw);
}

std::optional<Value> decode_number(const PointFormat& format, ByteSpan bytes) {
  const DataType type = format.address.type;
  if (type == DataType::kReal) {
    const auto real = std::bit_cast<float>(static_cast<std::uint32_t>(join(bytes)));
    if (!format.scaled()) return real;
    return static_cast<double>(real) * format.scale + format.offset;
  }
  if (type == DataType::kLreal) {
    const auto real = std::bit_cast<double>(join(bytes));
    return format.scaled() ? real * format.scale + format.offset : real;
  }
  // Scaled numbers are float64: there even the upper half of a ULINT has a place.
  const bool wide = type == DataType::kUlint || type == DataType::kLword;
  if (format.scaled() && wide) {
    return static_cast<double>(join(bytes)) * format.scale + format.offset;
  }
  const auto integer = decode_integer(type, bytes);
  if (!integer) return std::nullopt;
  if (!format.scaled()) return *integer;
  return static_cast<double>(*integer) * format.scale + format.offset;
}

std::optional<Value> decode_text(const Address& address, ByteSpan bytes) {
  if (address.type == DataType::kChar) return utf8_of_latin1(bytes);
  if (address.type == DataType::kWchar) return utf8_of_utf16(bytes);
  const bool wide = address.type == DataType::kWstring;
  const std::size_t unit = wide ? 2 : 1;
  const std::size_t length = join(bytes.subspan(unit, unit));
  if (length > address.length) return std::nullopt;
  const ByteSpan characters = bytes.subspan(2 * unit, length * unit);
  return wide ? utf8_of_utf16(characters) : utf8_of_latin1(characters);
}

Result<Bytes> encode_text(const Address& address, const Value& value, ByteSpan current) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return Error{ErrorId::kTypeMismatch, "a string is needed"};
  if (!is_utf8(*text)) return invalid("the text is not UTF-8");
  const bool wide = address.type == DataType::kWstring || address.type == DataType::kWchar;
  const std::size_t unit = wide ? 2 : 1;
  Result<Bytes> characters = wide ? utf16_of_utf8(*text) : latin1_of_utf8(*text);
  if (!characters) return characters;
  const std::size_t length = characters->size() / unit;
  const bool single = address.type == DataType::kChar || address.type == DataType::kWchar;
  if (single && length != 1) return invalid("a single character is needed");
  if (single) return characters;
  // What the CPU says about its string holds, even if the signal is set to more.
  const std::size_t held = join(current.first(unit));
  const std::size_t room = held == 0 ? address.length : std::min<std::size_t>(held, address.length);
  if (length > room) {
    return invalid("the text has " + std::to_string(length) + " characters; the string holds " +
                   std::to_string(room));
  }
  Bytes bytes = split(held == 0 ? address.length : held, unit);
  const Bytes present = split(length, unit);
  bytes.insert(bytes.end(), present.begin(), present.end());
  bytes.insert(bytes.end(), characters->begin(), characters->end());
  return bytes;
}

Error does_not_fit(const std::string& number, DataType type) {
  return invalid(number + " does not fit into " + std::string(data_type_name(type)));
}

Result<Bytes> encode_integer(DataType type, std::size_t bytes, std::int64_t number) {
  if (is_bcd(type)) {
    const auto word = type == DataType::kCounter ? encode_counter(number) : encode_s5time(number);
    if (!word) return word.error();
    return split(*word, 2);
  }
  const auto bits = static_cast<unsigned>(bytes * 8);
  const auto raw = static_cast<std::uint64_t>(number);
  const std::uint64_t end = end_of_day(type);
  const bool fits =
      is_signed(type) ? sign_extend(raw, bits) == number
                      : number >= 0 && (bits == 64 || raw >> bits == 0) && (end == 0 || raw < end);
  if (!fits) return does_not_fit(std::to_string(number), type);
  return split(raw, bytes);
}

// A float64 as the type. 2^63 and 2^64 are exact in float64.
Result<Bytes> encode_double(DataType type, std::size_t bytes, double number) {
  if (type == DataType::kLreal) return split(std::bit_cast<std::uint64_t>(number), bytes);
  if (type == DataType::kReal) {
    const auto narrow = static_cast<float>(number);
    if (std::isfinite(number) && !std::isfinite(narrow)) {
      return does_not_fit(to_text(Value(number)), type);
    }
    return split(std::bit_cast<std::uint32_t>(narrow), bytes);
  }
  const double rounded = std::nearbyint(number);
  const bool wide = type == DataType::kUlint || type == DataType::kLword;
  if (wide && rounded >= 0x1p63 && rounded < 0x1p64) {
    return split(static_cast<std::uint64_t>(rounded), bytes);
  }
  if (!(rounded >= -0x1p63 && rounded < 0x1p63)) return does_not_fit(to_text(Value(number)), type);
  return encode_integer(type, bytes, static_cast<std::int64_t>(rounded));
}

Result<Bytes> encode_number(const PointFormat& format, const Value& value) {
  const DataType type = format.address.type;
  const std::size_t bytes = width(format.address);
  if (std::holds_alternative<std::string>(value) || std::holds_alternative<bool>(value)) {
    return Error{ErrorId::kTypeMismatch, "a number is needed"};
  }
  if (!format.scaled()) {
    // Straight through: the way over float64 would lose digits, and bits of some not-a-numbers.
    const auto* integer = std::get_if<std::int64_t>(&value);
    if (integer != nullptr && !is_float(type)) return encode_integer(type, bytes, *integer);
    const auto* narrow = std::get_if<float>(&value);
    if (narrow != nullptr && type == DataType::kReal) {
      return split(std::bit_cast<std::uint32_t>(*narrow), bytes);
    }
    const auto* wide = std::get_if<double>(&value);
    if (wide != nullptr && type == DataType::kLreal) {
      return split(std::bit_cast<std::uint64_t>(*wide), bytes);
    }
    // Without scaling a whole-number signal takes whole numbers only: 2.5 is a mistake, not a 2.
    if (!is_float(type) && as_double(value) != std::nearbyint(as_double(value))) {
      return invalid(to_text(value) + " is not a whole number");
    }
  }
  return encode_double(type, bytes, (as_double(value) - format.offset) / format.scale);
}

}  // namespace

Status check_format(const PointFormat& format) {
  if (Status address = check_address(format.address); !address) {
    return invalid("address: " + address.error().what);
  }
  if (format.scale == 0 || !std::isfinite(format.scale) || !std::isfinite(format.offset)) {
    return invalid("scale, offset: finite numbers, and scale not 0");
  }
  if (format.scaled() && !is_number(format.address.type)) {
    return invalid("scale, offset: only numbers are scaled");
  }
  return {};
}

ValueType value_type(const PointFormat& format) {
  const DataType type = format.address.type;
  if (type == DataType::kBool) return ValueType::kBool;
  if (!is_number(type)) return ValueType::kString;
  if (format.scaled() || type == DataType::kLreal) return ValueType::kFloat64;
  return type == DataType::kReal ? ValueType::kFloat32 : ValueType::kInt64;
}

std::optional<Value> decode_value(const PointFormat& format, ByteSpan bytes) {
  const Address& address = format.address;
  LS_ASSERT(bytes.size() == width(address));
  if (address.type == DataType::kBool) return Value((bytes[0] >> address.bit & 1) != 0);
  if (is_text(address.type)) return decode_text(address, bytes);
  if (!is_date(address.type)) return decode_number(format, bytes);
  auto date = decode_date(address.type, bytes);
  if (!date) return std::nullopt;
  return Value(std::move(*date));
}

Result<Bytes> encode_value(const PointFormat& format, const Value& value, ByteSpan current) {
  const Address& address = format.address;
  LS_ASSERT(current.size() == width(address));
  if (address.type == DataType::kBool) {
    const bool* flag = std::get_if<bool>(&value);
    if (flag == nullptr) return Error{ErrorId::kTypeMismatch, "true or false is needed"};
    return Bytes{static_cast<std::uint8_t>(*flag ? 1 : 0)};
  }
  if (is_text(address.type)) return encode_text(address, value, current);
  if (!is_date(address.type)) return encode_number(format, value);
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return Error{ErrorId::kTypeMismatch, "a date as text is needed"};
  return encode_date(address.type, *text);
}

Item write_item(const Address& address, std::size_t bytes) {
  LS_ASSERT(!is_counted(address.area));
  Item item{address.area, address.db, Element::kByte, address.byte * 8,
            static_cast<std::uint16_t>(bytes)};
  if (address.type != DataType::kBool) return item;
  item.element = Element::kBit;
  item.address += address.bit;
  return item;
}

}  // namespace lineshaft::s7
