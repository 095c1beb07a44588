#include "rights/royalty_statement.h"

#include <algorithm>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "rights/royalty_json.h"

namespace lineshaft::rights {
namespace {

using Names = std::set<std::string>;

// The items of a list for which `wanted` holds.
template <typename Wanted>
Json filtered(const Json& list, const Wanted& wanted) {
  Json some = Json::array();
  std::ranges::copy_if(list, std::back_inserter(some), wanted);
  return some;
}

auto member_is(const char* member, std::string_view name) {
  return [member, name](const Json& item) { return item[member] == name; };
}
auto member_in(const char* member, const Names& names) {
  return [member, &names](const Json& item) {
    return names.contains(item[member].get<std::string>());
  };
}

// The assets from which these parts come, and those derived assets that pass something on to them.
Names assets_behind(const Json& statement, const Json& parts) {
  Names sources;
  for (const Json& part : parts) sources.insert(part["source"].get<std::string>());
  Names assets;
  for (const Json& asset : statement["assets"]) {
    const bool has_pool = std::ranges::any_of(
        asset["pools"], [&](const Json& pool) { return sources.contains(pool["pool"]); });
    const std::string id = asset["asset"].get<std::string>();
    if (has_pool || sources.contains(id)) assets.insert(id);
  }
  for (std::size_t before = 0; before != assets.size();) {
    before = assets.size();
    for (const Json& asset : statement["assets"]) {
      if (std::ranges::any_of(asset["passed"], member_in("to", assets))) {
        assets.insert(asset["asset"].get<std::string>());
      }
    }
  }
  return assets;
}

}  // namespace

Result<Json> whole_run_json(const WholeRun& whole) {
  const auto statement = settlement::settle(whole.inputs);
  if (!statement) return statement.error();
  const auto text = settlement::canonical_statement(whole.inputs, *statement);
  if (!text) return text.error();
  Result<Json> canonical = parse_json(*text);
  if (!canonical) return canonical;
  const Result<Json> findings = parse_json(whole.findings);
  if (!findings) return findings;
  Json json = run_row_json(whole.run);
  Json gaps = Json::array();
  for (const settlement::Gap& gap : whole.inputs.gaps) {
    gaps.push_back({{"id", gap.id},
                    {"licence", gap.licence},
                    {"from", format_rfc3339(gap.range.from)},
                    {"to", format_rfc3339(gap.range.to)}});
  }
  json["meters"] = (*findings)["meters"];
  json["warnings"] = (*findings)["warnings"];
  json["gaps"] = std::move(gaps);
  json["statement"] = *std::move(canonical);
  return json;
}

std::vector<std::string> parties_of(const settlement::Statement& statement) {
  Names parties;
  for (const settlement::Payout& payout : statement.payouts) parties.insert(payout.payee);
  for (const settlement::LicenceResult& licence : statement.licences) {
    parties.insert(licence.payer);
  }
  return {parties.begin(), parties.end()};
}

Result<Json> party_statement(const Json& whole, std::string_view party) {
  const Json& statement = whole["statement"];
  const Json payouts = filtered(statement["payouts"], member_is("payee", party));
  const Json charges = filtered(statement["licences"], member_is("payer", party));
  if (payouts.empty() && charges.empty()) {
    return Error{ErrorId::kNotFound, "'" + std::string(party) +
                                         "' neither gets nor pays anything in run '" +
                                         whole["id"].get<std::string>() + "'"};
  }
  const Json parts = payouts.empty() ? Json::array() : payouts[0]["parts"];
  const Names assets = assets_behind(statement, parts);
  const Json licences = filtered(statement["licences"], member_in("asset", assets));
  Names licence_ids;
  for (const Json* list : {&licences, &charges}) {
    for (const Json& licence : *list) licence_ids.insert(licence["licence"].get<std::string>());
  }
  Json json = {{"run", whole["id"]},
               {"party", party},
               {"state", whole["state"]},
               {"from", whole["from"]},
               {"to", whole["to"]},
               {"currency", whole["currency"]},
               {"digest", whole["digest"]},
               {"journal", whole["journal"]},
               {"amount", payouts.empty() ? Json() : payouts[0]["amount"]},
               {"parts", parts}};
  json["charges"] = charges;
  json["licences"] = licences;
  json["assets"] = filtered(statement["assets"], member_in("asset", assets));
  json["lines"] = filtered(statement["lines"], member_in("licence", licence_ids));
  json["meters"] = filtered(whole["meters"], member_in("licence", licence_ids));
  json["gaps"] = filtered(whole["gaps"], member_in("licence", licence_ids));
  return json;
}

}  // namespace lineshaft::rights
