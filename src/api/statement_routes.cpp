// Statements of each party, and the money that comes in and goes out for them.
#include <nlohmann/json.hpp>

#include "api/resources.h"
#include "api/rights_view.h"
#include "rights/register_json.h"
#include "rights/royalty_json.h"
#include "rights/royalty_statement.h"
#include "rights/statement_document.h"
#include "settlement/json_reader.h"

namespace lineshaft::api {
namespace {

using settlement::JsonReader;

// --- statements ---

// What each party gets and pays in each run, newest first; of drafts only for who manages.
Result<Reply> list_statements(const Services& services, const Request& request) {
  const Result<rights::View> view = books_view(services, request);
  if (!view) return view.error();
  const auto runs = services.royalties->list_runs(kRegister);
  if (!runs) return runs.error();
  Json items = Json::array();
  for (const rights::RoyaltyRun& run : *runs) {
    if (view->party && run.state != rights::RunState::kPosted) continue;
    const auto whole = services.royalties->get_run(kRegister, run.id);
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
  const Result<rights::View> view = books_view(services, request);
  if (!view) return view.error();
  const std::string party = request.name("party");
  const std::string id = request.name("run");
  const Error unknown{ErrorId::kNotFound,
                      "there is no statement of '" + party + "' in '" + id + "'"};
  if (view->party && *view->party != party) return unknown;
  const auto whole = services.royalties->get_run(kRegister, id);
  if (!whole) return whole.error();
  if (view->party && whole->run.state != rights::RunState::kPosted) return unknown;
  const Result<Json> json = rights::whole_run_json(*whole);
  if (!json) return json;
  return rights::party_statement(*json, party);
}

// What ids of the statement are called, as far as the one who asks may see it.
Result<rights::StatementNames> names_in(const Services& services, const Request& request,
                                        const Json& statement) {
  const Result<rights::View> view = books_view(services, request);
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

std::vector<Route> statement_routes(const Services& services) {
  using identity::Permission;
  const Rule read = Rule::needs(Permission::kRightsRead);
  const Rule manage = Rule::needs(Permission::kSettlementManage);
  return {
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
