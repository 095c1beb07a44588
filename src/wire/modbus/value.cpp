#include "wire/modbus/value.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>
#include <string>

#include "base/utf8.h"

namespace lineshaft::modbus {

namespace {

constexpr std::array<std::string_view, 10> kTypeNames = {"bool",    "int16", "uint16", "int32",
                                                         "uint32",  "int64", "uint64", "float32",
                                                         "float64", "string"};
constexpr std::array<std::string_view, 4> kOrderNames = {"ABCD", "BADC", "CDAB", "DCBA"};

template <typename Enum, std::size_t N>
std::optional<Enum> find_name(const std::array<std::string_view, N>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

Error invalid(std::string what) { return Error{ErrorId::kInvalidArgument, std::move(what)}; }

unsigned bits_of(DataType type) {
  switch (type) {
    case DataType::kInt32:
    case DataType::kUint32:
    case DataType::kFloat32:
      return 32;
    case DataType::kInt64:
    case DataType::kUint64:
    case DataType::kFloat64:
      return 64;
    default:
      return 16;
  }
}

bool is_signed(DataType type) {
  return type == DataType::kInt16 || type == DataType::kInt32 || type == DataType::kInt64;
}

bool is_number(DataType type) { return type != DataType::kBool && type != DataType::kString; }

bool is_float(DataType type) { return type == DataType::kFloat32 || type == DataType::kFloat64; }

bool swaps_bytes(ByteOrder order) { return order == ByteOrder::kBADC || order == ByteOrder::kDCBA; }
bool swaps_registers(ByteOrder order) {
  return order == ByteOrder::kCDAB || order == ByteOrder::kDCBA;
}

std::uint16_t swap_bytes(std::uint16_t word) {
  return static_cast<std::uint16_t>(word << 8 | word >> 8);
}

// The registers of a number as one unsigned integer.
std::uint64_t join(std::span<const std::uint16_t> registers, ByteOrder order) {
  std::uint64_t raw = 0;
  for (std::size_t i = 0; i < registers.size(); ++i) {
    const std::uint16_t word = registers[swaps_registers(order) ? registers.size() - 1 - i : i];
    raw = raw << 16 | (swaps_bytes(order) ? swap_bytes(word) : word);
  }
  return raw;
}

std::vector<std::uint16_t> split(std::uint64_t raw, std::size_t count, ByteOrder order) {
  std::vector<std::uint16_t> registers(count);
  for (std::size_t i = 0; i < count; ++i) {  // from the least significant register up
    const auto word = static_cast<std::uint16_t>(raw >> (16 * i));
    registers[swaps_registers(order) ? i : count - 1 - i] =
        swaps_bytes(order) ? swap_bytes(word) : word;
  }
  return registers;
}

std::uint64_t low_bits(unsigned count) {
  return count >= 64 ? std::numeric_limits<std::uint64_t>::max() : (std::uint64_t{1} << count) - 1;
}

std::int64_t sign_extend(std::uint64_t raw, unsigned bits) {
  const unsigned shift = 64 - bits;
  return static_cast<std::int64_t>(raw << shift) >> shift;
}

float to_float32(std::uint64_t raw) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(raw));
}

// The raw number as float64, before scaling.
double raw_as_double(DataType type, std::uint64_t raw) {
  if (type == DataType::kFloat32) return static_cast<double>(to_float32(raw));
  if (type == DataType::kFloat64) return std::bit_cast<double>(raw);
  if (is_signed(type)) return static_cast<double>(sign_extend(raw, bits_of(type)));
  return static_cast<double>(raw);
}

std::string latin1_to_utf8(std::string_view text) {
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80) {
      out.push_back(c);
    } else {
      out.push_back(static_cast<char>(0xC0 | byte >> 6));
      out.push_back(static_cast<char>(0x80 | (byte & 0x3F)));
    }
  }
  return out;
}

std::string decode_string(const PointFormat& format, std::span<const std::uint16_t> registers) {
  std::string text;
  for (std::uint16_t word : registers) {
    const std::uint16_t ordered = swaps_bytes(format.order) ? swap_bytes(word) : word;
    text.push_back(static_cast<char>(ordered >> 8));
    text.push_back(static_cast<char>(ordered & 0xFF));
  }
  text.resize(format.string_bytes);
  text.resize(std::min(text.size(), text.find('\0')));
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return is_utf8(text) ? text : latin1_to_utf8(text);
}

using Encoded = Result<std::vector<std::uint16_t>>;

Encoded encode_string(const PointFormat& format, const Value& value, std::size_t count,
                      std::span<const std::uint16_t> current) {
  const auto* text = std::get_if<std::string>(&value);
  if (text == nullptr) return Error{ErrorId::kTypeMismatch, "a string is needed"};
  if (text->size() > format.string_bytes) {
    return invalid("the text has " + std::to_string(text->size()) + " bytes; the signal has " +
                   std::to_string(format.string_bytes));
  }
  std::string padded = *text;
  padded.resize(format.string_bytes, '\0');
  if (padded.size() < 2 * count) {  // the odd byte behind the text belongs to somebody else
    const std::uint16_t last = current.back();
    padded.push_back(static_cast<char>(swaps_bytes(format.order) ? last >> 8 : last & 0xFF));
  }
  std::vector<std::uint16_t> registers(count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto high = static_cast<unsigned char>(padded[2 * i]);
    const auto low = static_cast<unsigned char>(padded[2 * i + 1]);
    const auto word = static_cast<std::uint16_t>(high << 8 | low);
    registers[i] = swaps_bytes(format.order) ? swap_bytes(word) : word;
  }
  return registers;
}

// An integer within the type (or bit field) as its raw bits.
Result<std::uint64_t> integer_bits(const PointFormat& format, std::int64_t number) {
  const unsigned bits = format.bit ? format.bit_count : bits_of(format.type);
  const bool has_sign = !format.bit && is_signed(format.type);
  const std::uint64_t all = low_bits(bits);
  const auto raw = static_cast<std::uint64_t>(number);
  const bool fits =
      has_sign ? sign_extend(raw & all, bits) == number : number >= 0 && (raw & ~all) == 0;
  if (!fits) {
    return invalid(
        std::to_string(number) + " does not fit into " +
        (format.bit ? std::to_string(bits) + " bits" : std::string(data_type_name(format.type))));
  }
  return raw & all;
}

// A float64 (scaled or not) as the raw bits of the type. 2^63 and 2^64 are exact in float64.
Result<std::uint64_t> number_bits(const PointFormat& format, double number) {
  if (format.type == DataType::kFloat64) return std::bit_cast<std::uint64_t>(number);
  if (format.type == DataType::kFloat32) {
    const auto narrow = static_cast<float>(number);
    if (std::isfinite(number) && !std::isfinite(narrow)) {
      return invalid(to_text(Value(number)) + " does not fit into float32");
    }
    return std::uint64_t{std::bit_cast<std::uint32_t>(narrow)};
  }
  const double rounded = std::nearbyint(number);
  const bool is_u64 = format.type == DataType::kUint64 && !format.bit;
  if (is_u64 && rounded >= 0x1p63 && rounded < 0x1p64) return static_cast<std::uint64_t>(rounded);
  if (!(rounded >= -0x1p63 && rounded < 0x1p63)) {
    return invalid(to_text(Value(number)) + " does not fit into " +
                   std::string(data_type_name(format.type)));
  }
  return integer_bits(format, static_cast<std::int64_t>(rounded));
}

// The raw bits of a value for a number type or a bit field.
Result<std::uint64_t> raw_bits(const PointFormat& format, const Value& value) {
  if (format.type == DataType::kBool) {
    const bool* flag = std::get_if<bool>(&value);
    if (flag == nullptr) return Error{ErrorId::kTypeMismatch, "true or false is needed"};
    return *flag ? 1 : 0;
  }
  if (std::holds_alternative<std::string>(value) || std::holds_alternative<bool>(value)) {
    return Error{ErrorId::kTypeMismatch, "a number is needed"};
  }
  if (const auto* integer = std::get_if<std::int64_t>(&value);
      integer != nullptr && !format.scaled() && !is_float(format.type)) {
    return integer_bits(format, *integer);
  }
  // Straight through: the way over float64 would change the bits of some not-a-numbers.
  if (const auto* narrow = std::get_if<float>(&value);
      narrow != nullptr && !format.scaled() && format.type == DataType::kFloat32) {
    return std::uint64_t{std::bit_cast<std::uint32_t>(*narrow)};
  }
  // Subtracting nothing and dividing by one would, too.
  if (const auto* wide = std::get_if<double>(&value);
      wide != nullptr && !format.scaled() && format.type == DataType::kFloat64) {
    return std::bit_cast<std::uint64_t>(*wide);
  }
  const double number = (as_double(value) - format.offset) / format.scale;
  // Without scaling an integer signal takes whole numbers only: 2.5 is a mistake, not a 2.
  if (!format.scaled() && !is_float(format.type) && number != std::nearbyint(number)) {
    return invalid(to_text(value) + " is not a whole number");
  }
  return number_bits(format, number);
}

}  // namespace

std::string_view data_type_name(DataType type) {
  return kTypeNames[static_cast<std::size_t>(type)];
}
std::optional<DataType> parse_data_type(std::string_view name) {
  return find_name<DataType>(kTypeNames, name);
}
std::string_view byte_order_name(ByteOrder order) {
  return kOrderNames[static_cast<std::size_t>(order)];
}
std::optional<ByteOrder> parse_byte_order(std::string_view name) {
  return find_name<ByteOrder>(kOrderNames, name);
}

Status check_format(const PointFormat& format) {
  if (is_bits(format.area)) {
    if (format.type != DataType::kBool) return invalid("type: a coil or discrete is a bool");
    if (format.bit) return invalid("bit: a coil or discrete has no bits");
  } else if (format.type == DataType::kBool && !format.bit) {
    return invalid("bit: a bool in a register needs the number of its bit, 0 to 15");
  }
  if (format.bit) {
    const bool has_bits =
        format.type == DataType::kBool ||
        (is_number(format.type) && !is_float(format.type) && !is_signed(format.type));
    if (!has_bits) return invalid("bit: only bool, uint16, uint32 and uint64 have bits");
    const unsigned bits = bits_of(format.type);
    if (format.bit_count < 1 || *format.bit >= bits || *format.bit + format.bit_count > bits ||
        format.bit_count > 63) {
      return invalid("bit, bit_count: the bits lie outside the " + std::to_string(bits) +
                     " of the type, or are more than 63");
    }
    if (format.type == DataType::kBool && format.bit_count != 1) {
      return invalid("bit_count: a bool is one bit");
    }
  } else if (format.bit_count != 1) {
    return invalid("bit_count: needs bit");
  }
  if (format.type == DataType::kString
          ? format.string_bytes < 1 || format.string_bytes > kStringBytesMax
          : format.string_bytes != 0) {
    return invalid("string_bytes: 1 to 250 for a string, absent for all else");
  }
  if (format.scale == 0 || !std::isfinite(format.scale) || !std::isfinite(format.offset)) {
    return invalid("scale, offset: finite numbers, and scale not 0");
  }
  if (format.scaled() && (!is_number(format.type))) {
    return invalid("scale, offset: only numbers are scaled");
  }
  return {};
}

std::uint16_t width(const PointFormat& format) {
  if (format.type == DataType::kString) {
    return static_cast<std::uint16_t>((format.string_bytes + 1) / 2);
  }
  return static_cast<std::uint16_t>(bits_of(format.type) / 16);
}

ValueType value_type(const PointFormat& format) {
  if (format.type == DataType::kBool) return ValueType::kBool;
  if (format.type == DataType::kString) return ValueType::kString;
  if (format.scaled() || format.type == DataType::kFloat64) return ValueType::kFloat64;
  return format.type == DataType::kFloat32 ? ValueType::kFloat32 : ValueType::kInt64;
}

std::optional<Value> decode_value(const PointFormat& format,
                                  std::span<const std::uint16_t> registers) {
  LS_ASSERT(registers.size() == width(format) && !is_bits(format.area));
  if (format.type == DataType::kString) return decode_string(format, registers);
  std::uint64_t raw = join(registers, format.order);
  if (format.bit) {
    raw = raw >> *format.bit & low_bits(format.bit_count);
    if (format.type == DataType::kBool) return raw != 0;
  }
  if (format.scaled()) return raw_as_double(format.type, raw) * format.scale + format.offset;
  if (format.type == DataType::kFloat32) return to_float32(raw);
  if (format.type == DataType::kFloat64) return std::bit_cast<double>(raw);
  if (is_signed(format.type)) return sign_extend(raw, bits_of(format.type));
  if (raw > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return std::nullopt;
  }
  return static_cast<std::int64_t>(raw);
}

Result<std::vector<std::uint16_t>> encode_value(const PointFormat& format, const Value& value,
                                                std::span<const std::uint16_t> current) {
  LS_ASSERT(current.size() == width(format) && !is_bits(format.area));
  const std::size_t count = current.size();
  if (format.type == DataType::kString) return encode_string(format, value, count, current);
  const Result<std::uint64_t> bits = raw_bits(format, value);
  if (!bits) return bits.error();
  if (!format.bit) return split(*bits, count, format.order);
  const std::uint64_t mask = low_bits(format.bit_count) << *format.bit;
  const std::uint64_t merged = (join(current, format.order) & ~mask) | (*bits << *format.bit);
  return split(merged, count, format.order);
}

}  // namespace lineshaft::modbus
