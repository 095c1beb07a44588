// connect backfill: past values from a machine that keeps them.
#include <chrono>
#include <iostream>
#include <thread>

#include "app/commands/getting_in.h"

namespace lineshaft::app {
namespace {

constexpr auto kLookAgain = std::chrono::milliseconds(300);

struct Options {
  std::uint64_t id = 0;
  std::string from;
  std::string to;
  bool dry_run = false;
  bool cancel = false;
};

int report(const Json& status) {
  const std::string values = status["values"].dump() + " values";
  const std::string without = status["signals_without"] == 0
                                  ? ""
                                  : "; no history of " + status["signals_without"].dump() + " of " +
                                        status["signals"].dump() + " signals";
  if (status["state"] != "done") {
    const Json& error = status["error"];
    print_note(status["state"].get<std::string>() + ": " +
               (error.is_string() ? error.get<std::string>() : values) + without);
    return kExitFailed;
  }
  const bool dry_run = status["dry_run"] == true;
  std::cout << values << (dry_run ? " would come" : " fetched") << without << std::endl;
  return kExitOk;
}

int backfill(ApiClient& api, const Options& options) {
  const std::string path = "/connections/" + std::to_string(options.id) + "/backfill";
  if (options.cancel) {
    const Result<Json> dropped = api.remove(path);
    return dropped ? kExitOk : print_error(dropped.error());
  }
  Result<Json> status =
      api.post(path, {{"from", options.from}, {"to", options.to}, {"dry_run", options.dry_run}});
  Progress progress("backfill");
  while (status && (*status)["state"] == "running") {
    progress.update((*status)["signals_done"].get<std::uint64_t>(),
                    (*status)["signals"].get<std::uint64_t>(), "signals");
    std::this_thread::sleep_for(kLookAgain);
    status = api.get(path);
  }
  return status ? report(*status) : print_error(status.error());
}

}  // namespace

void add_backfill_command(Cli& cli, CLI::App* connect) {
  auto options = std::make_shared<Options>();
  CLI::App* command = connect->add_subcommand(
      "backfill", "Fetch values that the machine kept while nobody listened");
  command->add_option("id", options->id, "Number of the connection, see connect ls")->required();
  command->add_option("--from", options->from, "2026-11-26T08:00:00Z");
  command->add_option("--to", options->to, "Up to there");
  command->add_flag("--dry-run", options->dry_run, "Only count what would come");
  command->add_flag("--cancel", options->cancel, "Give up the one that runs");
  cli.on_api(command, [options](ApiClient& api) {
    if (options->cancel != (options->from.empty() || options->to.empty())) {
      return print_error({ErrorId::kUsage, "connect backfill needs --from and --to, or --cancel"});
    }
    return backfill(api, *options);
  });
}

}  // namespace lineshaft::app
