// sys/time_zone.h: local times of the IANA time zones, from the system's files (TZif, RFC 8536).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "sys/file.h"

namespace lineshaft::sys {

// A day and time at which a rule changes the clock every year: the end of a POSIX TZ string.
struct ZoneRuleDate {
  enum class Kind : std::uint8_t { kMonthWeekDay, kJulianNoLeap, kDayOfYear };
  Kind kind = Kind::kMonthWeekDay;
  unsigned month = 0, week = 0;  // kMonthWeekDay: month 1..12, week 1..5 (5: the last)
  unsigned day = 0;              // day of the week 0..6 (0: Sunday), or day of the year
  std::int32_t time_s = 7200;    // after midnight of the clock before the change, -167 h to 167 h
};

// The instants that wall-clock readings stand for.
class TimeZone {
 public:
  // Offset 0, or any fixed one. Requires: |offset_s| <= 24 h.
  static TimeZone fixed(std::int32_t offset_s);

  // The content of a TZif file, version 1 to 4. Times before the first transition use the zone's
  // first type, times after the last one the rule at the end of the file. Leap seconds are not
  // applied (POSIX time). Errors: kCorrupt. Takes at most kTransitionsMax transitions.
  static Result<TimeZone> decode(ByteSpan file);

  static constexpr std::size_t kTransitionsMax = 2'000;

  // Seconds east of UTC at an instant (seconds since 1970 UTC).
  std::int32_t offset_at(std::int64_t utc_s) const;

  // The instants at which the wall clock showed `local_s` (seconds since 1970 of the wall clock):
  // one; none in the gap when clocks go forward; two, the earlier first, when they go back.
  struct Instants {
    std::optional<std::int64_t> first;
    std::optional<std::int64_t> second;
  };
  Instants at_local(std::int64_t local_s) const;

 private:
  struct Rule {
    std::int32_t standard_s = 0;
    std::optional<std::int32_t> daylight_s;  // absent: no changes
    ZoneRuleDate begins, ends;               // of daylight time
  };

  static std::optional<Rule> parse_rule(std::string_view posix);
  std::int32_t rule_offset_at(std::int64_t utc_s) const;

  std::vector<std::int64_t> transitions_;  // ascending, UTC
  std::vector<std::int32_t> offsets_;      // offsets_[i] from transitions_[i] on
  std::int32_t first_offset_ = 0;          // before transitions_[0]
  std::optional<Rule> rule_;               // after the last transition
};

// "UTC", "Z", a fixed offset ("+08:00"), or an IANA name found below `zoneinfo`
// ("Asia/Shanghai"). Errors: kInvalidArgument: no such zone, or not a name; kCorrupt.
Result<TimeZone> load_time_zone(FileSystem& files, const std::string& zoneinfo,
                                std::string_view name);

}  // namespace lineshaft::sys
