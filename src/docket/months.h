// docket/months.h: time limits counted in months and days.
#pragma once

#include <string>
#include <string_view>

#include "base/date.h"

namespace lineshaft::docket {

// The same day of the month so many months later (or earlier); the month's last day where it has no
// such day: 31 August plus 6 months is 28 February, or 29. Ends at kDayMin and kDayMax.
// Requires: |months| <= kOffsetMax.
Day add_months(Day day, int months);

// Likewise in days. Requires: |days| <= kOffsetMax.
Day add_days(Day day, int days);

Day end_of_month(Day day);

inline constexpr int kOffsetMax = 100'000;

// A time limit: first the months, then the days.
struct Offset {
  int months = 0;
  int days = 0;

  Day from(Day day) const { return add_days(add_months(day, months), days); }
  friend bool operator==(const Offset&, const Offset&) = default;
};

// Reads "18 months", "3 years", "15 days", "10 years -1 day", "0 days"; each part at most 200
// years. Errors: kInvalidArgument.
Result<Offset> parse_offset(std::string_view text);
// Reads back: "18 months", "120 months -1 days", "0 days".
std::string offset_text(const Offset& offset);

}  // namespace lineshaft::docket
