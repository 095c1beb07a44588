// connect methods | call: what machines can be told to do.
#include <iostream>

#include "app/commands/getting_in.h"

namespace lineshaft::app {
namespace {

const std::vector<Column> kMethodColumns{{"method", "/name"},
                                         {"takes", "/takes"},
                                         {"gives", "/gives"},
                                         {"confirm", "/confirm"},
                                         {"error", "/error"}};
const std::vector<Column> kResultColumns{{"name", "/name"}, {"value", "/value"}, {"type", "/type"}};

struct Options {
  std::uint64_t id = 0;
  std::string method;
  std::vector<std::string> arguments;
  std::string token;
  std::string machine;
};

std::string arguments_of(const Json& list) {
  std::string text;
  for (const Json& one : list) {
    if (!text.empty()) text += ", ";
    text += one["name"].get<std::string>() + ": " + one["type"].get<std::string>();
  }
  return text;
}

int methods(ApiClient& api, Format format, const Options& options) {
  const Result<Json> answer = api.get("/connections/" + std::to_string(options.id) + "/methods");
  if (!answer) return print_error(answer.error());
  Json rows = (*answer)["items"];
  for (Json& row : rows) {
    row["takes"] = arguments_of(row["inputs"]);
    row["gives"] = arguments_of(row["outputs"]);
  }
  print_rows(format, kMethodColumns, rows);
  if (rows.empty()) print_note("its settings allow none; connect browse shows what there is");
  return kExitOk;
}

// name=value; a number, true or false travel as such, anything else and "7" as a text.
Result<Json> read_arguments(const std::vector<std::string>& list) {
  Json arguments = Json::object();
  for (const std::string& one : list) {
    const std::size_t equals = one.find('=');
    if (equals == std::string::npos) return Error{ErrorId::kUsage, one + ": must be name=value"};
    const std::string text = one.substr(equals + 1);
    const Json read = Json::parse(text, nullptr, false);
    const bool plain = read.is_number() || read.is_boolean() || read.is_string();
    arguments[one.substr(0, equals)] = plain ? read : Json(text);
  }
  return arguments;
}

int call(ApiClient& api, Format format, const Options& options) {
  const Result<Json> arguments = read_arguments(options.arguments);
  if (!arguments) return print_error(arguments.error());
  Json request = {{"method", options.method}, {"arguments", *arguments}};
  if (!options.token.empty()) request["token"] = options.token;
  if (!options.machine.empty()) request["machine"] = options.machine;
  const std::string id = std::to_string(options.id);
  const Result<Json> answer = api.post("/connections/" + id + "/call", request);
  if (!answer) return print_error(answer.error());
  const auto pending = answer->find("pending");
  if (pending == answer->end()) {
    print_rows(format, kResultColumns, (*answer)["results"]);
    print_note("called");
    return kExitOk;
  }
  std::cout << "not called yet: " << options.method << "("
            << (*pending)["arguments"].get<std::string>() << ") of "
            << (*pending)["machine"].get<std::string>() << "\n"
            << "to confirm"
            << ((*pending)["second_person"] == true ? ", somebody else adds: " : ", add: ")
            << "--token " << (*pending)["token"].get<std::string>() << " --machine "
            << (*pending)["machine"].dump() << std::endl;
  return kExitOk;
}

}  // namespace

void add_method_commands(Cli& cli, CLI::App* connect) {
  auto options = std::make_shared<Options>();
  CLI::App* list = connect->add_subcommand("methods", "What a machine can be told to do");
  list->add_option("id", options->id, "Number of the connection, see connect ls")->required();
  cli.on_data(list,
              [&cli, options](ApiClient& api) { return methods(api, cli.format(), *options); });

  CLI::App* command = connect->add_subcommand("call", "Call a method of a machine");
  command->add_option("id", options->id, "Number of the connection, see connect ls")->required();
  command->add_option("method", options->method, "Its name, see connect methods")->required();
  command->add_option("arguments", options->arguments, "Each as name=value");
  command->add_option("--token", options->token, "Of the first step, to confirm it");
  command->add_option("--machine", options->machine, "Its name again, to confirm");
  cli.on_data(command,
              [&cli, options](ApiClient& api) { return call(api, cli.format(), *options); });
}

}  // namespace lineshaft::app
