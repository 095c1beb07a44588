#include "wire/csv/time_format.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/time.h"
#include "wire/csv/cell.h"

namespace lineshaft::csv {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool take_char(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool take_word(std::string_view& text, std::string_view word) {
  if (text.size() < word.size()) return false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if ((text[i] & ~0x20) != (word[i] & ~0x20)) return false;
  }
  text.remove_prefix(word.size());
  return true;
}

// Between `least` and `most` digits, as many as there are.
bool take_number(std::string_view& text, std::size_t least, std::size_t most, unsigned& out) {
  std::size_t count = 0;
  out = 0;
  for (; count < most && count < text.size() && is_digit(text[count]); ++count) {
    out = out * 10 + static_cast<unsigned>(text[count] - '0');
  }
  text.remove_prefix(count);
  return count >= least;
}

bool take_fraction(std::string_view& text, std::uint32_t& ns) {
  std::uint32_t scale = 1'000'000'000;
  std::size_t digits = 0;
  for (; digits < text.size() && is_digit(text[digits]) && digits < 9; ++digits) {
    scale /= 10;
    ns += static_cast<std::uint32_t>(text[digits] - '0') * scale;
  }
  text.remove_prefix(digits);
  return digits > 0;
}

unsigned days_in_month(unsigned year, unsigned month) {
  constexpr std::array<unsigned, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : kDays[month - 1];
}

bool to_days(unsigned year, unsigned month, unsigned day, std::int64_t& days) {
  if (month < 1 || month > 12 || day < 1 || day > days_in_month(year, month)) return false;
  days = days_from_civil(year, month, day);
  return true;
}

// "", "Z", "UTC", "GMT", "+08:00", "-0330", "+01".
bool take_offset(std::string_view& text, std::optional<std::int32_t>& offset_s) {
  text = trimmed(text);
  if (text.empty()) return true;
  if (take_char(text, 'Z') || take_char(text, 'z') || take_word(text, "UTC") ||
      take_word(text, "GMT")) {
    offset_s = 0;
    if (text.empty()) return true;
  }
  const bool east = text.front() == '+';
  if (!take_char(text, '+') && !take_char(text, '-')) return false;
  unsigned hours = 0;
  unsigned minutes = 0;
  if (!take_number(text, 2, 2, hours)) return false;
  if (take_char(text, ':') || !text.empty()) {
    if (!take_number(text, 2, 2, minutes)) return false;
  }
  if (!text.empty() || hours > 18 || minutes > 59) return false;
  const auto seconds = static_cast<std::int32_t>(hours * 3600 + minutes * 60);
  offset_s = east ? seconds : -seconds;
  return true;
}

// "3 PM" becomes 15, "12 AM" 0. No mark: the hour is of 24.
bool take_half_day(std::string_view& text, unsigned& hour) {
  std::string_view rest = trimmed(text);
  const bool pm = take_word(rest, "PM");
  if (!pm && !take_word(rest, "AM")) return true;
  if (hour < 1 || hour > 12) return false;
  hour = hour % 12 + (pm ? 12 : 0);
  text = rest;
  return true;
}

// All of `text` as a time of day with fraction, AM/PM and offset. `separator` is ':' or '.' or 0
// for digits without any ("1530", "153045").
bool read_time_of_day(std::string_view text, char separator, WallTime& out) {
  unsigned hour = 0;
  unsigned minute = 0;
  unsigned second = 0;
  const std::size_t least = separator == '\0' ? 2 : 1;
  if (!take_number(text, least, 2, hour)) return false;
  if (separator != '\0' && !take_char(text, separator)) return false;
  if (!take_number(text, 2, 2, minute)) return false;
  const bool seconds =
      separator == '\0' ? !text.empty() && is_digit(text.front()) : take_char(text, separator);
  if (seconds) {
    if (!take_number(text, 2, 2, second)) return false;
    if ((take_char(text, '.') || take_char(text, ',')) && !take_fraction(text, out.ns))
      return false;
  }
  if (!take_half_day(text, hour) || !take_offset(text, out.offset_s)) return false;
  const bool end_of_day = hour == 24 && minute == 0 && second == 0 && out.ns == 0;
  if ((hour > 23 && !end_of_day) || minute > 59 || second > 59) return false;
  out.seconds += static_cast<std::int64_t>(hour) * 3600 + minute * 60 + second;
  return true;
}

Error unknown_format(std::string_view name) {
  return {ErrorId::kInvalidArgument,
          "time.format: '" + std::string(name.substr(0, 64)) +
              "' is not known: write yyyy, mm, dd in the order of the file with '-', '/' or '.' "
              "between (or yy for a short year), yyyymmdd, iso8601, epoch s, epoch ms, epoch us or "
              "epoch ns"};
}

// What stands behind the date, with letters for the digits: "THH:MM:SS.fZ". For people.
std::string clock_pattern(std::string_view clock) {
  if (clock.empty()) return {};
  std::string pattern;
  std::string_view rest = clock;
  if (!is_digit(rest.front())) {
    pattern += rest.front() == 't' ? 'T' : rest.front();
    rest = trimmed(rest.substr(1));
  }
  constexpr std::string_view kParts[] = {"HH", "MM", "SS", "f"};
  for (const std::string_view part : kParts) {
    if (rest.empty() || !is_digit(rest.front())) break;
    pattern += part;
    const std::size_t most = part == "f" ? 9 : 2;
    std::size_t digits = 0;
    while (digits < rest.size() && digits < most && is_digit(rest[digits])) ++digits;
    rest.remove_prefix(digits);
    if (rest.empty() || part == "f" || (rest.front() != ':' && rest.front() != '.')) continue;
    pattern += rest.front();
    rest.remove_prefix(1);
  }
  rest = trimmed(rest);
  if (take_word(rest, "AM") || take_word(rest, "PM")) pattern += " AM";
  if (!trimmed(rest).empty()) pattern += 'Z';
  return pattern;
}

}  // namespace

Result<TimeFormat> TimeFormat::parse(std::string_view name) {
  TimeFormat format;
  format.name_ = std::string(name);
  if (name == "iso8601") return format;
  constexpr std::string_view kEpochs[] = {"epoch s", "epoch ms", "epoch us", "epoch ns"};
  for (unsigned i = 0; i < 4; ++i) {
    if (name != kEpochs[i]) continue;
    format.kind_ = Kind::kEpoch;
    format.epoch_digits_ = 3 * i;
    return format;
  }
  for (const Kind kind : {Kind::kCompact, Kind::kCivil}) {
    for (const Order order : {Order::kYmd, Order::kDmy, Order::kMdy}) {
      for (const char separator : {'-', '/', '.'}) {
        for (const bool short_year : {false, true}) {
          format.kind_ = kind;
          format.order_ = order;
          format.separator_ = separator;
          format.short_year_ = short_year;
          const std::string pattern = format.date_pattern();
          if (pattern.empty() || !name.starts_with(pattern)) continue;
          const std::string_view rest = name.substr(pattern.size());
          if (rest.find_first_not_of("HhMmSsfATZ:., +") == std::string_view::npos) return format;
        }
      }
    }
  }
  return unknown_format(name);
}

// Empty for combinations that do not exist: short years only behind day and month.
std::string TimeFormat::date_pattern() const {
  if (kind_ == Kind::kCompact) return order_ == Order::kYmd && !short_year_ ? "yyyymmdd" : "";
  const std::string between(1, separator_);
  const std::string year = short_year_ ? "yy" : "yyyy";
  switch (order_) {
    case Order::kYmd:
      return short_year_ ? "" : year + between + "mm" + between + "dd";
    case Order::kDmy:
      return "dd" + between + "mm" + between + year;
    case Order::kMdy:
      return "mm" + between + "dd" + between + year;
  }
  return "";
}

std::vector<TimeFormat> TimeFormat::candidates(std::string_view text) {
  text = trimmed(text);
  std::vector<TimeFormat> found;
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  const auto add = [&](TimeFormat format) {
    WallTime ignored;
    if (!format.read(text, ignored)) return;
    std::string_view rest = text;
    std::int64_t days = 0;
    if (format.kind_ != Kind::kEpoch && format.read_date(rest, days)) {
      format.name_ = format.date_pattern() + clock_pattern(rest);
    }
    found.push_back(std::move(format));
  };
  const auto with = [](Kind kind, Order order, char separator, bool short_year) {
    TimeFormat format;
    format.kind_ = kind;
    format.order_ = order;
    format.separator_ = separator;
    format.short_year_ = short_year;
    return format;
  };
  if (digits == 8 || digits == 12 || digits == 14) {
    add(with(Kind::kCompact, Order::kYmd, '-', false));
  }
  if (digits == 4 && text.size() > digits) add(with(Kind::kCivil, Order::kYmd, text[4], false));
  if ((digits == 1 || digits == 2) && text.size() > digits) {
    for (const bool short_year : {false, true}) {
      add(with(Kind::kCivil, Order::kDmy, text[digits], short_year));
      add(with(Kind::kCivil, Order::kMdy, text[digits], short_year));
    }
  }
  constexpr std::pair<std::size_t, std::string_view> kEpochs[] = {
      {9, "epoch s"},   {10, "epoch s"},  {12, "epoch ms"}, {13, "epoch ms"},
      {15, "epoch us"}, {16, "epoch us"}, {18, "epoch ns"}, {19, "epoch ns"}};
  for (const auto& [length, name] : kEpochs) {
    if (length == digits) add(parse(name).value());
  }
  return found;
}

bool TimeFormat::read_date(std::string_view& text, std::int64_t& days) const {
  unsigned year = 0;
  unsigned month = 0;
  unsigned day = 0;
  if (kind_ == Kind::kCompact) {
    return take_number(text, 4, 4, year) && take_number(text, 2, 2, month) &&
           take_number(text, 2, 2, day) && to_days(year, month, day, days);
  }
  if (separator_ != '-' && separator_ != '/' && separator_ != '.') return false;
  if (order_ == Order::kYmd) {
    return take_number(text, 4, 4, year) && take_char(text, separator_) &&
           take_number(text, 1, 2, month) && take_char(text, separator_) &&
           take_number(text, 1, 2, day) && to_days(year, month, day, days);
  }
  unsigned& first = order_ == Order::kDmy ? day : month;
  unsigned& second = order_ == Order::kDmy ? month : day;
  const std::size_t year_digits = short_year_ ? 2 : 4;
  if (!take_number(text, 1, 2, first) || !take_char(text, separator_) ||
      !take_number(text, 1, 2, second) || !take_char(text, separator_) ||
      !take_number(text, year_digits, year_digits, year)) {
    return false;
  }
  if (short_year_) year += year < 69 ? 2000 : 1900;
  return to_days(year, month, day, days);
}

bool TimeFormat::read_epoch(std::string_view text, WallTime& out) const {
  std::int64_t units = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), units);
  if (code != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  if (epoch_digits_ == 0 && units >= 0 && (take_char(text, '.') || take_char(text, ','))) {
    if (!take_fraction(text, out.ns)) return false;
  }
  if (!text.empty()) return false;
  std::int64_t per_second = 1;
  for (unsigned i = 0; i < epoch_digits_; ++i) per_second *= 10;
  std::int64_t rest = units % per_second;
  out.seconds = units / per_second;
  if (rest < 0) {
    rest += per_second;
    --out.seconds;
  }
  out.ns += static_cast<std::uint32_t>(rest * (1'000'000'000 / per_second));
  out.offset_s = 0;
  return true;
}

bool TimeFormat::read(std::string_view text, WallTime& out) const {
  text = trimmed(text);
  out = {};
  if (kind_ == Kind::kEpoch) return read_epoch(text, out);
  std::int64_t days = 0;
  if (!read_date(text, days)) return false;
  out.seconds = days * kSecondsPerDay;
  if (text.empty()) return true;
  const bool divided = take_char(text, 'T') || take_char(text, 't') || take_char(text, ' ');
  text = trimmed(text);
  if (!divided && kind_ != Kind::kCompact) return false;
  const bool colons = text.find(':') == 1 || text.find(':') == 2;
  if (!colons && kind_ != Kind::kCompact) return false;
  return read_time_of_day(text, colons ? ':' : '\0', out);
}

bool read_clock(std::string_view text, WallTime& out) {
  text = trimmed(text);
  out = {};
  std::size_t digits = 0;
  while (digits < text.size() && is_digit(text[digits])) ++digits;
  if (digits == 0 || digits > 2 || digits == text.size()) return false;
  if (text[digits] == ':') return read_time_of_day(text, ':', out);
  // "18.00" alone is a number; with seconds it is a time.
  const bool dots = text[digits] == '.' && std::count(text.begin(), text.end(), '.') == 2;
  return dots && read_time_of_day(text, '.', out);
}

}  // namespace lineshaft::csv
