#include "sys/time_zone.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/time.h"

namespace lineshaft::sys {
namespace {

constexpr std::int64_t kSecondsPerDay = 86'400;
constexpr std::int32_t kOffsetMax = 26 * 3600;  // RFC 8536 3.2: offsets stay within 25 or 26 hours
constexpr std::size_t kZoneFileBytesMax = 256 * 1024;

Error damaged(std::string_view what) {
  return {ErrorId::kCorrupt, "time zone file: " + std::string(what)};
}

struct Header {
  std::uint8_t version = 0;
  std::uint32_t is_ut = 0, is_std = 0, leaps = 0, times = 0, types = 0, chars = 0;

  std::size_t body_bytes(std::size_t time_bytes) const {
    return std::size_t{times} * (time_bytes + 1) + std::size_t{types} * 6 + chars +
           std::size_t{leaps} * (time_bytes + 4) + is_std + is_ut;
  }
};

bool read_header(ByteReader& reader, Header& header) {
  if (as_text(reader.bytes(4)) != "TZif") return false;
  header.version = reader.u8();
  reader.bytes(15);
  for (std::uint32_t* count : {&header.is_ut, &header.is_std, &header.leaps, &header.times,
                               &header.types, &header.chars}) {
    *count = reader.read_be<std::uint32_t>();
    if (*count > 100'000) return false;
  }
  return reader.ok();
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

bool take_char(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool take_number(std::string_view& text, unsigned most, unsigned& out) {
  std::size_t count = 0;
  out = 0;
  for (; count < 3 && count < text.size() && is_digit(text[count]); ++count) {
    out = out * 10 + static_cast<unsigned>(text[count] - '0');
  }
  text.remove_prefix(count);
  return count > 0 && out <= most;
}

// "CET" or "<+08>".
bool take_name(std::string_view& text) {
  std::size_t length = 0;
  if (take_char(text, '<')) {
    length = text.find('>');
    if (length == std::string_view::npos) return false;
    text.remove_prefix(length + 1);
    return length >= 3;
  }
  while (length < text.size() && is_letter(text[length])) ++length;
  text.remove_prefix(length);
  return length >= 3;
}

// "[+-]hh[:mm[:ss]]".
bool take_time(std::string_view& text, unsigned hours_max, std::int32_t& seconds) {
  const bool negative = take_char(text, '-');
  if (!negative) take_char(text, '+');
  unsigned hours = 0;
  unsigned minutes = 0;
  unsigned rest = 0;
  if (!take_number(text, hours_max, hours)) return false;
  if (take_char(text, ':')) {
    if (!take_number(text, 59, minutes)) return false;
    if (take_char(text, ':') && !take_number(text, 59, rest)) return false;
  }
  seconds = static_cast<std::int32_t>(hours * 3600 + minutes * 60 + rest);
  if (negative) seconds = -seconds;
  return true;
}

// "M3.5.0", "J60", "59", each with "/2" or without.
bool take_rule_date(std::string_view& text, ZoneRuleDate& date) {
  if (take_char(text, 'M')) {
    if (!take_number(text, 12, date.month) || !take_char(text, '.') ||
        !take_number(text, 5, date.week) || !take_char(text, '.') ||
        !take_number(text, 6, date.day) || date.month < 1 || date.week < 1) {
      return false;
    }
  } else if (take_char(text, 'J')) {
    date.kind = ZoneRuleDate::Kind::kJulianNoLeap;
    if (!take_number(text, 365, date.day) || date.day < 1) return false;
  } else {
    date.kind = ZoneRuleDate::Kind::kDayOfYear;
    if (!take_number(text, 365, date.day)) return false;
  }
  return !take_char(text, '/') || take_time(text, 167, date.time_s);
}

bool is_leap(std::int64_t year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

// Midnight of the wall clock, as days since 1970, of a rule's date in a year.
std::int64_t day_of_rule(const ZoneRuleDate& date, std::int64_t year) {
  const std::int64_t new_year = days_from_civil(year, 1, 1);
  if (date.kind == ZoneRuleDate::Kind::kDayOfYear) return new_year + date.day;
  if (date.kind == ZoneRuleDate::Kind::kJulianNoLeap) {
    return new_year + date.day - 1 + (is_leap(year) && date.day >= 60 ? 1 : 0);
  }
  const std::int64_t first = days_from_civil(year, date.month, 1);
  const std::int64_t next =
      date.month == 12 ? days_from_civil(year + 1, 1, 1) : days_from_civil(year, date.month + 1, 1);
  const std::int64_t week_day = ((first + 4) % 7 + 7) % 7;  // 1970-01-01 was a Thursday
  std::int64_t day = first + (static_cast<std::int64_t>(date.day) - week_day + 7) % 7;
  for (unsigned week = 1; week < date.week && day + 7 < next; ++week) day += 7;
  return day;
}

}  // namespace

TimeZone TimeZone::fixed(std::int32_t offset_s) {
  TimeZone zone;
  zone.first_offset_ = offset_s;
  return zone;
}

std::optional<TimeZone::Rule> TimeZone::parse_rule(std::string_view posix) {
  Rule rule;
  std::int32_t west = 0;
  if (!take_name(posix) || !take_time(posix, 24, west)) return std::nullopt;
  rule.standard_s = -west;  // POSIX counts westwards
  if (posix.empty()) return rule;
  if (!take_name(posix)) return std::nullopt;
  rule.daylight_s = rule.standard_s + 3600;
  if (!posix.empty() && posix.front() != ',') {
    if (!take_time(posix, 24, west)) return std::nullopt;
    rule.daylight_s = -west;
  }
  if (!take_char(posix, ',') || !take_rule_date(posix, rule.begins) || !take_char(posix, ',') ||
      !take_rule_date(posix, rule.ends) || !posix.empty()) {
    return std::nullopt;
  }
  return rule;
}

Result<TimeZone> TimeZone::decode(ByteSpan file) {
  ByteReader reader(file);
  Header header;
  if (!read_header(reader, header)) return damaged("no header");
  std::size_t time_bytes = 4;
  if (header.version >= '2') {
    reader.bytes(header.body_bytes(4));
    if (!read_header(reader, header)) return damaged("no second header");
    time_bytes = 8;
  }
  if (header.times > kTransitionsMax) return damaged("too many transitions");
  if (header.types == 0 || header.body_bytes(time_bytes) > reader.remaining()) {
    return damaged("shorter than its header says");
  }
  TimeZone zone;
  for (std::uint32_t i = 0; i < header.times; ++i) {
    zone.transitions_.push_back(time_bytes == 8
                                    ? static_cast<std::int64_t>(reader.read_be<std::uint64_t>())
                                    : static_cast<std::int32_t>(reader.read_be<std::uint32_t>()));
  }
  const ByteSpan type_of = reader.bytes(header.times);
  std::vector<std::int32_t> offset_of_type;
  for (std::uint32_t i = 0; i < header.types; ++i) {
    offset_of_type.push_back(static_cast<std::int32_t>(reader.read_be<std::uint32_t>()));
    reader.bytes(2);  // daylight flag and name: not needed
    if (std::abs(std::int64_t{offset_of_type.back()}) > kOffsetMax) return damaged("wrong offset");
  }
  for (const std::uint8_t type : type_of) {
    if (type >= header.types) return damaged("a transition to a type that is not there");
    zone.offsets_.push_back(offset_of_type[type]);
  }
  if (std::adjacent_find(zone.transitions_.begin(), zone.transitions_.end(),
                         std::greater_equal<>()) != zone.transitions_.end()) {
    return damaged("transitions out of order");
  }
  zone.first_offset_ = offset_of_type[0];
  reader.bytes(header.chars + std::size_t{header.leaps} * (time_bytes + 4) + header.is_std +
               header.is_ut);
  if (time_bytes == 8) {
    std::string_view footer = as_text(reader.bytes(reader.remaining()));
    if (!take_char(footer, '\n') || !footer.ends_with('\n')) return damaged("no rule at its end");
    footer.remove_suffix(1);
    if (!footer.empty()) {
      zone.rule_ = parse_rule(footer);
      if (!zone.rule_) return damaged("a rule at its end that cannot be read");
    }
  }
  if (!reader.ok()) return damaged("shorter than its header says");
  return zone;
}

std::int32_t TimeZone::rule_offset_at(std::int64_t utc_s) const {
  if (!rule_->daylight_s) return rule_->standard_s;
  const std::int64_t local_s = utc_s + rule_->standard_s;
  const std::int64_t day = local_s / kSecondsPerDay - (local_s % kSecondsPerDay < 0 ? 1 : 0);
  const std::int64_t year = civil_from_days(day).year;
  // Each change is given in the clock that holds before it.
  const auto change = [&](const ZoneRuleDate& date, std::int32_t offset_s, std::int64_t in_year) {
    return day_of_rule(date, in_year) * kSecondsPerDay + date.time_s - offset_s;
  };
  // The latest change at or before the instant decides; a rule's time may reach into next year.
  std::int64_t latest = kTimestampMin.ns;
  std::int32_t offset_s = rule_->standard_s;
  for (const std::int64_t in_year : {year - 1, year, year + 1}) {
    const std::int64_t begins = change(rule_->begins, rule_->standard_s, in_year);
    const std::int64_t ends = change(rule_->ends, *rule_->daylight_s, in_year);
    if (begins <= utc_s && begins >= latest) {
      latest = begins;
      offset_s = *rule_->daylight_s;
    }
    if (ends <= utc_s && ends > latest) {
      latest = ends;
      offset_s = rule_->standard_s;
    }
  }
  return offset_s;
}

std::int32_t TimeZone::offset_at(std::int64_t utc_s) const {
  if (transitions_.empty()) return rule_ ? rule_offset_at(utc_s) : first_offset_;
  if (utc_s >= transitions_.back() && rule_) return rule_offset_at(utc_s);
  const auto after = std::upper_bound(transitions_.begin(), transitions_.end(), utc_s);
  if (after == transitions_.begin()) return first_offset_;
  return offsets_[static_cast<std::size_t>(after - transitions_.begin()) - 1];
}

// An instant t shows local_s when t + offset_at(t) == local_s. The offsets in force some days
// around are the only candidates: no zone changes twice within that time.
TimeZone::Instants TimeZone::at_local(std::int64_t local_s) const {
  constexpr std::int64_t kAround = 2 * kSecondsPerDay;
  const std::int64_t before = local_s - offset_at(local_s - kAround);
  const std::int64_t after = local_s - offset_at(local_s + kAround);
  Instants instants;
  for (const std::int64_t t : {std::min(before, after), std::max(before, after)}) {
    if (t + offset_at(t) != local_s || instants.first == t) continue;
    (instants.first ? instants.second : instants.first) = t;
  }
  return instants;
}

namespace {

bool is_zone_name(std::string_view name) {
  if (name.empty() || name.size() > 64 || name.front() == '/' || name.front() == '.') return false;
  for (const char c : name) {
    if (!is_letter(c) && !is_digit(c) && c != '/' && c != '_' && c != '-' && c != '+') return false;
  }
  return true;
}

// "+08:00", "-0330", "+8".
std::optional<std::int32_t> fixed_offset(std::string_view name) {
  if (name.empty() || (name.front() != '+' && name.front() != '-')) return std::nullopt;
  const bool east = name.front() == '+';
  name.remove_prefix(1);
  unsigned hours = 0;
  unsigned minutes = 0;
  const std::size_t colon = name.find(':');
  std::string_view hour_text = name.substr(0, colon == std::string_view::npos ? 2 : colon);
  std::string_view minute_text =
      colon == std::string_view::npos ? name.substr(hour_text.size()) : name.substr(colon + 1);
  if (!take_number(hour_text, 18, hours) || !hour_text.empty()) return std::nullopt;
  const bool has_minutes = colon != std::string_view::npos || !minute_text.empty();
  if (has_minutes &&
      (minute_text.size() != 2 || !take_number(minute_text, 59, minutes) || !minute_text.empty())) {
    return std::nullopt;
  }
  const auto seconds = static_cast<std::int32_t>(hours * 3600 + minutes * 60);
  return east ? seconds : -seconds;
}

}  // namespace

Result<TimeZone> load_time_zone(FileSystem& files, const std::string& zoneinfo,
                                std::string_view name) {
  const auto unknown = [&] {
    return Error{ErrorId::kInvalidArgument,
                 "time.zone: '" + std::string(name.substr(0, 64)) +
                     "' is not a time zone: write UTC, an offset such as +08:00, or a name such as "
                     "Asia/Shanghai"};
  };
  if (name == "UTC" || name == "Z") return TimeZone::fixed(0);
  if (const std::optional<std::int32_t> offset = fixed_offset(name))
    return TimeZone::fixed(*offset);
  if (!is_zone_name(name)) return unknown();
  const Result<Bytes> file = read_file(files, join_path(zoneinfo, name), kZoneFileBytesMax);
  if (!file.ok()) return unknown();
  return TimeZone::decode(*file);
}

}  // namespace lineshaft::sys
