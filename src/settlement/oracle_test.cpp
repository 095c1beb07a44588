// Compares every payout with those of tests/settlement/oracle.py, which computes with fractions and
// shares no code with this room.
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "settlement/statement.h"

namespace lineshaft::settlement {
namespace {

constexpr std::int64_t kHour = 3'600'000'000'000;
constexpr std::int64_t kPeriodHours = 720;

Ratio rate(const Json& text) { return Ratio::parse(text.get<std::string>()).value(); }
Timestamp hour(const Json& hours) { return {hours.get<std::int64_t>() * kHour}; }
std::optional<Int128> optional_amount(const Json& amount) {
  return amount.is_null() ? std::nullopt : std::optional<Int128>(amount.get<std::int64_t>());
}

std::vector<Share> shares(const Json& weights) {
  std::vector<Share> shares;
  for (const auto& [payee, weight] : weights.items()) {
    shares.push_back({payee, weight.get<std::int64_t>()});
  }
  return shares;
}

AssetPlan asset(const Json& json) {
  AssetPlan plan;
  plan.id = json["id"];
  plan.mode = json["closed"].get<bool>() ? SplitMode::kClosed : SplitMode::kStream;
  for (const Json& table : json["owners"]) {
    plan.owners.push_back({{hour(table[0]), hour(table[1])}, shares(table[2])});
  }
  for (const Json& pool : json["pools"]) {
    plan.pools.push_back({pool[0], pool[1], pool[2].get<std::uint32_t>()});
  }
  if (const Json& award = json["award"]; !award.is_null()) {
    plan.award = Award{rate(award[0]), shares(award[1])};
  }
  return plan;
}

Terms licence(const Json& json) {
  Terms terms;
  terms.licence = json["licence"];
  terms.version = "1";
  terms.asset = json["asset"];
  terms.payer = json["payer"];
  terms.usage = json["money"].get<bool>() ? Usage::kAmount : Usage::kQuantity;
  if (!json["price"].is_null()) terms.unit_price = rate(json["price"]);
  for (const Json& tier : json["tiers"]) {
    terms.tiers.push_back({tier[0].get<std::int64_t>(), rate(tier[1])});
  }
  terms.limits.period_minimum = optional_amount(json["minimum"]);
  terms.limits.period_maximum = optional_amount(json["maximum"]);
  terms.limits.total_maximum = optional_amount(json["total"]);
  if (const Json& guarantee = json["guarantee"]; !guarantee.is_null()) {
    terms.limits.guarantees = {{hour(guarantee[0]), guarantee[1].get<std::int64_t>()}};
  }
  if (const Json& advance = json["advance"]; !advance.is_null()) {
    terms.advances = {{"advance", {0}, advance.get<std::int64_t>(), true}};
  }
  terms.vat = rate(json["vat"]);
  terms.withholding = rate(json["withholding"]);
  return terms;
}

LinkBase link_base(const std::string& name) {
  if (name == "gross") return LinkBase::kGross;
  if (name == "net_of_tax") return LinkBase::kNetOfTax;
  return name == "external" ? LinkBase::kExternal : LinkBase::kNetOfUpstream;
}

settlement::Run rules(const Json& json) {
  settlement::Run run;
  for (const Json& one : json["assets"]) run.assets.push_back(asset(one));
  for (const Json& one : json["licences"]) run.terms.push_back(licence(one));
  for (const Json& link : json["links"]) {
    run.graph.links.push_back({link[0], link[1], rate(link[2]), link_base(link[3])});
  }
  return run;
}

void fill(settlement::Run& run, const Json& period, std::int64_t number) {
  run.period = {{number * kPeriodHours * kHour}, {(number + 1) * kPeriodHours * kHour}};
  run.lines.clear();
  run.costs.clear();
  run.holds.clear();
  for (const Json& line : period["lines"]) {
    run.lines.push_back(
        {line[0], line[1], hour(line[2]), line[3].get<std::int64_t>(), std::string(64, 'a')});
  }
  for (const Json& cost : period["costs"]) {
    run.costs.push_back({cost[0], cost[1].get<std::int64_t>(), {}});
  }
  if (const Json& hold = period["hold"]; !hold.is_null()) {
    run.holds = {{"dispute", "", hold[0], rate(hold[1])}};
  }
}

TEST(Oracle, AgreesOnEveryPayout) {
  std::ifstream file(std::string(LINESHAFT_SOURCE_DIR) + "/tests/settlement/vectors.json");
  std::stringstream text;
  text << file.rdbuf();
  const Json cases = parse_json(text.str()).value();
  ASSERT_GE(cases.size(), 60U);
  for (std::size_t i = 0; i < cases.size(); ++i) {
    settlement::Run run = rules(cases[i]);
    for (std::size_t number = 0; number < cases[i]["periods"].size(); ++number) {
      const Json& period = cases[i]["periods"][number];
      fill(run, period, static_cast<std::int64_t>(number));
      Result<Statement> statement = settle(run);
      ASSERT_TRUE(statement.ok()) << statement.error().what << ", case " << i + 1;
      std::map<std::string, std::int64_t> paid;
      for (const Payout& payout : statement->payouts) {
        paid[payout.payee] = static_cast<std::int64_t>(payout.amount);
      }
      std::map<std::string, std::int64_t> wanted;
      for (const auto& [payee, amount] : period["payouts"].items()) wanted[payee] = amount;
      ASSERT_EQ(paid, wanted) << "case " << i + 1 << ", period " << number;
      for (const auto& [pool, outstanding] : period["pools"].items()) {
        ASSERT_EQ(statement->closing.pools[pool], outstanding.get<std::int64_t>());
      }
      run.opening = std::move(statement->closing);
    }
  }
}

}  // namespace
}  // namespace lineshaft::settlement
