// royalty plan | meter | report | run..., statement list | show, pay: profit sharing.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>

#include "app/cli.h"
#include "app/commands/put.h"
#include "app/commands/read_json.h"

namespace lineshaft::app {
namespace {

const std::vector<Column> kPlanColumns{{"asset", "/asset"}, {"mode", "/mode"},
                                       {"award", "/award"}, {"pools", "/pools"},
                                       {"links", "/links"}, {"version", "/version"}};
const std::vector<Column> kMeterColumns{{"licence", "/licence"},
                                        {"tag", "/tag"},
                                        {"kind", "/kind"},
                                        {"silence s", "/silence_max_s"},
                                        {"version", "/version"}};
const std::vector<Column> kReportColumns{
    {"id", "/id"},         {"licence", "/licence"},   {"from", "/from"},
    {"to", "/to"},         {"quantity", "/quantity"}, {"gap", "/gap"},
    {"by", "/recorded_by"}};
const std::vector<Column> kRunColumns{
    {"id", "/id"},           {"state", "/state"},       {"from", "/from"},
    {"to", "/to"},           {"currency", "/currency"}, {"approvals", "/approvals"},
    {"journal", "/journal"}, {"digest", "/digest"}};
const std::vector<Column> kStatementColumns{
    {"run", "/run"}, {"party", "/party"},       {"state", "/state"}, {"from", "/from"},
    {"to", "/to"},   {"currency", "/currency"}, {"gets", "/gets"},   {"pays", "/pays"}};
const std::vector<Column> kPayoutColumns{{"payee", "/payee"}, {"amount", "/amount"}};
const std::vector<Column> kWarningColumns{{"warning", "/code"}, {"of", "/subject"}, {"", "/text"}};
const std::vector<Column> kChangeColumns{
    {"payee", "/payee"}, {"before", "/before"}, {"after", "/after"}, {"difference", "/difference"}};

bool is_as_said(Format format) { return format == Format::kJson || format == Format::kNdjson; }

int list(ApiClient& api, Format format, const std::string& path,
         const std::vector<Column>& columns) {
  const Result<Json> page = api.get(path);
  if (!page) return print_error(page.error());
  print_rows(format, columns, (*page)["items"]);
  return kExitOk;
}

std::string names_of(const Json& approvals) {
  std::string text;
  for (const Json& one : approvals) {
    text += (text.empty() ? "" : ", ") + one["name"].get<std::string>();
  }
  return text;
}

int list_runs(ApiClient& api, Format format) {
  Result<Json> page = api.get("/royalty/runs");
  if (!page) return print_error(page.error());
  if (!is_as_said(format)) {
    for (Json& run : (*page)["items"]) run["approvals"] = names_of(run["approvals"]);
  }
  print_rows(format, kRunColumns, (*page)["items"]);
  return kExitOk;
}

// JSON is the run as the server has it; the table shows who gets what, and what is to be looked at.
int show_whole(Format format, Json run) {
  if (is_as_said(format)) {
    std::cout << run.dump(format == Format::kJson ? 2 : -1) << std::endl;
    return kExitOk;
  }
  run["approvals"] = names_of(run["approvals"]);
  print_object(format, kRunColumns, run);
  std::cout << std::endl;
  print_rows(format, kPayoutColumns, run["statement"]["payouts"]);
  if (!run["warnings"].empty()) {
    std::cout << std::endl;
    print_rows(format, kWarningColumns, run["warnings"]);
  }
  return kExitOk;
}

std::string path_of_run(const std::string& id) { return "/royalty/runs/" + url_encode(id); }

int show_run(ApiClient& api, Format format, const std::string& id) {
  const Result<Json> run = api.get(path_of_run(id));
  if (!run) return print_error(run.error());
  return show_whole(format, *run);
}

int make_run(ApiClient& api, Format format, const std::string& file) {
  const Result<Json> body = read_json(file);
  if (!body) return print_error(body.error());
  const Result<Json> run = api.post("/royalty/runs", *body);
  if (!run) return print_error(run.error());
  return show_whole(format, *run);
}

// Approves the statement as it is now, after showing who gets what.
int approve_run(ApiClient& api, Format format, const std::string& id, const std::string& digest) {
  const Result<Json> run = api.post(path_of_run(id) + "/approve", {{"digest", digest}});
  if (!run) return print_error(run.error());
  Json shown = *run;
  if (!is_as_said(format)) shown["approvals"] = names_of(shown["approvals"]);
  print_object(format, kRunColumns, shown);
  return kExitOk;
}

int change_run(ApiClient& api, Format format, const std::string& id, const char* verb) {
  const Result<Json> run = api.post(path_of_run(id) + "/" + verb, Json::object());
  if (!run) return print_error(run.error());
  Json shown = *run;
  if (!is_as_said(format)) shown["approvals"] = names_of(shown["approvals"]);
  print_object(format, kRunColumns, shown);
  return kExitOk;
}

int what_if(ApiClient& api, Format format, const std::string& id, const std::string& file) {
  const Result<Json> body = read_json(file);
  if (!body) return print_error(body.error());
  const Result<Json> page = api.post(path_of_run(id) + "/what-if", *body);
  if (!page) return print_error(page.error());
  print_rows(format, kChangeColumns, (*page)["items"]);
  return kExitOk;
}

int add_report(ApiClient& api, Format format, const Json& body) {
  const Result<Json> kept = api.post("/royalty/reports", body);
  if (!kept) return print_error(kept.error());
  print_object(format, kReportColumns, *kept);
  return kExitOk;
}

void add_settings(Cli& cli, CLI::App* royalty) {
  CLI::App* plan = royalty->add_subcommand("plan", "How what an asset brings is divided");
  plan->require_subcommand(1);
  CLI::App* plans = plan->add_subcommand("list", "List the plans");
  cli.on_data(plans, [&cli](ApiClient& api) {
    return list(api, cli.format(), "/royalty/plans", kPlanColumns);
  });
  add_put(cli, plan, "a plan", "/royalty/plans", kPlanColumns);
  CLI::App* meter = royalty->add_subcommand("meter", "Which tag tells how much a licence is used");
  meter->require_subcommand(1);
  CLI::App* meters = meter->add_subcommand("list", "List the meters");
  cli.on_data(meters, [&cli](ApiClient& api) {
    return list(api, cli.format(), "/royalty/meters", kMeterColumns);
  });
  add_put(cli, meter, "a meter", "/royalty/meters", kMeterColumns);
}

void add_reports(Cli& cli, CLI::App* royalty) {
  CLI::App* report = royalty->add_subcommand("report", "What licensees declare");
  report->require_subcommand(1);
  auto licence = std::make_shared<std::string>();
  CLI::App* reports = report->add_subcommand("list", "List what was declared");
  reports->add_option("--licence", *licence, "Of this licence alone");
  cli.on_data(reports, [&cli, licence](ApiClient& api) {
    return list(api, cli.format(), "/royalty/reports?licence=" + url_encode(*licence),
                kReportColumns);
  });
  auto fields = std::make_shared<std::map<std::string, std::string>>();
  CLI::App* add = report->add_subcommand("add", "Declare the use of a licence");
  add->add_option("id", (*fields)["id"], "Name of the report; the same again changes nothing")
      ->required();
  add->add_option("licence", (*fields)["licence"], "The licence")->required();
  add->add_option("quantity", (*fields)["quantity"], "1234.50: money or a quantity, as agreed")
      ->required();
  add->add_option("--from", (*fields)["from"], "First day, 2026-11-01")->required();
  add->add_option("--to", (*fields)["to"], "First day after it, 2026-12-01")->required();
  add->add_option("--gap", (*fields)["gap"], "The gap of a meter that it fills");
  add->add_option("--document", (*fields)["document"], "SHA-256 of the paper behind it");
  cli.on_data(add, [&cli, fields](ApiClient& api) {
    Json body = Json::object();
    for (const auto& [name, value] : *fields) body[name] = value;
    return add_report(api, cli.format(), body);
  });
}

// A verb with the id of a run.
template <typename Run>
CLI::App* add_run_verb(Cli& cli, CLI::App* run, const char* verb, const char* help, Run action) {
  auto id = std::make_shared<std::string>();
  CLI::App* command = run->add_subcommand(verb, help);
  command->add_option("id", *id, "The run")->required();
  cli.on_data(command,
              [&cli, id, action](ApiClient& api) { return action(api, cli.format(), *id); });
  return command;
}

void add_runs(Cli& cli, CLI::App* royalty) {
  CLI::App* run = royalty->add_subcommand("run", "Settle a period");
  run->require_subcommand(1);
  CLI::App* runs = run->add_subcommand("list", "List the runs, newest first");
  cli.on_data(runs, [&cli](ApiClient& api) { return list_runs(api, cli.format()); });
  add_run_verb(cli, run, "show", "One run: who gets what, and its warnings", show_run);
  auto file = std::make_shared<std::string>();
  CLI::App* make = run->add_subcommand("make", "Make a run, or make it anew");
  make->add_option("file", *file, "JSON: id, currency, from, to...; - reads stdin")->required();
  cli.on_data(make, [&cli, file](ApiClient& api) { return make_run(api, cli.format(), *file); });
  auto digest = std::make_shared<std::string>();
  add_run_verb(cli, run, "approve", "Approve exactly this statement; it takes two people",
               [digest](ApiClient& api, Format format, const std::string& id) {
                 return approve_run(api, format, id, *digest);
               })
      ->add_option("digest", *digest, "Its digest, as `run show` has it")
      ->required();
  add_run_verb(cli, run, "post", "Post an approved run to the ledger",
               [](ApiClient& api, Format format, const std::string& id) {
                 return change_run(api, format, id, "post");
               });
  add_run_verb(cli, run, "reverse", "Take the newest posted run back",
               [](ApiClient& api, Format format, const std::string& id) {
                 return change_run(api, format, id, "reverse");
               });
  auto changes = std::make_shared<std::string>();
  add_run_verb(cli, run, "what-if", "What each payee would get otherwise",
               [changes](ApiClient& api, Format format, const std::string& id) {
                 return what_if(api, format, id, *changes);
               })
      ->add_option("file", *changes, "JSON: terms, shares, links; - reads stdin")
      ->required();
}

void add_payment(Cli& cli, CLI::App* royalty) {
  auto fields = std::make_shared<std::map<std::string, std::string>>();
  CLI::App* pay = royalty->add_subcommand("pay", "Note money that came in or went out");
  pay->add_option("id", (*fields)["id"], "Name of the payment; the same again changes nothing")
      ->required();
  pay->add_option("direction", (*fields)["direction"], "received or paid")->required();
  pay->add_option("party", (*fields)["party"], "From or to whom")->required();
  pay->add_option("amount", (*fields)["amount"], "1234.50")->required();
  pay->add_option("currency", (*fields)["currency"], "CNY")->required();
  pay->add_option("--on", (*fields)["on"], "Day, 2026-12-01")->required();
  cli.on_data(pay, [&cli, fields](ApiClient& api) {
    Json body = Json::object();
    for (const auto& [name, value] : *fields) body[name] = value;
    const Result<Json> kept = api.post("/royalty/payments", body);
    if (!kept) return print_error(kept.error());
    print_object(cli.format(), {{"journal", "/journal"}, {"repeat", "/repeat"}}, *kept);
    return kExitOk;
  });
}

// JSON is as the server said; the table has the parts in units and exactly.
void add_division(Cli& cli, CLI::App* royalty) {
  auto file = std::make_shared<std::string>();
  CLI::App* divide =
      royalty->add_subcommand("divide", "Divide a common result by what each party adds");
  divide
      ->add_option("file", *file, "JSON: parties, worth of each coalition, centres; - reads stdin")
      ->required();
  cli.on_data(divide, [&cli, file](ApiClient& api) {
    const Result<Json> body = read_json(*file);
    if (!body) return print_error(body.error());
    const Result<Json> found = api.post("/royalty/division", *body);
    if (!found) return print_error(found.error());
    print_rows(cli.format(), {{"party", "/party"}, {"gets", "/units"}, {"exactly", "/value"}},
               (*found)["items"]);
    return kExitOk;
  });
}

int show_statement(ApiClient& api, Format format, const std::string& run,
                   const std::string& party) {
  const Result<Json> statement =
      api.get("/royalty/statements/" + url_encode(run) + "/" + url_encode(party));
  if (!statement) return print_error(statement.error());
  if (is_as_said(format)) {
    std::cout << statement->dump(format == Format::kJson ? 2 : -1) << std::endl;
    return kExitOk;
  }
  print_object(format,
               {{"run", "/run"},
                {"party", "/party"},
                {"from", "/from"},
                {"to", "/to"},
                {"gets", "/amount"},
                {"journal", "/journal"}},
               *statement);
  std::cout << std::endl;
  print_rows(format, {{"for", "/kind"}, {"of", "/source"}, {"amount", "/amount"}},
             (*statement)["parts"]);
  std::cout << std::endl;
  print_rows(format,
             {{"licence", "/licence"},
              {"payer", "/payer"},
              {"base", "/base"},
              {"royalty", "/royalty_due"},
              {"payment", "/payment"},
              {"receipts", "/receipts"}},
             (*statement)[(*statement)["parts"].empty() ? "charges" : "licences"]);
  return kExitOk;
}

// What the server writes for a spreadsheet or for paper.
int save_statement(ApiClient& api, const std::string& run, const std::string& party,
                   const std::string& query, const std::string& path) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  if (!file) return print_error({ErrorId::kIoError, "cannot write " + path});
  const Status done = api.download(
      "/royalty/statements/" + url_encode(run) + "/" + url_encode(party) + "?format=" + query,
      [&](std::string_view piece) -> Status {
        file << piece;
        if (file.good()) return {};
        return Error{ErrorId::kIoError, "writing " + path};
      });
  file.close();
  if (!done) {
    std::filesystem::remove(path);
    return print_error(done.error());
  }
  if (file.fail()) return print_error({ErrorId::kIoError, "writing " + path});
  print_note("saved as " + path);
  return kExitOk;
}

void add_show_statement(Cli& cli, CLI::App* statement) {
  auto fields = std::make_shared<std::map<std::string, std::string>>();
  CLI::App* show = statement->add_subcommand("show", "One statement and what leads to it");
  show->add_option("run", (*fields)["run"], "The run")->required();
  show->add_option("party", (*fields)["party"], "The party")->required();
  show->add_option("--csv", (*fields)["csv"], "Save it for a spreadsheet in this file");
  show->add_option("--pdf", (*fields)["pdf"], "Save it for paper in this file");
  (*fields)["lang"] = "en";
  show->add_option("--lang", (*fields)["lang"], "Words of the PDF: en or zh")
      ->check(CLI::IsMember({"en", "zh"}))
      ->capture_default_str();
  cli.on_data(show, [&cli, fields](ApiClient& api) {
    const std::string& run = (*fields)["run"];
    const std::string& party = (*fields)["party"];
    const std::string& csv = (*fields)["csv"];
    const std::string& pdf = (*fields)["pdf"];
    if (csv.empty() && pdf.empty()) return show_statement(api, cli.format(), run, party);
    int code = kExitOk;
    if (!csv.empty()) code = save_statement(api, run, party, "csv", csv);
    if (code != kExitOk || pdf.empty()) return code;
    return save_statement(api, run, party, "pdf&lang=" + (*fields)["lang"], pdf);
  });
}

}  // namespace

void add_royalty_commands(Cli& cli) {
  CLI::App* royalty = cli.root.add_subcommand("royalty", "Share what licences bring");
  royalty->require_subcommand(1);
  add_settings(cli, royalty);
  add_reports(cli, royalty);
  add_runs(cli, royalty);
  add_payment(cli, royalty);
  add_division(cli, royalty);

  CLI::App* statement = cli.root.add_subcommand("statement", "What parties get and pay");
  statement->require_subcommand(1);
  CLI::App* all = statement->add_subcommand("list", "List statements, newest first");
  cli.on_data(all, [&cli](ApiClient& api) {
    return list(api, cli.format(), "/royalty/statements", kStatementColumns);
  });
  add_show_statement(cli, statement);
}

}  // namespace lineshaft::app
