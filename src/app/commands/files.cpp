// import csv, export.
#include <sys/stat.h>

#include <fstream>
#include <iostream>
#include <thread>

#include "app/cli.h"
#include "sys/clock.h"

namespace lineshaft::app {
namespace {

constexpr auto kProgressPeriod = std::chrono::milliseconds(200);

const std::vector<Column> kPlanColumns{
    {"column", "/name"}, {"use", "/use"}, {"type", "/type"}, {"unit", "/unit"}, {"tag", "/path"}};
const std::vector<Column> kRefusedColumns{
    {"line", "/line"}, {"column", "/column"}, {"problem", "/problem"}};

struct ImportOptions {
  std::string file;
  std::string prefix;
  std::string start;
  std::uint64_t step_ms = 0;
  std::string zone;
  bool dry_run = false;
  bool skip_refused = false;
};

struct ExportOptions {
  std::vector<std::string> tags;
  std::string from;
  std::string to;
  std::string layout = "long";
  std::string file = "-";
};

std::uint64_t file_size(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

// What was found, in words, so that a person can say no.
void print_analysis(const Json& import) {
  const Json& plan = import["plan"];
  const Json& time = plan["time"];
  std::cout << import["name"].get<std::string>() << ": " << import["rows"] << " rows, "
            << import["rows_refused"] << " refused, " << import["samples"] << " samples";
  if (import.contains("duplicates")) std::cout << ", " << import["duplicates"] << " duplicates";
  std::cout << "\n  delimiter " << plan["delimiter"] << ", header " << plan["header"] << ", layout "
            << plan["layout"] << ", time " << time.dump() << "\n";
  if (import.contains("first_time")) {
    std::cout << "  from " << import["first_time"] << " to " << import["last_time"] << "\n";
  }
  for (const Json& note : import.value("notes", Json::array())) {
    std::cout << "  note: " << note.get<std::string>() << "\n";
  }
  print_rows(Format::kTable, kPlanColumns, plan["columns"]);
  if (!import["refused"].empty()) print_rows(Format::kTable, kRefusedColumns, import["refused"]);
}

// The plan with what the command line says about time.
Json changed_plan(Json plan, const ImportOptions& options) {
  if (!options.start.empty()) plan["time"]["start"] = options.start;
  if (options.step_ms != 0) plan["time"]["step_ms"] = options.step_ms;
  if (!options.zone.empty()) plan["time"]["zone"] = options.zone;
  if (options.skip_refused) plan["skip_refused"] = true;
  return plan;
}

Result<Json> wait_until_done(ApiClient& api, const std::string& path, std::uint64_t rows) {
  Progress progress("importing");
  for (;;) {
    Result<Json> import = api.get(path);
    if (!import || (*import)["state"] != "running") return import;
    const Json& now = (*import)["progress"];
    if (now.is_object()) progress.update(now["rows"].get<std::uint64_t>(), rows, "rows");
    std::this_thread::sleep_for(kProgressPeriod);
  }
}

int import_csv(ApiClient& api, Format format, const ImportOptions& options) {
  const std::uint64_t size = file_size(options.file);
  const std::string name = options.file.substr(options.file.rfind('/') + 1);
  std::string query = "/imports?name=" + url_encode(name);
  if (!options.prefix.empty()) query += "&prefix=" + url_encode(options.prefix);
  Result<Json> import = [&] {
    Progress progress("uploading");
    return api.upload(query, options.file,
                      [&](std::uint64_t sent) { progress.update(sent, size, "B"); });
  }();
  if (!import) return print_error(import.error());
  const std::string path = "/imports/" + (*import)["id"].dump();
  if (const Json plan = changed_plan((*import)["plan"], options); plan != (*import)["plan"]) {
    import = api.put(path, {{ "plan", plan }});
    if (!import) return print_error(import.error());
  }
  if (options.dry_run) {
    if (format == Format::kJson)
      std::cout << import->dump(2) << std::endl;
    else
      print_analysis(*import);
    static_cast<void>(api.remove(path));
    print_note("dry run: nothing was kept");
    return (*import)["rows_refused"] == 0 ? kExitOk : kExitFailed;
  }
  const std::uint64_t rows = (*import)["rows"].get<std::uint64_t>();
  import = api.post(path + "/commit", Json::object());
  if (import) import = wait_until_done(api, path, rows);
  if (!import) return print_error(import.error());
  if (format == Format::kJson) std::cout << import->dump(2) << std::endl;
  if ((*import)["state"] != "done") {
    const Json& problem = (*import)["error"];
    print_note("failed: " + (problem.is_object() ? problem.value("detail", "") : problem.dump()));
    return kExitFailed;
  }
  print_note("imported " + (*import)["samples"].dump() + " samples from " + name);
  return kExitOk;
}

int export_csv(ApiClient& api, const ExportOptions& options) {
  std::string tags;
  for (const std::string& tag : options.tags) tags += (tags.empty() ? "" : ",") + tag;
  std::string query = "/export?tags=" + url_encode(tags) + "&layout=" + options.layout;
  if (!options.from.empty()) query += "&from=" + url_encode(options.from);
  if (!options.to.empty()) query += "&to=" + url_encode(options.to);
  std::ofstream file;
  if (options.file != "-") {
    file.open(options.file, std::ios::binary | std::ios::trunc);
    if (!file) return print_error({ErrorId::kIoError, "cannot write " + options.file});
  }
  std::ostream& out = options.file == "-" ? std::cout : file;
  const Status done = api.download(query, [&](std::string_view piece) -> Status {
    out << piece;
    if (out.good()) return {};
    return Error{ErrorId::kIoError, "writing " + options.file};
  });
  out.flush();
  return done ? kExitOk : print_error(done.error());
}

}  // namespace

void add_file_commands(Cli& cli) {
  CLI::App* import = cli.root.add_subcommand("import", "Take files into the history");
  import->require_subcommand(1);
  auto in = std::make_shared<ImportOptions>();
  CLI::App* csv = import->add_subcommand("csv", "A CSV file: detects its form, shows it, takes it");
  csv->add_option("file", in->file, "The file")->required()->check(CLI::ExistingFile);
  csv->add_option("--prefix", in->prefix, "First levels of the tags' paths: organisation/site");
  csv->add_option("--start", in->start, "Time of the first row, if the file has no time column");
  csv->add_option("--step-ms", in->step_ms, "Milliseconds between rows, if it has none");
  csv->add_option("--zone", in->zone, "Time zone of the file's times, as Europe/Berlin");
  csv->add_flag("--dry-run", in->dry_run, "Only say what would be taken and refused");
  csv->add_flag("--skip-refused", in->skip_refused,
                "Take the good rows although others are refused");
  cli.on_api(csv, [&cli, in](ApiClient& api) { return import_csv(api, cli.format(), *in); });

  auto out = std::make_shared<ExportOptions>();
  CLI::App* export_command = cli.root.add_subcommand("export", "Write history as CSV");
  export_command->add_option("tags", out->tags, "Numbers of the tags, see tag ls")->required();
  export_command->add_option("--from", out->from, "RFC 3339 time")->required();
  export_command->add_option("--to", out->to, "RFC 3339 time, not included")->required();
  export_command->add_option("--layout", out->layout, "long: a row a sample; wide: a column a tag")
      ->check(CLI::IsMember({"long", "wide"}))
      ->capture_default_str();
  export_command->add_option("--file", out->file, "Where to; - is stdout")->capture_default_str();
  cli.on_api(export_command, [out](ApiClient& api) { return export_csv(api, *out); });
}

}  // namespace lineshaft::app
