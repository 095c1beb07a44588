// What royalties are settled from: plans, rules and meters, and what licensees report.
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/rights_view.h"
#include "rights/royalty_json.h"

namespace lineshaft::api {
namespace {

// --- settings ---

// One object that `put` keeps: read, noted, kept.
template <typename Thing>
Result<Reply> keep(const Services& services, const Request& request,
                   Result<Thing> (*from_json)(const Json&), Json (*to_json)(const Thing&),
                   const char* action, std::string Thing::*name,
                   Result<Thing> (rights::RoyaltyBook::*put)(TenantId, Thing)) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  Result<Thing> thing = from_json(*body);
  if (!thing) return thing.error();
  const std::string object = name == nullptr ? "all" : (*thing).*name;
  if (Status noted = audit(services, request, action, object, dump(*body)); !noted) {
    return noted.error();
  }
  const bool is_new = thing->version == 0;
  const Result<Thing> kept = (services.royalties->*put)(kRegister, *std::move(thing));
  if (!kept) return kept.error();
  return Reply::json(to_json(*kept), is_new ? 201 : 200);
}

Result<Reply> list_plans(const Services& services, const Request& /*request*/) {
  const auto plans = services.royalties->list_plans(kRegister);
  if (!plans) return plans.error();
  return page_of<rights::RoyaltyPlan>(*plans, rights::plan_json);
}
Result<Reply> put_plan(const Services& services, const Request& request) {
  return keep<rights::RoyaltyPlan>(services, request, rights::plan_from_json, rights::plan_json,
                                   "royalty.plan", &rights::RoyaltyPlan::asset,
                                   &rights::RoyaltyBook::put_plan);
}
Result<Reply> get_rules(const Services& services, const Request& /*request*/) {
  const auto rules = services.royalties->rules(kRegister);
  if (!rules) return rules.error();
  return Reply::json(rights::rules_json(*rules));
}
Result<Reply> put_rules(const Services& services, const Request& request) {
  return keep<rights::RoyaltyRules>(services, request, rights::rules_from_json, rights::rules_json,
                                    "royalty.rules", nullptr, &rights::RoyaltyBook::put_rules);
}
Result<Reply> list_meters(const Services& services, const Request& /*request*/) {
  const auto meters = services.royalties->list_meters(kRegister);
  if (!meters) return meters.error();
  return page_of<rights::LicenceMeter>(*meters, rights::meter_json);
}
Result<Reply> put_meter(const Services& services, const Request& request) {
  return keep<rights::LicenceMeter>(services, request, rights::meter_from_json, rights::meter_json,
                                    "royalty.meter", &rights::LicenceMeter::licence,
                                    &rights::RoyaltyBook::put_meter);
}
Result<Reply> remove_meter(const Services& services, const Request& request) {
  const std::string licence = request.name("licence");
  if (Status noted = audit(services, request, "royalty.meter.remove", licence); !noted) {
    return noted.error();
  }
  const Status removed = services.royalties->remove_meter(kRegister, licence);
  if (!removed) return removed.error();
  return Reply::nothing();
}

// --- reports ---

// Of the licences that one is party to.
Result<Reply> list_reports(const Services& services, const Request& request) {
  const Result<rights::View> view = books_view(services, request);
  if (!view) return view.error();
  const auto reports =
      services.royalties->list_reports(kRegister, request.query("licence").value_or(""));
  if (!reports) return reports.error();
  std::vector<rights::UsageReport> seen;
  for (const rights::UsageReport& report : *reports) {
    if (services.licences->get(*view, report.licence)) seen.push_back(report);
  }
  return page_of<rights::UsageReport>(seen, rights::report_json);
}

// The licensee that pays reports; who settles may do it for them.
Status may_report(const Services& services, const Request& request, const std::string& licence) {
  const Result<rights::View> view = books_view(services, request);
  if (!view) return view.error();
  const auto kept = services.licences->get(*view, licence);
  if (!kept) return kept.error();
  if (!view->party) return {};
  const auto terms = rights::terms_of(kept->licence);
  if (!terms) return terms.error();
  if (*terms && (*terms)->payer == *view->party) return {};
  return Error{ErrorId::kDenied, "'" + *view->party + "' does not pay for licence '" + licence +
                                     "', so it cannot report its use"};
}

Result<Reply> add_report(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  Result<rights::UsageReport> report = rights::report_from_json(*body);
  if (!report) return report.error();
  if (Status may = may_report(services, request, report->licence); !may) return may.error();
  if (Status noted = audit(services, request, "royalty.report", report->id, dump(*body)); !noted) {
    return noted.error();
  }
  const auto added =
      services.royalties->add_report(kRegister, *std::move(report), request.principal.name);
  if (!added) return added.error();
  return Reply::json(rights::report_json(*added), 201);
}

}  // namespace

std::vector<Route> royalty_setting_routes(const Services& services) {
  using identity::Permission;
  const Rule read = Rule::needs(Permission::kRightsRead);
  const Rule manage = Rule::needs(Permission::kSettlementManage);
  return {
      {"GET", "/royalty/plans", manage, "How what assets bring is divided", "", "RoyaltyPlanPage",
       bind(services, list_plans)},
      {"PUT", "/royalty/plans", manage, "Set the plan of an asset, or replace a version of it",
       "RoyaltyPlan", "RoyaltyPlan", bind(services, put_plan)},
      {"GET", "/royalty/rules", manage, "How links between assets add up", "", "RoyaltyRules",
       bind(services, get_rules)},
      {"PUT", "/royalty/rules", manage, "Set how links add up", "RoyaltyRules", "RoyaltyRules",
       bind(services, put_rules)},
      {"GET", "/royalty/meters", manage, "Which tags meter which licences", "", "RoyaltyMeterPage",
       bind(services, list_meters)},
      {"PUT", "/royalty/meters", manage, "Set the meter of a licence, or replace a version of it",
       "RoyaltyMeter", "RoyaltyMeter", bind(services, put_meter)},
      {"DELETE", "/royalty/meters/{licence}", manage, "Take the meter of a licence away", "", "",
       bind(services, remove_meter)},
      {"GET", "/royalty/reports", read, "What licensees have declared", "", "UsageReportPage",
       bind(services, list_reports)},
      {"POST", "/royalty/reports", read, "Declare the use of a licence that one pays for",
       "UsageReport", "UsageReport", bind(services, add_report)},
  };
}

}  // namespace lineshaft::api
