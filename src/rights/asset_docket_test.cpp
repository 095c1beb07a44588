// From the events of the register to deadlines. Days of the expectations are counted by hand from
// the rules named at each rule of the packs; their holidays are in
// src/docket/packs/calendar-cn.toml.
#include "rights/asset_docket.h"

#include <gtest/gtest.h>

#include "docket/fees.h"

namespace lineshaft::rights {
namespace {

Day day(std::string_view text) { return parse_day(text).value(); }
const Day kToday = day("2026-11-26");

const docket::RuleBook& book() {
  static const docket::RuleBook kBook = docket::RuleBook::read(docket::shipped_packs()).value();
  return kBook;
}

struct Happened {
  const char* kind;  // of the register, else an act
  const char* on;
  std::int64_t number = 0;
};

AssetHistory history(AssetKind kind, const char* office, const std::vector<Happened>& happened) {
  AssetHistory made;
  made.asset.id = "a-1";
  made.asset.kind = kind;
  made.asset.office = office;
  for (const Happened& one : happened) {
    Event event;
    const Result<EventKind> known = parse_event_kind(one.kind);
    event.kind = known ? *known : EventKind::kAct;
    if (!known) event.act = one.kind;
    event.date = day(one.on);
    event.number = one.number;
    event.sequence = static_cast<std::int64_t>(made.events.size()) + 1;
    made.events.push_back(event);
  }
  return made;
}

std::vector<AssetDeadline> deadlines(const AssetHistory& asset, std::string_view rule,
                                     const std::vector<Relative>& relatives = {},
                                     Day today = kToday) {
  std::vector<AssetDeadline> found =
      docket_of(book(), asset, relatives, today, day("2060-01-01")).value().deadlines;
  std::erase_if(found, [&](const AssetDeadline& one) { return one.deadline.rule->id != rule; });
  return found;
}

// "4 done, 5 open" of the numbers from..to of a rule.
std::string states(const AssetHistory& asset, std::string_view rule, int from, int to,
                   const std::vector<Relative>& relatives = {}, Day today = kToday) {
  std::string text;
  for (const AssetDeadline& one : deadlines(asset, rule, relatives, today)) {
    if (one.deadline.number < from || one.deadline.number > to) continue;
    text += (text.empty() ? "" : ", ") + std::to_string(one.deadline.number) + " " +
            std::string(name_of(one.state));
  }
  return text;
}

std::string state(const AssetHistory& asset, std::string_view rule,
                  const std::vector<Relative>& relatives = {}, Day today = kToday) {
  const std::vector<AssetDeadline> found = deadlines(asset, rule, relatives, today);
  return found.size() == 1 ? std::string(name_of(found.front().state))
                           : std::to_string(found.size()) + " deadlines";
}

Relative parent_of(AssetHistory& child, AssetKind kind, const char* office, const char* filed) {
  child.asset.parent = "above";
  return {"above", "", kind, office, day(filed), false};
}

// The published table: 3 x 900 + 3 x 1,200 + 3 x 2,000 + 3 x 4,000 + 3 x 6,000 + 5 x 8,000. The
// year of the grant is paid with the registration, the other nineteen as annual fees.
TEST(AssetDocket, AnInventionOfTheRegisterCosts82300OverTwentyYears) {
  const AssetHistory asset = history(AssetKind::kPatent, "CN",
                                     {{"filed", "2022-03-01"},
                                      {"examination_requested", "2022-03-01"},
                                      {"grant_notice", "2022-09-01"},
                                      {"granted", "2022-12-06"}});
  const AssetDocket docket = docket_of(book(), asset, {}, kToday, day("2043-01-01")).value();
  std::vector<Money> sums;
  int fees = 0;
  for (const AssetDeadline& one : docket.deadlines) {
    if (one.deadline.rule->id != "annual-fee" && one.deadline.rule->id != "registration") continue;
    for (const auto& item : payment_on(docket.item, one.deadline, one.deadline.due).items) {
      docket::add_to(sums, item.amount);
      ++fees;
    }
  }
  ASSERT_EQ(sums.size(), 1U);
  EXPECT_EQ(money_text(sums.front()), "82300.00 CNY");
  EXPECT_EQ(fees, 20);
}

// Granted in the third year, which was paid with the registration: the first renewal is the fourth
// year's, due on 12 April 2024.
TEST(AssetDocket, RenewalsWithoutANumberPayTheYearsInTurn) {
  const AssetHistory asset = history(AssetKind::kPatent, "CN",
                                     {{"filed", "2021-04-12"},
                                      {"granted", "2023-06-20"},
                                      {"renewed", "2025-04-10"},  // entered in any order
                                      {"renewed", "2024-04-11"},
                                      {"renewed", "2026-04-09"}});
  EXPECT_EQ(states(asset, "annual-fee", 1, 8), "4 done, 5 done, 6 done, 7 open, 8 open");
  const AssetDeadline next = deadlines(asset, "annual-fee").at(3);
  EXPECT_EQ(day_text(next.deadline.due), "2027-04-12");
  EXPECT_EQ(day_text(next.deadline.grace_end.value()), "2027-10-12");
}

// Nobody entered the second and third year, whose six months of grace are over since 2024: a
// payment of June 2025 can only be the fourth year's, and shows that the right went on.
TEST(AssetDocket, ARenewalPaysTheEarliestYearThatCouldStillBePaid) {
  AssetHistory asset = history(AssetKind::kDesign, "CN",
                               {{"filed", "2022-06-08"},
                                {"granted", "2022-12-13"},
                                {"renewed", "2025-06-05"},
                                {"renewed", "2026-06-04"}});
  EXPECT_EQ(states(asset, "annual-fee", 1, 6), "2 passed, 3 passed, 4 done, 5 done, 6 open");
  // One that says its number leaves the others to those that do not.
  asset.events[2].number = 5;
  EXPECT_EQ(states(asset, "annual-fee", 1, 6), "2 passed, 3 passed, 4 passed, 5 done, 6 done");
}

TEST(AssetDocket, StatesFollowTheDayAndTheGrace) {
  const AssetHistory asset =
      history(AssetKind::kPatent, "CN", {{"filed", "2020-11-17"}, {"granted", "2025-12-02"}});
  // Due on 17 November 2026, a Tuesday; grace until 17 May 2027.
  EXPECT_EQ(states(asset, "annual-fee", 7, 7, {}, day("2026-11-17")), "7 open");
  EXPECT_EQ(states(asset, "annual-fee", 7, 7, {}, day("2026-11-18")), "7 overdue");
  EXPECT_EQ(states(asset, "annual-fee", 7, 7, {}, day("2027-05-17")), "7 overdue");
  EXPECT_EQ(states(asset, "annual-fee", 7, 7, {}, day("2027-05-18")), "7 missed");
  // What was due before the grant was done, or the office would not have granted.
  EXPECT_EQ(state(asset, "application-fee"), "passed");
  EXPECT_EQ(state(asset, "examination-request"), "done");
  EXPECT_EQ(state(asset, "publication"), "passed");
  EXPECT_EQ(state(asset, "expiry"), "open");
  const AssetHistory pending = history(AssetKind::kPatent, "CN", {{"filed", "2023-11-20"}});
  EXPECT_EQ(state(pending, "examination-request", {}, day("2026-11-20")), "open");
  EXPECT_EQ(state(pending, "examination-request", {}, day("2026-11-21")), "missed");
}

TEST(AssetDocket, AnEndLeavesNothingToDoButWhatItBegins) {
  const AssetHistory lapsed = history(AssetKind::kPatent, "CN",
                                      {{"filed", "2018-01-10"},
                                       {"granted", "2020-05-05"},
                                       {"lapsed", "2026-10-10"},
                                       {"loss_notice", "2026-10-12"}});
  for (const AssetDeadline& one : deadlines(lapsed, "annual-fee")) {
    EXPECT_EQ(one.state, DeadlineState::kPassed) << one.deadline.number;
  }
  EXPECT_EQ(state(lapsed, "restoration"), "open");  // two months from the notice
}

TEST(AssetDocket, ARestorationUndoesTheEndAndPaysWhatWasDueBefore) {
  const AssetHistory asset = history(AssetKind::kPatent, "CN",
                                     {{"filed", "2020-11-17"},
                                      {"granted", "2024-03-12"},
                                      {"lapsed", "2025-11-17"},
                                      {"restored", "2026-03-24"}});
  EXPECT_EQ(states(asset, "annual-fee", 5, 8), "5 passed, 6 passed, 7 overdue, 8 open");
}

TEST(AssetDocket, ANationalPhaseCountsFromTheInternationalFiling) {
  AssetHistory asset =
      history(AssetKind::kPatent, "EP", {{"priority", "2021-04-12"}, {"filed", "2023-11-09"}});
  const std::vector<Relative> relatives{parent_of(asset, AssetKind::kPatent, "WO", "2022-04-08")};
  // The third year's fee: the end of the month two years after the filing.
  EXPECT_EQ(day_text(deadlines(asset, "renewal", relatives).front().deadline.legal), "2024-04-30");
  AssetHistory chinese = history(AssetKind::kPatent, "CN", {{"filed", "2023-11-09"}});
  const std::vector<Relative> above{parent_of(chinese, AssetKind::kPatent, "WO", "2022-04-08")};
  EXPECT_EQ(state(chinese, "application-fee", above), "0 deadlines");  // it is paid on entry
  EXPECT_EQ(day_text(deadlines(chinese, "expiry", above).front().deadline.legal), "2042-04-08");
}

TEST(AssetDocket, ADivisionCountsFromTheFilingOfItsParent) {
  AssetHistory asset =
      history(AssetKind::kPatent, "CN", {{"filed", "2022-08-15"}, {"granted", "2024-03-12"}});
  std::vector<Relative> relatives{parent_of(asset, AssetKind::kPatent, "CN", "2020-11-17")};
  EXPECT_EQ(day_text(deadlines(asset, "expiry", relatives).front().deadline.legal), "2040-11-17");
  // With a priority of its own it is no division but a later application.
  asset.events.push_back(history(AssetKind::kPatent, "CN", {{"priority", "2021-11-17"}}).events[0]);
  EXPECT_EQ(day_text(deadlines(asset, "expiry", relatives).front().deadline.legal), "2042-08-15");
}

TEST(AssetDocket, WhatStemsFromAnApplicationSettlesItsPriorityAndItsOwnPhase) {
  const AssetHistory first = history(AssetKind::kPatent, "CN", {{"filed", "2026-03-02"}});
  const Relative abroad{"x", "a-1", AssetKind::kPatent, "WO", day("2026-10-01"), true};
  EXPECT_EQ(state(first, "file-abroad"), "open");
  EXPECT_EQ(state(first, "file-abroad", {abroad}), "done");
  // 30 months from the priority: 2 December 2026; 31 for the European phase.
  const AssetHistory world =
      history(AssetKind::kPatent, "WO", {{"priority", "2024-06-02"}, {"filed", "2025-06-02"}});
  const Relative phase{"y", "a-1", AssetKind::kPatent, "EP", day("2026-11-20"), true};
  EXPECT_EQ(state(world, "entry", {phase}), "open");  // others may be wanted
  EXPECT_EQ(state(world, "entry-ep", {phase}), "done");
  EXPECT_EQ(state(world, "entry-cn", {phase}), "open");
  AssetHistory decided = world;
  decided.events.push_back(
      history(AssetKind::kPatent, "WO", {{"not_entering_cn", "2026-11-01"}}).events[0]);
  EXPECT_EQ(state(decided, "entry-cn", {phase}), "done");
}

TEST(AssetDocket, FeesDependOnCountsAndReductionsOfTheAsset) {
  AssetHistory mark = history(AssetKind::kTradeMark, "CN", {{"registered", "2017-03-28"}});
  const auto cost = [&] {
    const AssetDocket docket = docket_of(book(), mark, {}, kToday, day("2030-01-01")).value();
    const docket::Deadline& due = docket.deadlines.front().deadline;
    return money_text(payment_on(docket.item, due, due.due).items.at(0).amount);
  };
  EXPECT_EQ(cost(), "500.00 CNY");  // a mark has one class at least
  mark.asset.counts = {{"classes", 3}};
  EXPECT_EQ(cost(), "1500.00 CNY");
  mark.asset.reductions = {"filed-online"};
  EXPECT_EQ(cost(), "1350.00 CNY");  // 10 % off
}

TEST(AssetDocket, AMarkIsTheEventThatTheRegisterHasForIt) {
  const AssetHistory asset = history(
      AssetKind::kPatent, "CN",
      {{"filed", "2021-04-12"}, {"granted", "2025-06-20"}, {"office_action", "2024-05-05", 2}});
  const Event paid = mark_event(deadlines(asset, "annual-fee").front().deadline, "annual_fee_paid",
                                day("2026-04-01"));
  EXPECT_EQ(paid.kind, EventKind::kRenewed);
  EXPECT_EQ(paid.number, 6);  // due on 12 April 2026, the first after the grant
  const Event asked = mark_event(deadlines(asset, "examination-request").front().deadline,
                                 "examination_requested", day("2022-01-01"));
  EXPECT_EQ(asked.kind, EventKind::kExaminationRequested);
  const Event answered =
      mark_event(deadlines(asset, "response").front().deadline, "response", day("2024-06-01"));
  EXPECT_EQ(answered.kind, EventKind::kAct);
  EXPECT_EQ(answered.act, "response");
  EXPECT_EQ(answered.number, 2);
}

TEST(AssetDocket, OfficesWithoutAPackHaveNoRules) {
  EXPECT_TRUE(has_rules(book(), history(AssetKind::kPatent, "CN", {}).asset));
  EXPECT_FALSE(has_rules(book(), history(AssetKind::kPatent, "US", {}).asset));
  EXPECT_FALSE(has_rules(book(), history(AssetKind::kKnowHow, "", {}).asset));
}

}  // namespace
}  // namespace lineshaft::rights
