// backup, restore.
#include <filesystem>
#include <thread>

#include "app/backup.h"
#include "app/cli.h"

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
  return tell_damages((*status)["damages"]);
}

int run_restore(Format format, const std::string& backup, const std::string& data) {
  Progress progress("restoring");
  const auto report =
      restore(sys::real_file_system(), backup, data, [&](std::uint64_t done, std::uint64_t total) {
        progress.update(done, total, "B");
        return true;
      });
  if (!report) return print_error(report.error());
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

  auto from = std::make_shared<std::string>();
  auto data = std::make_shared<std::string>();
  CLI::App* restore_command =
      cli.root.add_subcommand("restore", "Make a new data directory of a backup");
  restore_command->add_option("backup", *from, "Directory that backup made")->required();
  restore_command->add_option("--data", *data, "The new data directory")->required();
  cli.add_output(restore_command);
  cli.on(restore_command, [&cli, from, data] { return run_restore(cli.format(), *from, *data); });
}

}  // namespace lineshaft::app
