// retention show | set | apply, erase.
#include <iostream>

#include "app/cli.h"
#include "app/commands/find_tag.h"
#include "app/commands/read_json.h"
#include "base/time.h"

namespace lineshaft::app {
namespace {

const std::vector<Column> kRuleColumns{{"rule", "/rule"},       {"pattern", "/pattern"},
                                       {"samples", "/samples"}, {"minutes", "/minutes"},
                                       {"hours", "/hours"},     {"replaced", "/replaced"},
                                       {"tags", "/tags"}};
const std::vector<Column> kReportColumns{{"tags", "/tags"},
                                         {"summaries made", "/rollups"},
                                         {"tags that lost data", "/erasures"},
                                         {"files rewritten", "/files_rewritten"}};
const std::vector<Column> kErasedColumns{{"tags", "/tags"}, {"samples", "/samples"}};

// All of a large history may have to be read.
constexpr auto kApplyPatience = std::chrono::hours(24);

// "30 days", "for ever", and what no days mean.
std::string days_text(const Json& days, const char* none) {
  if (days.is_null()) return none;
  if (days == "forever") return "for ever";
  return days.dump() + (days == 1 ? " day" : " days");
}

// JSON is what the server says, so that it can be changed and set; the other forms are for reading.
void print_rules(Format format, const Json& answer) {
  if (format == Format::kJson) {
    std::cout << answer.dump(2) << std::endl;
    return;
  }
  Json rows = Json::array();
  for (const Json& rule : answer["rules"]) {
    rows.push_back({{"rule", rows.size() + 1},
                    {"pattern", rule["pattern"]},
                    {"samples", days_text(rule["samples_days"], "for ever")},
                    {"minutes", days_text(rule["minutes_days"], "none")},
                    {"hours", days_text(rule["hours_days"], "none")},
                    {"replaced", rule["keep_replaced"] == true ? "kept" : "gone"},
                    {"tags", rule["tags"]}});
  }
  print_rows(format, kRuleColumns, rows);
  print_note("tags without a rule, of which everything stays: " +
             answer["tags_without_rule"].dump() + " of " + answer["tags_total"].dump());
}

int show_rules(ApiClient& api, Format format) {
  const Result<Json> answer = api.get("/historian/retention");
  if (!answer) return print_error(answer.error());
  print_rules(format, *answer);
  return kExitOk;
}

struct SetOptions {
  std::string file;
  bool yes = false;
};

// The body of a PUT: a file may hold what `show` prints, or the rules alone.
Result<Json> wanted_rules(ApiClient& api, const std::string& file) {
  Result<Json> json = read_json(file);
  if (!json) return json;
  Json body = json->is_object() ? *json : Json{{"rules", *json}};
  if (body.contains("version")) return body;
  const Result<Json> now = api.get("/historian/retention");
  if (!now) return now;
  body["version"] = (*now)["version"];
  return body;
}

int set_rules(ApiClient& api, Format format, const SetOptions& options) {
  const Result<Json> body = wanted_rules(api, options.file);
  if (!body) return print_error(body.error());
  if (!options.yes) {
    const Result<Json> preview = api.post("/historian/retention/preview", *body);
    if (!preview) return print_error(preview.error());
    print_rules(format, *preview);
    if (!confirmed("what is older than these rules allow is summed up or goes, for good",
                   "nothing was changed")) {
      return kExitFailed;
    }
  }
  const Result<Json> kept = api.put("/historian/retention", *body);
  if (!kept) return print_error(kept.error());
  if (options.yes) print_rules(format, *kept);
  print_note("these rules are kept; the server begins to do what they say");
  return kExitOk;
}

int apply_rules(const ApiClient& api, Format format) {
  Result<ApiClient> patient = ApiClient::open(api.access(), kApplyPatience);
  if (!patient) return print_error(patient.error());
  const Result<Json> report = patient->post("/historian/retention/apply", Json::object());
  if (!report) return print_error(report.error());
  print_object(format, kReportColumns, *report);
  return kExitOk;
}

struct EraseOptions {
  std::vector<std::string> tags;
  std::string pattern;
  std::string from;
  std::string to;
  std::string reason;
  bool yes = false;
};

Result<Json> wanted_erasure(ApiClient& api, const EraseOptions& options) {
  if (options.tags.empty() == options.pattern.empty()) {
    return Error{ErrorId::kUsage, "erase needs tags, or --match"};
  }
  Json body = {{"from", options.from}, {"to", options.to}, {"reason", options.reason}};
  if (!options.pattern.empty()) body["pattern"] = options.pattern;
  for (const std::string& name : options.tags) {
    const Result<Json> tag = find_tag(api, name);
    if (!tag) return tag;
    body["tags"].push_back((*tag)["id"]);
  }
  return body;
}

int erase(ApiClient& api, Format format, const EraseOptions& options) {
  Result<Json> body = wanted_erasure(api, options);
  if (!body) return print_error(body.error());
  if (!options.yes) {
    (*body)["dry_run"] = true;
    const Result<Json> found = api.post("/values/erase", *body);
    if (!found) return print_error(found.error());
    print_object(format, kErasedColumns, *found);
    if (!confirmed("these samples are erased for good", "nothing was erased")) return kExitFailed;
    (*body)["dry_run"] = false;
  }
  const Result<Json> erased = api.post("/values/erase", *body);
  if (!erased) return print_error(erased.error());
  if (options.yes) print_object(format, kErasedColumns, *erased);
  print_note("erased " + (*erased)["samples"].dump() + " samples");
  return kExitOk;
}

void add_erase(Cli& cli) {
  auto options = std::make_shared<EraseOptions>();
  CLI::App* command = cli.root.add_subcommand("erase", "Take samples of a range of time away");
  command->add_option("tags", options->tags, "Paths or numbers of tags");
  command->add_option("--match", options->pattern,
                      "Instead: a path where * is any part of a level and ** any levels");
  command->add_option("--from", options->from, "RFC 3339 time")->required();
  command->add_option("--to", options->to, "RFC 3339 time, not included")->required();
  command->add_option("--reason", options->reason, "Why; it stands in the audit trail")->required();
  command->add_flag("--yes", options->yes, "Do not show and ask first");
  cli.on_data(command,
              [&cli, options](ApiClient& api) { return erase(api, cli.format(), *options); });
}

}  // namespace

void add_retention_commands(Cli& cli) {
  CLI::App* retention = cli.root.add_subcommand("retention", "How long samples are kept");
  retention->require_subcommand(1);
  cli.on_data(retention->add_subcommand("show", "The rules, and for how many tags each counts"),
              [&cli](ApiClient& api) { return show_rules(api, cli.format()); });
  auto options = std::make_shared<SetOptions>();
  CLI::App* set = retention->add_subcommand("set", "Replace the rules by those of a file");
  set->add_option("file", options->file,
                  "JSON as show -o json prints it, or the rules alone; - reads stdin")
      ->required();
  set->add_flag("--yes", options->yes, "Do not show and ask first");
  cli.on_data(set,
              [&cli, options](ApiClient& api) { return set_rules(api, cli.format(), *options); });
  cli.on_data(retention->add_subcommand("apply",
                                        "Do what the rules say now; the server does it once a day"),
              [&cli](ApiClient& api) { return apply_rules(api, cli.format()); });
  add_erase(cli);
}

}  // namespace lineshaft::app
