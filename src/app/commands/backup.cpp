// backup, restore.
#include <filesystem>
#include <thread>

#include "app/backup.h"
#include "app/cli.h"
#include "app/offline_files.h"

namespace lineshaft::app {
namespace {

constexpr auto kProgressPeriod = std::chrono::milliseconds(200);

const std::vector<Column> kBackupColumns{{"directory", "/directory"},
                                         {"files", "/files"},
                                         {"bytes", "/bytes"},
                                         {"files copied", "/files_copied"},
                                         {"bytes copied", "/bytes_copied"},
                                         {"master key", "/master_key"}};

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
  Result<Json> status = wait_until_done(api, *begun);
  if (!status) return print_error(status.error());
  if ((*status)["state"] != "done") return print_error(problem_error((*status)["error"]));
  // What is sealed in the copy opens with nothing else.
  (*status)["master_key"] = "not in the copy; keep it apart";
  print_object(format, kBackupColumns, *status);
  return tell_damages((*status)["damages"]);
}

struct RestoreArguments {
  std::string backup;
  std::string data;
  std::string master_key;
  std::string config_file;
};

// The keys of the copy, as far as they open.
Result<OfflineFiles> open_copy(const RestoreArguments& arguments) {
  Result<Config> config = load_config(arguments.config_file);
  if (!config) return config.error();
  if (!arguments.master_key.empty()) {
    config->master = "file";
    config->master_key_file = arguments.master_key;
  }
  return OfflineFiles::open(arguments.backup, *std::move(config));
}

// A master key that was named goes along, so that the server starts on what was restored.
Status keep_master_key(const RestoreArguments& arguments) {
  constexpr std::size_t kBytesMax = 4096;
  if (arguments.master_key.empty()) return {};
  sys::FileSystem& files = sys::real_file_system();
  const Result<Bytes> key = sys::read_file(files, arguments.master_key, kBytesMax);
  if (!key) return key.error();
  return sys::write_file_atomically(files, sys::join_path(arguments.data, "master.key"), *key);
}

int run_restore(Format format, const RestoreArguments& arguments) {
  const std::string& data = arguments.data;
  const Result<OfflineFiles> copy = open_copy(arguments);
  if (!copy) return print_error(copy.error());
  Progress progress("restoring");
  const auto report = restore(
      sys::real_file_system(), arguments.backup, data,
      [&](std::uint64_t done, std::uint64_t total) {
        progress.update(done, total, "B");
        return true;
      },
      &copy->files());
  if (!report) return print_error(report.error());
  if (copy->has_keys()) {
    if (Status kept = keep_master_key(arguments); !kept) return print_error(kept.error());
  } else if (!copy->trouble().empty()) {
    print_note(
        "the secrets in it do not open, and no server starts on it, without the master key: " +
        copy->trouble());
  }
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
                              "Its master key; also put into the new data directory");
  restore_command->add_option("--config", arguments->config_file,
                              "Settings that say where the master key is");
  cli.add_output(restore_command);
  cli.on(restore_command, [&cli, arguments] { return run_restore(cli.format(), *arguments); });
}

}  // namespace lineshaft::app
