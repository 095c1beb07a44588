#include "settlement/run_json.h"

#include <nlohmann/json.hpp>

#include "settlement/json_reader.h"

namespace lineshaft::settlement {
namespace {

template <typename Item, typename ToJson>
Json list_of(const std::vector<Item>& items, const ToJson& to_json) {
  Json list = Json::array();
  for (const Item& item : items) list.push_back(to_json(item));
  return list;
}

Json range_json(const TimeRange& range, Json json) {
  json["from"] = format_rfc3339(range.from);
  json["to"] = format_rfc3339(range.to);
  return json;
}

TimeRange range_from(JsonReader& reader) { return {reader.instant("from"), reader.instant("to")}; }

Int128 whole(JsonReader& reader, const char* field) {
  const std::string text = reader.text(field);
  if (reader.problem() != nullptr) return 0;
  const Result<Decimal> decimal = Decimal::parse(text);
  if (decimal && decimal->scale() == 0) return decimal->coefficient();
  reader.fail(std::string(field) + ": '" + text.substr(0, 64) + "' is no whole number");
  return 0;
}

Json shares_json(const std::vector<Share>& shares) {
  return list_of(shares, [](const Share& share) {
    return Json{{"payee", share.payee}, {"weight", share.weight}};
  });
}

std::vector<Share> shares_from(JsonReader& reader, const char* field) {
  return reader.list<Share>(field, [](JsonReader& share) {
    share.only({"payee", "weight"});
    return Share{share.text("payee"), share.number("weight", 1, 1, kWeightMax)};
  });
}

Json asset_json(const AssetPlan& plan) {
  return {
      {"id", plan.id},
      {"mode", name_of(kSplitModes, plan.mode)},
      {"owners", list_of(plan.owners,
                         [](const ShareTable& table) {
                           return range_json(table.valid, {{"shares", shares_json(table.shares)}});
                         })},
      {"award", plan.award ? award_json(*plan.award) : Json()},
      {"pools", list_of(plan.pools, pool_json)}};
}

AssetPlan asset_from(JsonReader& reader) {
  reader.only({"id", "mode", "owners", "award", "pools"});
  AssetPlan plan;
  plan.id = reader.text("id");
  plan.mode = reader.one_of("mode", kSplitModes);
  plan.owners = reader.list<ShareTable>("owners", [](JsonReader& table) {
    table.only({"from", "to", "shares"});
    return ShareTable{range_from(table), shares_from(table, "shares")};
  });
  if (reader.has("award")) plan.award = reader.object<Award>("award", award_from);
  plan.pools = reader.list<Pool>("pools", pool_from);
  return plan;
}

Json graph_json(const Graph& graph) {
  return {{"stacking", name_of(kStackings, graph.stacking)},
          {"cap", graph.cap ? Json(graph.cap->text()) : Json()},
          {"links", list_of(graph.links, [](const Link& link) {
             return Json{{"from", link.from},
                         {"to", link.to},
                         {"rate", link.rate.text()},
                         {"base", name_of(kLinkBases, link.base)}};
           })}};
}

Graph graph_from(JsonReader& reader) {
  reader.only({"stacking", "cap", "links"});
  Graph graph;
  graph.stacking = reader.one_of("stacking", kStackings);
  if (reader.has("cap")) graph.cap = reader.rate("cap");
  graph.links = reader.list<Link>("links", [](JsonReader& link) {
    link.only({"from", "to", "rate", "base"});
    return Link{link.text("from"), link.text("to"), link.rate("rate"),
                link.one_of("base", kLinkBases)};
  });
  return graph;
}

Json gap_json(const Gap& gap) {
  return range_json(gap.range,
                    {{"id", gap.id},
                     {"licence", gap.licence},
                     {"declared", gap.declared ? Json(int128_text(*gap.declared)) : Json()},
                     {"evidence", gap.evidence}});
}

void put_events(const Run& run, Json& json) {
  json["lines"] = list_of(run.lines, [](const UsageLine& line) {
    return Json{{"id", line.id},
                {"licence", line.licence},
                {"at", format_rfc3339(line.at)},
                {"value", int128_text(line.value)},
                {"evidence", line.evidence}};
  });
  json["gaps"] = list_of(run.gaps, gap_json);
  json["reached"] = list_of(run.reached, [](const Reached& reached) {
    return Json{{"licence", reached.licence},
                {"milestone", reached.milestone},
                {"at", format_rfc3339(reached.at)},
                {"evidence", reached.evidence}};
  });
  json["costs"] = list_of(run.costs, [](const Cost& cost) {
    return Json{
        {"pool", cost.pool}, {"amount", int128_text(cost.amount)}, {"evidence", cost.evidence}};
  });
  json["holds"] = list_of(run.holds, [](const Hold& hold) {
    return Json{{"id", hold.id},
                {"licence", hold.licence},
                {"payee", hold.payee},
                {"fraction", hold.fraction.text()}};
  });
  json["releases"] = list_of(run.releases, [](const Release& release) {
    return Json{{"hold", release.hold}, {"beneficiary", release.beneficiary}};
  });
}

void read_events(JsonReader& reader, Run& run) {
  run.lines = reader.list<UsageLine>("lines", [](JsonReader& line) {
    line.only({"id", "licence", "at", "value", "evidence"});
    return UsageLine{line.text("id"), line.text("licence"), line.instant("at"),
                     whole(line, "value"), line.text("evidence")};
  });
  run.gaps = reader.list<Gap>("gaps", [](JsonReader& gap) {
    gap.only({"id", "licence", "from", "to", "declared", "evidence"});
    Gap read{gap.text("id"), gap.text("licence"), range_from(gap), {}, gap.text("evidence")};
    if (gap.has("declared")) read.declared = whole(gap, "declared");
    return read;
  });
  run.reached = reader.list<Reached>("reached", [](JsonReader& reached) {
    reached.only({"licence", "milestone", "at", "evidence"});
    return Reached{reached.text("licence"), reached.text("milestone"), reached.instant("at"),
                   reached.text("evidence")};
  });
  run.costs = reader.list<Cost>("costs", [](JsonReader& cost) {
    cost.only({"pool", "amount", "evidence"});
    return Cost{cost.text("pool"), whole(cost, "amount"), cost.text("evidence")};
  });
  run.holds = reader.list<Hold>("holds", [](JsonReader& hold) {
    hold.only({"id", "licence", "payee", "fraction"});
    return Hold{hold.text("id"), hold.text("licence"), hold.text("payee"), hold.rate("fraction")};
  });
  run.releases = reader.list<Release>("releases", [](JsonReader& release) {
    release.only({"hold", "beneficiary"});
    return Release{release.text("hold"), release.text("beneficiary")};
  });
}

}  // namespace

Json award_json(const Award& award) {
  return {{"rate", award.rate.text()}, {"inventors", shares_json(award.inventors)}};
}

Award award_from(JsonReader& reader) {
  reader.only({"rate", "inventors"});
  return {reader.rate("rate"), shares_from(reader, "inventors")};
}

Json pool_json(const Pool& pool) {
  return {{"id", pool.id}, {"payee", pool.payee}, {"priority", pool.priority}};
}

Pool pool_from(JsonReader& reader) {
  reader.only({"id", "payee", "priority"});
  return {reader.text("id"), reader.text("payee"),
          static_cast<std::uint32_t>(reader.number("priority", 1, 1, 1'000'000))};
}

Json run_json(const Run& run) {
  Json json = {{"period", range_json(run.period, Json::object())},
               {"currency", std::string(run.currency.code())},
               {"terms", list_of(run.terms, terms_json)},
               {"assets", list_of(run.assets, asset_json)},
               {"graph", graph_json(run.graph)}};
  put_events(run, json);
  json["opening"] = balances_json(run.opening);
  return json;
}

Result<Run> run_from_json(const Json& object) {
  JsonReader reader(object);
  reader.only({"period", "currency", "terms", "assets", "graph", "lines", "gaps", "reached",
               "costs", "holds", "releases", "opening"});
  Run run;
  run.period = reader.object<TimeRange>("period", [](JsonReader& period) {
    period.only({"from", "to"});
    return range_from(period);
  });
  const std::string currency = reader.text("currency");
  if (reader.problem() == nullptr) {
    run.currency = reader.take("currency", Currency::parse(currency));
  }
  if (reader.has("terms") && object["terms"].is_array()) {
    for (const Json& terms : object["terms"]) {
      run.terms.push_back(reader.take("terms", terms_from_json(terms)));
    }
  }
  run.assets = reader.list<AssetPlan>("assets", asset_from);
  run.graph = reader.object<Graph>("graph", graph_from);
  read_events(reader, run);
  if (reader.has("opening")) {
    run.opening = reader.take("opening", balances_from_json(object["opening"]));
  }
  if (reader.problem() != nullptr) return *reader.problem();
  return run;
}

}  // namespace lineshaft::settlement
