// Royalties: how they are divided, what is metered and reported, runs with two approvals,
// statements.
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/rights_view.h"
#include "rights/register_json.h"
#include "rights/royalty_json.h"
#include "rights/royalty_statement.h"
#include "rights/statement_document.h"
#include "settlement/json_reader.h"
#include "settlement/run_json.h"

namespace lineshaft::api {
namespace {

using rights::WholeRun;
using settlement::JsonReader;

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
  const Result<Thing> kept = (services.royalties->*put)(request.tenant(), *std::move(thing));
  if (!kept) return kept.error();
  return Reply::json(to_json(*kept), is_new ? 201 : 200);
}

Result<Reply> list_plans(const Services& services, const Request& request) {
  const auto plans = services.royalties->list_plans(request.tenant());
  if (!plans) return plans.error();
  return page_of<rights::RoyaltyPlan>(*plans, rights::plan_json);
}
Result<Reply> put_plan(const Services& services, const Request& request) {
  return keep<rights::RoyaltyPlan>(services, request, rights::plan_from_json, rights::plan_json,
                                   "royalty.plan", &rights::RoyaltyPlan::asset,
                                   &rights::RoyaltyBook::put_plan);
}
Result<Reply> get_rules(const Services& services, const Request& request) {
  const auto rules = services.royalties->rules(request.tenant());
  if (!rules) return rules.error();
  return Reply::json(rights::rules_json(*rules));
}
Result<Reply> put_rules(const Services& services, const Request& request) {
  return keep<rights::RoyaltyRules>(services, request, rights::rules_from_json, rights::rules_json,
                                    "royalty.rules", nullptr, &rights::RoyaltyBook::put_rules);
}
Result<Reply> list_meters(const Services& services, const Request& request) {
  const auto meters = services.royalties->list_meters(request.tenant());
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
  const Status removed = services.royalties->remove_meter(request.tenant(), licence);
  if (!removed) return removed.error();
  return Reply::nothing();
}

// --- reports ---

// Of the licences that one is party to.
Result<Reply> list_reports(const Services& services, const Request& request) {
  const Result<rights::View> view = rights_view(services, request);
  if (!view) return view.error();
  const auto reports =
      services.royalties->list_reports(request.tenant(), request.query("licence").value_or(""));
  if (!reports) return reports.error();
  std::vector<rights::UsageReport> seen;
  for (const rights::UsageReport& report : *reports) {
    if (services.licences->get(*view, report.licence)) seen.push_back(report);
  }
  return page_of<rights::UsageReport>(seen, rights::report_json);
}

// The licensee that pays reports; who manages the register may do it for them.
Status may_report(const Services& services, const Request& request, const std::string& licence) {
  const Result<rights::View> view = rights_view(services, request);
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
      services.royalties->add_report(request.tenant(), *std::move(report), request.principal.name);
  if (!added) return added.error();
  return Reply::json(rights::report_json(*added), 201);
}

// --- runs ---

Result<Json> whole_json(const WholeRun& whole) {
  const auto statement = settlement::settle(whole.inputs);
  if (!statement) return statement.error();
  return rights::whole_run_json(whole, *statement);
}

rights::Person person_of(const Request& request) {
  return {std::to_string(request.principal.id), request.principal.name};
}

Result<Reply> list_runs(const Services& services, const Request& request) {
  const auto runs = services.royalties->list_runs(request.tenant());
  if (!runs) return runs.error();
  return page_of<rights::RoyaltyRun>(*runs, rights::run_row_json);
}

Result<Reply> get_run(const Services& services, const Request& request) {
  const auto whole = services.royalties->get_run(request.tenant(), request.name("run"));
  if (!whole) return whole.error();
  const Result<Json> json = whole_json(*whole);
  if (!json) return json.error();
  return Reply::json(*json);
}

// The bytes whose hash was approved.
Result<Reply> get_canonical(const Services& services, const Request& request) {
  const auto whole = services.royalties->get_run(request.tenant(), request.name("run"));
  if (!whole) return whole.error();
  const auto statement = settlement::settle(whole->inputs);
  if (!statement) return statement.error();
  const auto text = settlement::canonical_statement(whole->inputs, *statement);
  if (!text) return text.error();
  Reply reply;
  reply.body = *text;
  return reply;
}

Result<Reply> make_run(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto wanted = rights::run_request_from_json(*body);
  if (!wanted) return wanted.error();
  if (Status noted = audit(services, request, "royalty.run.make", wanted->id, dump(*body));
      !noted) {
    return noted.error();
  }
  const auto whole = services.royalties->make_run(request.tenant(), *wanted, person_of(request));
  if (!whole) return whole.error();
  const Result<Json> json = whole_json(*whole);
  if (!json) return json.error();
  return Reply::json(*json, 201);
}

// A person, not a program: two of them must have looked.
Result<Reply> approve_run(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  if (Status known = only_fields(*body, {"digest"}); !known) return known.error();
  const Result<std::string> digest = required_string(*body, "digest");
  if (!digest) return digest.error();
  if (request.principal.kind != identity::PrincipalKind::kUser) {
    return Error{ErrorId::kDenied, "a royalty run is approved by people, not by a token"};
  }
  const std::string id = request.name("run");
  if (Status noted = audit(services, request, "royalty.run.approve", id, *digest); !noted) {
    return noted.error();
  }
  const auto run = services.royalties->approve(request.tenant(), id, *digest, person_of(request));
  if (!run) return run.error();
  return Reply::json(rights::run_row_json(*run));
}

Result<Reply> change_run(
    const Services& services, const Request& request, const char* action,
    Result<rights::RoyaltyRun> (rights::RoyaltyBook::*change)(TenantId, std::string_view)) {
  const std::string id = request.name("run");
  if (Status noted = audit(services, request, action, id); !noted) return noted.error();
  const auto run = (services.royalties->*change)(request.tenant(), id);
  if (!run) return run.error();
  return Reply::json(rights::run_row_json(*run));
}
Result<Reply> post_run(const Services& services, const Request& request) {
  return change_run(services, request, "royalty.run.post", &rights::RoyaltyBook::post);
}
Result<Reply> reverse_run(const Services& services, const Request& request) {
  return change_run(services, request, "royalty.run.reverse", &rights::RoyaltyBook::reverse);
}

settlement::AssetPlan shares_from(JsonReader& reader) {
  reader.only({"asset", "shares"});
  settlement::AssetPlan plan;
  plan.id = reader.text("asset");
  plan.owners.push_back({{}, reader.list<settlement::Share>("shares", [](JsonReader& share) {
                           share.only({"party", "weight"});
                           return settlement::Share{
                               share.text("party"),
                               share.number("weight", 0, 1, rights::kWeightMax)};
                         })});
  return plan;
}

Result<rights::WhatIf> what_if_from_json(const Json& body) {
  JsonReader reader(body);
  reader.only({"terms", "shares", "links"});
  rights::WhatIf changes;
  if (reader.has("terms") && body["terms"].is_array()) {
    for (const Json& terms : body["terms"]) {
      changes.terms.push_back(reader.take("terms", settlement::terms_from_json(terms)));
    }
  }
  changes.shares = reader.list<settlement::AssetPlan>("shares", shares_from);
  if (reader.has("links")) {
    changes.links = reader.list<settlement::Link>("links", [](JsonReader& link) {
      link.only({"from", "to", "rate", "base"});
      return settlement::Link{link.text("from"), link.text("to"), link.rate("rate"),
                              link.one_of("base", settlement::kLinkBases)};
    });
  }
  if (reader.problem() != nullptr) return *reader.problem();
  return changes;
}

Result<Reply> what_if(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  const auto changes = what_if_from_json(*body);
  if (!changes) return changes.error();
  const std::string id = request.name("run");
  const auto found = services.royalties->what_if(request.tenant(), id, *changes);
  if (!found) return found.error();
  const auto whole = services.royalties->get_run(request.tenant(), id);
  if (!whole) return whole.error();
  const auto text = [&](Int128 amount) { return amount_text({amount, whole->run.currency}); };
  Json items = Json::array();
  for (const settlement::PayeeChange& change : *found) {
    items.push_back({{"payee", change.payee},
                     {"before", text(change.before)},
                     {"after", text(change.after)},
                     {"difference", text(change.after - change.before)}});
  }
  const std::size_t total = items.size();
  return Reply::json({{"items", std::move(items)}, {"total", total}});
}

// --- statements ---

// What each party gets and pays in each run, newest first; of drafts only for who manages.
Result<Reply> list_statements(const Services& services, const Request& request) {
  const Result<rights::View> view = rights_view(services, request);
  if (!view) return view.error();
  const auto runs = services.royalties->list_runs(request.tenant());
  if (!runs) return runs.error();
  Json items = Json::array();
  for (const rights::RoyaltyRun& run : *runs) {
    if (view->party && run.state != rights::RunState::kPosted) continue;
    const auto whole = services.royalties->get_run(request.tenant(), run.id);
    if (!whole) return whole.error();
    const auto statement = settlement::settle(whole->inputs);
    if (!statement) return statement.error();
    for (const std::string& party : rights::parties_of(*statement)) {
      if (view->party && *view->party != party) continue;
      Int128 paid = 0;
      Int128 charged = 0;
      for (const auto& payout : statement->payouts) {
        if (payout.payee == party) paid += payout.amount;
      }
      for (const auto& licence : statement->licences) {
        if (licence.payer == party) charged += licence.payment;
      }
      items.push_back({{"run", run.id},
                       {"party", party},
                       {"state", rights::name_of(run.state)},
                       {"from", day_text(run.from)},
                       {"to", day_text(run.to)},
                       {"currency", run.currency.code()},
                       {"gets", amount_text({paid, run.currency})},
                       {"pays", amount_text({charged, run.currency})}});
    }
  }
  const std::size_t total = items.size();
  return Reply::json({{"items", std::move(items)}, {"total", total}});
}

Result<Json> statement_json(const Services& services, const Request& request) {
  const Result<rights::View> view = rights_view(services, request);
  if (!view) return view.error();
  const std::string party = request.name("party");
  const std::string id = request.name("run");
  const Error unknown{ErrorId::kNotFound,
                      "there is no statement of '" + party + "' in '" + id + "'"};
  if (view->party && *view->party != party) return unknown;
  const auto whole = services.royalties->get_run(request.tenant(), id);
  if (!whole) return whole.error();
  if (view->party && whole->run.state != rights::RunState::kPosted) return unknown;
  const Result<Json> json = whole_json(*whole);
  if (!json) return json;
  return rights::party_statement(*json, party);
}

// What ids of the statement are called, as far as the one who asks may see it.
Result<rights::StatementNames> names_in(const Services& services, const Request& request,
                                        const Json& statement) {
  const Result<rights::View> view = rights_view(services, request);
  if (!view) return view.error();
  rights::StatementNames names;
  const auto parties = services.rights->list_parties(*view);
  if (!parties) return parties.error();
  for (const rights::Party& party : *parties) names.parties[party.id] = party.name;
  const auto add = [&](const Json& id) {
    const auto asset = services.rights->get_asset(*view, id.get<std::string>());
    if (asset) names.assets[asset->id] = asset->title;
  };
  for (const Json& asset : statement["assets"]) {
    add(asset["asset"]);
    for (const Json& passed : asset["passed"]) add(passed["to"]);
  }
  for (const Json& charge : statement["charges"]) add(charge["asset"]);
  return names;
}

Reply file_reply(std::string body, const char* type, const Json& statement, const char* ending) {
  Reply reply;
  reply.body = std::move(body);
  reply.content_type = type;
  reply.headers.emplace_back("content-disposition", "attachment; filename=\"statement-" +
                                                        statement["run"].get<std::string>() + "-" +
                                                        statement["party"].get<std::string>() +
                                                        ending + "\"");
  return reply;
}

Result<Reply> get_statement(const Services& services, const Request& request) {
  const std::string format = request.query("format").value_or("json");
  const std::string language = request.query("lang").value_or("en");
  if (format != "json" && format != "csv" && format != "pdf") {
    return Error{ErrorId::kInvalidArgument, "format: must be json, csv or pdf"};
  }
  if (language != "en" && language != "zh") {
    return Error{ErrorId::kInvalidArgument, "lang: must be en or zh"};
  }
  const Result<Json> json = statement_json(services, request);
  if (!json) return json.error();
  if (format == "json") return Reply::json(*json);
  const Result<rights::StatementNames> names = names_in(services, request, *json);
  if (!names) return names.error();
  if (format == "csv") {
    return file_reply(rights::statement_csv(*json, *names), "text/csv; charset=utf-8", *json,
                      ".csv");
  }
  const auto words =
      language == "zh" ? rights::DocumentLanguage::kChinese : rights::DocumentLanguage::kEnglish;
  return file_reply(rights::statement_pdf(*json, *names, words), "application/pdf", *json, ".pdf");
}

// --- money ---

Result<Reply> pay(const Services& services, const Request& request) {
  const Result<Json> body = request.body();
  if (!body) return body.error();
  JsonReader reader(*body);
  reader.only({"id", "party", "direction", "amount", "currency", "on"});
  const std::string id = reader.text("id");
  reader.fail_if(rights::check_id("id", id));
  if (id.size() > rights::kRunIdBytesMax) reader.fail("id: has more than 48 characters");
  const std::string party = reader.text("party");
  constexpr std::array<std::pair<const char*, bool>, 2> kDirections = {
      {{"received", true}, {"paid", false}}};
  const bool is_paid_in = reader.one_of("direction", kDirections);
  const std::string code = reader.text("currency");
  const Currency currency =
      reader.problem() != nullptr ? Currency() : reader.take("currency", Currency::parse(code));
  const Int128 amount = reader.amount("amount", currency);
  const std::string on = reader.text("on");
  const Day day = reader.problem() != nullptr ? Day{} : reader.take("on", parse_day(on));
  if (reader.problem() != nullptr) return *reader.problem();
  if (Status noted = audit(services, request, "royalty.payment", id, dump(*body)); !noted) {
    return noted.error();
  }
  const auto receipt = services.royalties->pay(id, party, is_paid_in, {amount, currency}, day);
  if (!receipt) return receipt.error();
  return Reply::json({{"journal", receipt->sequence.value}, {"repeat", receipt->is_repeat}}, 201);
}

}  // namespace

std::vector<Route> royalty_routes(const Services& services) {
  using identity::Permission;
  const Rule read = Rule::needs(Permission::kRightsRead);
  const Rule manage = Rule::needs(Permission::kRightsManage);
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
      {"GET", "/royalty/runs", manage, "Royalty runs, newest first", "", "RoyaltyRunPage",
       bind(services, list_runs)},
      {"POST", "/royalty/runs", manage, "Make a run, or make it anew", "RoyaltyRunRequest",
       "WholeRoyaltyRun", bind(services, make_run)},
      {"GET", "/royalty/runs/{run}", manage, "A run with its statement", "", "WholeRoyaltyRun",
       bind(services, get_run)},
      {"GET", "/royalty/runs/{run}/statement", manage,
       "The canonical statement, byte for byte, whose SHA-256 is approved", "", "RoyaltyStatement",
       bind(services, get_canonical)},
      {"POST", "/royalty/runs/{run}/approve", manage,
       "Approve exactly this statement; it takes two people", "RoyaltyApproval", "RoyaltyRun",
       bind(services, approve_run)},
      {"POST", "/royalty/runs/{run}/post", manage, "Post an approved run to the ledger", "",
       "RoyaltyRun", bind(services, post_run)},
      {"POST", "/royalty/runs/{run}/reverse", manage, "Take the newest posted run back", "",
       "RoyaltyRun", bind(services, reverse_run)},
      {"POST", "/royalty/runs/{run}/what-if", manage,
       "What each payee would get with other terms, shares or links", "RoyaltyWhatIf",
       "RoyaltyChangePage", bind(services, what_if)},
      {"GET", "/royalty/statements", read, "What each party gets and pays in each run", "",
       "RoyaltyStatementPage", bind(services, list_statements)},
      {"GET", "/royalty/statements/{run}/{party}", read,
       "What a party gets and pays, and what leads there; ?format=csv or pdf (&lang=zh) as a file",
       "", "PartyStatement", bind(services, get_statement)},
      {"POST", "/royalty/payments", manage, "Note money that a party paid in, or was paid",
       "RoyaltyPayment", "RoyaltyPaymentReceipt", bind(services, pay)},
  };
}

}  // namespace lineshaft::api
