// base/time.h: instants as int64 nanoseconds since 1970-01-01 UTC, and their text forms.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft {

using Nanoseconds = std::chrono::nanoseconds;

// Wall-clock instant, 1677-09-21 to 2262-04-11. Leap seconds as in POSIX: not counted.
struct Timestamp {
  std::int64_t ns = 0;

  friend auto operator<=>(const Timestamp&, const Timestamp&) = default;
  // Saturate at the ends of the range instead of overflowing.
  friend Timestamp operator+(Timestamp t, Nanoseconds d) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(t.ns, d.count(), &sum)) {
      sum = d.count() > 0 ? std::numeric_limits<std::int64_t>::max()
                          : std::numeric_limits<std::int64_t>::min();
    }
    return {sum};
  }
  friend Nanoseconds operator-(Timestamp a, Timestamp b) {
    std::int64_t difference = 0;
    if (__builtin_sub_overflow(a.ns, b.ns, &difference)) {
      difference = a > b ? std::numeric_limits<std::int64_t>::max()
                         : std::numeric_limits<std::int64_t>::min();
    }
    return Nanoseconds(difference);
  }
};

inline constexpr Timestamp kTimestampMin{std::numeric_limits<std::int64_t>::min()};
inline constexpr Timestamp kTimestampMax{std::numeric_limits<std::int64_t>::max()};

// Half-open: from <= t < to. Empty when from >= to.
struct TimeRange {
  Timestamp from = kTimestampMin;
  Timestamp to = kTimestampMax;

  bool contains(Timestamp t) const { return from <= t && t < to; }
  bool empty() const { return from >= to; }
  friend bool operator==(const TimeRange&, const TimeRange&) = default;
};

// RFC 3339 in UTC with as many fraction digits (0, 3, 6 or 9) as the value needs:
// "2026-11-23T18:50:00Z", "2026-11-23T18:50:00.250Z".
std::string format_rfc3339(Timestamp t);

// Reads RFC 3339 with Z or a numeric offset ("T" or a space, up to 9 fraction digits), the same
// without any offset (taken as UTC), or a plain integer of nanoseconds since 1970.
// Errors: kInvalidArgument, naming the text.
Result<Timestamp> parse_timestamp(std::string_view text);

// Days from 1970-01-01 to a Gregorian date. Requires: 1 <= month <= 12, 1 <= day <= 31.
// Source: Howard Hinnant, "chrono-compatible low-level date algorithms".
std::int64_t days_from_civil(std::int64_t year, unsigned month, unsigned day);

struct CivilDate {
  std::int64_t year;
  unsigned month;  // 1..12
  unsigned day;    // 1..31
};
CivilDate civil_from_days(std::int64_t days);

}  // namespace lineshaft
