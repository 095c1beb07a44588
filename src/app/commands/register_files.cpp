#include "app/commands/register_files.h"

#include <map>

#include "app/commands/save_answer.h"

namespace lineshaft::app {
namespace {

const std::vector<Column> kItemColumns{{"line", "/line"},         {"what", "/action"},
                                       {"asset", "/asset/id"},    {"kind", "/asset/kind"},
                                       {"title", "/asset/title"}, {"events", "/events"},
                                       {"owner", "/owner"},       {"applicants", "/applicants"}};

struct ImportOptions {
  std::string file;
  bool dry_run = false;
};

// "filed 2023-05-16, granted 2025-08-05".
std::string events_text(const Json& events) {
  std::string text;
  for (const Json& event : events) {
    text += (text.empty() ? "" : ", ") + event["kind"].get<std::string>() + " " +
            event["date"].get<std::string>();
  }
  return text;
}

std::string names_text(const Json& names) {
  std::string text;
  for (const Json& name : names) text += (text.empty() ? "" : "; ") + name.get<std::string>();
  return text;
}

int take(ApiClient& api, Format format, const ImportOptions& options) {
  const std::string path =
      std::string("/rights/import?dry_run=") + (options.dry_run ? "true" : "false");
  const Result<Json> answer = api.upload(path, options.file, [](std::uint64_t) {});
  if (!answer) {
    const int code = print_error(answer.error());
    print_note("nothing was kept");
    return code;
  }
  Json rows = Json::array();
  for (Json item : (*answer)["items"]) {
    if (format == Format::kTable || format == Format::kCsv) {
      item["events"] = events_text(item["events"]);
      item["applicants"] = names_text(item["applicants"]);
    }
    rows.push_back(std::move(item));
  }
  print_rows(format, kItemColumns, rows);
  print_note((*answer)["new"].dump() + " new, " + (*answer)["change"].dump() + " changed, " +
             (*answer)["same"].dump() + " the same" +
             (options.dry_run ? "; dry run: nothing was kept" : ""));
  return kExitOk;
}

}  // namespace

void add_asset_files(Cli& cli, CLI::App* asset) {
  auto in = std::make_shared<ImportOptions>();
  CLI::App* import =
      asset->add_subcommand("import", "Take a document of WIPO ST.36 or ST.96, or a table (CSV)");
  import->add_option("file", in->file, "The file")->required()->check(CLI::ExistingFile);
  import->add_flag("--dry-run", in->dry_run, "Only say what would be made or changed");
  cli.on_data(import, [&cli, in](ApiClient& api) { return take(api, cli.format(), *in); });

  auto query = std::make_shared<std::map<std::string, std::string>>();
  auto file = std::make_shared<std::string>("-");
  (*query)["format"] = "csv";
  CLI::App* out = asset->add_subcommand("export", "Write assets as a table, or as WIPO ST.96");
  out->add_option("search", (*query)["search"], "Part of an id, a title or a number");
  out->add_option("--format", (*query)["format"], "csv or st96")
      ->check(CLI::IsMember({"csv", "st96"}))
      ->capture_default_str();
  for (const auto& [name, help] :
       {std::pair{"kind", "patent, utility_model, design or trade_mark"},
        std::pair{"status", "draft, pending, in_force or ended"},
        std::pair{"office", "Two letters: CN, US, EP, WO"}, std::pair{"family", "Name of a family"},
        std::pair{"owner", "Party that owns a share"}}) {
    out->add_option(std::string("--") + name, (*query)[name], help);
  }
  out->add_option("--file", *file, "Where to; - is stdout")->capture_default_str();
  cli.on_api(out, [query, file](ApiClient& api) {
    std::string path = "/rights/export?";
    for (const auto& [name, value] : *query) {
      if (!value.empty()) path += "&" + name + "=" + url_encode(value);
    }
    return save_answer(api, path, *file);
  });
}

}  // namespace lineshaft::app
