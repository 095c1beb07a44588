#include "app/cli.h"

#include <algorithm>
#include <iostream>
#include <vector>

namespace lineshaft::app {

Format Cli::format() const {
  if (format_text == "json") return Format::kJson;
  if (format_text == "ndjson") return Format::kNdjson;
  if (format_text == "csv") return Format::kCsv;
  return Format::kTable;
}

void Cli::on(CLI::App* command, std::function<int()> run) {
  command->callback([this, run = std::move(run)] { exit = run(); });
}

void Cli::on_api(CLI::App* command, std::function<int(ApiClient&)> run) {
  command->add_option("--server", server, "Address of the server, https://host:port");
  on(command, [this, run = std::move(run)] {
    Result<ApiClient> client = ApiClient::open(load_access(server));
    if (!client) return print_error(client.error());
    return run(*client);
  });
}

void Cli::on_data(CLI::App* command, std::function<int(ApiClient&)> run) {
  add_output(command);
  on_api(command, std::move(run));
}

void Cli::add_output(CLI::App* command) {
  command->add_option("-o,--output", format_text, "Form of the output")
      ->check(CLI::IsMember({"table", "json", "ndjson", "csv"}))
      ->capture_default_str();
}

namespace {

struct Group {
  void (*add)(Cli&);
  std::vector<std::string_view> nouns;
};

const std::vector<Group> kGroups{
    {add_serve_commands, {"serve", "doctor"}},
    {add_plant_commands, {"sim"}},
    {add_organisation_commands, {"organisation", "signup", "usage"}},
    {add_access_commands, {"claim", "login", "logout", "user", "session", "recover", "token"}},
    {add_audit_commands, {"audit"}},
    {add_duty_commands, {"access"}},
    {add_provider_commands, {"provider"}},
    {add_connection_commands, {"connect", "write"}},
    {add_template_commands, {"template"}},
    {add_flow_commands, {"flow"}},
    {add_value_commands, {"tag", "query"}},
    {add_file_commands, {"import", "export"}},
    {add_backup_commands, {"backup", "restore"}},
    {add_historian_commands, {"historian"}},
    {add_ledger_commands, {"ledger"}},
    {add_retention_commands, {"retention", "erase"}},
    {add_rights_commands, {"asset", "party"}},
    {add_licence_commands, {"licence"}},
    {add_royalty_commands, {"royalty", "statement"}},
    {add_project_commands, {"project"}},
    {add_agreement_commands, {"agreement"}},
    {add_cert_commands, {"cert"}},
    {add_key_commands, {"key"}},
    {add_deadline_commands, {"deadline"}},
    {add_vault_commands, {"vault"}},
    {add_decommission_command, {"decommission"}},
    {add_bench_commands, {"bench"}},
    {add_self_commands, {"version", "completion", "man"}},
};

}  // namespace

std::unique_ptr<Cli> make_cli(std::string_view noun) {
  auto cli = std::make_unique<Cli>();
  cli->root.require_subcommand(1);
  cli->root.set_version_flag("--version", std::string("lineshaft ") + kVersion);
  const auto named = std::ranges::find_if(
      kGroups, [&](const Group& group) { return std::ranges::count(group.nouns, noun) > 0; });
  for (const Group& group : kGroups) {
    if (named == kGroups.end() || &group == &*named) group.add(*cli);
  }
  return cli;
}

namespace {

// What is wrong with a command line, in words. The library says "A subcommand is required" whatever
// was typed: the command that was reached knows better.
std::string usage_problem(const CLI::App& root, const CLI::ParseError& error) {
  const CLI::App* reached = &root;
  std::string words = root.get_name();
  while (!reached->get_subcommands().empty()) {
    reached = reached->get_subcommands().front();
    words += " " + reached->get_name();
  }
  std::string verbs;
  for (const CLI::App* verb : reached->get_subcommands([](const CLI::App*) { return true; })) {
    verbs += (verbs.empty() ? "" : ", ") + verb->get_name();
  }
  if (verbs.empty()) return words + ": " + error.what();
  const std::vector<std::string> typed = reached->remaining();
  return words + (typed.empty() ? "" : ": '" + typed.front() + "' is not a command here") +
         (typed.empty() ? " needs one of: " : "; there are: ") + verbs;
}

}  // namespace

int run_cli(int argc, char** argv) {
  const std::unique_ptr<Cli> cli = make_cli(argc > 1 ? argv[1] : "");
  if (argc == 1) {
    std::cerr << cli->root.help();
    return kExitUsage;
  }
  try {
    cli->root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // The library reports by exceptions, also --help; its own code 0 means help or version.
    if (error.get_exit_code() == 0) return cli->root.exit(error, std::cout, std::cerr);
    return print_error({ErrorId::kUsage, usage_problem(cli->root, error)});
  }
  return cli->exit;
}

}  // namespace lineshaft::app
