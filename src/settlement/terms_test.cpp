#include "settlement/terms.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "model/canonical_json.h"
#include "settlement/run.h"

namespace lineshaft::settlement {
namespace {

const char* const kTonnes = R"({
  "licence": "L-7", "version": "3", "asset": "patent-12", "payer": "firm-a", "currency": "CNY",
  "usage": "quantity", "quantity_digits": 3,
  "tiers": [{"from": "0", "rate": "3.50"}, {"from": "1000.5", "rate": "3"}],
  "period_minimum": "1000", "period_maximum": "90000.00", "total_maximum": "1000000",
  "guarantees": [{"due": "2026-12-31T00:00:00Z", "total": "20000"}],
  "fees": [{"id": "entry", "due": "2026-01-01T00:00:00Z", "amount": "5000"}],
  "milestones": [{"id": "first-heat", "amount": "2500.50"}],
  "advances": [{"id": "down", "due": "2026-01-01T00:00:00Z", "amount": "10000"}],
  "gaps": "estimate", "withholding": "10 %"
})";

Json with(const char* field, const Json& value) {
  Json json = parse_json(kTonnes).value();
  json[field] = value;
  return json;
}

std::string problem(const Json& json) {
  const Result<Terms> terms = terms_from_json(json);
  return terms ? "" : terms.error().what;
}

TEST(Terms, AreReadInTheUnitsOfTheSettlement) {
  const Terms terms = terms_from_json(parse_json(kTonnes).value()).value();
  // 3.50 yuan a tonne are 350 fen for 1,000 kilograms.
  EXPECT_EQ(terms.tiers, (std::vector<Tier>{{0, Ratio::make(350, 1000).value()},
                                            {1'000'500, Ratio::make(300, 1000).value()}}));
  EXPECT_EQ(terms.limits.period_minimum, 100'000);
  EXPECT_EQ(terms.limits.total_maximum, 100'000'000);
  EXPECT_EQ(terms.limits.guarantees[0].total, 2'000'000);
  EXPECT_EQ(terms.milestones, (std::vector<Milestone>{{"first-heat", 250'050}}));
  EXPECT_TRUE(terms.advances[0].recoupable);
  EXPECT_EQ(terms.withholding, Ratio::make(1, 10).value());
  EXPECT_EQ(terms.gaps, GapRule::kEstimate);
}

TEST(Terms, AreWrittenAsTheyAreRead) {
  const char* const kRevenue = R"({"licence": "L", "version": "1", "asset": "a", "payer": "p",
      "currency": "JPY", "usage": "quantity", "unit_price": "120", "gaps": "hold", "vat": "13 %",
      "tiers": [{"from": "0", "rate": "7 %"}, {"from": "1000", "rate": "1/3"}]})";
  const char* const kFree = R"({"licence": "L", "version": "1", "asset": "a", "payer": "p",
      "currency": "CNY", "usage": "amount", "gaps": "declared", "free": true})";
  for (const char* text : {kTonnes, kRevenue, kFree}) {
    const Terms terms = terms_from_json(parse_json(text).value()).value();
    const std::string written = canonical_json(terms_json(terms)).value();
    const Terms again = terms_from_json(parse_json(written).value()).value();
    EXPECT_EQ(again, terms) << written;
    EXPECT_EQ(canonical_json(terms_json(again)).value(), written);
  }
}

TEST(Terms, AreRefusedByTheNameOfTheField) {
  EXPECT_EQ(problem(with("rates", "7 %")), "rates: is not a field of this request");
  EXPECT_EQ(problem(with("currency", "XYZ")).substr(0, 9), "currency:");
  EXPECT_EQ(problem(with("licence", "")).substr(0, 8), "licence:");
  EXPECT_EQ(problem(with("licence", std::string(65, 'x'))).substr(0, 8), "licence:");
  EXPECT_EQ(problem(with("usage", "hours")), "usage: must be one of amount, quantity");
  EXPECT_EQ(problem(with("gaps", "zero")), "gaps: must be one of hold, estimate, declared");
  EXPECT_EQ(problem(with("withholding", 0.1)), "withholding: must be a string");
  EXPECT_EQ(problem(with("withholding", "110 %")).substr(0, 12), "withholding:");
  EXPECT_EQ(problem(with("vat", "13 %")).substr(0, 4), "vat:");
  EXPECT_EQ(problem(with("free", true)).substr(0, 5), "free:");
  EXPECT_EQ(problem(with("quantity_digits", 10)).substr(0, 16), "quantity_digits:");
  EXPECT_EQ(problem(with("period_minimum", "1.234")).substr(0, 15), "period_minimum:");
  EXPECT_EQ(problem(with("period_minimum", "90000.01")).substr(0, 15), "period_minimum:");
  EXPECT_EQ(problem(with("tiers", Json::array({{{"from", "0"}, {"rate", "x"}}}))).substr(0, 14),
            "tiers 1: rate:");
  EXPECT_EQ(problem(with("tiers", Json::array({{{"from", "0.0001"}, {"rate", "1"}}}))),
            "tiers 1: from: '0.0001' has more digits than quantity_digits");
  EXPECT_EQ(problem(with("tiers", 5)), "tiers: must be a list");
  EXPECT_EQ(problem(with("fees", Json::array({1}))).substr(0, 7), "fees 1:");
  EXPECT_EQ(problem(Json(5)), "must be an object");
  Json missing = parse_json(kTonnes).value();
  missing.erase("payer");
  EXPECT_EQ(problem(missing), "payer: is missing");
  const Json twice = {{"id", "m"}, {"amount", "1"}};
  EXPECT_EQ(problem(with("milestones", Json::array({twice, twice}))),
            "milestones: m is there twice");
}

TEST(Terms, ThatOweNothingMustSayThatTheyAreFree) {
  const char* const kSilent = R"({"licence": "L", "version": "1", "asset": "a", "payer": "p",
      "currency": "CNY", "usage": "amount", "gaps": "hold"})";
  EXPECT_EQ(problem(parse_json(kSilent).value()),
            "free: nothing is owed, and yet the licence is not free");
}

TEST(Balances, AreWrittenAsTheyAreRead) {
  Balances balances;
  balances.licences["L"] = {{1, 2, 3}, 4, 5, 6, {"m", "n"}};
  balances.assets["a"] = {{3, {{"x", -1}, {"y", 1}}}, {7, {{"z", 7}}}};
  balances.pools["costs"] = 12'345;
  balances.escrow["h"] = {"", "x", 99};
  const Json json = balances_json(balances);
  EXPECT_EQ(balances_from_json(json).value(), balances);
  for (const char* field : {"licences", "assets", "pools", "escrow"}) {
    Json broken = json;
    broken[field] = 1;
    EXPECT_FALSE(balances_from_json(broken).ok()) << field;
    broken.erase(field);
    EXPECT_FALSE(balances_from_json(broken).ok()) << field;
  }
  Json broken = json;
  broken["assets"]["a"]["owners"]["payees"]["x"] = "-2";
  EXPECT_EQ(balances_from_json(broken).error().what,
            "assets: a: residuals: all together are no whole number of units");
  broken = json;
  broken["pools"]["costs"] = 12'345;
  EXPECT_FALSE(balances_from_json(broken).ok());
}

}  // namespace
}  // namespace lineshaft::settlement
