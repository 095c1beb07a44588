#include "docket/office_calendar.h"

#include <algorithm>
#include <utility>

#include "docket/months.h"

namespace lineshaft::docket {
namespace {

bool is_weekend(Day day) {
  const std::chrono::weekday weekday(day);
  return weekday == std::chrono::Saturday || weekday == std::chrono::Sunday;
}

}  // namespace

OfficeCalendar::OfficeCalendar(Name name, bool is_open_on_weekends, std::vector<Day> closed,
                               std::vector<Day> open, std::vector<Year> years)
    : name_(std::move(name)),
      is_open_on_weekends_(is_open_on_weekends),
      closed_(std::move(closed)),
      open_(std::move(open)),
      years_(std::move(years)) {
  std::ranges::sort(closed_);
  std::ranges::sort(open_);
  std::ranges::sort(years_, {}, &Year::year);
}

bool OfficeCalendar::is_open(Day day) const {
  if (std::ranges::binary_search(open_, day)) return true;
  return (is_open_on_weekends_ || !is_weekend(day)) && !std::ranges::binary_search(closed_, day);
}

Day OfficeCalendar::first_open_day(Day day) const {
  while (!is_open(day) && day < kDayMax) day = add_days(day, 1);
  return day;
}

bool OfficeCalendar::knows(Day day) const {
  const int year{std::chrono::year_month_day(day).year()};
  return years_.empty() || std::ranges::binary_search(years_, year, {}, &Year::year);
}

}  // namespace lineshaft::docket
