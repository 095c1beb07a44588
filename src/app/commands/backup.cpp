// backup, restore.
#include <filesystem>
#include <thread>

#include "app/backup.h"
#include "app/cli.h"
#include "app/key_sources.h"
#include "sys/clock.h"
#include "vault/sealed_files.h"

namespace lineshaft::app {
namespace {

constexpr auto kProgressPeriod = std::chrono::milliseconds(200);

const std::vector<Column> kBackupColumns{{"directory", "/directory"},
                                         {"files", "/files"},
                                         {"bytes", "/bytes"},
                                         {"files copied", "/files_copied"},
                                         {"bytes copied", "/bytes_copied"}};

Result<Json> wait_until_done(ApiClient& api, Json status) {
  Progress progress("copying");
  while (status["state"] == "running") {
    std::this_thread::sleep_for(kProgressPeriod);
    Result<Json> next = api.get("/backup");
    if (!next) return next;
    status = *std::move(next);
    const Json& done = status["progress"];
    progress.update(done["bytes"].get<std::uint64_t>(), done["bytes_total"].get<std::uint64_t>(),
                    "B");
  }
  return status;
}

// The copy is made all the same, so that what is whole is safe.
int tell_damages(const Json& damages) {
  for (const Json& damage : damages) print_note(damage.get<std::string>());
  if (damages.empty()) return kExitOk;
  return print_error({ErrorId::kCorrupt, "the store has damage; all else is in the backup"});
}

int run_backup(ApiClient& api, Format format, const std::string& directory) {
  const Result<Json> begun =
      api.post("/backup", {{"directory", std::filesystem::absolute(directory).string()}});
  if (!begun) return print_error(begun.error());
  const Result<Json> status = wait_until_done(api, *begun);
  if (!status) return print_error(status.error());
  if ((*status)["state"] != "done") return print_error(problem_error((*status)["error"]));
  print_object(format, kBackupColumns, *status);
  print_note(
      "the master key is not in the copy, and what is sealed in it opens with nothing else: "
      "keep it apart (lineshaft vault status says where it is)");
  return tell_damages((*status)["damages"]);
}

struct RestoreArguments {
  std::string backup;
  std::string data;
  std::string master_key;
  std::string config_file;
};

// Null: the copy has no keys, or none that are needed and can be opened.
// Errors: kBadConfig: history or ledger cannot be read without them.
Result<std::unique_ptr<vault::Vault>> open_keys(const RestoreArguments& arguments) {
  sys::FileSystem& files = sys::real_file_system();
  if (!vault::Vault::exists(files, arguments.backup)) return std::unique_ptr<vault::Vault>();
  Result<Config> config = load_config(arguments.config_file);
  if (!config) return config.error();
  if (!arguments.master_key.empty()) config->master_key_file = arguments.master_key;
  config->data_directory = arguments.backup;  // where a master key should not be
  auto keys = vault::Vault::open({files, sys::real_clock(), sys::real_random(), arguments.backup},
                                 master_settings(*config));
  if (keys) return keys;
  bool needed = false;
  for (const char* store : {"history", "ledger/log"}) {
    const Result<bool> sealed = vault::any_sealed(files, sys::join_path(arguments.backup, store));
    if (!sealed) return sealed.error();
    needed = needed || *sealed;
  }
  if (needed) {
    return Error{ErrorId::kBadConfig,
                 "the backup is enciphered; name its master key with "
                 "--master-key or --config: " +
                     keys.error().what};
  }
  print_note("the secrets in the backup do not open without the master key of its server (" +
             keys.error().what + "); the server starts only with it");
  return std::unique_ptr<vault::Vault>();
}

int run_restore(Format format, const RestoreArguments& arguments) {
  const std::string& data = arguments.data;
  const auto keys = open_keys(arguments);
  if (!keys) return print_error(keys.error());
  std::unique_ptr<vault::SealedFiles> stores;
  if (*keys) {
    const auto sealed =
        vault::any_sealed(sys::real_file_system(), sys::join_path(arguments.backup, "history"));
    if (!sealed) return print_error(sealed.error());
    stores = std::make_unique<vault::SealedFiles>(
        sys::real_file_system(), **keys, sys::real_random(), vault::kServer,
        *sealed ? vault::Cover::kEverything : vault::Cover::kKeyFiles);
  }
  Progress progress("restoring");
  const auto report = restore(
      sys::real_file_system(), arguments.backup, data,
      [&](std::uint64_t done, std::uint64_t total) {
        progress.update(done, total, "B");
        return true;
      },
      stores.get());
  if (!report) return print_error(report.error());
  if (*keys) print_note("keep the master key at hand: the server on " + data + " starts with it");
  print_object(format, {kBackupColumns.begin(), kBackupColumns.begin() + 3},
               {{"directory", data},
                {"files", report->files},
                {"bytes", report->bytes},
                {"damages", report->damages}});
  return tell_damages(report->damages);
}

}  // namespace

void add_backup_commands(Cli& cli) {
  auto directory = std::make_shared<std::string>();
  CLI::App* backup = cli.root.add_subcommand(
      "backup", "Copy what is new on the running server into a directory of its machine");
  backup->add_option("directory", *directory, "Empty at first; then always the same")->required();
  cli.on_data(backup, [&cli, directory](ApiClient& api) {
    return run_backup(api, cli.format(), *directory);
  });

  auto arguments = std::make_shared<RestoreArguments>();
  CLI::App* restore_command =
      cli.root.add_subcommand("restore", "Make a new data directory of a backup");
  restore_command->add_option("backup", arguments->backup, "Directory that backup made")
      ->required();
  restore_command->add_option("--data", arguments->data, "The new data directory")->required();
  restore_command->add_option("--master-key", arguments->master_key,
                              "File with the master key of the server that was copied");
  restore_command->add_option("--config", arguments->config_file,
                              "Settings that say where the master key is");
  cli.add_output(restore_command);
  cli.on(restore_command, [&cli, arguments] { return run_restore(cli.format(), *arguments); });
}

}  // namespace lineshaft::app
