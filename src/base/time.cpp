#include "base/time.h"

#include <array>
#include <charconv>
#include <cstdio>

namespace lineshaft {
namespace {

constexpr std::int64_t kNsPerSecond = 1'000'000'000;
constexpr std::int64_t kSecondsPerDay = 86'400;

std::int64_t floor_div(std::int64_t a, std::int64_t b) {
  return a / b - (a % b != 0 && (a < 0) != (b < 0) ? 1 : 0);
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads exactly `digits` decimal digits at the front of `text` and drops them.
bool take_number(std::string_view& text, std::size_t digits, unsigned& out) {
  if (text.size() < digits) return false;
  out = 0;
  for (std::size_t i = 0; i < digits; ++i) {
    if (!is_digit(text[i])) return false;
    out = out * 10 + static_cast<unsigned>(text[i] - '0');
  }
  text.remove_prefix(digits);
  return true;
}

bool take_char(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

unsigned days_in_month(std::int64_t year, unsigned month) {
  constexpr std::array<unsigned, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// Reads ".123456789" (1 to 9 digits) into nanoseconds.
bool take_fraction(std::string_view& text, std::int64_t& ns) {
  std::int64_t scale = kNsPerSecond;
  std::size_t digits = 0;
  ns = 0;
  while (!text.empty() && is_digit(text.front()) && digits < 9) {
    scale /= 10;
    ns += (text.front() - '0') * scale;
    text.remove_prefix(1);
    ++digits;
  }
  return digits > 0;
}

// Reads "Z", "+hh:mm", "-hhmm" or nothing (UTC) into seconds east of UTC.
bool take_offset(std::string_view& text, std::int64_t& offset_s) {
  offset_s = 0;
  if (text.empty() || take_char(text, 'Z') || take_char(text, 'z')) return true;
  const bool east = text.front() == '+';
  if (!take_char(text, '+') && !take_char(text, '-')) return false;
  unsigned hours = 0;
  unsigned minutes = 0;
  if (!take_number(text, 2, hours)) return false;
  take_char(text, ':');
  if (!take_number(text, 2, minutes) || hours > 23 || minutes > 59) return false;
  offset_s = static_cast<std::int64_t>(hours * 3600 + minutes * 60) * (east ? 1 : -1);
  return true;
}

bool parse_civil(std::string_view text, Timestamp& out) {
  unsigned year = 0;
  unsigned month = 0;
  unsigned day = 0;
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  if (!take_number(text, 4, year) || !take_char(text, '-') || !take_number(text, 2, month) ||
      !take_char(text, '-') || !take_number(text, 2, day)) {
    return false;
  }
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return false;
  std::int64_t fraction_ns = 0;
  std::int64_t offset_s = 0;
  if (take_char(text, 'T') || take_char(text, 't') || take_char(text, ' ')) {
    if (!take_number(text, 2, hour) || !take_char(text, ':') || !take_number(text, 2, minute)) {
      return false;
    }
    if (take_char(text, ':') && !take_number(text, 2, second)) return false;
    if (take_char(text, '.') && !take_fraction(text, fraction_ns)) return false;
    if (!take_offset(text, offset_s)) return false;
  }
  if (!text.empty() || hour > 23 || minute > 59 || second > 59) return false;
  const std::int64_t seconds = days_from_civil(year, month, day) * kSecondsPerDay + hour * 3600 +
                               minute * 60 + second - offset_s;
  std::int64_t ns = 0;
  if (__builtin_mul_overflow(seconds, kNsPerSecond, &ns)) return false;
  return !__builtin_add_overflow(ns, fraction_ns, &out.ns);
}

}  // namespace

std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day) {
  year -= month <= 2;
  const std::int64_t era = floor_div(year, 400);
  const auto year_of_era = static_cast<unsigned>(year - era * 400);
  const unsigned day_of_year = (153 * (month + (month > 2 ? -3U : 9U)) + 2) / 5 + day - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + static_cast<std::int64_t>(day_of_era) - 719'468;
}

CivilDate civil_from_days(std::int64_t days) {
  days += 719'468;
  const std::int64_t era = floor_div(days, 146'097);
  const auto day_of_era = static_cast<unsigned>(days - era * 146'097);
  const unsigned year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const unsigned day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned shifted_month = (5 * day_of_year + 2) / 153;
  const unsigned day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const unsigned month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const std::int64_t year = static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2);
  return {year, month, day};
}

std::string format_rfc3339(Timestamp t) {
  const std::int64_t seconds = floor_div(t.ns, kNsPerSecond);
  // Not t.ns - seconds * kNsPerSecond: the first second of the range begins before it.
  const std::int64_t remainder = t.ns % kNsPerSecond;
  const std::int64_t ns = remainder < 0 ? remainder + kNsPerSecond : remainder;
  const std::int64_t days = floor_div(seconds, kSecondsPerDay);
  const std::int64_t second_of_day = seconds - days * kSecondsPerDay;
  const CivilDate date = civil_from_days(days);
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), "%04lld-%02u-%02uT%02lld:%02lld:%02lld",
                static_cast<long long>(date.year), date.month, date.day,
                static_cast<long long>(second_of_day / 3600),
                static_cast<long long>(second_of_day / 60 % 60),
                static_cast<long long>(second_of_day % 60));
  std::string text = buffer.data();
  if (ns != 0) {
    std::snprintf(buffer.data(), buffer.size(), ".%09lld", static_cast<long long>(ns));
    std::string fraction = buffer.data();
    while (fraction.size() > 4 && fraction.ends_with("000")) fraction.resize(fraction.size() - 3);
    text += fraction;
  }
  return text + "Z";
}

Result<Timestamp> parse_timestamp(std::string_view text) {
  Timestamp t;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), t.ns);
  if (code == std::errc{} && end == text.data() + text.size()) return t;
  if (parse_civil(text, t)) return t;
  return Error{ErrorId::kInvalidArgument,
               "'" + std::string(text.substr(0, 64)) +
                   "' is not a time: write 2026-11-23T18:50:00Z or nanoseconds since 1970"};
}

}  // namespace lineshaft
