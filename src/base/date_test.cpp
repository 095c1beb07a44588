#include "base/date.h"

#include <gtest/gtest.h>

namespace lineshaft {
namespace {

TEST(Day, TextReadsBackToTheSameDay) {
  // 30 years of 365 days, 7 leap days, and 60 days of the leap year 2000.
  EXPECT_EQ(parse_day("1970-01-01").value(), Day{});
  EXPECT_EQ(parse_day("2000-03-01").value().time_since_epoch().count(), 11'017);
  for (Day day = kDayMin; day <= kDayMax - std::chrono::days(997); day += std::chrono::days(997)) {
    ASSERT_EQ(parse_day(day_text(day)).value(), day);
  }
  EXPECT_EQ(day_text(kDayMax), "9999-12-31");
  EXPECT_EQ(day_text(kDayMin), "1600-01-01");
}

TEST(Day, RefusesWhatTheCalendarDoesNotHave) {
  for (const char* text :
       {"", "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "2026-1-1",
        "2026/01/01", "20260101", "2026-01-01T00:00:00Z", "1599-12-31", "-026-01-01"}) {
    EXPECT_FALSE(parse_day(text).ok()) << text;
  }
  EXPECT_TRUE(parse_day("2024-02-29").ok());
}

}  // namespace
}  // namespace lineshaft
