// import csv, export.
#include <sys/stat.h>

#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "app/cli.h"
#include "app/commands/find_tag.h"
#include "app/commands/save_answer.h"
#include "sys/clock.h"

namespace lineshaft::app {
namespace {

constexpr auto kProgressPeriod = std::chrono::milliseconds(200);

const std::vector<Column> kPlanColumns{
    {"column", "/name"}, {"use", "/use"}, {"type", "/type"}, {"unit", "/unit"}, {"tag", "/path"}};
const std::vector<Column> kImportColumns{{"name", "/name"},       {"state", "/state"},
                                         {"rows", "/rows"},       {"refused", "/rows_refused"},
                                         {"samples", "/samples"}, {"duplicates", "/duplicates"},
                                         {"from", "/first_time"}, {"to", "/last_time"}};
const std::vector<Column> kRefusedColumns{
    {"line", "/line"}, {"column", "/column"}, {"problem", "/problem"}};

struct ImportOptions {
  std::string file;
  std::string prefix;
  std::string start;
  std::uint64_t step_ms = 0;
  std::string zone;
  std::string plan;
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

std::string text_of(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.dump();
}

std::string delimiter_words(const std::string& delimiter) {
  return delimiter == "\t" ? "tab" : delimiter == " " ? "blanks" : delimiter;
}

std::string time_words(const Json& time) {
  if (time["column"].is_string()) {
    return "column " + text_of(time["column"]) + ", " + text_of(time["format"]) + ", zone " +
           text_of(time["zone"]);
  }
  if (!time["start"].is_string()) return "none in the file";
  return "none in the file; from " + text_of(time["start"]) + ", a row every " +
         text_of(time["step_ms"]) + " ms";
}

// What was found, in words, so that a person can say no.
void print_analysis(const Json& import) {
  const Json& plan = import["plan"];
  const bool wide = plan["layout"] != "long";
  std::cout << text_of(import["name"]) << ": " << import["rows"] << " rows, "
            << import["rows_refused"] << " refused, " << import["samples"] << " samples, "
            << import["duplicates"] << " of them repeat an instant\n"
            << "  encoding   " << text_of(plan["encoding"])
            << (plan["bom"] == true ? ", with a byte-order mark" : "") << "\n"
            << "  delimiter  " << delimiter_words(text_of(plan["delimiter"])) << ", decimal "
            << text_of(plan["decimal"]) << "\n"
            << "  header     " << (plan["header"] == true ? "yes" : "no") << "\n"
            << "  layout     " << text_of(plan["layout"]) << "\n"
            << "  time       " << time_words(plan["time"]) << "\n";
  if (import["first_time"].is_string()) {
    std::cout << "  from       " << text_of(import["first_time"]) << " to "
              << text_of(import["last_time"]) << "\n";
  }
  for (const Json& note : import["notes"]) std::cout << "  note       " << text_of(note) << "\n";
  std::cout << "\n";
  print_rows(Format::kTable, kPlanColumns, wide ? plan["columns"] : plan["tags"]);
  if (import["refused"].empty()) return;
  std::cout << "\nrefused, by line:\n";
  print_rows(Format::kTable, kRefusedColumns, import["refused"]);
  if (import["refused"].size() < import["rows_refused"].get<std::size_t>()) {
    print_note("more rows are refused than are listed");
  }
}

void print_import(Format format, const Json& import) {
  if (format == Format::kTable) return print_analysis(import);
  print_object(format, kImportColumns, import);
}

Result<Json> read_plan(const std::string& path) {
  std::ifstream in(path);
  Json json = Json::parse(in, nullptr, false);
  if (!json.is_object()) return Error{ErrorId::kUsage, path + ": must be a JSON object"};
  return json.contains("plan") ? json["plan"] : json;
}

// The plan with what the command line says.
Result<Json> changed_plan(Json plan, const ImportOptions& options) {
  if (!options.plan.empty()) {
    const Result<Json> given = read_plan(options.plan);
    if (!given) return given.error();
    plan = *given;
  }
  if (!options.start.empty()) plan["time"]["start"] = options.start;
  if (options.step_ms != 0) plan["time"]["step_ms"] = options.step_ms;
  if (!options.zone.empty()) plan["time"]["zone"] = options.zone;
  if (options.skip_refused) plan["skip_refused"] = true;
  return plan;
}

Result<Json> upload(ApiClient& api, const ImportOptions& options, const std::string& name) {
  const std::uint64_t size = file_size(options.file);
  std::string query = "/imports?name=" + url_encode(name);
  if (!options.prefix.empty()) query += "&prefix=" + url_encode(options.prefix);
  Progress progress("uploading");
  return api.upload(query, options.file,
                    [&](std::uint64_t sent) { progress.update(sent, size, "B"); });
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

// From the upload on: the outcome, or the error that ended it. `keep` tells whether the server
// still needs the upload (an import that stopped half way can be committed again).
Result<Json> analyse_and_commit(ApiClient& api, const ImportOptions& options, Json import,
                                const std::string& path, bool& keep) {
  const Result<Json> plan = changed_plan(import["plan"], options);
  if (!plan) return plan.error();
  if (*plan != import["plan"]) {
    Result<Json> changed = api.put(path, {{"plan", *plan}});
    if (!changed) return changed;
    import = *std::move(changed);
  }
  if (options.dry_run) return import;
  const std::uint64_t rows = import["rows"].get<std::uint64_t>();
  Result<Json> running = api.post(path + "/commit", Json::object());
  if (!running) return running;
  keep = true;
  return wait_until_done(api, path, rows);
}

int import_csv(ApiClient& api, Format format, const ImportOptions& options) {
  const std::string name = options.file.substr(options.file.rfind('/') + 1);
  Result<Json> uploaded = upload(api, options, name);
  if (!uploaded) return print_error(uploaded.error());
  const std::string path = "/imports/" + (*uploaded)["id"].dump();
  bool keep = false;
  const Result<Json> import = analyse_and_commit(api, options, *uploaded, path, keep);
  if (!keep) static_cast<void>(api.remove(path));
  if (!import) {
    if (format == Format::kTable) print_analysis(*uploaded);
    const int code = print_error(import.error());
    print_note("nothing was kept");
    return code;
  }
  print_import(format, *import);
  if (options.dry_run) {
    print_note("dry run: nothing was kept");
    if (!(*import)["needs"].empty()) print_note("to import it, give --start and --step-ms");
    return (*import)["rows_refused"] == 0 ? kExitOk : kExitFailed;
  }
  if ((*import)["state"] != "done") {
    const Json& problem = (*import)["error"];
    print_note("failed: " + (problem.is_object() ? problem.value("detail", "") : problem.dump()));
    return kExitFailed;
  }
  print_note("imported " + (*import)["samples"].dump() + " samples from " + name);
  return kExitOk;
}

// Numbers of the tags that a person names by number or path, with commas between.
Result<std::string> tag_numbers(ApiClient& api, const std::vector<std::string>& names) {
  std::string numbers;
  for (const std::string& name : names) {
    const Result<Json> tag = find_tag(api, name);
    if (!tag) return tag.error();
    numbers += (numbers.empty() ? "" : ",") + (*tag)["id"].dump();
  }
  return numbers;
}

// Samples that retention has summed up are not in an export: says so.
int tell_summarised(ApiClient& api, const std::string& numbers, const ExportOptions& options) {
  std::uint64_t summarised = 0;
  std::stringstream list(numbers);
  for (std::string tag; std::getline(list, tag, ',');) {
    const Result<Json> answer =
        api.get("/values/raw?limit=1&tag=" + tag + "&from=" + url_encode(options.from) +
                "&to=" + url_encode(options.to));
    if (!answer) return print_error(answer.error());
    summarised += (*answer)["summarised"].get<std::uint64_t>();
  }
  if (summarised > 0) {
    print_note("of " + std::to_string(summarised) +
               " more samples only summaries remain; see query agg");
  }
  return kExitOk;
}

int export_csv(ApiClient& api, const ExportOptions& options) {
  const Result<std::string> tags = tag_numbers(api, options.tags);
  if (!tags) return print_error(tags.error());
  std::string query = "/export?tags=" + url_encode(*tags) + "&layout=" + options.layout;
  if (!options.from.empty()) query += "&from=" + url_encode(options.from);
  if (!options.to.empty()) query += "&to=" + url_encode(options.to);
  if (const int code = save_answer(api, query, options.file); code != kExitOk) return code;
  return tell_summarised(api, *tags, options);
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
  csv->add_option("--plan", in->plan,
                  "JSON of how to read the file, as --dry-run -o json prints it, corrected")
      ->check(CLI::ExistingFile);
  csv->add_flag("--dry-run", in->dry_run, "Only say what would be taken and refused");
  csv->add_flag("--skip-refused", in->skip_refused,
                "Take the good rows although others are refused");
  cli.on_data(csv, [&cli, in](ApiClient& api) { return import_csv(api, cli.format(), *in); });

  auto out = std::make_shared<ExportOptions>();
  CLI::App* export_command = cli.root.add_subcommand("export", "Write history as CSV");
  export_command->add_option("tags", out->tags, "Paths or numbers of the tags, see tag ls")
      ->required();
  export_command->add_option("--from", out->from, "RFC 3339 time")->required();
  export_command->add_option("--to", out->to, "RFC 3339 time, not included")->required();
  export_command->add_option("--layout", out->layout, "long: a row a sample; wide: a column a tag")
      ->check(CLI::IsMember({"long", "wide"}))
      ->capture_default_str();
  export_command->add_option("--file", out->file, "Where to; - is stdout")->capture_default_str();
  cli.on_api(export_command, [out](ApiClient& api) { return export_csv(api, *out); });
}

}  // namespace lineshaft::app
