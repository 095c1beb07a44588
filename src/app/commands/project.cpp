// project: list | show | put | accept | decline | enter | withdraw | evidence.
#include <iostream>

#include "app/cli.h"
#include "app/commands/read_json.h"
#include "app/commands/shares.h"

namespace lineshaft::app {
namespace {

const std::vector<Column> kProjectColumns{
    {"id", "/id"}, {"title", "/title"},     {"lead", "/lead"},      {"from", "/from"},
    {"to", "/to"}, {"parties", "/answers"}, {"version", "/version"}};
const std::vector<Column> kEntryColumns{{"sequence", "/sequence"}, {"kind", "/kind"},
                                        {"party", "/party"},       {"what", "/what"},
                                        {"recorded", "/recorded"}, {"withdrawn", "/withdrawn"}};
const std::vector<Column> kEvidenceColumns{
    {"same", "/same"}, {"samples", "/samples"}, {"sha256", "/sha256"}};

std::string path_of(const std::string& id) { return "/projects/" + url_encode(id); }

// "hub accepted, firm invited".
std::string answers_text(const Json& answers) {
  std::string text;
  for (const Json& one : answers) {
    text += (text.empty() ? "" : ", ") + one["party"].get<std::string>() + " " +
            one["answer"].get<std::string>();
  }
  return text;
}

// What an entry is about, in one cell.
std::string what_of(const Json& entry) {
  if (entry["data"].is_object()) {
    return entry["data"]["tag"].get<std::string>() + ", " + entry["data"]["samples"].dump() +
           " samples";
  }
  std::string text = entry["asset"].get<std::string>();
  for (const char* member : {"text", "amount"}) {
    const std::string more = entry[member].get<std::string>();
    if (!more.empty()) text += (text.empty() ? "" : ": ") + more;
  }
  return text;
}

void print_project(Format format, Json project) {
  if (is_as_said(format)) {
    std::cout << project.dump(format == Format::kJson ? 2 : -1) << std::endl;
    return;
  }
  Json entries = std::move(project["entries"]);
  project["answers"] = answers_text(project["answers"]);
  print_object(format, kProjectColumns, project);
  if (entries.empty()) return;
  for (Json& entry : entries) entry["what"] = what_of(entry);
  std::cout << std::endl;
  print_rows(format, kEntryColumns, entries);
}

int print_answer(Format format, const Result<Json>& project) {
  if (!project) return print_error(project.error());
  print_project(format, *project);
  return kExitOk;
}

int list_projects(ApiClient& api, Format format) {
  Result<Json> projects = api.get("/projects");
  if (!projects) return print_error(projects.error());
  Json& items = (*projects)["items"];
  if (!is_as_said(format)) {
    for (Json& item : items) item["answers"] = answers_text(item["answers"]);
  }
  print_rows(format, kProjectColumns, items);
  return kExitOk;
}

int put_project(ApiClient& api, Format format, const std::string& file) {
  const Result<Json> json = read_json(file);
  if (!json) return print_error(json.error());
  return print_answer(format, api.put("/projects", *json));
}

int enter(ApiClient& api, Format format, const std::string& id, const std::string& file) {
  const Result<Json> json = read_json(file);
  if (!json) return print_error(json.error());
  Result<Json> kept = api.post(path_of(id) + "/entries", *json);
  if (!kept) return print_error(kept.error());
  if (!is_as_said(format)) (*kept)["what"] = what_of(*kept);
  print_object(format, kEntryColumns, *kept);
  return kExitOk;
}

void add_answer(Cli& cli, CLI::App* project, const char* verb, const char* what, bool accepts) {
  auto id = std::make_shared<std::string>();
  CLI::App* command = project->add_subcommand(verb, what);
  command->add_option("id", *id, "The project")->required();
  cli.on_data(command, [&cli, id, accepts](ApiClient& api) {
    return print_answer(cli.format(), api.post(path_of(*id) + "/answer", {{"accept", accepts}}));
  });
}

void add_entry_commands(Cli& cli, CLI::App* project) {
  auto id = std::make_shared<std::string>();
  auto file = std::make_shared<std::string>();
  CLI::App* entry =
      project->add_subcommand("enter", "Declare background, name a result, enter a contribution");
  entry->add_option("id", *id, "The project")->required();
  entry->add_option("file", *file, "JSON as the API has it; - reads stdin")->required();
  cli.on_data(entry,
              [&cli, id, file](ApiClient& api) { return enter(api, cli.format(), *id, *file); });
  auto sequence = std::make_shared<std::uint32_t>(0);
  CLI::App* withdraw =
      project->add_subcommand("withdraw", "Withdraw an entry; it stays and says so");
  withdraw->add_option("id", *id, "The project")->required();
  withdraw->add_option("sequence", *sequence, "Number of the entry")->required();
  cli.on_api(withdraw, [id, sequence](ApiClient& api) {
    const Result<Json> done =
        api.post(path_of(*id) + "/entries/" + std::to_string(*sequence) + "/withdraw", Json());
    return done ? kExitOk : print_error(done.error());
  });
  CLI::App* evidence =
      project->add_subcommand("evidence", "Read contributed data again and compare their hash");
  evidence->add_option("id", *id, "The project")->required();
  evidence->add_option("sequence", *sequence, "Number of the entry")->required();
  cli.on_data(evidence, [&cli, id, sequence](ApiClient& api) {
    const Result<Json> check =
        api.get(path_of(*id) + "/entries/" + std::to_string(*sequence) + "/evidence");
    if (!check) return print_error(check.error());
    print_object(cli.format(), kEvidenceColumns, *check);
    return (*check)["same"].get<bool>() ? kExitOk : exit_code(ErrorCode::kCorrupt);
  });
}

}  // namespace

void add_project_commands(Cli& cli) {
  CLI::App* project = cli.root.add_subcommand("project", "Joint projects of centres and firms");
  project->require_subcommand(1);
  CLI::App* list = project->add_subcommand("list", "List the projects to which you are invited");
  cli.on_data(list, [&cli](ApiClient& api) { return list_projects(api, cli.format()); });
  auto id = std::make_shared<std::string>();
  CLI::App* show = project->add_subcommand("show", "One project and what was entered for it");
  show->add_option("id", *id, "The project")->required();
  cli.on_data(show, [&cli, id](ApiClient& api) {
    return print_answer(cli.format(), api.get(path_of(*id)));
  });
  auto file = std::make_shared<std::string>();
  CLI::App* put = project->add_subcommand("put", "Make a project, or replace its version");
  put->add_option("file", *file, "JSON as the API has it; - reads stdin")->required();
  cli.on_data(put, [&cli, file](ApiClient& api) { return put_project(api, cli.format(), *file); });
  add_answer(cli, project, "accept", "Accept the invitation for the party you speak for", true);
  add_answer(cli, project, "decline", "Decline the invitation for the party you speak for", false);
  add_entry_commands(cli, project);
}

}  // namespace lineshaft::app
