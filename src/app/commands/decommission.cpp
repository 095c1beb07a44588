// decommission.
#include "app/decommission.h"
#include "app/cli.h"
#include "app/key_sources.h"

namespace lineshaft::app {
namespace {

struct Options {
  std::string config_file;
  std::string data;
  bool yes = false;
};

int run(const Options& options) {
  Result<Config> config = load_config(options.config_file);
  if (!config) return print_error(config.error());
  if (!options.data.empty()) config->data_directory = options.data;
  const std::string& directory = config->data_directory;
  if (!options.yes &&
      !confirmed("everything in " + directory + " is overwritten and removed, for good",
                 "nothing was removed")) {
    return kExitFailed;
  }
  const Result<Decommissioned> done = decommission(*config);
  if (!done) return print_error(done.error());
  print_note(std::to_string(done->files) + " files with " + std::to_string(done->bytes) +
             " bytes were overwritten and removed: " + directory + " is gone");
  if (config->master != "file" || !config->master_key_file.empty()) {
    print_note("the master key stays (" + master_place(*config) +
               "): remove it too if nothing else is under it");
  }
  print_note(
      "backups stay, and so may old blocks of an SSD or of a file system that copies on "
      "write");
  return kExitOk;
}

}  // namespace

void add_decommission_command(Cli& cli) {
  auto options = std::make_shared<Options>();
  CLI::App* command = cli.root.add_subcommand(
      "decommission", "Overwrite and remove all that a stopped server holds, its keys first");
  command->add_option("--config", options->config_file,
                      "Settings; default: lineshaft.toml, if there");
  command->add_option("--data", options->data, "Data directory");
  command->add_flag("--yes", options->yes, "Do not ask");
  cli.on(command, [options] { return run(*options); });
}

}  // namespace lineshaft::app
