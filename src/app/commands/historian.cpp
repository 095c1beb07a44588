// historian: verify, repair, stats: a data directory that no server uses; compact: a running
// server.
#include <algorithm>
#include <filesystem>
#include <system_error>
#include <thread>

#include "app/cli.h"
#include "app/config.h"
#include "app/offline_files.h"
#include "historian/repair.h"
#include "historian/stats.h"
#include "historian/verify.h"
#include "sys/file.h"

namespace lineshaft::app {
namespace {

using historian::FileFinding;
using historian::FileRepair;
using historian::FileState;
using historian::RepairOutcome;

constexpr auto kLookPeriod = std::chrono::milliseconds(200);

// Held while the directory is looked at, so that no server changes it meanwhile.
struct ClosedStore {
  std::unique_ptr<sys::DirectoryLock> lock;
  OfflineFiles offline;
  std::string directory;
};

Result<ClosedStore> open_closed(const std::string& data) {
  auto lock = sys::real_file_system().lock_directory(data);
  if (!lock) return lock.error();
  Result<OfflineFiles> offline = OfflineFiles::open(data);
  if (!offline) return offline.error();
  return ClosedStore{*std::move(lock), *std::move(offline), sys::join_path(data, "history")};
}

std::uint64_t bytes_below(const std::string& directory) {
  std::error_code trouble;
  std::uint64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory, trouble)) {
    if (entry.is_regular_file(trouble)) bytes += entry.file_size(trouble);
  }
  return bytes;
}

const char* state_word(FileState state) {
  switch (state) {
    case FileState::kWhole:
      return "ok";
    case FileState::kDamaged:
      return "damaged";
    case FileState::kSetAside:
      return "set aside";
    case FileState::kUnused:
      break;
  }
  return "unused";
}

Json to_json(const FileFinding& finding) {
  return {{"file", finding.name},       {"state", state_word(finding.state)},
          {"bytes", finding.bytes},     {"blocks", finding.blocks},
          {"samples", finding.samples}, {"damaged_blocks", finding.damaged_blocks},
          {"damages", finding.damages}};
}

int verify(Format format, const std::string& data) {
  const Result<ClosedStore> store = open_closed(data);
  if (!store) return print_error(store.error());
  const std::uint64_t total = bytes_below(store->directory);
  std::uint64_t bytes = 0;
  Progress progress("verifying");
  const auto found = historian::verify_store(store->offline.files(), store->directory,
                                             [&](const FileFinding& finding) {
                                               bytes += finding.bytes;
                                               progress.update(bytes, total, "B");
                                               return true;
                                             });
  if (!found) return print_error(found.error());
  Json rows = Json::array();
  for (const FileFinding& finding : *found) rows.push_back(to_json(finding));
  print_rows(format,
             {{"file", "/file"},
              {"state", "/state"},
              {"bytes", "/bytes"},
              {"blocks", "/blocks"},
              {"samples", "/samples"}},
             rows);
  for (const FileFinding& finding : *found) {
    for (const std::string& damage : finding.damages) print_note(damage);
  }
  const auto damaged = std::ranges::count(*found, FileState::kDamaged, &FileFinding::state);
  if (damaged == 0) return kExitOk;
  return print_error({ErrorId::kCorrupt, std::to_string(damaged) + " of " +
                                             std::to_string(found->size()) + " files are damaged"});
}

const char* outcome_word(RepairOutcome outcome) {
  switch (outcome) {
    case RepairOutcome::kWhole:
      return "ok";
    case RepairOutcome::kRepaired:
      return "repaired";
    case RepairOutcome::kParityMade:
      return "parity made";
    case RepairOutcome::kDamaged:
      break;
  }
  return "damaged";
}

Json to_json(const FileRepair& repair) {
  return {{"file", repair.name},
          {"state", outcome_word(repair.outcome)},
          {"bytes", repair.bytes},
          {"pages_repaired", repair.pages_repaired},
          {"damaged_blocks", repair.blocks_lost},
          {"damages", repair.damages}};
}

int repair(Format format, const std::string& data) {
  const Result<ClosedStore> store = open_closed(data);
  if (!store) return print_error(store.error());
  Progress progress("repairing");
  const auto repairs = historian::repair_store(store->offline.files(), store->directory,
                                               [&](std::uint64_t done, std::uint64_t total) {
                                                 progress.update(done, total, "B");
                                                 return true;
                                               });
  if (!repairs) return print_error(repairs.error());
  Json rows = Json::array();
  for (const FileRepair& one : *repairs) rows.push_back(to_json(one));
  print_rows(format,
             {{"file", "/file"},
              {"state", "/state"},
              {"bytes", "/bytes"},
              {"pages repaired", "/pages_repaired"},
              {"damaged blocks", "/damaged_blocks"}},
             rows);
  for (const FileRepair& one : *repairs) {
    for (const std::string& damage : one.damages) print_note(damage);
  }
  const auto damaged = std::ranges::count(*repairs, RepairOutcome::kDamaged, &FileRepair::outcome);
  if (damaged == 0) return kExitOk;
  return print_error({ErrorId::kCorrupt, std::to_string(damaged) + " of " +
                                             std::to_string(repairs->size()) +
                                             " files are damaged still"});
}

int compact(ApiClient& api, Format format) {
  Result<Json> status = api.post("/historian/compact", Json::object());
  while (status && (*status)["state"] == "running") {
    std::this_thread::sleep_for(kLookPeriod);
    status = api.get("/historian/compact");
  }
  if (!status) return print_error(status.error());
  if ((*status)["state"] != "done") return print_error(problem_error((*status)["error"]));
  const Result<Json> stats = api.get("/historian/stats");
  if (!stats) return print_error(stats.error());
  print_object(format,
               {{"files", "/files"}, {"bytes of files", "/file_bytes"}, {"samples", "/samples"}},
               *stats);
  return kExitOk;
}

double per_sample(std::uint64_t bytes, std::uint64_t samples) {
  return samples == 0 ? 0 : static_cast<double>(bytes) / static_cast<double>(samples);
}

Json to_json(const historian::StoreStats::Part& part) {
  return {{"blocks", part.blocks},
          {"samples", part.samples},
          {"bytes", part.bytes},
          {"bytes_per_sample", per_sample(part.bytes, part.samples)}};
}

int stats(Format format, const std::string& data) {
  const Result<ClosedStore> store = open_closed(data);
  if (!store) return print_error(store.error());
  const auto stats = historian::read_stats(store->offline.files(), store->directory);
  if (!stats) return print_error(stats.error());
  const bool any = stats->samples() > 0;
  print_object(format,
               {{"tags", "/tags"},
                {"files", "/files"},
                {"bytes of files", "/file_bytes"},
                {"samples in files", "/samples"},
                {"bytes/sample", "/bytes_per_sample"},
                {"fresh samples", "/fresh/samples"},
                {"sealed samples", "/sealed/samples"},
                {"sealed bytes/sample", "/sealed/bytes_per_sample"},
                {"first time", "/first_time"},
                {"last time", "/last_time"},
                {"samples in the log", "/log/samples"},
                {"bytes of the log", "/log/bytes"}},
               {{"tags", stats->tags},
                {"files", stats->files},
                {"file_bytes", stats->file_bytes},
                {"samples", stats->samples()},
                {"bytes_per_sample", per_sample(stats->file_bytes, stats->samples())},
                {"fresh", to_json(stats->fresh)},
                {"sealed", to_json(stats->sealed)},
                {"first_time", any ? Json(format_rfc3339(stats->first_time)) : Json()},
                {"last_time", any ? Json(format_rfc3339(stats->last_time)) : Json()},
                {"log",
                 {{"records", stats->log_records},
                  {"samples", stats->log_samples},
                  {"bytes", stats->log_bytes}}}});
  return kExitOk;
}

}  // namespace

void add_historian_commands(Cli& cli) {
  CLI::App* historian = cli.root.add_subcommand("historian", "Look after the history");
  historian->require_subcommand(1);
  auto data = std::make_shared<std::string>(Config().data_directory);
  const auto add = [&](const char* name, const char* help, int (*run)(Format, const std::string&)) {
    CLI::App* command = historian->add_subcommand(name, help);
    command->add_option("--data", *data, "Data directory")->capture_default_str();
    cli.add_output(command);
    cli.on(command, [&cli, data, run] { return run(cli.format(), *data); });
  };
  add("verify", "Read every block of a data directory that no server uses, and say what is damaged",
      verify);
  add("repair", "Repair damaged files from their parity, of a data directory that no server uses",
      repair);
  add("stats", "Count files, bytes, samples and tags of a data directory that no server uses",
      stats);
  CLI::App* command = historian->add_subcommand(
      "compact", "Merge the files of the running server into as few as there can be");
  cli.on_data(command, [&cli](ApiClient& api) { return compact(api, cli.format()); });
}

}  // namespace lineshaft::app
