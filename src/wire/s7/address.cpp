#include "wire/s7/address.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace lineshaft::s7 {

namespace {

struct TypeFact {
  std::string_view name;
  std::uint8_t bytes;  // 0: depends on the length
};

constexpr std::array<TypeFact, 30> kTypes = {{
    {"BOOL", 1},    {"BYTE", 1},   {"WORD", 2},  {"DWORD", 4}, {"LWORD", 8}, {"SINT", 1},
    {"INT", 2},     {"DINT", 4},   {"LINT", 8},  {"USINT", 1}, {"UINT", 2},  {"UDINT", 4},
    {"ULINT", 8},   {"REAL", 4},   {"LREAL", 8}, {"CHAR", 1},  {"WCHAR", 2}, {"STRING", 0},
    {"WSTRING", 0}, {"S5TIME", 2}, {"TIME", 4},  {"LTIME", 8}, {"DATE", 2},  {"TOD", 4},
    {"LTOD", 8},    {"DT", 8},     {"LDT", 8},   {"DTL", 12},  {"TIMER", 2}, {"COUNTER", 2},
}};

constexpr std::array<std::pair<std::string_view, DataType>, 4> kLongNames = {{
    {"TIME_OF_DAY", DataType::kTod},
    {"LTIME_OF_DAY", DataType::kLtod},
    {"DATE_AND_TIME", DataType::kDt},
    {"DATE_AND_LTIME", DataType::kLdt},
}};

const TypeFact& fact_of(DataType type) { return kTypes[static_cast<std::size_t>(type)]; }

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

Error invalid(std::string what) { return Error{ErrorId::kInvalidArgument, std::move(what)}; }

bool is_string(DataType type) { return type == DataType::kString || type == DataType::kWstring; }

std::uint16_t chars_max(DataType type) {
  return type == DataType::kString ? kStringCharsMax : kWstringCharsMax;
}

// Reads the upper-case text from left to right.
struct Cursor {
  std::string_view left;

  bool take(std::string_view word) {
    if (!left.starts_with(word)) return false;
    left.remove_prefix(word.size());
    return true;
  }
  // One of the letters, or 0.
  char take_any(std::string_view letters) {
    if (left.empty() || letters.find(left[0]) == std::string_view::npos) return 0;
    const char letter = left[0];
    left.remove_prefix(1);
    return letter;
  }
  // Digits; nothing if there are none or the number is beyond `max`.
  std::optional<std::uint32_t> number(std::uint32_t max) {
    std::uint32_t value = 0;
    const auto [end, code] = std::from_chars(left.data(), left.data() + left.size(), value);
    if (code != std::errc{} || value > max) return std::nullopt;
    left.remove_prefix(static_cast<std::size_t>(end - left.data()));
    return value;
  }
};

// X, B, W, D, or 0 for none: what the address says about the size.
struct Place {
  Address address;
  char size = 0;
};

std::string number_problem(std::string_view what, std::uint32_t max) {
  return std::string(what) + " must be a number up to " + std::to_string(max);
}

// Byte and, where there is one, bit.
Status take_place(Cursor& text, Place& place) {
  const auto byte = text.number(kAreaBytes - 1);
  if (!byte) return invalid(number_problem("the byte", kAreaBytes - 1));
  place.address.byte = *byte;
  const bool has_bit = text.take(".");
  if (has_bit) {
    const auto bit = text.number(7);
    if (!bit) return invalid(number_problem("the bit", 7));
    place.address.bit = static_cast<std::uint8_t>(*bit);
    if (place.size == 0) place.size = 'X';
  }
  if (place.size == 0 || has_bit != (place.size == 'X')) {
    return invalid(has_bit ? "only a bit (X) has a number behind the point"
                           : "a bit needs its number behind a point, a byte or word its letter");
  }
  return {};
}

Status take_data_block(Cursor& text, Place& place) {
  const auto db = text.number(65535);
  if (!db || *db == 0) return invalid("the data block must be a number from 1 to 65535");
  place.address.db = static_cast<std::uint16_t>(*db);
  if (!text.take(".DB") || (place.size = text.take_any("XBWD")) == 0) {
    return invalid("behind the data block comes .DBX, .DBB, .DBW or .DBD");
  }
  return take_place(text, place);
}

Status take_counted(Cursor& text, Area area, DataType type, Place& place) {
  const auto number = text.number(kCountedMax - 1);
  if (!number) return invalid(number_problem("a timer or counter", kCountedMax - 1));
  place.address.area = area;
  place.address.byte = *number;
  place.address.type = type;
  return {};
}

Status take_area(Cursor& text, Place& place) {
  if (text.take("DB")) return take_data_block(text, place);
  if (text.take("T")) return take_counted(text, Area::kTimer, DataType::kTimer, place);
  if (text.take_any("CZ") != 0)
    return take_counted(text, Area::kCounter, DataType::kCounter, place);
  if (text.take_any("IE") != 0) {
    place.address.area = Area::kInput;
  } else if (text.take_any("QA") != 0) {
    place.address.area = Area::kOutput;
  } else if (text.take("M")) {
    place.address.area = Area::kMarker;
  } else {
    return invalid("it begins with DB, I, Q, M, T or C");
  }
  place.size = text.take_any("XBWD");
  return take_place(text, place);
}

DataType default_type(const Place& place) {
  switch (place.size) {
    case 'X':
      return DataType::kBool;
    case 'B':
      return DataType::kByte;
    case 'W':
      return DataType::kWord;
    case 'D':
      return DataType::kDword;
    default:
      return place.address.type;
  }
}

// ":STRING[30]".
Status take_type(Cursor& text, Address& address) {
  const std::size_t end = std::min(text.left.find('['), text.left.size());
  const auto type = parse_data_type(text.left.substr(0, end));
  if (!type) return invalid("'" + std::string(text.left.substr(0, end)) + "' is no data type");
  text.left.remove_prefix(end);
  address.type = *type;
  if (!is_string(*type)) return {};
  address.length = kStringCharsMax;
  if (!text.take("[")) return {};
  const auto length = text.number(chars_max(*type));
  if (!length || *length == 0 || !text.take("]")) {
    return invalid("the length of the string must be a number from 1 to " +
                   std::to_string(chars_max(*type)) + " in brackets");
  }
  address.length = static_cast<std::uint16_t>(*length);
  return {};
}

// The letter of the size must agree with the type: "MW10:REAL" is a mistake of somebody.
Status check_size(const Place& place) {
  const DataType type = place.address.type;
  const std::string name(data_type_name(type));
  const std::uint8_t bytes = fact_of(type).bytes;
  const bool is_bool = type == DataType::kBool;
  if (place.size == 'X' ? (!is_bool && place.address.bit != 0) : is_bool) {
    return invalid(is_bool ? "a BOOL is written with X and its bit"
                           : name + " begins at a whole byte: bit 0");
  }
  if ((place.size == 'W' && bytes != 2) || (place.size == 'D' && bytes != 4)) {
    return invalid(name + " does not have the size that " + place.size +
                   " stands for; write B for types of other sizes");
  }
  return {};
}

Result<Address> parse(std::string_view upper_text) {
  Cursor text{upper_text};
  text.take("%");
  Place place;
  if (Status area = take_area(text, place); !area) return area.error();
  place.address.type = default_type(place);
  if (text.take(":")) {
    if (Status type = take_type(text, place.address); !type) return type.error();
  }
  if (!text.left.empty()) return invalid("'" + std::string(text.left) + "' does not belong there");
  if (!is_counted(place.address.area)) {
    if (Status size = check_size(place); !size) return size.error();
  }
  if (Status sound = check_address(place.address); !sound) return sound.error();
  return place.address;
}

// The letter that goes with the type.
char size_letter(DataType type) {
  if (type == DataType::kBool) return 'X';
  const std::uint8_t bytes = fact_of(type).bytes;
  return bytes == 2 ? 'W' : bytes == 4 ? 'D' : 'B';
}

}  // namespace

std::string_view data_type_name(DataType type) { return fact_of(type).name; }

std::optional<DataType> parse_data_type(std::string_view name) {
  std::string upper_name(name);
  std::ranges::transform(upper_name, upper_name.begin(), upper);
  const auto found = std::ranges::find(kTypes, upper_name, &TypeFact::name);
  if (found != kTypes.end()) return static_cast<DataType>(found - kTypes.begin());
  for (const auto& [long_name, type] : kLongNames) {
    if (long_name == upper_name) return type;
  }
  return std::nullopt;
}

Status check_address(const Address& address) {
  const bool counted = is_counted(address.area);
  const bool of_area = address.type == DataType::kTimer     ? address.area == Area::kTimer
                       : address.type == DataType::kCounter ? address.area == Area::kCounter
                                                            : !counted;
  if (!of_area) {
    return invalid(counted ? "a timer or counter has no other type than its own"
                           : "TIMER and COUNTER are types of the areas T and C only");
  }
  if ((address.area == Area::kDataBlock) == (address.db == 0)) {
    return invalid("a data block has a number from 1 to 65535, other areas have none");
  }
  if (address.bit > (address.type == DataType::kBool ? 7 : 0)) {
    return invalid("a BOOL has a bit from 0 to 7, other types have none");
  }
  const std::uint16_t length_max = is_string(address.type) ? chars_max(address.type) : 0;
  if (address.length > length_max || (length_max > 0 && address.length == 0)) {
    return invalid("a STRING has 1 to 254 characters, a WSTRING 1 to 1000, other types none");
  }
  if (counted ? address.byte >= kCountedMax : address.byte + width(address) > kAreaBytes) {
    return invalid("the value runs past the end of its area");
  }
  return {};
}

std::uint32_t width(const Address& address) {
  if (address.type == DataType::kString) return 2u + address.length;
  if (address.type == DataType::kWstring) return 4u + 2u * address.length;
  return fact_of(address.type).bytes;
}

std::uint32_t start_byte(const Address& address) {
  return is_counted(address.area) ? 2 * address.byte : address.byte;
}

Result<Address> parse_address(std::string_view text) {
  std::string upper_text(text.substr(0, 64));  // a valid one is shorter
  std::ranges::transform(upper_text, upper_text.begin(), upper);
  auto address = parse(upper_text);
  if (address) return address;
  return invalid("'" + std::string(text.substr(0, 64)) + "' is no S7 address: " +
                 address.error().what + "; examples: DB1.DBD4:REAL, DB1.DBX0.3, MW10:INT");
}

std::string address_text(const Address& address) {
  const std::string byte = std::to_string(address.byte);
  if (address.area == Area::kTimer) return "T" + byte;
  if (address.area == Area::kCounter) return "C" + byte;
  const char letter = size_letter(address.type);
  std::string text;
  if (address.area == Area::kDataBlock) {
    text = "DB" + std::to_string(address.db) + ".DB" + letter;
  } else {
    text = address.area == Area::kInput ? "I" : address.area == Area::kOutput ? "Q" : "M";
    if (letter != 'X') text += letter;
  }
  text += byte;
  if (letter == 'X') text += "." + std::to_string(address.bit);
  const bool is_default = address.type == DataType::kBool || address.type == DataType::kByte ||
                          address.type == DataType::kWord || address.type == DataType::kDword;
  if (is_default) return text;
  text += ":" + std::string(data_type_name(address.type));
  if (is_string(address.type)) text += "[" + std::to_string(address.length) + "]";
  return text;
}

}  // namespace lineshaft::s7
