// wire/iec104/clock.h: the times of the protocol as they stand on the wire, and as instants.
// Pure functions: the caller says what time it is. Threads: any.
#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/time.h"

namespace lineshaft::iec104 {

// CP56Time2a, seven bytes: the reading of a station's clock. Fields may be out of range when a
// station sends them so; to_timestamp() then has no answer.
struct Time56 {
  std::uint16_t milliseconds = 0;  // within the minute, 0..59'999
  std::uint8_t minute = 0;         // 0..59
  std::uint8_t hour = 0;           // 0..23
  std::uint8_t day = 1;            // 1..31
  std::uint8_t day_of_week = 0;    // 1 Monday .. 7 Sunday; 0 not used
  std::uint8_t month = 1;          // 1..12
  std::uint8_t year = 0;           // within the century, 0..99
  bool invalid = false;            // IV: the station does not trust its clock
  bool summer_time = false;        // SU: the reading is one hour ahead of the standard time
  bool substituted = false;        // the time was added on the way, not by the source
  friend bool operator==(const Time56&, const Time56&) = default;
};

// CP24Time2a, three bytes: the same without the hour and what is above it.
struct Time24 {
  std::uint16_t milliseconds = 0;
  std::uint8_t minute = 0;
  bool invalid = false;
  bool substituted = false;
  friend bool operator==(const Time24&, const Time24&) = default;
};

inline constexpr std::size_t kTime56Bytes = 7;
inline constexpr std::size_t kTime24Bytes = 3;

// Reserved bits are dropped. A reader that ends too early fails.
Time56 read_time56(ByteReader& reader);
Time24 read_time24(ByteReader& reader);
// Requires: each field fits into its bits (the ranges above do).
void append_time56(const Time56& time, Bytes& out);
void append_time24(const Time24& time, Bytes& out);

// What a station's clock shows when it does not show UTC: its standard time minus UTC.
struct StationClock {
  std::int16_t utc_offset_minutes = 0;  // -1440..1440
  friend bool operator==(const StationClock&, const StationClock&) = default;
};

// The instant of a reading. Years 70 to 99 are 1970 to 1999, all others are of this century.
// Nothing if the station does not trust its clock or a field is out of range.
std::optional<Timestamp> to_timestamp(const Time56& time, StationClock clock);

// A reading without the hour: the instant nearest to `near` that shows it, so a value must arrive
// within half an hour of its time. Offsets of whole quarters of an hour are taken into account.
std::optional<Timestamp> to_timestamp(const Time24& time, StationClock clock, Timestamp near);

// The reading of a clock that never uses summer time; below a millisecond it is cut.
// Instants outside 1970 to 2069 get an invalid time.
Time56 to_time56(Timestamp at, StationClock clock);

}  // namespace lineshaft::iec104
