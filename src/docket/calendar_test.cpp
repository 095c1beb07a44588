#include <gtest/gtest.h>

#include "docket/case_fixture.h"

namespace lineshaft::docket {
namespace {

const OfficeCalendar& calendar(std::string_view id) {
  for (const OfficeCalendar& found : shipped().calendars()) {
    if (found.id() == id) return found;
  }
  ADD_FAILURE() << "no calendar " << id;
  return shipped().calendars().front();
}

Day china(std::string_view text) { return calendar("cn").first_open_day(day(text)); }

// The notice of 4 November 2025: 1 to 3 January off, Sunday 4 January worked; 15 to 23 February
// off, Saturdays 14 and 28 February worked; 1 to 7 October off, Saturday 10 October worked.
TEST(ChineseCalendar, FollowsTheNoticeOfTheYear) {
  EXPECT_EQ(china("2025-12-31"), day("2025-12-31"));
  EXPECT_EQ(china("2026-01-01"), day("2026-01-04"));
  EXPECT_EQ(china("2026-02-14"), day("2026-02-14"));
  EXPECT_EQ(china("2026-02-15"), day("2026-02-24"));
  EXPECT_EQ(china("2026-02-28"), day("2026-02-28"));
  EXPECT_EQ(china("2026-03-01"), day("2026-03-02"));
  EXPECT_EQ(china("2026-10-01"), day("2026-10-08"));
  EXPECT_EQ(china("2026-10-10"), day("2026-10-10"));
  EXPECT_EQ(china("2026-10-11"), day("2026-10-12"));
}

// Counted by hand from the notices: weekdays of the year, less the weekdays off, more the weekend
// days worked. 2023: 260 - 18 + 7. 2024: 262 - 19 + 8. 2025: 261 - 18 + 5.
TEST(ChineseCalendar, HasAsManyWorkingDaysAsEachYearHad) {
  const auto open_days = [](int year) {
    int count = 0;
    for (Day at{std::chrono::year(year) / 1 / 1}; at < Day{std::chrono::year(year + 1) / 1 / 1};
         at = add_days(at, 1)) {
      count += calendar("cn").is_open(at) ? 1 : 0;
    }
    return count;
  };
  EXPECT_EQ(open_days(2023), 249);
  EXPECT_EQ(open_days(2024), 251);
  EXPECT_EQ(open_days(2025), 248);
}

TEST(ChineseCalendar, KnowsWhichYearsWereAnnounced) {
  EXPECT_TRUE(calendar("cn").knows(day("2018-01-01")));
  EXPECT_TRUE(calendar("cn").knows(day("2026-12-31")));
  EXPECT_FALSE(calendar("cn").knows(day("2017-12-31")));
  EXPECT_FALSE(calendar("cn").knows(day("2027-01-01")));
  for (const OfficeCalendar::Year& year : calendar("cn").years()) {
    EXPECT_NE(year.source.find("https://"), std::string::npos) << year.year;
  }
}

TEST(Calendar, OfWeekendsMovesToMonday) {
  EXPECT_EQ(calendar("weekends").first_open_day(day("2026-11-28")), day("2026-11-30"));
  EXPECT_EQ(calendar("weekends").first_open_day(day("2026-11-27")), day("2026-11-27"));
  EXPECT_TRUE(calendar("weekends").knows(day("2200-01-01")));
}

TEST(Calendar, OfEveryDayMovesNothing) {
  EXPECT_EQ(calendar("every-day").first_open_day(day("2026-11-28")), day("2026-11-28"));
}

std::string refusal(const std::string& text) {
  const Result<OfficeCalendar> read = read_calendar("calendar-x.toml", text);
  return read.ok() ? "" : read.error().what;
}

TEST(Calendar, ThatIsWrongIsRefusedWithItsLine) {
  const std::string head = "id = \"x\"\ntitle = \"X\"\n[[year]]\nyear = 2026\nsource = \"s\"\n";
  EXPECT_EQ(refusal(head), "");
  EXPECT_EQ(refusal(head + "closed = [\"2026-01-01\", \"2026-02-15/2026-02-23\"]\n"), "");
  for (const char* days : {"2025-01-01", "2026-02-30", "2026-02-23/2026-02-15", "2026-01-01/",
                           "2026-01-01/2026-12-31", "2026-12-30/2027-01-02", "monday"}) {
    const std::string what = refusal(head + "closed = [\"" + days + "\"]\n");
    EXPECT_NE(what.find("calendar-x.toml:3: 'closed': '" + std::string(days)), std::string::npos)
        << what;
  }
  EXPECT_NE(refusal(head + "[[year]]\nyear = 2026\nsource = \"t\"\n").find(":6: the year 2026"),
            std::string::npos);
  EXPECT_NE(refusal(head + "holidays = []\n").find(":6: 'holidays' is not known here"),
            std::string::npos);
}

}  // namespace
}  // namespace lineshaft::docket
