#include "docket/months.h"

#include <gtest/gtest.h>

#include "docket/case_fixture.h"

namespace lineshaft::docket {
namespace {

TEST(Months, KeepTheDayOrTakeTheLastOfTheMonth) {
  EXPECT_EQ(add_months(day("2026-01-15"), 1), day("2026-02-15"));
  EXPECT_EQ(add_months(day("2026-01-31"), 1), day("2026-02-28"));
  EXPECT_EQ(add_months(day("2023-08-31"), 6), day("2024-02-29"));
  EXPECT_EQ(add_months(day("2024-02-29"), 12), day("2025-02-28"));
  EXPECT_EQ(add_months(day("2024-02-29"), 48), day("2028-02-29"));
  EXPECT_EQ(add_months(day("2024-03-31"), -1), day("2024-02-29"));
  EXPECT_EQ(add_months(day("2024-12-31"), 2), day("2025-02-28"));
  EXPECT_EQ(add_months(day("2024-01-31"), -14), day("2022-11-30"));
}

// PCT Rule 80.2 in other words: the month is right, and the day is the same unless the month has no
// such day; then it is the last one.
TEST(Months, AreRightForEveryDayOfFourYears) {
  for (Day from = day("2023-01-01"); from < day("2027-01-01"); from = add_days(from, 1)) {
    const std::chrono::year_month_day a(from);
    for (int months = -30; months <= 30; ++months) {
      const std::chrono::year_month_day b(add_months(from, months));
      const int distance = (static_cast<int>(b.year()) - static_cast<int>(a.year())) * 12 +
                           static_cast<int>(unsigned{b.month()}) -
                           static_cast<int>(unsigned{a.month()});
      ASSERT_EQ(distance, months);
      const bool is_last = add_days(Day{b}, 1) > end_of_month(Day{b});
      ASSERT_TRUE(b.day() == a.day() || (b.day() < a.day() && is_last)) << day_text(from);
    }
  }
}

TEST(Months, StopAtTheEndsOfTheCalendar) {
  EXPECT_EQ(add_months(kDayMax, 1), kDayMax);
  EXPECT_EQ(add_months(kDayMax, kOffsetMax), kDayMax);
  EXPECT_EQ(add_months(kDayMin, -kOffsetMax), kDayMin);
  EXPECT_EQ(add_days(kDayMax, kOffsetMax), kDayMax);
  EXPECT_EQ(add_days(day("2026-12-31"), 1), day("2027-01-01"));
}

TEST(Months, EndOnTheirLastDay) {
  EXPECT_EQ(end_of_month(day("2024-02-01")), day("2024-02-29"));
  EXPECT_EQ(end_of_month(day("2026-12-31")), day("2026-12-31"));
}

TEST(TimeLimit, IsReadInYearsMonthsAndDays) {
  EXPECT_EQ(parse_offset("18 months").value(), (Offset{18, 0}));
  EXPECT_EQ(parse_offset("1 year").value(), (Offset{12, 0}));
  EXPECT_EQ(parse_offset("10 years -1 day").value(), (Offset{120, -1}));
  EXPECT_EQ(parse_offset(" 2 months  15 days").value(), (Offset{2, 15}));
  EXPECT_EQ(parse_offset("0 days").value(), Offset{});
  for (const Offset& offset : {Offset{}, Offset{18, 0}, Offset{0, 15}, Offset{120, -1}}) {
    EXPECT_EQ(parse_offset(offset_text(offset)).value(), offset);
  }
}

TEST(TimeLimit, OfAnotherFormIsRefused) {
  for (const char* text : {"", "months", "18", "18 weeks", "months 18", "1.5 years", "18months",
                           "1 month and", "201 years", "99999999999 days", "18 months 3"}) {
    EXPECT_FALSE(parse_offset(text)) << text;
  }
}

}  // namespace
}  // namespace lineshaft::docket
