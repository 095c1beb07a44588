// base/date.h: calendar days without a time of day: when a right begins, when a fee is due.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace lineshaft {

// A day of the Gregorian calendar. Which time zone's day it is says whoever keeps it.
using Day = std::chrono::sys_days;

inline constexpr Day kDayMin{std::chrono::year{1600} / 1 / 1};
inline constexpr Day kDayMax{std::chrono::year{9999} / 12 / 31};

// "2026-11-26". Requires: kDayMin <= day <= kDayMax.
std::string day_text(Day day);

// Reads what day_text writes, and nothing else. Errors: kInvalidArgument: another form, a day that
// the calendar does not have, or one outside kDayMin..kDayMax.
Result<Day> parse_day(std::string_view text);

}  // namespace lineshaft
