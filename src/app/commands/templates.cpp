// template ls | save | apply | rm.
#include <iostream>

#include "app/cli.h"
#include "app/commands/read_json.h"

namespace lineshaft::app {
namespace {

const std::vector<Column> kTemplateColumns{{"name", "/name"},
                                           {"protocol", "/protocol"},
                                           {"signals", "/count"},
                                           {"own", "/own"},
                                           {"description", "/description"}};
const std::vector<Column> kSignalColumns{{"path", "/path"}, {"group", "/group"}, {"unit", "/unit"}};

struct TemplateOptions {
  std::string name;
  std::string description;
  std::string file;
  std::string prefix;
  std::int64_t offset = 0;
  std::string object;
  std::uint64_t connection = 0;
};

Json row_of(Json one) {
  one["count"] = one["signals"].size();
  one["own"] = one["id"].is_null() ? "" : "yes";
  return one;
}

int list_templates(ApiClient& api, Format format) {
  const Result<Json> answer = api.get("/templates");
  if (!answer) return print_error(answer.error());
  Json rows = Json::array();
  for (const Json& one : (*answer)["items"]) rows.push_back(row_of(one));
  print_rows(format, kTemplateColumns, rows);
  return kExitOk;
}

// Of a connection, or from a file as `template ls -o json` gives it.
int save_template(ApiClient& api, Format format, const TemplateOptions& options) {
  Json body;
  if (!options.file.empty()) {
    const Result<Json> read = read_json(options.file);
    if (!read) return print_error(read.error());
    body = *read;
    for (const char* ours : {"count", "own"}) body.erase(ours);
  } else {
    body = {{"connection", options.connection}, {"name", options.name}};
  }
  if (!options.name.empty()) body["name"] = options.name;
  if (!options.description.empty()) body["description"] = options.description;
  const Result<Json> answer = api.post("/templates", body);
  if (!answer) return print_error(answer.error());
  print_rows(format, kTemplateColumns, Json::array({row_of(*answer)}));
  return kExitOk;
}

// The signals behind those that the connection has; without one to be seen, or for a file.
int apply_template(ApiClient& api, Format format, const TemplateOptions& options) {
  const Result<Json> used = api.post(
      "/templates/" + url_encode(options.name) + "/use",
      {{"prefix", options.prefix}, {"address_offset", options.offset}, {"object", options.object}});
  if (!used) return print_error(used.error());
  if (options.connection == 0) {
    if (format == Format::kJson) {
      std::cout << used->dump(2) << std::endl;
    } else {
      print_rows(format, kSignalColumns, (*used)["signals"]);
    }
    return kExitOk;
  }
  const std::string path = "/connections/" + std::to_string(options.connection);
  const Result<Json> there = api.get(path);
  if (!there) return print_error(there.error());
  Json connection = *there;
  for (const Json& group : (*used)["groups"]) {
    bool known = false;
    for (const Json& one : connection["groups"]) known = known || one["name"] == group["name"];
    if (!known) connection["groups"].push_back(group);
  }
  const Result<Json> before = api.get(path + "/signals");
  if (!before) return print_error(before.error());
  if (const Result<Json> put = api.put(path, connection); !put) return print_error(put.error());
  Json signals = (*before)["items"];
  for (const Json& signal : (*used)["signals"]) signals.push_back(signal);
  const Result<Json> put = api.put(path + "/signals", {{"items", signals}});
  if (!put) return print_error(put.error());
  print_rows(format, kSignalColumns, (*used)["signals"]);
  print_note(std::to_string((*used)["signals"].size()) + " signals added to " +
             connection["name"].get<std::string>());
  return kExitOk;
}

}  // namespace

void add_template_commands(Cli& cli) {
  CLI::App* noun = cli.root.add_subcommand("template", "What machines of one type have in common");
  noun->require_subcommand(1);
  auto options = std::make_shared<TemplateOptions>();
  cli.on_data(noun->add_subcommand("ls", "List templates, those of the program first"),
              [&cli](ApiClient& api) { return list_templates(api, cli.format()); });

  CLI::App* save = noun->add_subcommand("save", "Keep the signals of a connection as a template");
  save->add_option("connection", options->connection, "Number of the connection, see connect ls");
  save->add_option("--name", options->name, "Name of the template");
  save->add_option("--description", options->description, "What it is for");
  save->add_option("--file", options->file, "Instead: JSON of a template; - reads stdin");
  cli.on_data(save, [&cli, options](ApiClient& api) {
    const bool whole = options->connection != 0 && !options->name.empty();
    if (!whole && options->file.empty()) {
      return print_error(
          {ErrorId::kUsage, "template save needs a connection and --name, or --file"});
    }
    return save_template(api, cli.format(), *options);
  });

  CLI::App* apply = noun->add_subcommand("apply", "Show its signals for a machine, or add them");
  apply->add_option("name", options->name, "Name of the template")->required();
  apply->add_option("--prefix", options->prefix, "Place of the machine in the plant")->required();
  apply->add_option("--address-offset", options->offset, "Modbus: added to every address");
  apply->add_option("--object", options->object,
                    "OPC UA: node of the machine, as connect browse shows it");
  apply->add_option("--connection", options->connection,
                    "Number of the connection that gets them; without: nothing is kept");
  cli.on_data(apply, [&cli, options](ApiClient& api) {
    return apply_template(api, cli.format(), *options);
  });

  CLI::App* remove = noun->add_subcommand("rm", "Remove a template; connections stay as they are");
  remove->add_option("name", options->name, "Name of the template")->required();
  cli.on_api(remove, [options](ApiClient& api) {
    const Result<Json> answer = api.remove("/templates/" + url_encode(options->name));
    return answer ? kExitOk : print_error(answer.error());
  });
}

}  // namespace lineshaft::app
