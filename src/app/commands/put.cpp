#include "app/commands/put.h"

#include "app/commands/read_json.h"

namespace lineshaft::app {
namespace {

// One object, or a list of them, each put as the API has it.
int put_all(ApiClient& api, Format format, const std::string& path, const std::string& file,
            const std::vector<Column>& columns) {
  const Result<Json> json = read_json(file);
  if (!json) return print_error(json.error());
  const Json list = json->is_array() ? *json : Json::array({*json});
  Json kept = Json::array();
  for (const Json& one : list) {
    const Result<Json> answer = api.put(path, one);
    if (!answer) {
      if (!kept.empty()) print_rows(format, columns, kept);  // done; they stay
      return print_error(answer.error());
    }
    kept.push_back(*answer);
  }
  print_rows(format, columns, kept);
  return kExitOk;
}

}  // namespace

void add_put(Cli& cli, CLI::App* noun, const std::string& what, const std::string& path,
             const std::vector<Column>& columns) {
  auto file = std::make_shared<std::string>();
  CLI::App* put = noun->add_subcommand("put", "Make " + what + ", or replace its version");
  put->add_option("file", *file, "JSON as the API has it, one object or a list; - reads stdin")
      ->required();
  cli.on_data(put, [&cli, file, path, &columns](ApiClient& api) {
    return put_all(api, cli.format(), path, *file, columns);
  });
}

}  // namespace lineshaft::app
