#include "settlement/run_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "settlement/statement.h"

namespace lineshaft::settlement {
namespace {

using testing::HasSubstr;

// The example of docs/reference/settlement.md with every other member beside it, by hand.
const char* const kRun = R"({
  "period": {"from": "2026-01-01T00:00:00Z", "to": "2026-02-01T00:00:00Z"},
  "currency": "CNY",
  "terms": [{"licence": "alloy-to-firm", "version": "1", "asset": "alloy", "payer": "firm",
    "currency": "CNY", "free": false, "usage": "amount", "quantity_digits": 0, "unit_price": null,
    "tiers": [{"from": "0.00", "rate": "7/100"}, {"from": "1000.00", "rate": "1/20"}],
    "period_minimum": null, "period_maximum": null, "total_maximum": null, "guarantees": [],
    "fees": [], "milestones": [{"id": "first", "amount": "0.00"}], "advances": [],
    "gaps": "declared", "vat": "13/100", "withholding": "1/10"}],
  "assets": [
    {"id": "alloy", "mode": "closed",
     "owners": [
       {"shares": [{"payee": "centre-1", "weight": 1}, {"payee": "centre-2", "weight": 1}],
        "from": "2025-01-01T00:00:00Z", "to": "2026-01-11T00:00:00Z"},
       {"shares": [{"payee": "centre-1", "weight": 1}, {"payee": "centre-2", "weight": 2}],
        "from": "2026-01-11T00:00:00Z", "to": "2027-01-01T00:00:00Z"}],
     "award": {"rate": "1/5",
               "inventors": [{"payee": "wang", "weight": 2}, {"payee": "li", "weight": 1}]},
     "pools": [{"id": "filing", "payee": "centre-1", "priority": 3}]},
    {"id": "furnace", "mode": "stream",
     "owners": [{"shares": [{"payee": "university", "weight": 1}],
                 "from": "2025-01-01T00:00:00Z", "to": "2027-01-01T00:00:00Z"}],
     "award": null, "pools": []}],
  "graph": {"stacking": "direct", "cap": "1/2",
    "links": [{"from": "alloy", "to": "furnace", "rate": "1/10", "base": "net_of_tax"}]},
  "lines": [
    {"id": "sale-1", "licence": "alloy-to-firm", "at": "2026-01-05T00:00:00Z", "value": "67800",
     "evidence": "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"},
    {"id": "sale-2", "licence": "alloy-to-firm", "at": "2026-01-20T00:00:00Z", "value": "45200",
     "evidence": "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"}],
  "gaps": [{"id": "gap-1", "licence": "alloy-to-firm", "declared": "0", "evidence": "",
    "from": "2026-01-06T00:00:00Z", "to": "2026-01-07T00:00:00Z"}],
  "reached": [{"licence": "alloy-to-firm", "milestone": "first", "at": "2026-01-09T00:00:00Z",
    "evidence": "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"}],
  "costs": [{"pool": "filing", "amount": "400",
    "evidence": "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee"}],
  "holds": [{"id": "claim-1", "licence": "", "payee": "university", "fraction": "1/3"}],
  "releases": [{"hold": "claim-0", "beneficiary": "li"}],
  "opening": {
    "licences": {"alloy-to-firm": {"base": "50000", "earned": "3500", "due": "3500",
      "advance": "1000", "measured": "0", "measured_ns": "0", "milestones": []}},
    "assets": {}, "pools": {"filing": "500"},
    "escrow": {"claim-0": {"licence": "", "payee": "wang", "amount": "5"}}}
})";

Json text_json(const char* text) { return parse_json(text).value(); }

// Members in any order are the same object.
nlohmann::json unordered(const Json& json) { return nlohmann::json::parse(json.dump()); }

TEST(RunJson, IsReadAndWrittenWhole) {
  const Json json = text_json(kRun);
  const Result<settlement::Run> run = run_from_json(json);
  ASSERT_TRUE(run.ok()) << run.error().text();
  EXPECT_EQ(unordered(run_json(*run)), unordered(json));
}

// 9.00 of costs of which 5.00 were outstanding and 4.00 are new, as in the reference page; and 0.05
// that had been held against Wang goes to Li.
TEST(RunJson, IsSettledAsByHand) {
  const Result<settlement::Run> run = run_from_json(text_json(kRun));
  const Result<Statement> statement = settle(*run);
  ASSERT_TRUE(statement.ok()) << statement.error().text();
  std::map<std::string, Int128> payouts;
  for (const Payout& payout : statement->payouts) payouts[payout.payee] = payout.amount;
  EXPECT_EQ(payouts, (std::map<std::string, Int128>{{"centre-1", 1'992},
                                                    {"centre-2", 1'428},
                                                    {"li", 210 + 5},
                                                    {"university", 300},
                                                    {"wang", 420}}));
}

TEST(RunJson, NamesWhatIsWrong) {
  const auto problem = [](const char* pointer, const Json& value) {
    Json json = text_json(kRun);
    json[Json::json_pointer(pointer)] = value;
    const Result<settlement::Run> run = run_from_json(json);
    return run ? std::string() : run.error().what;
  };
  EXPECT_THAT(problem("/lines/1/value", "4.5"), HasSubstr("lines 2: value: '4.5' is no whole"));
  EXPECT_THAT(problem("/assets/0/pools/0/priority", 0), HasSubstr("assets 1: pools 1: priority"));
  EXPECT_THAT(problem("/assets/1/owners/0/shares/0/weight", "1"), HasSubstr("weight"));
  EXPECT_THAT(problem("/graph/stacking", "all"), HasSubstr("graph: stacking: must be one of"));
  EXPECT_THAT(problem("/terms/0/tiers", 1), HasSubstr("terms: tiers"));
  EXPECT_THAT(problem("/opening/pools", 1), HasSubstr("opening: pools"));
  EXPECT_THAT(problem("/holds/0/amount", "1"), HasSubstr("holds 1: "));
  EXPECT_THAT(problem("/period", 7), HasSubstr("period: must be an object"));
}

}  // namespace
}  // namespace lineshaft::settlement
