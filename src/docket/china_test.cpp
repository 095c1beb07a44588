// Deadlines and fees before the Chinese office, against its published tables, examples and rules.
#include <gtest/gtest.h>

#include "docket/case_fixture.h"

namespace lineshaft::docket {
namespace {

Case invention(std::vector<Event> events) { return make_case("CN", "patent", std::move(events)); }

// Granted in its first year, so that the fee of every year is due: the year of grant with the
// registration, the others each year.
Case whole_life(std::string kind) {
  return make_case("CN", std::move(kind),
                   {{"filed", day("2022-03-01")},
                    {"grant_notice", day("2022-09-01")},
                    {"granted", day("2022-12-06")}});
}

std::vector<std::string> annual_fees(const Case& item) {
  std::vector<std::string> found{paid_on(item, deadline(item, "registration"), "2022-11-01")};
  for (const Deadline& due : deadlines(item, "annual-fee")) {
    found.push_back(paid_on(item, due, day_text(due.due)));
  }
  return found;
}

std::vector<std::string> yuan(const std::vector<std::pair<int, int>>& years_and_amounts) {
  std::vector<std::string> found;
  for (const auto& [years, amount] : years_and_amounts) {
    found.insert(found.end(), static_cast<std::size_t>(years), std::to_string(amount) + ".00 CNY");
  }
  return found;
}

// The published table: 3 x 900 + 3 x 1,200 + 3 x 2,000 + 3 x 4,000 + 3 x 6,000 + 5 x 8,000.
TEST(ChineseAnnualFees, OfAnInventionOverTwentyYearsAre82300) {
  const Case item = whole_life("patent");
  EXPECT_EQ(annual_fees(item),
            yuan({{3, 900}, {3, 1200}, {3, 2000}, {3, 4000}, {3, 6000}, {5, 8000}}));
  // From the month of the registration on: what was due in the first months is not in it.
  EXPECT_EQ(costs(item, "2022-10-01", "2043-01-01"), "84800.00 CNY");
  Case examined = item;
  examined.events.push_back({"examination_requested", day("2022-03-01")});
  EXPECT_EQ(costs(examined, "2022-10-01", "2043-01-01"), "82300.00 CNY");
}

// 3 x 600 + 2 x 900 + 3 x 1,200 + 2 x 2,000 = 11,200; designs 5 x 3,000 more.
TEST(ChineseAnnualFees, OfUtilityModelsAndDesignsAreTheTable) {
  EXPECT_EQ(annual_fees(whole_life("utility_model")),
            yuan({{3, 600}, {2, 900}, {3, 1200}, {2, 2000}}));
  EXPECT_EQ(costs(whole_life("utility_model"), "2022-10-01", "2043-01-01"), "11200.00 CNY");
  EXPECT_EQ(annual_fees(whole_life("design")),
            yuan({{3, 600}, {2, 900}, {3, 1200}, {2, 2000}, {5, 3000}}));
  EXPECT_EQ(costs(whole_life("design"), "2022-10-01", "2043-01-01"), "26200.00 CNY");
}

// The example of the Guidelines, Part V, Chapter 9, 2.2.1: filed on 3 June 1997, granted on 1
// August 2001; the fee of the fifth year was paid with the registration, so that of the sixth is
// due by 3 June 2002 and is a sixth year's.
TEST(ChineseAnnualFees, BeginAfterTheYearOfGrant) {
  const Case item = invention({{"filed", day("1997-06-03")},
                               {"grant_notice", day("2001-06-10")},
                               {"granted", day("2001-08-01")}});
  const Deadline registration = deadline(item, "registration");
  EXPECT_EQ(registration.legal, day("2001-08-10"));
  EXPECT_EQ(paid_on(item, registration, "2001-08-10"), "1200.00 CNY");  // the fifth year
  const std::vector<Deadline> annual = deadlines(item, "annual-fee");
  ASSERT_EQ(annual.size(), 15U);  // of the years 6 to 20
  EXPECT_EQ(annual.front().number, 6);
  EXPECT_EQ(annual.front().due, day("2002-06-03"));
  EXPECT_EQ(paid_on(item, annual.front(), "2002-06-03"), "1200.00 CNY");
  EXPECT_EQ(annual.back().number, 20);
  EXPECT_EQ(annual.back().legal, day("2016-06-03"));
}

TEST(ChineseAnnualFees, AreNotDueWithoutAGrantNorAfterTheEnd) {
  EXPECT_TRUE(deadlines(invention({{"filed", day("2020-01-10")}}), "annual-fee").empty());
  const Case lapsed = invention({{"filed", day("2015-01-10")},
                                 {"granted", day("2018-05-04")},
                                 {"lapsed", day("2020-01-10")}});
  const std::vector<Deadline> annual = deadlines(lapsed, "annual-fee");
  ASSERT_EQ(annual.size(), 2U);
  EXPECT_EQ(annual.back().legal, day("2020-01-10"));
}

// Guidelines, Part V, Chapter 9, 2.2.1.3: nothing in the first month, then 5 % of the full annual
// fee for each month begun, the last day of a month included. An agency's example: the 5 % stretch
// is 6 May to 5 June, and payment on 7 June costs 10 %.
TEST(ChineseSurcharge, IsFivePercentForEachMonthBegunAfterTheFirst) {
  const Case item = make_case("CN", "utility_model",
                              {{"filed", day("2019-04-05")}, {"granted", day("2019-12-03")}});
  const Deadline second = deadline(item, "annual-fee", 2);
  ASSERT_EQ(second.legal, day("2020-04-05"));
  ASSERT_EQ(second.due, day("2020-04-07"));  // the Tomb-Sweeping holiday, to the 6th
  EXPECT_EQ(paid_on(item, second, "2020-04-07"), "600.00 CNY");
  EXPECT_EQ(paid_on(item, second, "2020-05-05"), "600.00 CNY");
  EXPECT_EQ(paid_on(item, second, "2020-05-06"), "600.00 CNY + 30.00 CNY");
  EXPECT_EQ(paid_on(item, second, "2020-06-05"), "600.00 CNY + 30.00 CNY");
  EXPECT_EQ(paid_on(item, second, "2020-06-07"), "600.00 CNY + 60.00 CNY");
  EXPECT_EQ(paid_on(item, second, "2020-07-06"), "600.00 CNY + 90.00 CNY");
  EXPECT_EQ(paid_on(item, second, "2020-08-06"), "600.00 CNY + 120.00 CNY");
  EXPECT_EQ(paid_on(item, second, "2020-09-06"), "600.00 CNY + 150.00 CNY");
  // The six months end on 5 October, inside the holiday: 9 October is the next open day.
  EXPECT_EQ(second.grace_end, day("2020-10-09"));
  EXPECT_EQ(paid_on(item, second, "2020-10-09"), "600.00 CNY + 150.00 CNY");
  EXPECT_EQ(paid_on(item, second, "2020-10-10"), "too late");
}

// A year of the patent begins with the day of its filing (Guidelines for Patent Examination, Part
// V, Chapter 9, 2.2): 900 in the third, which ends on 28 February, and 1,200 in the fourth.
TEST(ChineseAnnualFees, OfTheYearOfTheGrantCountFromTheDayOfFiling) {
  const auto first_fee = [](const char* notice) {
    const Case item = invention({{"filed", day("2022-03-01")}, {"grant_notice", day(notice)}});
    return paid_on(item, deadline(item, "registration"), notice);
  };
  EXPECT_EQ(first_fee("2025-02-28"), "900.00 CNY");
  EXPECT_EQ(first_fee("2025-03-01"), "1200.00 CNY");
}

TEST(ChineseReductions, TakeTheBestOfThoseTheApplicantHas) {
  Case item = whole_life("patent");
  const Deadline fourth = deadline(item, "annual-fee", 4);
  item.reductions = {"open-licence"};
  EXPECT_EQ(paid_on(item, fourth, "2025-03-01"), "1020.00 CNY");  // 1,200 less 15 %
  item.reductions = {"open-licence", "one-small-applicant"};
  EXPECT_EQ(paid_on(item, fourth, "2025-03-01"), "180.00 CNY");  // 1,200 less 85 %
  // The surcharge is of the full fee: 5 % of 1,200.
  EXPECT_EQ(paid_on(item, fourth, "2025-04-20"), "180.00 CNY + 60.00 CNY");
}

TEST(ChineseReductions, EndAfterTenYearsFromTheGrantOn) {
  Case item = whole_life("patent");  // granted in the first year: years 1 to 10
  item.reductions = {"several-small-applicants"};
  EXPECT_EQ(paid_on(item, deadline(item, "annual-fee", 10), "2031-03-01"), "1200.00 CNY");
  EXPECT_EQ(paid_on(item, deadline(item, "annual-fee", 11), "2032-03-01"), "4000.00 CNY");
  // An open licence has no such end, and began on 15 July 2024.
  item.reductions = {"open-licence"};
  EXPECT_EQ(paid_on(item, deadline(item, "annual-fee", 11), "2032-03-01"), "3400.00 CNY");
  EXPECT_EQ(paid_on(item, deadline(item, "annual-fee", 3), "2024-03-01"), "900.00 CNY");
}

// Filed with a priority: examination and publication run from it, the term from the filing.
TEST(ChineseInvention, CountsFromThePriorityWhereTheLawSaysSo) {
  const Case item = invention({{"priority", day("2023-05-31")}, {"filed", day("2024-05-30")}});
  EXPECT_EQ(deadline(item, "examination-request").legal, day("2026-05-31"));
  EXPECT_EQ(deadline(item, "examination-request").due, day("2026-06-01"));  // a Sunday before
  EXPECT_EQ(paid_on(item, deadline(item, "examination-request"), "2026-06-01"), "2500.00 CNY");
  EXPECT_EQ(deadline(item, "publication").due, day("2024-11-30"));  // a Saturday: the office acts
  EXPECT_EQ(deadline(item, "expiry").due, day("2044-05-30"));
}

// 900 + 50, 4 claims beyond ten at 150, 280 pages beyond thirty at 50 and of these ten beyond three
// hundred at 50 more, two priorities at 80: 950 + 600 + 14,000 + 500 + 160.
TEST(ChineseInvention, PaysForClaimsPagesAndPriorities) {
  Case item = invention({{"filed", day("2024-05-30")}});
  EXPECT_EQ(paid_on(item, deadline(item, "application-fee"), "2024-07-30"), "950.00 CNY");
  item.counts = {{"claims", 14}, {"pages", 310}, {"priorities", 2}};
  EXPECT_EQ(paid_on(item, deadline(item, "application-fee"), "2024-07-30"), "16210.00 CNY");
}

TEST(ChineseInvention, AnswersEachOfficeActionByItsNumber) {
  const Case item = invention({{"filed", day("2024-05-30")},
                               {"office_action", day("2025-06-30"), 2},
                               {"response", day("2025-08-20"), 2},
                               {"office_action", day("2025-12-31"), 3}});
  const Deadline second = deadline(item, "response", 2);
  EXPECT_EQ(second.legal, day("2025-08-30"));
  EXPECT_EQ(second.due, day("2025-09-01"));
  EXPECT_EQ(second.done, day("2025-08-20"));
  const Deadline third = deadline(item, "response", 3);
  EXPECT_EQ(third.legal, day("2026-02-28"));
  EXPECT_EQ(third.due, day("2026-02-28"));  // a Saturday that is worked for the Spring Festival
  EXPECT_FALSE(third.done);
}

// The fourth revision of the Patent Law lengthened the term on 1 June 2021.
TEST(ChineseDesign, LastsFifteenYearsSinceTheFirstOfJune2021) {
  const Case old_one = make_case("CN", "design", {{"filed", day("2021-05-31")}});
  const Case new_one = make_case("CN", "design", {{"filed", day("2021-06-01")}});
  ASSERT_EQ(deadlines(old_one, "expiry").size(), 1U);
  EXPECT_EQ(deadline(old_one, "expiry").due, day("2031-05-31"));
  ASSERT_EQ(deadlines(new_one, "expiry").size(), 1U);
  EXPECT_EQ(deadline(new_one, "expiry").due, day("2036-06-01"));
}

// The example of the Guidelines, Part V, Chapter 9, 2.1: a utility model filed on 6 September 1999
// ends on 6 September 2009, a Sunday; the end is not put off.
TEST(ChineseUtilityModel, EndsOnItsDayWhateverTheDay) {
  const Case item = make_case("CN", "utility_model", {{"filed", day("1999-09-06")}});
  EXPECT_EQ(deadline(item, "expiry").due, day("2009-09-06"));
}

TEST(ChineseMark, IsRenewedEveryTenYearsOrSixMonthsLater) {
  Case item = make_case("CN", "trade_mark", {{"registered", day("2015-06-21")}});
  item.counts = {{"classes", 2}};
  const Deadline first = deadline(item, "renewal", 1);
  EXPECT_EQ(first.legal, day("2025-06-20"));  // the certificate says: to 20 June 2025
  EXPECT_EQ(first.opens, day("2024-06-20"));
  EXPECT_EQ(first.grace_end, day("2025-12-22"));  // 20 December is a Saturday
  EXPECT_EQ(paid_on(item, first, "2025-06-20"), "1000.00 CNY");
  EXPECT_EQ(paid_on(item, first, "2025-06-21"), "1000.00 CNY + 500.00 CNY");
  item.reductions = {"filed-online"};
  EXPECT_EQ(paid_on(item, first, "2025-06-20"), "900.00 CNY");
  EXPECT_EQ(paid_on(item, first, "2025-06-21"), "900.00 CNY + 450.00 CNY");
  EXPECT_EQ(deadline(item, "renewal", 2).legal, day("2035-06-20"));
  item.events.push_back({"renewed", day("2025-02-01"), 1});
  EXPECT_EQ(deadline(item, "renewal", 1).done, day("2025-02-01"));
  EXPECT_FALSE(deadline(item, "renewal", 2).done);
}

TEST(ChineseMark, PaysTheFeeOfTheDay) {
  Case item = make_case("CN", "trade_mark", {{"registered", day("2009-06-30")}});
  item.counts = {{"classes", 1}};
  const Deadline first = deadline(item, "renewal", 1);
  ASSERT_EQ(first.legal, day("2019-06-29"));
  EXPECT_EQ(first.due, day("2019-07-01"));
  EXPECT_EQ(paid_on(item, first, "2019-06-30"), "1000.00 CNY");
  EXPECT_EQ(paid_on(item, first, "2019-07-01"), "500.00 CNY");
}

}  // namespace
}  // namespace lineshaft::docket
