// Deadlines of the international and European procedures and of priority.
#include <gtest/gtest.h>

#include "docket/case_fixture.h"

namespace lineshaft::docket {
namespace {

Case international(std::vector<Event> events) {
  return make_case("WO", "patent", std::move(events));
}

// The phases of the treaty, all from the priority date: 18 months publication, 22 months demand,
// 30 months national phase; China gives two more for 1,000 CNY, the European Patent Office has 31.
TEST(Pct, PhasesRunFromThePriorityDate) {
  const Case item = international({{"priority", day("2023-08-31")}, {"filed", day("2024-08-30")}});
  EXPECT_EQ(deadline(item, "amendments").legal, day("2024-12-31"));
  EXPECT_EQ(deadline(item, "publication").due, day("2025-02-28"));
  EXPECT_EQ(deadline(item, "demand").legal, day("2025-06-30"));
  EXPECT_EQ(deadline(item, "entry").legal, day("2026-02-28"));
  EXPECT_EQ(deadline(item, "entry").due, day("2026-03-02"));     // a Saturday before
  EXPECT_EQ(deadline(item, "entry-cn").due, day("2026-02-28"));  // which is worked in China
  EXPECT_EQ(deadline(item, "entry-cn").grace_end, day("2026-04-30"));
  EXPECT_EQ(deadline(item, "entry-ep").legal, day("2026-03-31"));
}

TEST(Pct, ChineseEntryIsLateForAThousandYuan) {
  const Case item = international({{"filed", day("2023-10-16")}});
  const Deadline entry = deadline(item, "entry-cn");
  ASSERT_EQ(entry.due, day("2026-04-16"));
  EXPECT_EQ(entry.grace_end, day("2026-06-16"));
  EXPECT_EQ(paid_on(item, entry, "2026-04-16"), "950.00 CNY");
  EXPECT_EQ(paid_on(item, entry, "2026-04-17"), "950.00 CNY + 1000.00 CNY");
  EXPECT_EQ(paid_on(item, entry, "2026-06-17"), "too late");
}

// Rules 46.1 and 54bis.1(a): the later of two times, one of them from the search report.
TEST(Pct, LateSearchReportsLeaveTimeToAct) {
  Case item = international({{"priority", day("2023-01-10")}, {"filed", day("2024-01-10")}});
  EXPECT_EQ(deadline(item, "amendments").legal, day("2024-05-10"));
  item.events.push_back({"search_report", day("2024-04-02")});
  EXPECT_EQ(deadline(item, "amendments").legal, day("2024-06-02"));
  EXPECT_EQ(deadline(item, "demand").legal, day("2024-11-10"));
  item.events.back().day = day("2024-09-30");
  EXPECT_EQ(deadline(item, "demand").legal, day("2024-12-30"));
}

TEST(Pct, FilingFeeCountsSheetsBeyondThirty) {
  Case item = international({{"filed", day("2024-08-30")}, {"receipt", day("2024-09-02")}});
  item.counts = {{"sheets", 42}};
  EXPECT_EQ(deadline(item, "filing-fee").legal, day("2024-10-02"));
  EXPECT_EQ(paid_on(item, deadline(item, "filing-fee"), "2024-10-02"), "1510.00 CHF");
}

TEST(Priority, IsTwelveMonthsForPatentsAndSixForDesignsAndMarks) {
  for (const char* office : {"CN", "US"}) {
    for (const auto& [kind, due] : {std::pair{"patent", "2025-02-28"},
                                    {"utility_model", "2025-02-28"},
                                    {"design", "2024-08-29"},
                                    {"trade_mark", "2024-08-29"}}) {
      Case item = make_case(office, kind, {{"filed", day("2024-02-29")}});
      EXPECT_EQ(deadline(item, "file-abroad").due, day(due)) << kind;
      item.events.push_back({"priority", day("2023-03-01")});
      EXPECT_TRUE(deadlines(item, "file-abroad").empty()) << kind;
    }
  }
}

// EPC Rule 51(1): the last day of the month containing the anniversary; J 4/91: six months later,
// again to the last day of the month. Fees from 1 April 2024.
TEST(European, RenewalFeesAreDueAtTheEndOfTheMonth) {
  const Case item = make_case("EP", "patent", {{"filed", day("2023-02-10")}});
  const Deadline third = deadline(item, "renewal", 3);
  EXPECT_EQ(third.legal, day("2025-02-28"));
  EXPECT_EQ(third.grace_end, day("2025-09-01"));  // 31 August 2025 is a Sunday
  EXPECT_EQ(third.opens, day("2024-11-28"));
  EXPECT_EQ(paid_on(item, third, "2025-02-28"), "690.00 EUR");
  EXPECT_EQ(paid_on(item, third, "2025-03-01"), "690.00 EUR + 345.00 EUR");
  EXPECT_EQ(deadline(item, "renewal", 4).due, day("2026-03-02"));  // 28 February is a Saturday
  EXPECT_EQ(paid_on(item, deadline(item, "renewal", 10), "2032-03-01"), "1775.00 EUR");
}

TEST(European, RenewalFeesEndWithTheGrantAndValidationBegins) {
  const Case item =
      make_case("EP", "patent", {{"filed", day("2021-02-10")}, {"granted", day("2024-05-15")}});
  EXPECT_EQ(deadlines(item, "renewal").size(), 2U);  // of the years 3 and 4
  EXPECT_EQ(deadline(item, "validation").legal, day("2024-08-15"));
}

// 653 + 2 classes beyond three at 100 + 4 designations at 100; half of 653 when late.
TEST(Madrid, RenewalCostsHalfOfTheBasicFeeMoreWhenLate) {
  Case item = make_case("WO", "trade_mark", {{"registered", day("2016-05-12")}});
  item.counts = {{"classes", 5}, {"designations", 4}};
  const Deadline first = deadline(item, "renewal", 1);
  EXPECT_EQ(first.due, day("2026-05-12"));
  EXPECT_EQ(first.grace_end, day("2026-11-12"));
  EXPECT_EQ(paid_on(item, first, "2026-05-12"), "1253.00 CHF");
  EXPECT_EQ(paid_on(item, first, "2026-05-13"), "1253.00 CHF + 326.50 CHF");
}

TEST(ShippedPacks, NameASourceForEveryRuleFeeAndReduction) {
  ASSERT_GE(shipped().packs().size(), 9U);
  for (const RulePack& pack : shipped().packs()) {
    for (const Rule& rule : pack.rules) {
      EXPECT_GE(rule.source.size(), 10U) << pack.id << " " << rule.id;
      EXPECT_FALSE(rule.title_zh.empty()) << pack.id << " " << rule.id;
    }
    for (const Fee& fee : pack.fees) EXPECT_GE(fee.source.size(), 10U) << pack.id << " " << fee.id;
    for (const Reduction& off : pack.reductions) EXPECT_GE(off.source.size(), 10U) << off.id;
  }
}

TEST(ShippedPacks, UseEveryEventAndFeeTheyDeclare) {
  for (const RulePack& pack : shipped().packs()) {
    std::vector<std::string> used{pack.years_from, "granted"};
    const auto take = [&](const std::vector<std::string>& more) {
      used.insert(used.end(), more.begin(), more.end());
    };
    for (const Rule& rule : pack.rules) {
      for (const auto* list : {&rule.from, &rule.or_from, &rule.needs, &rule.unless, &rule.done_by,
                               &rule.stopped_by, &rule.fees}) {
        take(*list);
      }
      take({rule.not_before, rule.surcharge.fee});
    }
    for (const auto& event : pack.events) {
      EXPECT_NE(std::ranges::find(used, event.id), used.end()) << pack.id << " " << event.id;
    }
    for (const Fee& fee : pack.fees) {
      EXPECT_NE(std::ranges::find(used, fee.id), used.end()) << pack.id << " " << fee.id;
    }
  }
}

}  // namespace
}  // namespace lineshaft::docket
