#include "wire/iec104/clock.h"

#include <array>

#include "base/assert.h"

namespace lineshaft::iec104 {

namespace {

constexpr std::int64_t kNsPerMs = 1'000'000;
constexpr std::int64_t kMsPerMinute = 60'000;
constexpr std::int64_t kMsPerHour = 60 * kMsPerMinute;
constexpr std::int64_t kMsPerDay = 24 * kMsPerHour;
constexpr std::uint16_t kMillisecondsMax = 59'999;
constexpr std::uint8_t kCenturyTurn = 70;  // years from here on are of the last century

std::int64_t full_year(std::uint8_t year) {
  return year >= kCenturyTurn ? 1900 + year : 2000 + year;
}

bool in_range(const Time56& time) {
  constexpr std::array<std::uint8_t, 12> kDays = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (time.milliseconds > kMillisecondsMax || time.minute > 59 || time.hour > 23) return false;
  if (time.month < 1 || time.month > 12 || time.year > 99 || time.day < 1) return false;
  const std::int64_t year = full_year(time.year);
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  const std::uint8_t days = time.month == 2 && !leap ? 28 : kDays[time.month - 1];
  return time.day <= days;
}

std::int64_t floor_mod(std::int64_t value, std::int64_t by) { return ((value % by) + by) % by; }

std::int64_t floor_div(std::int64_t value, std::int64_t by) {
  return value / by - (value % by < 0 ? 1 : 0);
}

}  // namespace

Time56 read_time56(ByteReader& reader) {
  Time56 time;
  time.milliseconds = reader.read_le<std::uint16_t>();
  const std::uint8_t minute = reader.u8();
  const std::uint8_t hour = reader.u8();
  const std::uint8_t day = reader.u8();
  time.month = reader.u8() & 0x0F;
  time.year = reader.u8() & 0x7F;
  time.minute = minute & 0x3F;
  time.substituted = (minute & 0x40) != 0;
  time.invalid = (minute & 0x80) != 0;
  time.hour = hour & 0x1F;
  time.summer_time = (hour & 0x80) != 0;
  time.day = day & 0x1F;
  time.day_of_week = static_cast<std::uint8_t>(day >> 5);
  return time;
}

Time24 read_time24(ByteReader& reader) {
  Time24 time;
  time.milliseconds = reader.read_le<std::uint16_t>();
  const std::uint8_t minute = reader.u8();
  time.minute = minute & 0x3F;
  time.substituted = (minute & 0x40) != 0;
  time.invalid = (minute & 0x80) != 0;
  return time;
}

void append_time56(const Time56& time, Bytes& out) {
  LS_ASSERT(time.hour < 32 && time.day < 32 && time.day_of_week < 8);
  LS_ASSERT(time.month < 16 && time.year < 128);
  append_time24({time.milliseconds, time.minute, time.invalid, time.substituted}, out);
  out.push_back(static_cast<std::uint8_t>(time.hour | (time.summer_time ? 0x80 : 0)));
  out.push_back(static_cast<std::uint8_t>(time.day | time.day_of_week << 5));
  out.push_back(time.month);
  out.push_back(time.year);
}

void append_time24(const Time24& time, Bytes& out) {
  LS_ASSERT(time.minute < 64);
  ByteWriter writer(out);
  writer.write_le(time.milliseconds);
  writer.u8(static_cast<std::uint8_t>(time.minute | (time.substituted ? 0x40 : 0) |
                                      (time.invalid ? 0x80 : 0)));
}

std::optional<Timestamp> to_timestamp(const Time56& time, StationClock clock) {
  if (time.invalid || !in_range(time)) return std::nullopt;
  const std::int64_t days = days_from_civil(full_year(time.year), time.month, time.day);
  const std::int64_t shown =
      days * kMsPerDay + time.hour * kMsPerHour + time.minute * kMsPerMinute + time.milliseconds;
  const std::int64_t ahead =
      clock.utc_offset_minutes * kMsPerMinute + (time.summer_time ? kMsPerHour : 0);
  return Timestamp{(shown - ahead) * kNsPerMs};
}

std::optional<Timestamp> to_timestamp(const Time24& time, StationClock clock, Timestamp near) {
  if (time.invalid || time.milliseconds > kMillisecondsMax || time.minute > 59) {
    return std::nullopt;
  }
  const std::int64_t shown = time.minute * kMsPerMinute + time.milliseconds;
  const std::int64_t wanted =
      floor_mod(shown - clock.utc_offset_minutes * kMsPerMinute, kMsPerHour);
  // From half an hour before `near` forward to the first instant that shows the reading.
  const std::int64_t from = floor_div(near.ns, kNsPerMs) - kMsPerHour / 2;
  const std::int64_t after_near = floor_mod(wanted - from, kMsPerHour) - kMsPerHour / 2;
  return near + Nanoseconds(after_near * kNsPerMs - floor_mod(near.ns, kNsPerMs));
}

Time56 to_time56(Timestamp at, StationClock clock) {
  const std::int64_t ms = floor_div(at.ns, kNsPerMs) + clock.utc_offset_minutes * kMsPerMinute;
  const std::int64_t days = floor_div(ms, kMsPerDay);
  const std::int64_t in_day = floor_mod(ms, kMsPerDay);
  const CivilDate date = civil_from_days(days);
  Time56 time;
  time.invalid = date.year < 1900 + kCenturyTurn || date.year >= 2000 + kCenturyTurn;
  time.year = static_cast<std::uint8_t>(floor_mod(date.year, 100));
  time.month = static_cast<std::uint8_t>(date.month);
  time.day = static_cast<std::uint8_t>(date.day);
  time.day_of_week =
      static_cast<std::uint8_t>(floor_mod(days + 3, 7) + 1);  // 1970 began on a Thursday
  time.hour = static_cast<std::uint8_t>(in_day / kMsPerHour);
  time.minute = static_cast<std::uint8_t>(in_day % kMsPerHour / kMsPerMinute);
  time.milliseconds = static_cast<std::uint16_t>(in_day % kMsPerMinute);
  return time;
}

}  // namespace lineshaft::iec104
