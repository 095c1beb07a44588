// app/cli.h: the command table: `lineshaft <noun> <verb>`. One table for the parser, the
// completions and the manual page. Each file in commands/ adds its nouns.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "app/api_client.h"
#include "app/output.h"

namespace lineshaft::app {

inline constexpr const char* kVersion = LINESHAFT_VERSION;

// What every command shares, and the exit code of the one that ran.
struct Cli {
  CLI::App root{"Connects machines, keeps their values, and shows them.", "lineshaft"};
  std::string server;  // --server
  std::string format_text = "table";
  int exit = kExitOk;

  Format format() const;
  // Makes `run` the action of `command`; its result is the exit code.
  void on(CLI::App* command, std::function<int()> run);
  // The same with a client of the API; a failure to make one is printed.
  void on_api(CLI::App* command, std::function<int(ApiClient&)> run);
  // The same for a command that prints rows or objects: with --output.
  void on_data(CLI::App* command, std::function<int(ApiClient&)> run);
  void add_output(CLI::App* command);
};

// Each adds the nouns that the table in cli.cpp says.
void add_serve_commands(Cli& cli);
void add_plant_commands(Cli& cli);
void add_organisation_commands(Cli& cli);
void add_access_commands(Cli& cli);
void add_audit_commands(Cli& cli);
void add_duty_commands(Cli& cli);
void add_provider_commands(Cli& cli);
void add_connection_commands(Cli& cli);
void add_template_commands(Cli& cli);
void add_flow_commands(Cli& cli);
void add_value_commands(Cli& cli);
void add_file_commands(Cli& cli);
void add_historian_commands(Cli& cli);
void add_ledger_commands(Cli& cli);
void add_backup_commands(Cli& cli);
void add_retention_commands(Cli& cli);
void add_rights_commands(Cli& cli);
void add_licence_commands(Cli& cli);
void add_royalty_commands(Cli& cli);
void add_project_commands(Cli& cli);
void add_agreement_commands(Cli& cli);
void add_cert_commands(Cli& cli);
void add_key_commands(Cli& cli);
void add_deadline_commands(Cli& cli);
void add_vault_commands(Cli& cli);
void add_decommission_command(Cli& cli);
void add_bench_commands(Cli& cli);
void add_self_commands(Cli& cli);

// Parses and runs. Returns the exit code.
int run_cli(int argc, char** argv);

// The command table: of the nouns that are added together with `noun`, where that is one, else
// whole. To build all of it takes longer than most commands.
std::unique_ptr<Cli> make_cli(std::string_view noun = {});

}  // namespace lineshaft::app
