// licence list | show | put | check | approve | end.
#include <iostream>

#include "app/cli.h"
#include "app/commands/put.h"

namespace lineshaft::app {
namespace {

const std::vector<Column> kLicenceColumns{{"id", "/id"},
                                          {"kind", "/kind"},
                                          {"status", "/status"},
                                          {"licensors", "/licensors"},
                                          {"licensees", "/licensees"},
                                          {"assets", "/assets"},
                                          {"from", "/from"},
                                          {"to", "/to"}};
const std::vector<Column> kFactColumns{{"id", "/id"},
                                       {"kind", "/kind"},
                                       {"status", "/status"},
                                       {"licensors", "/licensors"},
                                       {"licensees", "/licensees"},
                                       {"assets", "/assets"},
                                       {"fields", "/fields"},
                                       {"territories", "/territories"},
                                       {"from", "/from"},
                                       {"to", "/to"},
                                       {"terms", "/terms"},
                                       {"approved by", "/approvals"},
                                       {"version", "/version"},
                                       {"digest", "/digest"}};
const std::vector<Column> kConflictColumns{
    {"conflict", "/kind"}, {"asset", "/asset"}, {"with", "/licence"}, {"why", "/why"}};

bool is_as_said(Format format) { return format == Format::kJson || format == Format::kNdjson; }

std::string joined(const Json& words) {
  std::string text;
  for (const Json& word : words) text += (text.empty() ? "" : ", ") + word.get<std::string>();
  return text;
}

// In a table a list stands in one cell.
Json in_cells(Format format, Json licence) {
  if (is_as_said(format)) return licence;
  for (const char* list : {"licensors", "licensees", "assets", "fields", "territories"}) {
    licence[list] = joined(licence[list]);
  }
  std::string approvals;
  for (const Json& approval : licence["approvals"]) {
    approvals += (approvals.empty() ? "" : ", ") + approval["party"].get<std::string>() + " (" +
                 approval["by"].get<std::string>() + ")";
  }
  licence["approvals"] = approvals;
  return licence;
}

std::string path_of(const std::string& id) { return "/rights/licences/" + url_encode(id); }

int list(ApiClient& api, Format format) {
  const Result<Json> page = api.get("/rights/licences");
  if (!page) return print_error(page.error());
  Json rows = Json::array();
  for (const Json& item : (*page)["items"]) rows.push_back(in_cells(format, item));
  print_rows(format, kLicenceColumns, rows);
  return kExitOk;
}

int show(Format format, const Result<Json>& licence) {
  if (!licence) return print_error(licence.error());
  print_object(format, kFactColumns, in_cells(format, *licence));
  return kExitOk;
}

int check(ApiClient& api, Format format, const std::string& id) {
  const Result<Json> page = api.get(path_of(id) + "/conflicts");
  if (!page) return print_error(page.error());
  print_rows(format, kConflictColumns, (*page)["items"]);
  if ((*page)["items"].empty()) print_note("nothing stands against it");
  return kExitOk;
}

}  // namespace

void add_licence_commands(Cli& cli) {
  CLI::App* licence = cli.root.add_subcommand("licence", "Licences of intellectual property");
  licence->require_subcommand(1);
  CLI::App* all = licence->add_subcommand("list", "List the licences one is party to");
  cli.on_data(all, [&cli](ApiClient& api) { return list(api, cli.format()); });
  auto id = std::make_shared<std::string>();
  const auto add = [&](const char* verb, const char* help) {
    CLI::App* command = licence->add_subcommand(verb, help);
    command->add_option("id", *id, "The licence")->required();
    return command;
  };
  cli.on_data(add("show", "One licence with its digest"),
              [&cli, id](ApiClient& api) { return show(cli.format(), api.get(path_of(*id))); });
  add_put(cli, licence, "a draft", "/rights/licences", kLicenceColumns);
  cli.on_data(add("check", "What stands against signing it now"),
              [&cli, id](ApiClient& api) { return check(api, cli.format(), *id); });
  auto digest = std::make_shared<std::string>();
  CLI::App* approve = add("approve", "Approve exactly this text for the party one speaks for");
  approve->add_option("digest", *digest, "Its digest, as `licence show` has it")->required();
  cli.on_data(approve, [&cli, id, digest](ApiClient& api) {
    return show(cli.format(), api.post(path_of(*id) + "/approve", {{"digest", *digest}}));
  });
  auto day = std::make_shared<std::string>();
  CLI::App* end = add("end", "End a signed licence before its time");
  end->add_option("--on", *day, "The first day without it, 2026-12-01")->required();
  cli.on_data(end, [&cli, id, day](ApiClient& api) {
    return show(cli.format(), api.post(path_of(*id) + "/end", {{"on", *day}}));
  });
}

}  // namespace lineshaft::app
