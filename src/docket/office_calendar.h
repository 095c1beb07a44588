// docket/office_calendar.h: the days on which an office is closed, and how a time limit that ends
// on one of them moves.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/date.h"

namespace lineshaft::docket {

// Weekends, holidays, and the weekend days on which China works to make up for a long holiday.
// Immutable once made; threads: any.
class OfficeCalendar {
 public:
  struct Year {
    int year = 0;
    std::string source;  // where the holidays of this year are announced
  };

  struct Name {
    std::string id;
    std::string title;
  };

  // `closed` and `open` change what the weekend says; a day in both is open. Without `years`
  // nothing but the weekend counts, and that is known of every year.
  OfficeCalendar(Name name, bool is_open_on_weekends, std::vector<Day> closed,
                 std::vector<Day> open, std::vector<Year> years);

  const std::string& id() const { return name_.id; }
  const std::string& title() const { return name_.title; }
  const std::vector<Year>& years() const { return years_; }

  bool is_open(Day day) const;

  // The day itself when the office is open, else the next day on which it is.
  Day first_open_day(Day day) const;

  // False when the holidays of that day's year are not known: then only weekends were counted, and
  // a date may still move.
  bool knows(Day day) const;

 private:
  Name name_;
  bool is_open_on_weekends_;
  std::vector<Day> closed_, open_;  // sorted
  std::vector<Year> years_;         // by year
};

// Reads a calendar file (docs/how-to/rule-pack.md); `name` is how errors call it.
// Errors: kBadRulePack with the line.
Result<OfficeCalendar> read_calendar(std::string_view name, std::string_view text);

}  // namespace lineshaft::docket
