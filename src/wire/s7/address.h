// wire/s7/address.h: where a value lies and what it is, as engineers write it: "DB1.DBD4:REAL".
// Pure functions. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "wire/s7/protocol.h"

namespace lineshaft::s7 {

// The elementary data types of IEC 61131-3 as S7 CPUs store them, most significant byte first.
enum class DataType : std::uint8_t {
  kBool,
  kByte,
  kWord,
  kDword,
  kLword,
  kSint,
  kInt,
  kDint,
  kLint,
  kUsint,
  kUint,
  kUdint,
  kUlint,
  kReal,
  kLreal,
  kChar,
  kWchar,
  kString,   // maximum and present length (a byte each), then ISO 8859-1
  kWstring,  // the same with two bytes each, and UTF-16
  kS5time,   // three BCD digits and a base of 10 ms to 10 s
  kTime,     // milliseconds, with a sign
  kLtime,    // nanoseconds, with a sign
  kDate,     // days since 1990-01-01
  kTod,      // milliseconds since midnight
  kLtod,     // nanoseconds since midnight
  kDt,       // DATE_AND_TIME: 8 bytes of BCD
  kLdt,      // nanoseconds since 1970-01-01
  kDtl,      // 12 bytes: year to nanosecond, a field each
  kTimer,    // of the area of timers: as kS5time
  kCounter,  // of the area of counters: three BCD digits
};

// "BOOL", "BYTE", ... "DTL", "TIMER", "COUNTER".
std::string_view data_type_name(DataType type);
// Case does not matter; TIME_OF_DAY, DATE_AND_TIME and their long forms are understood too.
std::optional<DataType> parse_data_type(std::string_view name);

inline constexpr std::uint16_t kStringCharsMax = 254;
// The language allows 16,382; a string that takes more than a few PDUs is no signal.
inline constexpr std::uint16_t kWstringCharsMax = 1000;

struct Address {
  Area area = Area::kDataBlock;
  std::uint16_t db = 0;    // kDataBlock: 1..65535; else 0
  std::uint32_t byte = 0;  // or the number of the timer or counter
  std::uint8_t bit = 0;    // kBool: 0..7; else 0
  DataType type = DataType::kByte;
  std::uint16_t length = 0;  // characters of kString and kWstring; else 0
  friend bool operator==(const Address&, const Address&) = default;
};

// Errors: kInvalidArgument with what is wrong: a number outside of its range, a value that runs
// past the area, a type that the area does not have.
Status check_address(const Address& address);

// Bytes of the value on the wire, 1..2004; a BOOL takes the byte that it lies in.
// Requires: check_address is ok (for string lengths).
std::uint32_t width(const Address& address);

// Where it begins, in bytes of the area; number 5 of the timers begins at 10.
std::uint32_t start_byte(const Address& address);

// Reads an address:
//   DB1.DBX0.3  DB1.DBB4  DB1.DBW4  DB1.DBD4   data block: bit, byte, word, double word
//   M0.3  MB4  MW4  MD4                        markers; the same with I (or E) and Q (or A)
//   T5  C7 (or Z7)                             timer, counter
// each with ":TYPE" behind it if it is not BOOL, BYTE, WORD or DWORD: "MW10:INT",
// "DB5.DBB20:LREAL", "DB5.DBB20:STRING[30]". Types longer than a double word are written with B. A
// "%" in front and lower case are allowed. Errors: kInvalidArgument with the text and what is
// wrong.
Result<Address> parse_address(std::string_view text);

// The shortest such text; parse_address gives back the same address.
std::string address_text(const Address& address);

}  // namespace lineshaft::s7
