#include "app/commands/getting_in.h"

#include <cstdint>
#include <iostream>
#include <map>
#include <utility>

#include "app/commands/read_json.h"
#include "app/commands/save_answer.h"

namespace lineshaft::app {
namespace {

const std::vector<Column> kScanColumns{{"host", "/host"},
                                       {"port", "/port"},
                                       {"protocol", "/protocol"},
                                       {"tls", "/tls"},
                                       {"unit", "/unit_id"},
                                       {"vendor", "/identification/vendor"},
                                       {"product", "/identification/product"},
                                       {"revision", "/identification/revision"}};
const std::vector<Column> kBrowseColumns{{"name", "/name"},
                                         {"type", "/type"},
                                         {"unit", "/signal/unit"},
                                         {"writable", "/signal/writable"},
                                         {"node", "/node"}};
const std::vector<Column> kChangeColumns{
    {"what", "/what"}, {"name", "/name"}, {"fields", "/fields"}};
const std::vector<Column> kErrorColumns{{"line", "/line"}, {"field", "/field"}, {"what", "/what"}};

struct Options {
  std::string addresses;
  std::string ports;
  std::vector<std::string> protocols;
  std::vector<int> units = {1};
  std::uint32_t timeout_ms = 500;
  bool is_public = false;
  bool yes = false;
  std::string file;
  std::string node;
  std::string prefix;
  std::uint64_t id = 0;
  std::uint32_t depth = 1;
  std::uint32_t listen_s = 5;
  bool dry_run = false;
  bool remove_missing = false;
};

// --- scan ---

bool is_range(const std::string& addresses) {
  return addresses.find_first_of("/,") != std::string::npos ||
         (addresses.find('-') != std::string::npos &&
          addresses.find_first_not_of("0123456789.- ") == std::string::npos);
}

// What plain.allow left out of all parts: how many addresses of a door, and the first.
class LeftOut {
 public:
  void add(const Json& part) {
    for (const Json& out : part) {
      Door& door = doors_[{out["protocol"].get<std::string>(), out["port"].get<std::uint16_t>()}];
      if (door.hosts == 0) door.first = out["hosts"][0].get<std::string>();
      door.hosts += out["hosts"].size();
    }
  }
  void print() const {
    for (const auto& [at, door] : doors_) {
      print_note("not asked: " + at.first + " at port " + std::to_string(at.second) + " of " +
                 door.first +
                 (door.hosts > 1 ? " and " + std::to_string(door.hosts - 1) + " more" : "") +
                 ": nothing may go there without encryption (plain.allow)");
    }
  }

 private:
  struct Door {
    std::string first;
    std::size_t hosts = 0;
  };
  std::map<std::pair<std::string, std::uint16_t>, Door> doors_;
};

int scan(ApiClient& api, Format format, const Options& options) {
  if (is_range(options.addresses) && !options.yes &&
      !confirmed("every usual port of " + options.addresses +
                     " is knocked at, up to 100 a second; do it only where you may",
                 "nothing was asked")) {
    return kExitFailed;
  }
  Json request = {{"addresses", options.addresses},
                  {"unit_ids", options.units},
                  {"timeout_ms", options.timeout_ms},
                  {"allow_public", options.is_public}};
  if (!options.ports.empty()) request["ports"] = options.ports;
  if (!options.protocols.empty()) request["protocols"] = options.protocols;
  Json hits = Json::array();
  LeftOut left_out;
  Progress progress("scan");
  for (Json from = 0; !from.is_null();) {
    request["from"] = from;
    const Result<Json> answer = api.post("/connections/scan", request);
    if (!answer) return print_error(answer.error());
    for (const Json& hit : (*answer)["items"]) hits.push_back(hit);
    left_out.add((*answer)["left_out"]);
    from = (*answer)["next"];
    const auto total = (*answer)["total"].get<std::uint64_t>();
    progress.update(from.is_null() ? total : from.get<std::uint64_t>(), total, "knocks");
  }
  print_rows(format, kScanColumns, hits);
  if (hits.empty()) print_note("no machine answered there");
  left_out.print();
  return kExitOk;
}

// --- browse ---

std::string joined(const Json& levels) {
  std::string text;
  for (const Json& level : levels) {
    if (!text.empty()) text += '/';
    text += level.get<std::string>();
  }
  return text;
}

int browse(ApiClient& api, Format format, const Options& options, bool signals_only) {
  Json request = Json::object();
  if (options.file.empty()) {
    request["connection"] = options.id;
  } else {
    const Result<Json> json = read_json(options.file);
    if (!json) return print_error(json.error());
    for (const char* field : {"protocol", "settings"}) request[field] = json->value(field, Json());
  }
  request["node"] = options.node;
  request["depth"] = options.depth;
  request["listen_ms"] = options.listen_s * 1000;
  const Result<Json> answer = api.post("/connections/browse", request);
  if (!answer) return print_error(answer.error());
  Json rows = Json::array();
  for (Json item : (*answer)["items"]) {
    Json signal = item["signal"];
    if (signals_only && signal.is_null()) continue;
    if (signals_only) {
      signal["path"] = options.prefix + "/" + signal["path"].get<std::string>();
      rows.push_back(std::move(signal));
      continue;
    }
    item["name"] = joined(item["levels"]);
    rows.push_back(std::move(item));
  }
  if (signals_only) {
    std::cout << rows.dump(2) << std::endl;
  } else {
    print_rows(format, kBrowseColumns, rows);
  }
  if ((*answer)["cut"] == true) print_note("there is more; begin lower down with --node");
  if (rows.empty()) print_note("nothing was found there");
  return kExitOk;
}

// --- export, import, undo ---

void add_changes(const Json& part, const char* of, const char* name, Json& rows) {
  for (const char* what : {"added", "changed", "removed"}) {
    for (const Json& one : part[what]) {
      std::string fields;
      for (const Json& field : one["fields"]) {
        if (!fields.empty()) fields += "; ";
        fields += field.get<std::string>();
      }
      rows.push_back(
          {{"what", std::string(of) + " " + what}, {"name", one[name]}, {"fields", fields}});
    }
  }
}

int import(ApiClient& api, Format format, const Options& options) {
  std::string path = "/connection-table?remove_missing=";
  path += options.remove_missing ? "true" : "false";
  path += options.dry_run ? "&dry_run=true" : "";
  const Result<Json> answer = api.upload(path, options.file, {});
  if (!answer) return print_error(answer.error());
  if (!(*answer)["errors"].empty()) {
    print_rows(format, kErrorColumns, (*answer)["errors"]);
    print_note("nothing would be changed while there are errors");
    return kExitFailed;
  }
  Json rows = Json::array();
  add_changes((*answer)["connections"], "connection", "name", rows);
  add_changes((*answer)["signals"], "signal", "path", rows);
  print_rows(format, kChangeColumns, rows);
  if (rows.empty()) {
    print_note("nothing is different");
  } else if (options.dry_run) {
    print_note("a dry run: nothing is changed");
  } else {
    print_note("done; lineshaft connect undo puts back what was before");
  }
  return kExitOk;
}

int undo(ApiClient& api) {
  const Result<Json> answer = api.post("/connection-table/undo", Json::object());
  if (!answer) return print_error(answer.error());
  const Json& import = (*answer)["import"];
  print_note("the import of " + import["time"].get<std::string>() + " by " +
             import["who"].get<std::string>() + " is undone");
  return kExitOk;
}

void add_scan(Cli& cli, CLI::App* connect, const std::shared_ptr<Options>& options) {
  CLI::App* find = connect->add_subcommand("scan", "Look for machines at a range of addresses");
  find->add_option("addresses", options->addresses,
                   "192.168.1.0/24, 10.0.0.5-20 or a name; several with commas")
      ->required();
  find->add_option("--ports", options->ports, "502, 5020-5029; else the usual ones");
  find->add_option("--protocol", options->protocols, "Only these; else all");
  find->add_option("--unit", options->units, "Modbus unit ids")->capture_default_str();
  find->add_option("--timeout-ms", options->timeout_ms, "For each answer")->capture_default_str();
  find->add_flag("--public", options->is_public, "Addresses outside private networks too");
  find->add_flag("--yes", options->yes, "Do not ask before a range is knocked at");
  cli.on_data(find, [&cli, options](ApiClient& api) { return scan(api, cli.format(), *options); });
}

void add_browse(Cli& cli, CLI::App* connect, const std::shared_ptr<Options>& options) {
  CLI::App* look = connect->add_subcommand("browse", "Show what a machine has to read");
  look->add_option("id", options->id, "Number of the connection, see connect ls");
  look->add_option("--file", options->file, "JSON of a connection that need not exist yet");
  look->add_option("--node", options->node, "Where to begin; else the top");
  look->add_option("--depth", options->depth, "How many levels down")->capture_default_str();
  look->add_option("--listen", options->listen_s, "Seconds, for machines that speak unasked")
      ->capture_default_str();
  look->add_option("--signals-below", options->prefix,
                   "Print signals as JSON with paths below this place, for a connection's file");
  cli.on_data(look, [&cli, options](ApiClient& api) {
    if (options->file.empty() == (options->id == 0)) {
      return print_error({ErrorId::kUsage, "connect browse needs a connection or --file"});
    }
    return browse(api, cli.format(), *options, !options->prefix.empty());
  });
}

}  // namespace

void add_getting_in_commands(Cli& cli, CLI::App* connect) {
  auto options = std::make_shared<Options>();
  add_scan(cli, connect, options);
  add_browse(cli, connect, options);
  add_backfill_command(cli, connect);
  add_method_commands(cli, connect);

  CLI::App* out = connect->add_subcommand("export", "All connections and signals as CSV");
  out->add_option("file", options->file, "Where to; - is standard output")->required();
  cli.on_api(out, [options](ApiClient& api) {
    return save_answer(api, "/connection-table", options->file);
  });

  CLI::App* in = connect->add_subcommand(
      "import", "Add, change and remove connections as a CSV says; all of it or nothing");
  in->add_option("file", options->file, "The CSV")->required();
  in->add_flag("--dry-run", options->dry_run, "Only show what would be different");
  in->add_flag("--remove-missing", options->remove_missing,
               "Remove connections and signals that the file does not name");
  cli.on_data(in, [&cli, options](ApiClient& api) { return import(api, cli.format(), *options); });

  CLI::App* back = connect->add_subcommand("undo", "Put back what was before the last import");
  cli.on_api(back, [](ApiClient& api) { return undo(api); });
}

}  // namespace lineshaft::app
