#include "rights/deadline_book.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "records/test_directory.h"
#include "rights/deadline_json.h"

namespace lineshaft::rights {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr TenantId kOurs{1};
const View kAll{kOurs, {}};

Day day(std::string_view text) { return parse_day(text).value(); }

class SetClock final : public sys::Clock {
 public:
  void set(std::string_view text) {
    now_.ns = Nanoseconds(day(text).time_since_epoch()).count() + 1'000'000'000;
  }
  Timestamp now() override { return now_; }
  Nanoseconds monotonic() override { return Nanoseconds(0); }

 private:
  Timestamp now_;
};

class DeadlineBookTest : public testing::Test {
 protected:
  DeadlineBookTest() {
    clock_.set("2026-11-26");
    reopen();
  }
  void reopen() {
    book_.reset();
    register_.reset();
    register_ = Register::open(records::Database::open(sys::real_file_system(),
                                                       {.path = directory_.file("records.db")})
                                   .value(),
                               clock_)
                    .value();
    const std::array tenants{kOurs};
    book_ = DeadlineBook::open(docket::RuleBook::read(docket::shipped_packs()).value(), *register_,
                               clock_, tenants)
                .value();
  }

  void party(const std::string& id) {
    ASSERT_TRUE(register_->put_party(kOurs, {id, PartyKind::kOrganisation, id, "CN", "", "", 0}));
  }
  void asset(const std::string& id, const std::string& parent = "",
             const std::string& office = "CN") {
    Asset asset;
    asset.id = id;
    asset.title = "Title of " + id;
    asset.office = office;
    asset.parent = parent;
    ASSERT_TRUE(register_->put_asset(kOurs, asset));
  }
  void happened(const std::string& asset, EventKind kind, std::string_view on) {
    Event event;
    event.kind = kind;
    event.date = day(on);
    ASSERT_TRUE(register_->add_event(kOurs, asset, event, day("2026-11-26"), "ann"));
  }
  // Granted in the year of filing, so that its first annual fee is that of the second year.
  void granted(const std::string& id, std::string_view filed, std::string_view on) {
    asset(id);
    happened(id, EventKind::kFiled, filed);
    happened(id, EventKind::kGranted, on);
  }
  void own(const std::string& asset, std::string_view from, std::vector<Share> shares) {
    Ownership ownership;
    ownership.from = day(from);
    ownership.shares = std::move(shares);
    ownership.basis = "agreement 7";
    ASSERT_TRUE(register_->add_ownership(kOurs, asset, ownership, "ann"));
  }

  // "2027-03-01 p-1 annual-fee 6 open".
  std::vector<std::string> list(const View& view, const DeadlineFilter& filter,
                                std::uint64_t offset = 0, std::uint64_t limit = 1'000) {
    const Result<DeadlinePage> page = book_->list(view, filter, offset, limit);
    EXPECT_TRUE(page.ok()) << (page.ok() ? "" : page.error().what);
    std::vector<std::string> lines;
    if (!page) return lines;
    total_ = page->total;
    for (const DeadlineRow& row : page->rows) {
      const docket::Deadline& deadline = row.item.deadline;
      lines.push_back(day_text(deadline.due) + " " + row.asset.id + " " + deadline.rule->id + " " +
                      std::to_string(deadline.number) + " " + std::string(name_of(row.item.state)));
    }
    return lines;
  }
  DeadlineFilter within(std::string_view from, std::string_view before) {
    DeadlineFilter filter;
    filter.days = {day(from), day(before)};
    return filter;
  }
  std::string costs(const View& view, const DeadlineFilter& filter) {
    const Result<PortfolioCosts> costs = book_->costs(view, filter);
    EXPECT_TRUE(costs.ok()) << (costs.ok() ? "" : costs.error().what);
    if (!costs) return "";
    const auto texts = [](const std::vector<Money>& sums) {
      std::string text;
      for (const Money& sum : sums) text += (text.empty() ? "" : "+") + money_text(sum);
      return text;
    };
    std::string text = texts(costs->sums);
    for (const OwnerCost& owner : costs->owners)
      text += "; " + owner.party + " " + texts(owner.sums);
    return text;
  }

  SetClock clock_;
  records::TestDirectory directory_;
  std::unique_ptr<Register> register_;
  std::unique_ptr<DeadlineBook> book_;
  std::uint64_t total_ = 0;
};

TEST_F(DeadlineBookTest, FollowsTheRegisterAndIsTheSameAfterARestart) {
  granted("p-1", "2020-03-02", "2022-06-07");
  happened("p-1", EventKind::kRenewed, "2026-02-20");
  const DeadlineFilter next = within("2026-01-01", "2029-01-01");
  // The fees of the fourth to the sixth year were never entered, but the seventh was paid.
  const std::vector<std::string> due{"2027-03-02 p-1 annual-fee 8 open",
                                     "2028-03-02 p-1 annual-fee 9 open"};
  EXPECT_EQ(list(kAll, next), due);
  reopen();
  EXPECT_EQ(list(kAll, next), due);
  happened("p-1", EventKind::kLapsed, "2026-11-01");
  EXPECT_THAT(list(kAll, next), IsEmpty());
  happened("p-1", EventKind::kRestored, "2026-11-20");
  EXPECT_EQ(list(kAll, next), due);
}

TEST_F(DeadlineBookTest, AnApplicationAbroadSettlesADeadlineOfItsParent) {
  asset("first");
  happened("first", EventKind::kFiled, "2026-03-02");
  const DeadlineFilter year = within("2027-03-01", "2027-04-01");
  EXPECT_THAT(list(kAll, year), ElementsAre("2027-03-02 first file-abroad 0 open"));
  asset("second", "first", "WO");
  happened("second", EventKind::kPriority, "2026-03-02");
  happened("second", EventKind::kFiled, "2026-11-10");
  EXPECT_THAT(list(kAll, year), IsEmpty());
  reopen();
  EXPECT_THAT(list(kAll, year), IsEmpty());
}

TEST_F(DeadlineBookTest, PagesAreTheWholeInPieces) {
  for (const char* id : {"p-1", "p-2", "p-3"}) granted(id, "2021-05-10", "2025-12-02");
  const DeadlineFilter some = within("2026-01-01", "2031-01-01");
  const std::vector<std::string> whole = list(kAll, some);
  EXPECT_EQ(whole.front(), "2026-05-11 p-1 annual-fee 6 missed");  // the 10th is a Sunday
  EXPECT_EQ(whole.size(), 15U);
  for (std::uint64_t limit = 1; limit <= 16; ++limit) {
    std::vector<std::string> joined;
    for (std::uint64_t offset = 0; offset < whole.size(); offset += limit) {
      const std::vector<std::string> page = list(kAll, some, offset, limit);
      EXPECT_EQ(total_, whole.size());
      joined.insert(joined.end(), page.begin(), page.end());
    }
    EXPECT_EQ(joined, whole) << limit;
  }
  DeadlineFilter late = some;
  late.is_open = false;
  EXPECT_EQ(list(kAll, late).size(), 3U);
  late.is_open = true;
  late.is_overdue = false;
  EXPECT_EQ(list(kAll, late).size(), 12U);
  const auto days = book_->count_days(kAll, some).value();
  ASSERT_EQ(days.size(), 5U);
  EXPECT_EQ(days[1], (std::pair{day("2027-05-10"), std::size_t{3}}));
}

TEST_F(DeadlineBookTest, APartySeesTheDeadlinesOfWhatItIsPartyTo) {
  for (const char* id : {"a", "b"}) party(id);
  granted("p-a", "2023-01-10", "2025-12-02");
  granted("p-b", "2023-01-10", "2025-12-02");
  own("p-a", "2023-01-10", {{"a", 1}});
  own("p-b", "2023-01-10", {{"b", 1}});
  const DeadlineFilter year = within("2027-01-01", "2028-01-01");
  EXPECT_THAT(list({kOurs, "a"}, year), ElementsAre("2027-01-11 p-a annual-fee 5 open"));
  EXPECT_EQ(total_, 1U);
  EXPECT_THAT(list({kOurs, ""}, year), IsEmpty());
  DeadlineFilter of_b = year;
  of_b.owner = "b";
  EXPECT_THAT(list(kAll, of_b), ElementsAre("2027-01-11 p-b annual-fee 5 open"));
  EXPECT_THAT(list({kOurs, "a"}, of_b), IsEmpty());
  DeadlineFilter one = year;
  one.asset = "p-b";
  EXPECT_EQ(book_->list({kOurs, "a"}, one, 0, 9).error().id, ErrorId::kNotFound);
  EXPECT_EQ(book_->count_days({kOurs, "a"}, year)->size(), 1U);
  EXPECT_EQ(costs({kOurs, "a"}, year), "1200.00 CNY; a 1200.00 CNY");
  EXPECT_EQ(book_->feed({kOurs, "a"}, year, docket::Language::kEnglish, "x")->size(), 1U);
  const DeadlineMark mark{{"p-b", "cn-patent", "annual-fee", 5}, "", day("2026-11-26"), "", ""};
  EXPECT_EQ(book_->mark({kOurs, "a"}, mark, "ann").error().id, ErrorId::kNotFound);
}

// Filed in the year 2022, paid until the third: what is left of the 82,300 of the whole life is
// 82,300 - 3 x 900 = 79,600.
TEST_F(DeadlineBookTest, TheRestOfAnInventionCostsWhatTheTableLeaves) {
  granted("p-1", "2024-03-01", "2024-12-03");
  happened("p-1", EventKind::kRenewed, "2025-02-20");
  happened("p-1", EventKind::kRenewed, "2026-02-20");
  EXPECT_EQ(costs(kAll, within("2026-11-26", "2045-01-01")), "79600.00 CNY;  79600.00 CNY");
  // The next twelve months hold the fourth year's fee.
  EXPECT_EQ(costs(kAll, within("2026-11-26", "2027-11-26")), "1200.00 CNY;  1200.00 CNY");
}

TEST_F(DeadlineBookTest, CostsAreDividedAmongTheOwnersOfTheDayToTheLastFen) {
  for (const char* id : {"a", "b", "c"}) party(id);
  granted("p-1", "2023-01-10", "2025-12-02");
  granted("p-2", "2023-03-10", "2025-12-02");
  own("p-1", "2023-01-10", {{"a", 1}});
  own("p-1", "2027-01-01", {{"a", 1}, {"b", 2}, {"c", 4}});  // before the fee is due
  // 120,000 fen in sevenths: 17,142.857, 34,285.714 and 68,571.429; the two fen that rounding down
  // leaves go to the largest remainders: 17,143 + 34,286 + 68,571 = 120,000.
  EXPECT_EQ(costs(kAll, within("2027-01-01", "2027-02-01")),
            "1200.00 CNY; a 171.43 CNY; b 342.86 CNY; c 685.71 CNY");
  // With the other asset, which nobody owns yet.
  EXPECT_EQ(costs(kAll, within("2027-01-01", "2028-01-01")),
            "2400.00 CNY;  1200.00 CNY; a 171.43 CNY; b 342.86 CNY; c 685.71 CNY");
  const PortfolioCosts whole = book_->costs(kAll, within("2027-01-01", "2028-01-01")).value();
  ASSERT_EQ(whole.assets.size(), 2U);
  ASSERT_EQ(whole.months.size(), 2U);
  EXPECT_EQ(day_text(whole.months[1].month), "2027-03-01");
  EXPECT_EQ(whole.incomplete, 0U);
}

// Due on 10 July 2026 and four months and 16 days late on 26 November: five months begun, of which
// the first is free: 4 x 5 % of 1,200 = 240.
TEST_F(DeadlineBookTest, WhatIsOverdueIsPaidTodayWithItsSurcharge) {
  granted("p-1", "2022-07-10", "2025-12-02");
  EXPECT_THAT(list(kAll, within("2026-01-01", "2027-01-01")),
              ElementsAre("2026-07-10 p-1 annual-fee 5 overdue"));
  EXPECT_EQ(costs(kAll, within("2026-11-26", "2027-01-01")), "1440.00 CNY;  1440.00 CNY");
  const Json row =
      deadline_json(book_->list(kAll, within("2026-01-01", "2027-01-01"), 0, 9)->rows[0]);
  EXPECT_EQ(row["surcharge"]["amount"], "240.00");
  EXPECT_EQ(row["cost"][0]["amount"], "1440.00");
  EXPECT_EQ(row["pay_on"], "2026-11-26");
  EXPECT_EQ(row["marks"][0]["event"], "annual_fee_paid");
  // Of a range that does not begin today nothing is paid late.
  EXPECT_EQ(costs(kAll, within("2026-12-01", "2027-01-01")), "");
}

// Annual fees are due on the day of filing, one year later for the first. Of the first asset that
// is 2026-12-25, 29 days ahead; of the second 2026-12-26, the day after the 30; the third is late.
TEST_F(DeadlineBookTest, WhatIsOverdueAndWhatIsSoonDueIsPressing) {
  granted("p-soon", "2022-12-25", "2025-12-30");
  granted("p-then", "2022-12-28", "2025-12-30");
  granted("p-late", "2022-11-20", "2025-12-30");
  const PressingTasks of_all = book_->pressing(kAll, 30).value();
  EXPECT_EQ(of_all.overdue, 1U);
  EXPECT_EQ(of_all.due, 1U);
  party("a");
  own("p-then", "2025-12-30", {{"a", 1}});
  EXPECT_EQ(book_->pressing({kOurs, "a"}, 32)->due, 0U);
  EXPECT_EQ(book_->pressing({kOurs, "a"}, 33)->due, 1U);
  EXPECT_EQ(book_->pressing({kOurs, "a"}, 33)->overdue, 0U);
}

TEST_F(DeadlineBookTest, AMarkAddsItsEventAndSettlesTheDeadline) {
  granted("p-1", "2022-07-10", "2025-12-02");
  const DeadlineFilter year = within("2026-01-01", "2027-01-01");
  DeadlineMark mark{{"p-1", "cn-patent", "annual-fee", 5}, "", day("2026-11-26"), "bank 17", ""};
  mark.word = "granted";
  EXPECT_THAT(book_->mark(kAll, mark, "ann").error().what,
              HasSubstr("'granted' does not settle it; there are annual_fee_paid"));
  mark.word = "";
  const Event event = book_->mark(kAll, mark, "ann").value();
  EXPECT_EQ(event.kind, EventKind::kRenewed);
  EXPECT_EQ(event.number, 5);
  EXPECT_EQ(event.note, "bank 17");
  EXPECT_THAT(list(kAll, year), IsEmpty());
  EXPECT_EQ(book_->mark(kAll, mark, "ann").error().id, ErrorId::kConflict);
  mark.of.number = 500;
  EXPECT_EQ(book_->mark(kAll, mark, "ann").error().id, ErrorId::kNotFound);
  DeadlineFilter settled = year;
  settled.is_settled = true;
  EXPECT_EQ(book_->list(kAll, settled, 0, 9).error().id, ErrorId::kInvalidArgument);
  settled.asset = "p-1";
  EXPECT_THAT(list(kAll, settled), ElementsAre("2026-07-10 p-1 annual-fee 5 done"));
}

TEST_F(DeadlineBookTest, AFeedHasWhatIsOpenWithItsCosts) {
  granted("p-1", "2022-12-10", "2025-12-02");
  const auto feed = book_
                        ->feed(kAll, within("2026-12-01", "2027-01-01"), docket::Language::kChinese,
                               "plant.example")
                        .value();
  ASSERT_EQ(feed.size(), 1U);
  EXPECT_EQ(feed[0].uid, "p-1.cn-patent.annual-fee.5.20221210@plant.example");
  EXPECT_EQ(feed[0].summary, "p-1: 缴纳年费 (5)");
  EXPECT_THAT(feed[0].description, HasSubstr("1200.00 CNY"));
}

}  // namespace
}  // namespace lineshaft::rights
