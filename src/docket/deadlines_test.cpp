// The engine, on small packs of the test's own.
#include "docket/deadlines.h"

#include <gtest/gtest.h>

#include "docket/case_fixture.h"

namespace lineshaft::docket {
namespace {

RuleBook book_of(const std::string& rules) {
  const std::string pack =
      "id = \"x\"\ntitle = \"X\"\noffice = \"XX\"\nkinds = [\"patent\"]\nas_of = 2026-01-01\n"
      "currency = \"JPY\"\ncalendar = \"cn\"\nyears_from = \"a\"\nstopped_by = [\"end\"]\n"
      "remind = [30, 7]\n[events]\na = \"A\"\nb = \"B\"\nc = \"C\"\nend = \"E\"\ngranted = "
      "\"G\"\n" +
      rules;
  const std::vector<PackFile> files = {{"x.toml", pack},
                                       {"calendar-cn.toml", "id = \"cn\"\ntitle = \"Weekends\"\n"}};
  Result<RuleBook> book = RuleBook::read(files);
  EXPECT_TRUE(book.ok()) << (book.ok() ? "" : book.error().what);
  return *std::move(book);
}

std::string rule(const std::string& lines) {
  return "[[rule]]\nid = \"r\"\ntitle = \"R\"\nsource = \"S\"\n" + lines + "\n";
}

// "2026-03-02 2026-09-02..." of what is due.
std::string due(const std::string& lines, std::vector<Event> events,
                std::string_view until = "2100-01-01") {
  const RuleBook book = book_of(rule(lines));
  std::string text;
  for (const Deadline& found :
       deadlines(book, make_case("XX", "patent", std::move(events)), until)) {
    text += (text.empty() ? "" : " ") + day_text(found.due);
    if (found.number != 0) text += "#" + std::to_string(found.number);
    if (found.done) text += "+";
  }
  return text;
}

TEST(Deadlines, RunFromTheEarliestEventOfTheFirstKindThereIs) {
  const std::string lines = "from = [\"a\", \"b\"]\nafter = \"1 month\"";
  EXPECT_EQ(due(lines, {}), "");
  EXPECT_EQ(due(lines, {{"b", day("2026-01-05")}}), "2026-02-05");
  EXPECT_EQ(due(lines, {{"b", day("2026-01-05")}, {"a", day("2026-03-03")}}), "2026-04-03");
  EXPECT_EQ(due(lines, {{"a", day("2026-03-03")}, {"a", day("2026-02-02")}}), "2026-03-02");
}

TEST(Deadlines, OfTasksMoveToAnOpenDayAndOthersDoNot) {
  const std::string lines = "from = [\"a\"]\nafter = \"0 days\"\nkind = ";
  EXPECT_EQ(due(lines + "\"task\"", {{"a", day("2026-11-28")}}), "2026-11-30");
  EXPECT_EQ(due(lines + "\"office\"", {{"a", day("2026-11-28")}}), "2026-11-28");
  EXPECT_EQ(due(lines + "\"expiry\"", {{"a", day("2026-11-28")}}), "2026-11-28");
}

TEST(Deadlines, HoldBetweenTheDaysOfTheirRule) {
  const std::string lines =
      "from = [\"a\"]\nafter = \"1 day\"\nuse_from = 2021-06-01\nuse_before = 2021-07-01";
  EXPECT_EQ(due(lines, {{"a", day("2021-05-31")}}), "");
  EXPECT_EQ(due(lines, {{"a", day("2021-06-01")}}), "2021-06-02");
  EXPECT_EQ(due(lines, {{"a", day("2021-06-30")}}), "2021-07-01");
  EXPECT_EQ(due(lines, {{"a", day("2021-07-01")}}), "");
}

TEST(Deadlines, AskForConditions) {
  const std::string lines = "from = [\"a\"]\nafter = \"1 day\"\nneeds = [\"b\"]\nunless = [\"c\"]";
  const Event a{"a", day("2026-01-05")};
  const Event b{"b", day("2026-05-05")};
  const Event c{"c", day("2026-06-05")};
  EXPECT_EQ(due(lines, {a}), "");
  EXPECT_EQ(due(lines, {a, b}), "2026-01-06");
  EXPECT_EQ(due(lines, {a, b, c}), "");
}

TEST(Deadlines, AreSettledByTheEventThatSaysSo) {
  const std::string lines = "from = [\"a\"]\nafter = \"1 day\"\ndone_by = [\"b\", \"c\"]";
  const Event a{"a", day("2026-01-05")};
  EXPECT_EQ(due(lines, {a}), "2026-01-06");
  EXPECT_EQ(due(lines, {a, {"c", day("2026-01-06")}}), "2026-01-06+");
}

TEST(Deadlines, RecurAndAreSettledNumberByNumber) {
  const std::string lines =
      "from = [\"a\"]\nafter = \"24 months\"\nevery = \"12 months\"\nfirst = 3\nlast = 6\n"
      "done_by = [\"b\"]";
  EXPECT_EQ(due(lines, {{"a", day("2024-02-29")}, {"b", day("2027-01-01"), 4}}),
            "2026-03-02#3 2027-03-01#4+ 2028-02-29#5 2029-02-28#6");
  EXPECT_EQ(due(lines, {{"a", day("2024-02-29")}}, "2027-02-28"), "2026-03-02#3 2027-03-01#4");
  EXPECT_EQ(due(lines, {{"a", day("2024-02-29")}}, "2027-02-27"), "2026-03-02#3");
}

TEST(Deadlines, BeginAndEndWithTheRight) {
  const std::string lines =
      "from = [\"a\"]\nafter = \"12 months\"\nevery = \"12 months\"\nlast = 5\nnot_before = "
      "\"granted\"";
  const Event a{"a", day("2020-01-01")};
  EXPECT_EQ(due(lines, {a, {"granted", day("2023-01-01")}, {"end", day("2024-12-31")}}),
            "2023-01-02#3 2024-01-01#4");
}

TEST(Deadlines, OfEachEventOfAKindKeepItsNumber) {
  const std::string lines =
      "from = [\"a\"]\nfor_each = true\nafter = \"2 months\"\ndone_by = [\"b\"]";
  EXPECT_EQ(
      due(lines,
          {{"a", day("2026-01-05"), 1}, {"a", day("2026-04-01"), 2}, {"b", day("2026-02-01"), 1}}),
      "2026-03-05#1+ 2026-06-01#2");
}

TEST(Deadlines, TakeTheLaterOfTwoTimes) {
  const std::string lines =
      "from = [\"a\"]\nafter = \"4 months\"\nor_from = [\"b\"]\nor_after = \"1 month\"";
  const Event a{"a", day("2026-01-05")};
  EXPECT_EQ(due(lines, {a}), "2026-05-05");
  EXPECT_EQ(due(lines, {a, {"b", day("2026-02-02")}}), "2026-05-05");
  EXPECT_EQ(due(lines, {a, {"b", day("2026-06-02")}}), "2026-07-02");
}

TEST(Deadlines, SayWhenTheHolidaysAroundThemAreUnknown) {
  const Case item = make_case("CN", "patent", {{"filed", day("2024-05-30")}});
  EXPECT_TRUE(deadline(item, "application-fee").is_certain);
  EXPECT_FALSE(deadline(item, "examination-request").is_certain);  // in 2027
  EXPECT_TRUE(deadline(item, "expiry").is_certain);                // never moves
}

TEST(Deadlines, OfOtherOfficesAndKindsDoNotCount) {
  const RuleBook book = book_of(rule("from = [\"a\"]\nafter = \"1 day\""));
  const std::vector<Event> events{{"a", day("2026-01-05")}};
  EXPECT_EQ(deadlines(book, make_case("XX", "patent", events)).size(), 1U);
  EXPECT_TRUE(deadlines(book, make_case("XY", "patent", events)).empty());
  EXPECT_TRUE(deadlines(book, make_case("XX", "design", events)).empty());
}

TEST(Deadlines, NeverOverflowTheCalendar) {
  const std::string lines =
      "from = [\"a\"]\nafter = \"200 years\"\nevery = \"200 years\"\ngrace = \"200 years\"";
  const RuleBook book = book_of(rule(lines));
  for (const Day at : {kDayMin, kDayMax}) {
    const Case item = make_case("XX", "patent", {{"a", at}});
    for (const Deadline& found : deadlines_of(book, item, kDayMax).value()) {
      EXPECT_GE(found.due, kDayMin);
      EXPECT_LE(*found.grace_end, kDayMax);
    }
  }
}

TEST(Deadlines, RefuseCountsOutOfBounds) {
  for (const std::int64_t count : {std::int64_t{-1}, kCountMax + 1}) {
    Case item = make_case("CN", "patent", {});
    item.counts = {{"claims", count}};
    const auto refused = deadlines_of(shipped(), item, kDayMax);
    ASSERT_FALSE(refused.ok());
    EXPECT_NE(refused.error().what.find("the number of claims of the case 'case-1'"),
              std::string::npos);
  }
}

// 1,000 yen less 85 % is 150; of 333 yen 49.95 remain, which is 50.
TEST(Fees, RoundUpPartsOfAMinorUnit) {
  const std::string fees =
      "[[fee]]\nid = \"f\"\ntitle = \"F\"\nsource = \"S\"\namount = \"333\"\n"
      "[[reduction]]\nid = \"small\"\ntitle = \"T\"\nsource = \"S\"\noff = \"85 %\"\nfees = "
      "[\"f\"]\n";
  const RuleBook book = book_of(
      fees + rule("from = [\"a\"]\nafter = \"0 days\"\nfees = [\"f\"]\ngrace = \"6 months\"\n"
                  "surcharge = {rate = \"5 %\", per_month = true}"));
  Case item = make_case("XX", "patent", {{"a", day("2026-06-01")}});
  item.reductions = {"small"};
  const Deadline found = deadlines(book, item).at(0);
  EXPECT_EQ(paid_on(item, found, "2026-06-01"), "50 JPY");
  EXPECT_EQ(paid_on(item, found, "2026-06-02"), "50 JPY + 17 JPY");   // 5 % of 333 is 16.65
  EXPECT_EQ(paid_on(item, found, "2026-12-01"), "50 JPY + 100 JPY");  // 30 % is 99.9
}

TEST(Fees, ThatThePackDoesNotHaveAreSaidToBeMissing) {
  const RuleBook book = book_of(
      "[[fee]]\nid = \"f\"\ntitle = \"F\"\nsource = \"S\"\namount = \"3\"\nfrom = 2027-01-01\n" +
      rule("from = [\"a\"]\nafter = \"0 days\"\nfees = [\"f\"]"));
  const std::vector<Case> cases{make_case("XX", "patent", {{"a", day("2026-06-01")}}),
                                make_case("XX", "patent", {{"a", day("2027-06-01")}})};
  const Costs costs = portfolio_costs(book, cases, {}).value();
  EXPECT_EQ(costs.incomplete, 1U);
  EXPECT_EQ(texts(costs.sums), "3 JPY");
}

TEST(Portfolio, CostsWhatIsOpenAndDueInTheYearByCurrency) {
  Case patent = make_case("CN", "patent",
                          {{"filed", day("2020-03-10")},
                           {"granted", day("2023-05-05")},
                           {"examination_requested", day("2021-01-01")},
                           {"annual_fee_paid", day("2025-02-01"), 6}});
  Case design =
      make_case("CN", "design", {{"filed", day("2024-07-08")}, {"granted", day("2025-02-02")}});
  Case mark = make_case("WO", "trade_mark", {{"registered", day("2016-05-12")}});
  const std::vector<Case> cases{patent, design, mark};
  // 2025: the sixth year of the patent is paid; the design's second year. 2026: seventh and third,
  // and the renewal of the mark.
  const Costs in_2025 =
      portfolio_costs(shipped(), cases, {day("2025-01-01"), day("2026-01-01")}).value();
  EXPECT_EQ(texts(in_2025.sums), "600.00 CNY");
  const Costs in_2026 =
      portfolio_costs(shipped(), cases, {day("2026-01-01"), day("2027-01-01")}).value();
  EXPECT_EQ(texts(in_2026.sums), "653.00 CHF, 2600.00 CNY");
  ASSERT_EQ(in_2026.lines.size(), 3U);
  EXPECT_EQ(in_2026.lines[0].deadline.number, 7);
}

}  // namespace
}  // namespace lineshaft::docket
