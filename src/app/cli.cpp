#include "app/cli.h"

#include <iostream>

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
  command->add_option("-o,--output", format_text, "Form of the output")
      ->check(CLI::IsMember({"table", "json", "ndjson", "csv"}))
      ->capture_default_str();
  on(command, [this, run = std::move(run)] {
    Result<ApiClient> client = ApiClient::open(load_access(server));
    if (!client) return print_error(client.error());
    return run(*client);
  });
}

std::unique_ptr<Cli> make_cli() {
  auto cli = std::make_unique<Cli>();
  cli->root.require_subcommand(1);
  cli->root.set_version_flag("--version", std::string("lineshaft ") + kVersion);
  add_serve_commands(*cli);
  add_plant_commands(*cli);
  add_access_commands(*cli);
  add_connection_commands(*cli);
  add_value_commands(*cli);
  add_file_commands(*cli);
  add_self_commands(*cli);
  return cli;
}

int run_cli(int argc, char** argv) {
  const std::unique_ptr<Cli> cli = make_cli();
  if (argc == 1) {
    std::cout << cli->root.help();
    return kExitUsage;
  }
  try {
    cli->root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // The library reports by exceptions, also --help; its own code 0 means help or version.
    const int code = cli->root.exit(error, std::cout, std::cerr);
    return code == 0 ? kExitOk : kExitUsage;
  }
  return cli->exit;
}

}  // namespace lineshaft::app
